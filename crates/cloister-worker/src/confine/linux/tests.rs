//! What a confined process cannot do. Each test runs this test program again, as a process of its own that
//! confines itself and then tries.

use super::*;
use crate::job::Ceilings;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

const ATTEMPT: &str = "CLOISTER_TEST_ATTEMPT";
const FOLDER: &str = "CLOISTER_TEST_FOLDER";

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
        "memory" => Ok(drop(vec![1u8; 32 << 20])),
        "read-passwd" => std::fs::read("/etc/passwd").map(|_| ()),
        "read-database" => std::fs::read(folder.join("cloister.db")).map(|_| ()),
        "read-key" => std::fs::read(folder.join("vault.key")).map(|_| ()),
        "read-above" => std::fs::read(vault.join("../cloister.db")).map(|_| ()),
        "read-link" => std::fs::read(vault.join("link")).map(|_| ()),
        "read-environment" => std::fs::read("/proc/1/environ").map(|_| ()),
        "write-vault" => std::fs::write(vault.join("new"), b"x"),
        "overwrite-vault" => std::fs::write(vault.join("file"), b"x"),
        "append-vault" => std::fs::File::options().append(true).open(vault.join("file")).map(|_| ()),
        "remove-vault" => std::fs::remove_file(vault.join("file")),
        "rename-vault" => std::fs::rename(vault.join("file"), vault.join("other")),
        "link-vault" => std::fs::hard_link(vault.join("file"), vault.join("other")),
        "folder-vault" => std::fs::create_dir(vault.join("folder")),
        "write-scratch" => std::fs::write("/tmp/cloister-test-scratch", b"x"),
        "write-shared-memory" => std::fs::write("/dev/shm/cloister-test-scratch", b"x"),
        "tcp-connect" => TcpStream::connect("127.0.0.1:9").map(|_| ()),
        "tcp-listen" => TcpListener::bind("127.0.0.1:0").map(|_| ()),
        "udp" => UdpSocket::bind("127.0.0.1:0").map(|_| ()),
        "unix-listen" => UnixListener::bind(vault.join("socket")).map(|_| ()),
        "unix-pair" => UnixStream::pair().map(|_| ()),
        "execute" => Command::new("/bin/true").status().map(|_| ()),
        "execute-itself" => Command::new("/proc/self/exe").status().map(|_| ()),
        "limits" => setrlimit(Resource::FSIZE, 1, 1),
        "trace" => Ok(capctl::prctl::set_dumpable(true)?),
        "executable" => {
            let file = std::fs::File::open(vault.join("file"))?;
            let _ = file;
            Command::new(vault.join("file")).status().map(|_| ())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn confined() {
    let Ok(name) = std::env::var(ATTEMPT) else { return };
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let opening = Opening {
        parent: std::os::unix::process::parent_id(),
        vault: folder.join("vault"),
        key_file: folder.join("vault.key"),
        ceilings: ceilings(),
    };
    limit(&opening).unwrap();
    drop_capabilities().unwrap();
    set_dumpable(false).unwrap();
    assert!(only(&opening.vault).unwrap(), "no Landlock");
    assert!(calls::allow_few().unwrap(), "no seccomp");
    let tried = attempt(&name, &folder);
    let code = if tried.is_ok() { 0 } else { 40 };
    std::process::exit(code);
}

fn tried(name: &str, folder: &Path) -> Option<i32> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "confine::linux::tests::confined", "--test-threads=1", "--nocapture"]);
    command.env(ATTEMPT, name).env(FOLDER, folder);
    let done = command.output().unwrap();
    let code = done.status.code();
    if code != Some(0) && code != Some(40) {
        eprintln!("{name}: {done:?}");
    }
    code
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
    let folder = folder();
    for name in ["read-vault", "list-vault", "thread", "memory"] {
        assert_eq!(tried(name, folder.path()), Some(0), "{name}");
    }
}

#[test]
fn a_worker_can_do_nothing_else() {
    let folder = folder();
    for name in [
        "read-passwd",
        "read-database",
        "read-key",
        "read-above",
        "read-link",
        "read-environment",
        "write-vault",
        "overwrite-vault",
        "append-vault",
        "remove-vault",
        "rename-vault",
        "link-vault",
        "folder-vault",
        "write-scratch",
        "write-shared-memory",
        "tcp-connect",
        "tcp-listen",
        "udp",
        "unix-listen",
        "unix-pair",
        "execute",
        "execute-itself",
        "limits",
        "trace",
        "executable",
    ] {
        assert_eq!(tried(name, folder.path()), Some(40), "{name}");
    }
    assert_eq!(std::fs::read(folder.path().join("vault/file")).unwrap(), b"sealed");
    assert!(!Path::new("/tmp/cloister-test-scratch").exists());
}
