#!/bin/bash
# Backs a hub up while people work in it, restores it, and compares; then backups that were cut, altered or opened with another key.
# First with the metadata in the home, then on a PostgreSQL server that this starts.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ $# = 0 ]; then
    "$0" embedded
    "$0" postgres
    exit 0
fi
built="$(realpath "${CARGO_TARGET_DIR:-target}/debug")"
lacks() {
    echo "NOT TESTED: tests/deploy with $database; this machine lacks $1" >&2
    if [ -n "${CI:-}" ]; then exit 1; fi
    exit 0
}
database="$1"
command -v openssl >/dev/null || lacks openssl
work="$(mktemp -d)"
as_postgres="" server=""
cleanup() {
    if [ -n "$server" ]; then $as_postgres "$server/pg_ctl" -D "$work/pg/data" -m immediate stop >/dev/null 2>&1 || true; fi
    rm -rf "$work"
}
trap cleanup EXIT
case "$database" in
    embedded) command -v sqlite3 >/dev/null || lacks sqlite3 ;;
    postgres)
        server="$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -1)" 2>/dev/null || true)"
        [ -x "$server/initdb" ] && command -v psql >/dev/null || { server=""; lacks "PostgreSQL"; }
        mkdir "$work/pg"
        # The server refuses to be root.
        if [ "$(id -u)" = 0 ]; then
            chmod 711 "$work"
            chown nobody "$work/pg"
            as_postgres="setpriv --reuid nobody --regid nogroup --clear-groups"
        fi
        (cd "$work/pg" && $as_postgres "$server/initdb" -D data -U postgres --auth=trust --encoding=UTF8 --no-sync >"$work/initdb.log" 2>&1 &&
            $as_postgres "$server/pg_ctl" -D data -w -l log -o "-c listen_addresses='' -c unix_socket_directories='$work/pg'" start >/dev/null)
        for name in first second third again; do
            echo "postgres://postgres@localhost/$name?host=$work/pg" >"$work/$name.url"
            chmod 600 "$work/$name.url"
            $as_postgres createdb -h "$work/pg" -U postgres "$name"
        done
        ;;
esac
fail() { echo "tests/deploy: $*" >&2; exit 1; }
cloister() { "$built/cloister" --home "$home" "$@"; }

certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}
certificate backup
certificate other

home="$work/hub"
"$built/cloister-synth" --people 300 --out "$work/region" >/dev/null
case "$database" in
    embedded) cloister init --name north >/dev/null ;;
    postgres)
        $as_postgres createdb -h "$work/pg" -U postgres hub
        echo "postgres://postgres@localhost/hub?host=$work/pg" >"$work/hub.url"
        chmod 600 "$work/hub.url"
        cloister init --name north --database-url-file "$work/hub.url" >/dev/null
        ;;
esac
cloister dataset land policies/datasets/gp.toml --from "$work/region/gp" >/dev/null 2>&1
sed 's/^name = .*/name = "p"/' docs/project.toml | sed '/\[\[grants\]\]/,$d' >"$work/project.toml"
cat >>"$work/project.toml" <<'TOML'
[[grants]]
dataset = "gp"
tables = [{ name = "person", columns = "all" }]
TOML
cloister project create "$work/project.toml" >/dev/null
member="$(sed -n 's/.*user = "\([a-z-]*\)".*/\1/p' "$work/project.toml" | head -1)"
ask() { cloister query --project p --as "$member" --format json "SELECT sex, count(*) AS n FROM person GROUP BY sex" >/dev/null || [ $? = 3 ]; }
ask

# People at work meanwhile: queries, and a landing.
(for _ in $(seq 1 60); do [ -e "$work/stop" ] && break; ask || touch "$work/failed"; done) &
worker=$!
mkdir "$work/out"
for _ in 1 2 3; do
    deploy/backup.sh --home "$home" --out "$work/out" --recipient "$work/backup.pem" >"$work/said"
    # The same again with an empty line is another delivery.
    echo >>"$work/region/gp/journal-01.csv"
    cloister dataset land policies/datasets/gp.toml --from "$work/region/gp" >/dev/null 2>&1
    sleep 1
