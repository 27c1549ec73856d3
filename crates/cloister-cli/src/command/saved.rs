//! `cloister saved`

use crate::args::{SavedArgs, SavedCommand};
use crate::command::query::sql_of;
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::table;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: SavedArgs) -> ExitCode {
    let at = match &args.command {
        SavedCommand::Put { at, .. }
        | SavedCommand::List { at }
        | SavedCommand::Show { at, .. }
        | SavedCommand::Remove { at, .. } => at,
    };
    let user = at.user.clone();
    Target::with(&place, user.as_ref(), None, async |target| carry_out(target, args.command).await).await
}

async fn carry_out(target: &Target, command: SavedCommand) -> Result<(), Fault> {
    match command {
        SavedCommand::Put { name, at, sql, file, domains } => {
            let sql = sql_of(sql.as_deref(), file.as_deref()).map_err(|e| Fault::failed("file", e))?;
            let plan = target.save_query(&at.project, &name, &sql, &domains).await?;
            println!("saved `{name}` in `{}`, plan {plan}", at.project);
        }
        SavedCommand::List { at } => {
            let mut out = table(&["name", "by", "when"]);
            for saved in target.saved_queries(&at.project).await? {
                out.add_row(vec![saved.name, saved.author, saved.saved_at]);
            }
            println!("{out}");
        }
        SavedCommand::Show { name, at } => {
            let saved = target.saved_query(&at.project, &name).await?;
            println!("{}", saved.text.trim_end());
        }
        SavedCommand::Remove { name, at } => {
            target.remove_saved_query(&at.project, &name).await?;
            println!("removed `{name}` from `{}`", at.project);
        }
    }
    Ok(())
}
