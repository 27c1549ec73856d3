//! What a confined process cannot do. Each test runs this test program again, as a process of its own that
//! confines itself and then tries.

use super::*;
use crate::job::Ceilings;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

const ATTEMPT: &str = "CLOISTER_TEST_ATTEMPT";
const FOLDER: &str = "CLOISTER_TEST_FOLDER";
const PORT: &str = "CLOISTER_TEST_PORT";
const FREE: &str = "CLOISTER_TEST_FREE";
/// Set where the worker has no vault.
const CLOSED: &str = "CLOISTER_TEST_CLOSED";

fn ceilings() -> Ceilings {
    Ceilings { memory_bytes_max: 64 << 20, partitions: 2, time_ms_max: 60_000, ..Ceilings::default() }
}

/// What is tried: Ok where it worked.
fn attempt(name: &str, folder: &Path) -> Result<()> {
    let vault = folder.join("vault");
    match name {
        "read-vault" => std::fs::read(vault.join("file")).map(|bytes| assert_eq!(bytes, b"sealed")),
        "list-vault" => std::fs::read_dir(&vault).map(|_| ()),
        "thread" => std::thread::Builder::new().spawn(|| ()).map(|t| t.join().unwrap()),
        "memory" => {
            assert_eq!(vec![1u8; 32 << 20].iter().map(|b| u64::from(*b)).sum::<u64>(), 32 << 20);
            Ok(())
        }
        "read-passwd" => std::fs::read("/etc/passwd").map(|_| ()),
        "read-database" => std::fs::read(folder.join("cloister.db")).map(|_| ()),
        "read-key" => std::fs::read(folder.join("vault.key")).map(|_| ()),
        "read-above" => std::fs::read(vault.join("../cloister.db")).map(|_| ()),
        "read-link" => std::fs::read(vault.join("link")).map(|_| ()),
        "read-system" => std::fs::read("/proc/version").map(|_| ()),
        "write-vault" => std::fs::write(vault.join("new"), b"x"),
        "overwrite-vault" => std::fs::write(vault.join("file"), b"x"),
        "append-vault" => std::fs::File::options().append(true).open(vault.join("file")).map(|_| ()),
        "remove-vault" => std::fs::remove_file(vault.join("file")),
        "rename-vault" => std::fs::rename(vault.join("file"), vault.join("other")),
        "link-vault" => std::fs::hard_link(vault.join("file"), vault.join("other")),
        "folder-vault" => std::fs::create_dir(vault.join("folder")),
        "write-beside" => std::fs::write(folder.join("scratch"), b"x"),
        "write-device" => std::fs::write("/dev/null", b"x"),
        "tcp-connect" => {
            let port: u16 = std::env::var(PORT).unwrap().parse().unwrap();
            TcpStream::connect(("127.0.0.1", port)).map(|_| ())
        }
        "tcp-listen" => TcpListener::bind("127.0.0.1:0").map(|_| ()),
        "udp" => UdpSocket::bind("127.0.0.1:0").map(|_| ()),
        "unix-listen" => UnixListener::bind(folder.join("socket")).map(|_| ()),
        "unix-pair" => UnixStream::pair().map(|_| ()),
        "execute" => Command::new("/bin/true").status().map(|_| ()),
        "execute-itself" => Command::new("/proc/self/exe").arg("--list").output().map(|_| ()),
        "limits" => setrlimit(Resource::FSIZE, 0, 0),
        "dumpable" => Ok(set_dumpable(true)?),
        "signal" => Command::new("kill").args(["-0", "1"]).status().map(|_| ()),
        other => panic!("{other}"),
    }
}

#[test]
fn confined() {
    let Ok(name) = std::env::var(ATTEMPT) else { return };
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let opening = Opening {
        parent: std::os::unix::process::parent_id(),
        vault: std::env::var_os(CLOSED).is_none().then(|| folder.join("vault")),
        key_file: Some(folder.join("vault.key")),
        ceilings: ceilings(),
    };
    if std::env::var_os(FREE).is_none() {
        limit(&opening).unwrap();
        drop_capabilities().unwrap();
        set_dumpable(false).unwrap();
        assert!(only(opening.vault.as_deref()).unwrap(), "no Landlock");
        assert!(calls::allow_few().unwrap(), "no seccomp");
    }
    let tried = attempt(&name, &folder);
    std::process::exit(if tried.is_ok() { 0 } else { 40 });
}

/// Whether an attempt works in a process of its own, free or confined.
fn works(name: &str, free: bool) -> bool {
    works_with(name, free.then_some(FREE))
}

/// The same, with this variable set.
fn works_with(name: &str, set: Option<&str>) -> bool {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "confine::linux::tests::confined", "--test-threads=1", "--nocapture"]);
    command.env(ATTEMPT, name).env(FOLDER, folder.path());
    command.env(PORT, listener.local_addr().unwrap().port().to_string());
    if let Some(set) = set {
        command.env(set, "1");
    }
    let done = command.output().unwrap();
    match done.status.code() {
        Some(0) => true,
        Some(40) => {
            let unchanged = std::fs::read(folder.path().join("vault/file")).unwrap() == b"sealed";
            assert!(unchanged && std::fs::read_dir(folder.path()).unwrap().count() == 3, "{name}");
            false
        }
        _ => panic!("{name}: {done:?}"),
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("vault")).unwrap();
    std::fs::write(folder.path().join("vault/file"), b"sealed").unwrap();
    std::fs::write(folder.path().join("cloister.db"), b"secret").unwrap();
    std::fs::write(folder.path().join("vault.key"), b"secret").unwrap();
    std::os::unix::fs::symlink("../cloister.db", folder.path().join("vault/link")).unwrap();
    folder
}

#[test]
fn a_worker_can_do_its_work() {
    for name in ["read-vault", "list-vault", "thread", "memory"] {
        assert!(works(name, false), "{name}");
    }
}

/// Explaining, and trying on invented rows.
#[test]
fn a_worker_that_reads_no_data_cannot_read_the_vault() {
    for (name, does) in [
        ("thread", true),
        ("memory", true),
        ("read-vault", false),
        ("list-vault", false),
        ("read-key", false),
    ] {
        assert_eq!(works_with(name, Some(CLOSED)), does, "{name}");
    }
}

#[test]
fn a_worker_can_do_nothing_else() {
    for name in [
        "read-passwd",
        "read-database",
        "read-key",
        "read-above",
        "read-link",
        "read-system",
        "write-vault",
        "overwrite-vault",
        "append-vault",
        "remove-vault",
        "rename-vault",
        "link-vault",
        "folder-vault",
        "write-beside",
        "write-device",
        "tcp-connect",
        "tcp-listen",
        "udp",
        "unix-listen",
        "unix-pair",
        "execute",
        "execute-itself",
        "limits",
        "dumpable",
        "signal",
    ] {
        assert!(works(name, true), "{name} proves nothing");
        assert!(!works(name, false), "{name}");
    }
}
