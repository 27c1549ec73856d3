//! A PostgreSQL server that the tests of one process start for themselves. Crates whose tests stand apart include this
//! file by its path.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server that only a socket in a folder of its own leads to. It ends, and its folder goes, with this process,
/// however that ends: a shell keeps it until its own standard input is closed.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    _shell: Child,
}

/// `$1`: where the programs are, `$2`: the folder, `$3`: options, `$4`: the port to speak TLS on, or 0. Sorted as people do, which the hub must not rely on.
const SCRIPT: &str = r#"
set -eu
trap '' INT HUP TERM
"$1/initdb" -D "$2/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
    --locale-provider=icu --icu-locale=en --no-sync >"$2/initdb.log" 2>&1
if [ "$4" != 0 ]; then
    cd "$2"
    {
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=an authority" -keyout ca.key -out ca.crt
        openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" -keyout server.key -out server.csr
        echo "subjectAltName=DNS:localhost" >server.ext
        openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
            -extfile server.ext -out server.crt
    } 2>>"$2/initdb.log"
    tls="-c ssl=on -c ssl_cert_file=$2/server.crt -c ssl_key_file=$2/server.key"
    set -- "$1" "$2" "-c listen_addresses=localhost -c port=$4 $tls"
fi
"$1/pg_ctl" -D "$2/data" -w -t 120 -l "$2/log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$2' -c max_connections=200 $3" start >/dev/null
echo ready
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null
rm -rf "$2"
"#;

impl Postgres {
    /// The server of this process, started when it is first asked for. Where this machine has none that is said
    /// loudly, and is an error under `CI=true`.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
        SERVER.get_or_init(|| Self::start_with("")).as_ref()
    }

    /// Another server, with these options; it ends when this is dropped.
    pub fn start_with(options: &str) -> Option<Self> {
        let Some(programs) = programs() else {
            eprintln!("NOT TESTED: there is no PostgreSQL (initdb) on this machine");
            assert!(std::env::var_os("CI").is_none(), "there is no PostgreSQL (initdb) on this machine");
            return None;
        };
        Some(Self::start(&programs, options, 0))
    }

    /// Another server, which `localhost` leads to by TLS, with a certificate of an authority of its own.
    pub fn start_with_tls() -> Option<(Self, u16)> {
        let Some(programs) = programs().filter(|_| Command::new("openssl").arg("version").output().is_ok())
        else {
            eprintln!("NOT TESTED: there is no PostgreSQL (initdb), or no openssl, on this machine");
            assert!(std::env::var_os("CI").is_none(), "there is no PostgreSQL or no openssl on this machine");
            return None;
        };
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        Some((Self::start(&programs, "", free), free))
    }

    /// The certificate of the authority of a server that speaks TLS.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    fn start(programs: &Path, options: &str, tls_port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("cloister-pg-").tempdir().unwrap().keep();
        // The server refuses to be root.
        let mut shell = if folder.metadata().unwrap().uid() == 0 {
            let is_user = |name: &&str| Command::new("id").arg(name).output().unwrap().status.success();
            let user = ["postgres", "nobody"].into_iter().find(is_user).unwrap();
            assert!(Command::new("chown").arg(user).arg(&folder).status().unwrap().success());
            let mut shell = Command::new("setpriv");
            shell.args(["--reuid", user, "--clear-groups", "--", "sh"]);
            shell
        } else {
            Command::new("sh")
        };
        let mut shell = shell
            .args(["-c", SCRIPT, "sh"])
            .args([programs, &folder])
            .args([options, &tls_port.to_string()])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.trim() != "ready" {
            let log = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            let logs = format!("{}{}", log("initdb.log"), log("log"));
            let _ = std::fs::remove_dir_all(&folder);
            panic!("the server did not start:\n{logs}");
        }
        Self { folder, _shell: shell }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("postgres:///postgres?user=postgres&host={}", self.folder.display())
    }

    /// A name for a schema that nobody else has been given.
    pub fn fresh_schema() -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!("hub_{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Where the server's programs are: on the path, or where Debian puts them, of the newest version.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    debian.sort_by_key(|p| p.parent().and_then(|v| v.file_name()?.to_str()?.parse::<u32>().ok()));
    std::env::split_paths(&path).chain(debian.into_iter().rev()).find(|p| p.join("initdb").is_file())
}
