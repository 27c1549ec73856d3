//! `cloister tables`

use crate::args::{TablesArgs, ViewFormat};
use crate::exit;
use crate::text::table;
use cloister_hub::{Hub, HubError, TableView};
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: TablesArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return failed(&e, args.format),
    };
    let tables = hub.tables(&args.at.project, &args.at.user).await;
    hub.close().await;
    match tables {
        Ok(tables) => {
            match args.format {
                ViewFormat::Json => println!("{}", json!({ "project": args.at.project, "tables": tables })),
                ViewFormat::Table => println!("{}", shown(&tables)),
            }
            ExitCode::SUCCESS
        }
        Err(e) => failed(&e, args.format),
    }
}

fn shown(tables: &[TableView]) -> String {
    let mut out = table(&["dataset", "version", "table", "rows are about", "what it is"]);
    for view in tables {
        let about = if view.kind == "person" { "one person" } else { "nobody (reference)" };
        out.add_row(vec![
            view.dataset.clone(),
            view.version.to_string(),
            view.name.clone(),
            about.to_owned(),
            view.description.clone(),
        ]);
    }
    out.to_string()
}

/// `--format json` prints one object whatever happens.
pub(crate) fn failed(error: &HubError, format: ViewFormat) -> ExitCode {
    if format == ViewFormat::Json {
        let (status, reason) = match error {
            HubError::TurnedAway(reason) => ("refused", json!(reason)),
            other => ("failed", json!({ "code": other.code(), "message": other.to_string(), "hint": "" })),
        };
        println!("{}", json!({ "status": status, "reasons": [reason] }));
    }
    exit::hub(error)
}
