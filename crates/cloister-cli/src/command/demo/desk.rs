//! The demonstration's people, and what they need to sit down at the pages: accounts, a request on the desk, settings.

use super::{Stopped, heading};
use crate::text::{bold, table};
use cloister_hub::{Hub, HubError, NewPerson, NewToken, ReleaseDraft, Role, Scope};
use cloister_model::Name;
use std::path::{Path, PathBuf};

/// Where the demonstration's server listens.
pub(super) const ADDRESS: &str = "127.0.0.1:8020";

/// Where it listens for Flight SQL.
const FLIGHT: &str = "127.0.0.1:8021";

struct Person {
    name: &'static str,
    display: &'static str,
    role: Role,
    does: &'static str,
}

/// The first one is an administrator, as in every hub.
const PEOPLE: &[Person] = &[
    Person { name: "admin", display: "Ada Admin", role: Role::Administrator, does: "looks after the hub" },
    Person { name: "researcher", display: "Rashid", role: Role::Researcher, does: "asks" },
    Person { name: "chidi", display: "Chidi", role: Role::Checker, does: "decides, with Carys" },
    Person { name: "carys", display: "Carys", role: Role::Checker, does: "decides, with Chidi" },
    Person {
        name: "owner",
        display: "Olu Owner",
        role: Role::InformationAssetOwner,
        does: "answers for the data",
    },
    Person { name: "auditor", display: "Aude", role: Role::Auditor, does: "reads the record" },
];

fn name(text: &str) -> Result<Name, Stopped> {
    Ok(text.parse().map_err(HubError::from)?)
}

/// Asks for the release of a result that is held, so that the checkers find something on their desk.
pub(super) async fn ask_for_release(hub: &Hub, project: &str, query: &str) -> Result<(), Stopped> {
    let draft = ReleaseDraft {
        id: None,
        queries: vec![query.to_owned()],
        supporting: Vec::new(),
        purpose: "Table 1 of the demonstration: who lives in the region".to_owned(),
        justification: "Two groups of thousands; counts are rounded".to_owned(),
    };
    hub.request_release(&name(project)?, &name("researcher")?, &draft).await?;
    Ok(())
}

/// Gives everybody an account, and lets the researcher take releases out.
pub(super) async fn open(hub: &Hub, datasets: &[&str], projects: &[&str]) -> Result<(), Stopped> {
    let admin = name("admin")?;
    let mut out = table(&["sign in as", "to begin with", "who"]);
    for person in PEOPLE {
        let new = NewPerson {
            name: name(person.name)?,
            display_name: person.display.to_owned(),
            roles: [person.role].into(),
            training_expires: chrono::NaiveDate::from_ymd_opt(2099, 12, 31),
            subject: None,
        };
        let password = hub.add_person(new, &admin).await?.unwrap_or_default();
        out.add_row(vec![person.name, &password, &format!("{}, {}", person.role.as_str(), person.does)]);
    }
    let owner = name("owner")?;
    for dataset in datasets {
        hub.set_dataset_owners(&name(dataset)?, &[owner.clone()].into(), &admin).await?;
    }
    let until = chrono::Utc::now() + chrono::Days::new(30);
    for project in projects {
        hub.grant_egress(&name(project)?, &name("researcher")?, until, &owner).await?;
    }
    heading(6, "The pages");
    println!("{out}");
    println!(
        "   Everybody chooses a password when they first sign in. A result waits on the checkers' desk.\n"
    );
    Ok(())
}

/// Gives those whom the notebooks are written for an access token each, in files that nobody else can read.
pub(super) async fn tokens(hub: &Hub, home: &Path) -> Result<(), Stopped> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let folder = home.join("tokens");
    let wrong = |e: std::io::Error| Stopped::File(format!("{}: {e}", folder.display()));
    std::fs::DirBuilder::new().mode(0o700).create(&folder).map_err(wrong)?;
    for (person, scopes) in [
        ("researcher", &[Scope::Read, Scope::Query, Scope::Request][..]),
        ("chidi", &[Scope::Read, Scope::Review]),
        ("carys", &[Scope::Read, Scope::Review]),
    ] {
        let holder = name(person)?;
        hub.accept_terms(&holder).await?;
        let new = NewToken {
            label: "the demonstration's notebooks".to_owned(),
            scopes: scopes.iter().copied().collect(),
            days: 30,
            key: None,
        };
        let (_, text) = hub.make_token(new, &holder).await?;
        let mut options = std::fs::OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(folder.join(person)).map_err(wrong)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).map_err(wrong)?;
    }
    println!(
        "   The notebooks' access tokens are in {}; Flight SQL: {}\n",
        folder.display(),
        bold(&format!("grpc://{FLIGHT}"))
    );
    Ok(())
}

/// Writes the server's settings beside the hub, and tells where they are.
pub(super) fn settings(home: &Path) -> Result<PathBuf, Stopped> {
    let path = home.join("cloisterd.toml");
    let wrong = |e: std::io::Error| Stopped::File(format!("{}: {e}", path.display()));
    let library = Path::new("web/node_modules/nhsuk-frontend/dist/nhsuk");
    let assets = match library.canonicalize() {
        Ok(found) => format!("assets = {:?}\n", found.display().to_string()),
        // The pages work without it, and are plain.
        Err(_) => String::new(),
    };
    let text = format!(
        "home = \".\"\norigin = \"http://{ADDRESS}\"\nlisten = \"{ADDRESS}\"\n{assets}\n[flight]\nlisten = \"{FLIGHT}\"\n\n[log]\nformat = \"text\"\nfilter = \"warn\"\n"
    );
    std::fs::write(&path, text).map_err(wrong)?;
    Ok(path)
}

/// The server, beside this program.
pub(super) fn server() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.with_file_name("cloisterd");
    beside.is_file().then_some(beside)
}

/// Says where the pages are, and becomes the server where somebody sits before a terminal.
pub(super) fn serve(settings: &Path, stay: bool) -> Result<(), Stopped> {
    use std::os::unix::process::CommandExt;
    let Some(server) = server() else {
        println!("   The pages need `cloisterd`, which lies beside this program once it is built.");
        return Ok(());
    };
    println!("   The pages: {}", bold(&format!("http://{ADDRESS}")));
    if !stay {
        println!("     {} --config {}", server.display(), settings.display());
        return Ok(());
    }
    println!(
        "   They are there until Ctrl-C; afterwards: {} --config {}\n",
        server.display(),
        settings.display()
    );
    // It only returns where it failed.
    let failed = std::process::Command::new(server).arg("--config").arg(settings).exec();
    Err(Stopped::File(format!("cloisterd: {failed}")))
}
