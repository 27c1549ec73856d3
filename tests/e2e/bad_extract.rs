//! Extracts that are wrong: a clear answer with file, row and column, never the value; nothing lands.

use cloister_tests::{Done, Hub};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const CONTRACT: &str = r#"
name = "t"
version = 1
title = "Test"
person-scheme = { local = "t" }
rejects = { fraction-max = 0.5 }
[[tables]]
name = "thing"
files = ["thing*.csv", "thing*.parquet"]
person = "id"
columns = [
  { name = "id", to = "person_id", type = "text", class = "identifier", required = true, transform = { pseudonymise = "person" } },
  { name = "born", type = "date", class = "quasi-identifier" },
  { name = "n", type = "int32", class = "measure", min = 0, max = 100 },
]
"#;

struct Case {
    hub: Hub,
}

impl Case {
    fn new() -> Self {
        let hub = Hub::new();
        hub.write("t.toml", CONTRACT);
        Self { hub }
    }

    fn land(&self, folder: &str) -> Done {
        let (contract, from) = (self.hub.path("t.toml"), self.hub.path(folder));
        self.hub.run(&["dataset", "land", contract.to_str().unwrap(), "--from", from.to_str().unwrap()])
    }

    /// Nothing landed, and nothing is left over.
    fn is_empty(&self) {
        let list = self.hub.run(&["dataset", "list"]).expect(0);
        assert!(!list.out.contains("│ t "), "{}", list.out);
        let left = |folder: &str| {
            let entries = std::fs::read_dir(self.hub.home().join(folder)).unwrap();
            let names = entries.map(|e| e.unwrap().file_name().into_string().unwrap());
            names.filter(|n| !n.ends_with(".lock")).collect::<Vec<_>>()
        };
        assert_eq!(left("vault"), Vec::<String>::new());
        assert_eq!(left("staging"), Vec::<String>::new());
        self.hub.run(&["audit", "verify"]).expect(0);
    }
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let good = "id,born,n\na,2001-02-03,4\nb,2001-02-03,5\n";
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all("id,born,n\n".as_bytes()).unwrap();
    for i in 0..50_000 {
        writeln!(gzip, "person{i},2001-02-03,{}", i % 100).unwrap();
    }
    let gzip = gzip.finish().unwrap();
    let cases: Vec<(&str, &str, Vec<u8>, &str, &str)> = vec![
        ("not a CSV", "thing.csv", (0..=255u8).cycle().take(5_000).collect(), "", ""),
        ("wrong delimiter", "thing.csv", good.replace(',', ";").into_bytes(), "delimiter", "thing.csv"),
        ("empty", "thing.csv", Vec::new(), "is empty", "thing.csv"),
        ("missing column", "thing.csv", b"id,n\na,4\n".to_vec(), "born", "thing.csv"),
        ("doubled column", "thing.csv", b"id,born,n,N\na,2001-02-03,4,5\n".to_vec(), "`n`", "thing.csv"),
        ("unknown column", "thing.csv", b"id,born,n,more\na,2001-02-03,4,5\n".to_vec(), "more", "thing.csv"),
        (
            "open quote",
            "thing.csv",
            [b"id,born,n\na,2001-02-03,\"4\n".to_vec(), vec![b'x'; 3 << 20]].concat(),
            "quote",
            "thing.csv",
        ),
        ("truncated gzip", "thing.csv.gz", gzip[..gzip.len() / 2].to_vec(), "thing.csv.gz", "thing.csv.gz"),
        ("not gzip", "thing.csv.gz", good.as_bytes().to_vec(), "gzip", "thing.csv.gz"),
        ("not Parquet", "thing.parquet", good.as_bytes().to_vec(), "Parquet", "thing.parquet"),
        (
            "truncated Parquet",
            "thing.parquet",
            b"PAR1\x15\x04\x15\x10".to_vec(),
            "thing.parquet",
            "thing.parquet",
        ),
    ];
    for (what, name, bytes, says, file) in cases {
        let case = Case::new();
        case.hub.write(&format!("x/{name}"), bytes);
        let done = case.land("x");
        assert_eq!(done.code, 1, "{what}: {done:?}");
        assert!(done.err.contains(says) && done.err.contains(file), "{what}: {}", done.err);
        case.is_empty();
    }
}

