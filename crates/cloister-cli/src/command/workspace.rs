//! `cloister workspace`

use crate::args::{WorkspaceArgs, WorkspaceCommand};
use crate::exit;
use crate::text::table;
use cloister_hub::{Hub, HubError};
use cloister_model::Name;
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: WorkspaceArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return exit::hub(&e),
    };
    let WorkspaceCommand::List { project, user } = args.command;
    let done = list(&hub, &project, &user).await;
    hub.close().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => exit::hub(&e),
    }
}

async fn list(hub: &Hub, project: &Name, user: &Name) -> Result<(), HubError> {
    let mut out = table(&["name", "rows of", "columns", "made", "by", "expires", "usable"]);
    for entry in hub.workspace_entries(project, user).await? {
        let columns: Vec<String> =
            entry.columns.iter().map(|c| format!("{} {}", c.name, c.data_type)).collect();
        out.add_row(vec![
            format!("workspace.{}", entry.name),
            entry.kind.to_owned(),
            columns.join(", "),
            entry.made_at,
            entry.made_by,
            entry.expires_at,
            entry.unusable.unwrap_or("yes").to_owned(),
        ]);
    }
    println!("{out}");
    Ok(())
}
