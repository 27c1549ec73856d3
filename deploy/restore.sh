#!/bin/bash
# Makes a hub of a backup, in a folder that does not exist, and believes none of it before it is verified.
#
#   restore.sh --hub hub-TIME.tar.cms --keys keys-TIME.tar.cms --sums hub-TIME.sha256 --key PRIVATE.pem --certificate CERTIFICATE.pem \
#       --to DIR [--database-url-file FILE] [--cloister PROGRAM]
#
# A hub whose metadata was on a PostgreSQL server needs --database-url-file: a file (0600) with the address of a server on which the
# schema does not exist. Afterwards: the audit log against its checkpoints, every file of the vault against its digest.
set -euo pipefail
umask 077

fail() { echo "restore: $*" >&2; exit 1; }
hub="" keys="" sums="" key="" certificate="" to="" database="" cloister="cloister"
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || fail "$1 needs a value"
    case "$1" in
        --hub) hub="$2" ;;
        --keys) keys="$2" ;;
        --sums) sums="$2" ;;
        --key) key="$2" ;;
        --certificate) certificate="$2" ;;
        --to) to="$2" ;;
        --database-url-file) database="$(realpath "$2")" ;;
        --cloister) cloister="$2" ;;
        *) fail "unknown option $1" ;;
    esac
    shift 2
done
for file in "$hub" "$keys" "$sums" "$key" "$certificate"; do
    [ -f "$file" ] || fail "there is no file '$file'"
done
[ -n "$to" ] || fail "--to is missing"
[ ! -e "$to" ] || fail "'$to' exists: a backup is restored to where nothing is"

for file in "$hub" "$keys"; do
    listed="$(sed -n "s/^\([0-9a-f]\{64\}\)  $(basename "$file")\$/\1/p" "$sums")"
    [ -n "$listed" ] || fail "'$sums' does not list $(basename "$file")"
    [ "$(sha256sum <"$file" | cut -d' ' -f1)" = "$listed" ] || fail "$(basename "$file") is not as it was written"
done

work="$to.restoring-$$"
mkdir "$work"
made_schema=""
cleanup() {
    rm -rf "$work"
    if [ -n "$made_schema" ]; then
        psql --quiet --no-psqlrc --dbname "$(cat "$database")" --command "DROP SCHEMA \"$made_schema\" CASCADE" >/dev/null 2>&1 || true
    fi
}
trap cleanup EXIT
unpack() {
    openssl cms -decrypt -binary -inform DER -in "$1" -inkey "$key" -recip "$certificate" |
        tar --extract --directory "$work" --no-same-owner || fail "$(basename "$1") cannot be opened with this key"
}
unpack "$hub"
(cd "$work" && sha256sum --quiet --strict --check SHA256SUMS) || fail "what is in the backup is not as it was"
listed="$(wc -l <"$work/SHA256SUMS")"
there="$(find "$work" -type f ! -name SHA256SUMS | wc -l)"
[ "$listed" = "$there" ] || fail "there are $there files in the backup, and $listed are listed"
rm "$work/SHA256SUMS"
unpack "$keys"
mkdir -p "$work"/{staging,queue,vault,held,releases,rejects,failures}

if [ -f "$work/cloister.sql" ]; then
    [ -n "$database" ] || fail "the metadata was on a PostgreSQL server: give --database-url-file"
    schema="$(sed -n '/^\[database\]/,/^\[/s/^schema *= *"\(.*\)" *$/\1/p' "$work/hub.toml")"
    schema="${schema:-cloister}"
    url="$(cat "$database")"
    ask() { psql --quiet --no-psqlrc --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$url" "$@"; }
    [ -z "$(ask --command "SELECT 1 FROM pg_namespace WHERE nspname = '$schema'")" ] || fail "the server has a schema '$schema'"
    ask --single-transaction --file "$work/cloister.sql" >/dev/null
    made_schema="$schema"
    rm "$work/cloister.sql"
    sed -i "s|^url-file = .*|url-file = \"$database\"|" "$work/hub.toml"
fi
"$cloister" --home "$work" audit verify
"$cloister" --home "$work" dataset verify
"$cloister" --home "$work" ledger verify
sync -f "$work"
mv "$work" "$to"
made_schema=""
echo "restored to $to"