#[test]
fn bom_crlf_order_and_case_do_not_matter() {
    let case = Case::new();
    case.hub.write("x/thing-1.csv", "\u{feff}N,BORN,Id\r\n4,2001-02-03,a\r\n,,b\r\n");
    case.hub.write("x/THING-2.CSV", "id,born,n\n\"c\",\"2001-02-03\",\"7\"\n");
    let done = case.land("x").expect(0);
    assert!(done.out.contains("┆    3 ┆      3 ┆        0 ┆"), "{}", done.out);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(b"id,born,n\nd,2001-02-03,4\n").unwrap();
    case.hub.write("y/thing.csv.gz", gzip.finish().unwrap());
    case.land("y").expect(0);
}

#[test]
fn rejected_rows_are_named_by_file_row_column_and_code_never_by_value() {
    let case = Case::new();
    let rows = [
        "a,2001-02-30,4",
        "b,30/02/2001,4",
        "c,2001-02-03,four",
        "d,2001-02-03,101",
        "e,2001-02-03,99999999999",
        ",2001-02-03,4",
        "f,2001-02-03",
        "g,2001-02-03,4,5",
        "ok,2001-02-03,4",
        "ok2,,",
    ];
    let more: String = (0..10).map(|i| format!("more{i},2001-02-03,{i}\n")).collect();
    let mut bytes = format!("id,born,n\n{}\n{more}", rows.join("\n")).into_bytes();
    bytes.extend_from_slice(b"h,2001-02-03,\xff\xfe\n");
    case.hub.write("x/thing.csv", bytes);
    let done = case.land("x").expect(0);
    let report = std::fs::read_to_string(case.hub.home().join("rejects/t-v00001/rejects.csv")).unwrap();
    let mut lines: Vec<&str> = report.lines().skip(1).collect();
    lines.sort_unstable();
    let mut expected = [
        "thing.csv,1,born,bad-date",
        "thing.csv,2,born,bad-date",
        "thing.csv,3,n,bad-integer",
        "thing.csv,4,n,out-of-range",
        "thing.csv,5,n,out-of-range",
        "thing.csv,6,id,person-missing",
        "thing.csv,7,,ragged-row",
        "thing.csv,8,,ragged-row",
        "thing.csv,21,n,invalid-utf8",
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
    for value in ["2001-02-30", "four", "101", "99999999999"] {
        assert!(!report.contains(value) && !done.out.contains(value) && !done.err.contains(value), "{value}");
    }
    let summary = std::fs::read_to_string(case.hub.home().join("rejects/t-v00001/summary.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(summary["tables"][0]["read"], 21);
    assert_eq!(summary["tables"][0]["landed"], 12);
}

#[test]
fn too_many_rejects_fail_the_landing_and_are_reported() {
    let case = Case::new();
    case.hub.write("x/thing.csv", "id,born,n\na,x,1\nb,y,2\nc,2001-02-03,3\n");
    let done = case.land("x").expect(1);
    assert!(done.err.contains("too-many-rejects") && done.err.contains("2 of 3"), "{}", done.err);
    let report = done.err.split("reject report: ").nth(1).unwrap().trim();
    let text = std::fs::read_to_string(std::path::Path::new(report).join("rejects.csv")).unwrap();
    assert_eq!(text, "file,row,column,code\nthing.csv,1,born,bad-date\nthing.csv,2,born,bad-date\n");
    case.is_empty();
}

#[test]
fn a_wrong_value_late_in_a_large_file_is_named() {
    let case = Case::new();
    let mut file = std::io::BufWriter::new(std::fs::File::create(case.hub.path("thing.csv")).unwrap());
    file.write_all(b"id,born,n\n").unwrap();
    for row in 1..=10_000_001 {
        file.write_all(if row == 1 || row == 10_000_000 { b"p,,x\n" } else { b"p,,1\n" }).unwrap();
    }
    file.flush().unwrap();
    case.land("thing.csv").expect(0);
    let report = std::fs::read_to_string(case.hub.home().join("rejects/t-v00001/rejects.csv")).unwrap();
    assert_eq!(report, "file,row,column,code\nthing.csv,1,n,bad-integer\nthing.csv,10000000,n,bad-integer\n");
}

#[test]
fn contracts_that_are_wrong_list_everything_that_is() {
    let hub = Hub::new();
    let wrong = CONTRACT
        .replace("person = \"id\"", "person = \"who\"")
        .replace("class = \"quasi-identifier\"", "class = \"identifier\"");
    hub.write("x/thing.csv", "id,born,n\n");
    let land = |text: &str| {
        let contract = hub.write("wrong.toml", text);
        let from = hub.path("x");
        hub.run(&["dataset", "land", contract.to_str().unwrap(), "--from", from.to_str().unwrap()])
    };
    let done = land(&wrong).expect(1);
    assert!(done.err.contains("unknown column `who`") && done.err.contains("never lands"), "{}", done.err);
    let done = land(&CONTRACT.replace("pseudonymise = \"person\"", "encrypt = \"person\"")).expect(1);
    assert!(done.err.contains("error[contract]") && done.err.contains("encrypt"), "{}", done.err);
    let done = land("not toml at all [").expect(1);
    assert!(done.err.contains("error[contract]"), "{}", done.err);
}

#[test]
fn unreadable_files_and_missing_folders() {
    let case = Case::new();
    let done = case.land("nowhere").expect(1);
    assert!(done.err.contains("nowhere"), "{}", done.err);
    case.hub.write("x/other.csv", "id,born,n\n");
    let done = case.land("x").expect(1);
    assert!(done.err.contains("thing"), "{}", done.err);
    // A folder by the name of a file can be listed, and not read.
    std::fs::create_dir_all(case.hub.path("y/thing.csv")).unwrap();
    case.land("y").expect(1);
    std::os::unix::fs::symlink("gone", case.hub.path("z.csv")).unwrap();
    case.is_empty();
}

#[test]
fn the_same_files_land_once() {
    let case = Case::new();
    case.hub.write("x/thing.csv", "id,born,n\na,2001-02-03,4\n");
    case.land("x").expect(0);
    let done = case.land("x").expect(1);
    assert!(done.err.contains("landed-before") && done.err.contains("version 1"), "{}", done.err);
    case.hub.write("x/thing.csv", "id,born,n\na,2001-02-03,5\n");
    assert!(case.land("x").expect(0).out.contains("version 2"));
}

#[test]
fn two_landings_at_once() {
    let case = Case::new();
    case.hub.write("x/thing.csv", "id,born,n\na,2001-02-03,4\n");
    let mut options = std::fs::File::options();
    options.write(true).create(true).truncate(false);
    let lock = options.open(case.hub.home().join("staging/landing.lock")).unwrap();
    lock.lock().unwrap();
    let done = case.land("x").expect(1);
    assert!(done.err.contains("landing-busy"), "{}", done.err);
    drop(lock);
    case.land("x").expect(0);
}

/// Lands many rows of so many people where no file may grow beyond 1 MiB, which fails as a full disk does.
fn full_disk(people: u64, varied: bool, code: &str) {
    let case = Case::new();
    case.hub.write("x/thing.csv", "id,born,n\na,2001-02-03,4\n");
    case.land("x").expect(0);
    let mut text = String::from("id,born,n\n");
    let mut state = 1u64;
    for i in 0..600_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = if varied { state } else { 0 };
        let (year, month, day) = (1900 + (drawn >> 33) % 100, 1 + (drawn >> 40) % 12, 1 + (drawn >> 50) % 28);
        text.push_str(&format!("p{},{year}-{month:02}-{day:02},{}\n", i % people, (drawn >> 20) % 100));
    }
    case.hub.write("y/thing.csv", text);
    let (contract, from, home) = (case.hub.path("t.toml"), case.hub.path("y"), case.hub.home());
    // A server's disk is another: it says that it is full, as a server does.
    let on_server = code == "database" && case.hub.database().is_postgres();
    if on_server {
        case.hub.database().run(FULL_SERVER).unwrap();
    }
    let program = case.hub.command(&["dataset"]).get_program().to_owned();
    let done = std::process::Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 2048; exec \"$0\" dataset land \"$1\" --from \"$2\" --home \"$3\"",
        ])
        .arg(program)
        .args([&contract, &from, &home])
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{err}");
    assert!(err.contains(&format!("error[{code}]")), "{err}");
    if on_server {
        case.hub.database().run("DROP FUNCTION full_disk CASCADE").unwrap();
    }
    assert!(case.hub.run(&["dataset", "verify"]).expect(0).out.contains("version 1: 2 files, as landed"));
    let staging = std::fs::read_dir(home.join("staging")).unwrap();
    assert!(staging.flatten().all(|e| e.file_name().to_string_lossy().ends_with(".lock")));
    case.hub.run(&["audit", "verify"]).expect(0);
    assert!(case.land("y").expect(0).out.contains("version 2"));
}

const FULL_SERVER: &str = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER full_disk BEFORE INSERT ON audit_record FOR EACH ROW EXECUTE FUNCTION full_disk()";

#[test]
fn a_disk_that_fills_while_files_are_written_loses_nothing() {
    full_disk(50, true, "write-failed");
}

#[test]
fn a_disk_that_fills_while_the_version_is_recorded_loses_nothing() {
    full_disk(200_000, false, "database");
}
