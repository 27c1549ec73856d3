//! Running `cloister` in a temporary home.

use crate::database::Database;
use crate::shared_data::shared_data;
use cloister_synth::{ErrorRates, Region};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// What a command printed, and its exit status.
#[derive(Debug)]
pub struct Done {
    /// Exit status; -1 where a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Done {
    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// Fails the test unless the exit status is this.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self
    }
}

/// A hub in a folder that goes with the test.
#[derive(Debug)]
pub struct Hub {
    folder: TempDir,
    database: Database,
}

impl Hub {
    /// A folder without a hub.
    pub fn nowhere() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::of_home(&folder.path().join("hub"));
        Self { folder, database }
    }

    /// An empty hub.
    pub fn new() -> Self {
        let hub = Self::nowhere();
        hub.init("north").expect(0);
        hub
    }

    /// Runs `cloister init`, on the database that the tests run on.
    pub fn init(&self, name: &str) -> Done {
        let mut args = vec!["init".to_owned(), "--name".to_owned(), name.to_owned()];
        if let Some((url, schema)) = self.database.server() {
            let file = self.write("database-url", url);
            std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            args.extend(["--database-url-file".to_owned(), file.to_str().unwrap().to_owned()]);
            args.extend(["--database-schema".to_owned(), schema.to_owned()]);
        }
        self.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The hub's database, as somebody has it who does not ask the hub.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A hub with a small synthetic region landed whole.
    pub fn of_region(people: u32, errors: ErrorRates) -> Self {
        let hub = Self::new();
        hub.region(people, errors);
        for feed in ["gp", "hospital", "emergency", "pathology", "social-care"] {
            hub.land(feed, &hub.path(&format!("region/{feed}"))).expect(0);
        }
        hub
    }

    /// Has the policy that projects are made with compare no release with earlier ones: for what is about something else.
    pub fn without_ledger(&self) {
        let path = self.home().join("policies/disclosure/nhs-england.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}\n[ledger]\ncompare = false\n")).unwrap();
    }

    /// Writes a synthetic region to `region`.
    pub fn region(&self, people: u32, errors: ErrorRates) {
        let region = Region { seed: 7, people, events_per_person: 20.0, errors };
        region.write(&self.path("region")).unwrap();
    }

    /// The home.
    pub fn home(&self) -> PathBuf {
        self.path("hub")
    }

    /// A path beside the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file beside the home.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The command, not yet run.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program("cloister"));
        command.arg("--home").arg(self.home()).args(args).stdin(Stdio::null());
        for name in
            ["CLOISTER_HOME", "CLOISTER_SERVER", "CLOISTER_CA_FILE", "CLOISTER_TOKEN", "CLOISTER_TOKEN_FILE"]
        {
            command.env_remove(name);
        }
        // Nobody's credentials but the test's.
        command.env("CLOISTER_CONFIG", self.path("config"));
        command
    }

    /// Runs `cloister` with arguments.
    pub fn run(&self, args: &[&str]) -> Done {
        Self::done(&mut self.command(args))
    }

    /// Runs it with somebody's access token.
    pub fn run_with(&self, token: &str, args: &[&str]) -> Done {
        Self::done(self.command(args).env("CLOISTER_TOKEN", token))
    }

    pub(crate) fn done(command: &mut Command) -> Done {
        let output = command.output().expect("the program runs");
        Done {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Lands a folder or file by a contract of the product.
    pub fn land(&self, contract: &str, from: &Path) -> Done {
        let contract = policies().join(format!("datasets/{contract}.toml"));
        self.run(&["dataset", "land", contract.to_str().unwrap(), "--from", from.to_str().unwrap()])
    }

    /// Provisions a project.
    pub fn create(&self, text: &str) -> Done {
        let path = self.write("project.toml", text);
        self.run(&["project", "create", path.to_str().unwrap()])
    }

    /// Asks as `researcher` in project `p`.
    pub fn query(&self, sql: &str) -> Done {
        self.query_in("p", "researcher", sql)
    }

    /// Asks as `researcher` in project `p`, with SQL that is too long for an argument.
    pub fn query_file(&self, sql: &str) -> Done {
        let file = self.write("query.sql", sql);
        let file = file.to_str().unwrap();
        self.run(&["query", "--project", "p", "--as", "researcher", "--format", "json", "--file", file])
    }

    /// Asks as somebody in a project.
    pub fn query_in(&self, project: &str, user: &str, sql: &str) -> Done {
        self.run(&["query", "--project", project, "--as", user, "--format", "json", "--", sql])
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

/// A program of the workspace, built beside the test.
pub(crate) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap();
    let path = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    assert!(path.exists(), "{} is not built: run `make test`", path.display());
    path
}

/// The product's policies.
pub fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies")
}

/// The real OMOP files, where they are.
pub fn omop() -> Option<PathBuf> {
    shared_data(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), "omop-1k")
}

/// A project `p` with these grants, in review mode `automatic`.
pub fn project(name: &str, review: &str, grants: &str) -> String {
    format!(
        r#"name = "{name}"
title = "A test"
purpose = "To test"
legal-basis = "UK GDPR 6(1)(e), 9(2)(j)"
agreement = "DSA-1"
controllers = ["North ICB"]
starts = "2020-01-01"
ends = "2099-12-31"
disclosure-policy = "nhs-england"
review = "{review}"
members = [
  {{ user = "researcher", roles = ["researcher"], training-expires = "2099-12-31" }},
]
{grants}
"#
    )
}