done
touch "$work/stop"
wait "$worker"
[ ! -e "$work/failed" ] || fail "a query failed while a backup was made"
[ -z "$(find "$home" -maxdepth 1 -name 'backup-*')" ] || fail "a backup left something in the home"
[ "$(find "$work/out" -name 'hub-*.tar.cms' | wc -l)" = 3 ] || fail "three backups are not there"

restore() { # which backup, where to, on which database
    local stem="$1" to="$2" more=()
    if [ "$database" = postgres ]; then more=(--database-url-file "$work/$3.url"); fi
    deploy/restore.sh --hub "$work/out/hub-$stem.tar.cms" --keys "$work/out/keys-$stem.tar.cms" --sums "$work/out/hub-$stem.sha256" \
        --key "$work/backup.key" --certificate "$work/backup.pem" --to "$to" --cloister "$built/cloister" "${more[@]}"
}
n=0
databases=(first second third)
for file in "$work"/out/hub-*.tar.cms; do
    stem="$(basename "$file" .tar.cms)"; stem="${stem#hub-}"
    n=$((n + 1))
    restore "$stem" "$work/restored-$n" "${databases[$((n - 1))]}" >"$work/said" 2>&1 || fail "a backup is not restored: $(cat "$work/said")"
    # What was there then is there: the log is a beginning of the log now, and the vault's versions are those of then.
    # But for what ran at that moment, which the restored hub records as interrupted, and for the verification.
    "$built/cloister" --home "$work/restored-$n" audit export | grep '^{"event"' | grep -v '"query-interrupted"\|"dataset-verified"\|"ledger-verified"' >"$work/then"
    cloister audit export >"$work/all"
    head -n "$(wc -l <"$work/then")" "$work/all" >"$work/now"
    cmp "$work/then" "$work/now" >&2 || { diff "$work/then" "$work/now" >&2; fail "the restored log is another"; }
    [ "$("$built/cloister" --home "$work/restored-$n" dataset show gp | head -1 | grep -o '[0-9]*$')" = "$n" ] || fail "another version is the newest"
    home="$work/restored-$n" ask || fail "the restored hub answers nothing"
done
stem="$(basename "$(ls "$work"/out/hub-*.sha256 | tail -1)" .sha256)"; stem="${stem#hub-}"

refused() { # why, and a restore that must fail and leave nothing
    local why="$1"
    shift
    if "$@" >"$work/said" 2>&1; then fail "$why was restored"; fi
    [ ! -e "$work/nowhere" ] && [ -z "$(find "$work" -maxdepth 1 -name 'nowhere*')" ] || fail "$why left something"
}
refused "an existing folder's place" restore "$stem" "$work/restored-1" again
cp "$work/out/hub-$stem.tar.cms" "$work/whole"
head -c 20000 "$work/whole" >"$work/out/hub-$stem.tar.cms"
refused "a backup that was cut" restore "$stem" "$work/nowhere" again
cp "$work/whole" "$work/out/hub-$stem.tar.cms"
# As much as no padding between two files is.
head -c 4096 /dev/zero | tr '\0' x | dd of="$work/out/hub-$stem.tar.cms" bs=1 seek=30000 conv=notrunc 2>/dev/null
refused "a backup that was altered" restore "$stem" "$work/nowhere" again
# Altered, and listed as altered: what is inside says so.
cp "$work/out/hub-$stem.sha256" "$work/sums"
(cd "$work/out" && sha256sum "hub-$stem.tar.cms" "keys-$stem.tar.cms") >"$work/out/hub-$stem.sha256"
refused "a backup that was altered with its list" restore "$stem" "$work/nowhere" again
cp "$work/whole" "$work/out/hub-$stem.tar.cms"
cp "$work/sums" "$work/out/hub-$stem.sha256"
cp "$work/backup.key" "$work/right.key"
cp "$work/other.key" "$work/backup.key"
refused "a backup for somebody else" restore "$stem" "$work/nowhere" again
cp "$work/right.key" "$work/backup.key"
restore "$stem" "$work/again" again >/dev/null
if grep -aq "$member" "$work"/out/*.cms; then fail "a backup can be read"; fi
echo "$database: backups are whole, restored, and refused where they are not"
