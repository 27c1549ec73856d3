//! Who asks on the hub's own machine (docs/adr/0020-remote-and-local-callers.md).

use super::{SQL, hub};
use cloister_tests::{Hub, Server};

#[test]
fn a_name_alone_is_not_taken_on_trust_where_there_are_accounts() {
    let (hub, passwords) = hub();
    let project = hub.path("project.toml");
    let contract = hub.write("contract.toml", "");
    let (project, contract) = (project.to_str().unwrap(), contract.to_str().unwrap());
    for args in [
        &["query", "--project", "q", "--as", "researcher", "--", SQL][..],
        &["tables", "--project", "q", "--as", "researcher"],
        &["request", "list", "--as", "researcher"],
        &["request", "list"],
        &["airlock", "list", "--as", "first"],
        &["saved", "list", "--project", "q", "--as", "researcher"],
        &["approval", "list", "--project", "q", "--as", "first"],
        &["workspace", "list", "--project", "q", "--as", "researcher"],
        &["project", "list"],
        &["project", "create", project],
        &["project", "close", "q", "--as", "admin"],
        &["dataset", "land", contract, "--from", contract, "--as", "admin"],
        &["dataset", "verify"],
    ] {
        let done = hub.run(args).expect(2);
        assert!(done.err.contains("refused[token-needed]"), "{args:?}: {}", done.err);
    }
    let server = Server::start(&hub, "");
    let browser = server.first_visit("researcher", &passwords["researcher"]);
    let token = browser.token(&["read", "query"]);
    hub.run_with(&token, &["tables", "--project", "q", "--as", "researcher"]).expect(0);
    // Looking at a released table is taking it out, here as anywhere.
    for format in ["table", "csv", "json", "arrow"] {
        let done =
            hub.run_with(&token, &["query", "--project", "q", "--format", format, "--", SQL]).expect(1);
        assert!(done.err.contains("egress-not-granted"), "{}", done.err);
        assert!(!done.out.contains("rows") && !done.out.contains("sex"), "{}", done.out);
    }
    let another = hub.run_with(&token, &["query", "--project", "q", "--as", "admin", "--", SQL]).expect(2);
    assert!(another.err.contains("another-person"), "{}", another.err);
    // It does what it is for, and no more.
    assert!(hub.run_with(&token, &["airlock", "claim", "rel-x"]).expect(1).err.contains("error[scope]"));
    assert!(hub.run_with(&token, &["dataset", "verify"]).expect(1).err.contains("error[scope]"));
    assert!(hub.run_with(&token, &["person", "list"]).expect(1).err.contains("error[scope]"));
    let made_up = format!("{}x", &token[..token.len() - 1]);
    assert!(hub.run_with(&made_up, &["request", "list"]).expect(2).err.contains("refused[token]"));
    let id = token.split('_').nth(2).unwrap();
    browser.call("DELETE", &format!("/v1/tokens/{id}"), None).expect(204);
    hub.run_with(&token, &["request", "list"]).expect(2);
}

#[test]
fn whoever_owns_the_keys_looks_after_accounts_on_the_record() {
    let (hub, _) = hub();
    let before = hub.run(&["audit", "show"]).expect(0).out.matches("caller=local").count();
    hub.run(&["person", "change", "first", "--reset"]).expect(0);
    let log = hub.run(&["audit", "show"]).expect(0).out;
    assert_eq!(log.matches("caller=local").count(), before + 1, "{log}");
    // As an administrator who has an account, and as nobody else.
    hub.run(&["person", "change", "first", "--reset", "--as", "researcher"]).expect(1);
    hub.run(&["person", "change", "first", "--reset", "--as", "nobody"]).expect(1);
    hub.run(&["audit", "verify"]).expect(0);
}

#[test]
fn keys_of_somebody_else_open_no_account() {
    let (hub, _) = hub();
    let vault = hub.home().join("keys/vault.key");
    let key = if vault.exists() { vault } else { first_key(&hub) };
    let given = std::process::Command::new("chown").arg("65534").arg(&key).output().unwrap();
    if !given.status.success() {
        eprintln!("NOT TESTED: keys of somebody else; it takes root to give a file away");
        return;
    }
    let done = hub.run(&["person", "change", "first", "--reset"]).expect(2);
    assert!(done.err.contains("refused[token-needed]"), "{}", done.err);
}

fn first_key(hub: &Hub) -> std::path::PathBuf {
    std::fs::read_dir(hub.home().join("keys")).unwrap().next().unwrap().unwrap().path()
}
