//! `cloister saved`

use crate::args::{SavedArgs, SavedCommand};
use crate::command::query::sql_of;
use crate::exit;
use crate::text::table;
use cloister_hub::{Hub, HubError};
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: SavedArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return exit::hub(&e),
    };
    let done = carry_out(&hub, args.command).await;
    hub.close().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stopped::Hub(e)) => exit::hub(&e),
        Err(Stopped::File(text)) => exit::fail("file", &text),
    }
}

enum Stopped {
    Hub(HubError),
    File(String),
}

impl From<HubError> for Stopped {
    fn from(error: HubError) -> Self {
        Self::Hub(error)
    }
}

async fn carry_out(hub: &Hub, command: SavedCommand) -> Result<(), Stopped> {
    match command {
        SavedCommand::Put { name, at, sql, file, domains } => {
            let sql = sql_of(sql.as_deref(), file.as_deref()).map_err(Stopped::File)?;
            let plan = hub.save_query(&at.project, &at.user, &name, &sql, &domains).await?;
            println!("saved `{name}` in `{}`, plan {plan}", at.project);
        }
        SavedCommand::List { at } => {
            let mut out = table(&["name", "by", "when"]);
            for saved in hub.saved_queries(&at.project, &at.user).await? {
                out.add_row(vec![saved.name, saved.author, saved.saved_at]);
            }
            println!("{out}");
        }
        SavedCommand::Show { name, at } => {
            let saved = hub.saved_query(&at.project, &at.user, &name).await?;
            println!("{}", saved.text.trim_end());
        }
        SavedCommand::Remove { name, at } => {
            hub.remove_saved_query(&at.project, &at.user, &name).await?;
            println!("removed `{name}` from `{}`", at.project);
        }
    }
    Ok(())
}
