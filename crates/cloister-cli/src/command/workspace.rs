//! `cloister workspace`

use crate::args::{InProject, WorkspaceArgs, WorkspaceCommand};
use crate::exit;
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::table;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: WorkspaceArgs) -> ExitCode {
    let WorkspaceCommand::List { at } = args.command;
    exit::done(list(&place, &at).await)
}

async fn list(place: &Place, at: &InProject) -> Result<(), Fault> {
    let target = Target::open(place, at.user.as_ref(), None).await?;
    let entries = target.workspace(&at.project).await;
    target.close().await;
    let mut out = table(&["name", "rows of", "columns", "made", "by", "expires", "usable"]);
    for entry in entries? {
        let columns: Vec<String> =
            entry.columns.iter().map(|c| format!("{} {}", c.name, c.data_type)).collect();
        out.add_row(vec![
            format!("workspace.{}", entry.name),
            entry.kind,
            columns.join(", "),
            entry.made_at,
            entry.made_by,
            entry.expires_at,
            entry.unusable.unwrap_or_else(|| "yes".to_owned()),
        ]);
    }
    println!("{out}");
    Ok(())
}
