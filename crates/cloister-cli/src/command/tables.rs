//! `cloister tables`

use crate::args::{TablesArgs, ViewFormat};
use crate::exit;
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::table;
use cloister_client::TableView;
use serde_json::json;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: TablesArgs) -> ExitCode {
    let tables = match Target::open(&place, args.at.user.as_ref(), None).await {
        Ok(target) => {
            let tables = target.tables(&args.at.project).await;
            target.close().await;
            tables
        }
        Err(fault) => Err(fault),
    };
    match tables {
        Ok(tables) => {
            match args.format {
                ViewFormat::Json => {
                    println!("{}", json!({ "project": args.at.project, "tables": tables.json }))
                }
                ViewFormat::Table => println!("{}", shown(&tables.view)),
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
pub(crate) fn failed(fault: &Fault, format: ViewFormat) -> ExitCode {
    if format == ViewFormat::Json {
        let (status, reason) = match fault {
            Fault::Refused(reason) => ("refused", json!(reason)),
            Fault::Failed { code, text, hint } => {
                ("failed", json!({ "code": code, "message": text, "hint": hint }))
            }
        };
        println!("{}", json!({ "status": status, "reasons": [reason] }));
    }
    exit::fault(fault)
}
