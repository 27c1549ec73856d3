#!/bin/bash
# A consistent backup of a hub that is running, in two encrypted files that belong in two places: one without the other is of
# no use to anybody.
#
#   backup.sh --home DIR --out DIR --recipient CERTIFICATE.pem
#
# hub-TIME.tar.cms holds the metadata, the vault, what is held and released, policies, settings and the audit checkpoints;
# keys-TIME.tar.cms holds keys/. Both are encrypted for the recipient (CMS, AES-256): only who has the certificate's private key,
# which does not belong on this machine, opens them. Beside them, hub-TIME.sha256 lists both.
#
# How: whoever changes a hub does so in one transaction at a time. This script takes that turn for as long as it takes to copy the
# metadata and to link the files, which are written once and removed only after a transaction; packing goes on without it.
set -euo pipefail
umask 077

fail() { echo "backup: $*" >&2; exit 1; }
home="" out="" recipient=""
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value"
    case "$1" in
        --home) home="$2" ;;
        --out) out="$2" ;;
        --recipient) recipient="$2" ;;
        *) fail "unknown option $1" ;;
    esac
    shift 2
done
[ -f "$home/hub.toml" ] || fail "--home: there is no hub.toml in '$home'"
[ -d "$out" ] || fail "--out: '$out' is no folder"
[ -f "$recipient" ] || fail "--recipient: there is no certificate '$recipient'"
openssl x509 -in "$recipient" -noout 2>/dev/null || fail "--recipient: '$recipient' is no certificate (PEM)"

time="$(date -u +%Y%m%dT%H%M%SZ)"
# Links need one file system: the copy is put together inside the home.
copy="$home/backup-$time-$$"
mkdir "$copy"
lock=""
cleanup() {
    rm -rf "$copy" "$out"/.*"-$time.tar.cms.part"
    if [ -n "$lock" ]; then kill "$lock" 2>/dev/null || true; fi
}
trap cleanup EXIT

# `url-file` and `schema` of the [database] section, where the metadata is on a PostgreSQL server.
setting() { sed -n '/^\[database\]/,/^\[/s/^'"$1"' *= *"\(.*\)" *$/\1/p' "$home/hub.toml"; }
url_file="$(setting url-file)" schema="$(setting schema)"
schema="${schema:-cloister}"
if [ -n "$url_file" ]; then
    case "$url_file" in /*) ;; *) url_file="$home/$url_file" ;; esac
    url="$(cat "$url_file")"
    coproc TURN { psql --quiet --no-psqlrc --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$url" 2>"$copy.err"; }
    begin="SET search_path TO \"$schema\"; BEGIN; SELECT 'turn' FROM audit_frontier FOR UPDATE; \\echo ready"
else
    [ -f "$home/cloister.db" ] || fail "there is no cloister.db in '$home'"
    coproc TURN { sqlite3 -bail -cmd ".timeout 60000" "$home/cloister.db" 2>"$copy.err"; }
    begin=$'BEGIN IMMEDIATE;\n.print ready'
fi
lock="$TURN_PID"
say_to="${TURN[1]}" hear="${TURN[0]}"
printf '%s\n' "$begin" >&"$say_to"
while read -r -t 120 line <&"$hear"; do [ "$line" = ready ] && break; done
[ "${line:-}" = ready ] || { cat "$copy.err" >&2; rm -f "$copy.err"; fail "the metadata could not be held still"; }

if [ -n "$url_file" ]; then
    pg_dump --dbname "$url" --schema "$schema" --no-owner --no-privileges --file "$copy/cloister.sql"
else
    sqlite3 -bail "$home/cloister.db" "VACUUM INTO '${copy//\'/\'\'}/cloister.db'"
fi
# Written once: links. What changes in place: copies.
for name in vault held releases rejects failures; do
    if [ -e "$home/$name" ]; then cp -al "$home/$name" "$copy/$name"; fi
done
for name in audit policies hub.toml cloisterd.toml; do
    if [ -e "$home/$name" ]; then cp -a "$home/$name" "$copy/$name"; fi
done
printf 'ROLLBACK;\n' >&"$say_to"
eval "exec $say_to>&-"
wait "$lock" || fail "the metadata was not held still to the end: $(cat "$copy.err")"
lock=""
rm -f "$copy.err"

(cd "$copy" && find . -type f ! -name 'SHA256SUMS*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >"$copy/SHA256SUMS.new"
mv "$copy/SHA256SUMS.new" "$copy/SHA256SUMS"

# Packed and encrypted beside where it belongs; it has its name once it is whole and on the disk.
pack() {
    local part="$out/.$1-$time.tar.cms.part"
    tar --create --directory "$2" --owner=0 --group=0 "${@:3}" |
        openssl cms -encrypt -binary -stream -aes-256-cbc -outform DER -out "$part" "$recipient"
    sync "$part"
    mv "$part" "$out/$1-$time.tar.cms"
}
pack hub "$copy" .
pack keys "$home" keys
(cd "$out" && sha256sum "hub-$time.tar.cms" "keys-$time.tar.cms") >"$out/hub-$time.sha256"
sync "$out"
echo "$out/hub-$time.tar.cms"
echo "$out/keys-$time.tar.cms"
echo "Keep them in two places, and $out/hub-$time.sha256 with both."
