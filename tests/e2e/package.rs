//! Release packages: whole, signed, verified without a hub, and described for machines.

use crate::query::GRANTS;
use cloister_synth::ErrorRates;
use cloister_tests::{Done, Hub, project};
use std::path::{Path, PathBuf};

fn released() -> (Hub, PathBuf, String) {
    let hub = Hub::of_region(400, ErrorRates::NONE);
    hub.create(&project("p", "automatic", GRANTS)).expect(0);
    let answer =
        hub.query("SELECT sex, count(*) AS n FROM person GROUP BY sex ORDER BY sex").expect(0).json();
    let id = answer["request"].as_str().unwrap().to_owned();
    let folder = hub.home().join("releases").join(&id);
    (hub, folder, id)
}

/// Verifies from where there is no hub.
fn verify(hub: &Hub, package: &Path, key: Option<&Path>) -> Done {
    let mut args = vec!["verify", package.to_str().unwrap()];
    if let Some(key) = key {
        args.extend(["--key", key.to_str().unwrap()]);
    }
    let nowhere = hub.path("nowhere");
    let output = hub.command(&args).env("CLOISTER_HOME", nowhere).output().unwrap();
    Done {
        code: output.status.code().unwrap(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_package_is_verified_without_a_hub() {
    let (hub, folder, id) = released();
    let key = hub.home().join("audit/audit.pub");
    let done = verify(&hub, &folder, Some(&key)).expect(0);
    assert!(done.out.contains(&id) && done.out.contains("the key that you gave"), "{}", done.out);
    assert!(verify(&hub, &folder, None).expect(0).out.contains("compare it with the hub's"));
    let zip = hub.path("package.zip");
    hub.run(&[
        "request",
        "fetch",
        &id,
        "--as",
        "researcher",
        "--format",
        "zip",
        "--out",
        zip.to_str().unwrap(),
    ])
    .expect(0);
    verify(&hub, &zip, Some(&key)).expect(0);
    // The same files make the same bytes.
    let again = hub.path("again.zip");
    hub.run(&[
        "request",
        "fetch",
        &id,
        "--as",
        "researcher",
        "--format",
        "zip",
        "--out",
        again.to_str().unwrap(),
    ])
    .expect(0);
    assert_eq!(std::fs::read(&zip).unwrap(), std::fs::read(&again).unwrap());
    // Another hub's key, and what was changed by a byte.
    let other = hub.write("other.pub", "ab".repeat(32));
    assert!(verify(&hub, &zip, Some(&other)).expect(1).err.contains("another key"));
    let mut bytes = std::fs::read(folder.join("table.csv")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(folder.join("table.csv"), bytes).unwrap();
    assert!(verify(&hub, &folder, Some(&key)).expect(1).err.contains("`table.csv` was changed"));
    hub.run(&["request", "fetch", &id, "--as", "researcher"]).expect(1);
    std::fs::write(folder.join("more.csv"), "x").unwrap();
    std::fs::remove_file(folder.join("query.sql")).unwrap();
    let done = verify(&hub, &folder, Some(&key)).expect(1);
    assert!(
        done.err.contains("`more.csv` is not of this release") && done.err.contains("`query.sql` is missing")
    );
}

#[test]
fn a_package_says_what_it_is() {
    let (_hub, folder, id) = released();
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let whole: serde_json::Value = serde_json::from_slice(&read("ro-crate-metadata.json")).unwrap();
    let graph = whole["@graph"].as_array().unwrap();
    let of = |id: &str| graph.iter().find(|e| e["@id"] == id).unwrap();
    assert_eq!(of("./")["conformsTo"][0]["@id"], "https://w3id.org/5s-crate/0.4");
    assert!(of("./")["name"].as_str().unwrap().contains(&id));
    assert_eq!(of("#sign-off")["name"], "Released by rules alone");
    let decision: serde_json::Value = serde_json::from_slice(&read("decision.json")).unwrap();
    assert_eq!(
        (decision["decided_by"].as_array().unwrap().len(), &decision["policy"]["name"]),
        (0, &"nhs-england".into())
    );
    assert!(read("table.parquet").starts_with(b"PAR1"));
    assert!(String::from_utf8(read("policy.toml")).unwrap().contains("nhs-england"));
    if let Ok(copy) = std::env::var("CLOISTER_PACKAGE_COPY") {
        std::fs::create_dir_all(&copy).unwrap();
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), Path::new(&copy).join(entry.file_name())).unwrap();
        }
    }
}
