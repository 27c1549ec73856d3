//! `cloister describe`

use crate::args::{DescribeArgs, ViewFormat};
use crate::command::tables::failed;
use crate::target::{Place, Target};
use crate::text::{bold, faint, table};
use cloister_client::TableView;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: DescribeArgs) -> ExitCode {
    let view = match Target::open(&place, args.at.user.as_ref(), None).await {
        Ok(target) => {
            let view = target.describe(&args.at.project, &args.table).await;
            target.close().await;
            view
        }
        Err(fault) => Err(fault),
    };
    match view {
        Ok(view) => {
            match args.format {
                ViewFormat::Json => println!("{}", view.json),
                ViewFormat::Table => show(&view.view),
            }
            ExitCode::SUCCESS
        }
        Err(e) => failed(&e, args.format),
    }
}

fn show(view: &TableView) {
    println!("{}: {}", bold(&view.qualified_name), view.description);
    match &view.person_column {
        Some(person) => println!("each row is about one person, whom `{person}` names"),
        None => println!("a reference table: it says nothing of anybody"),
    }
    if let Some(filter) = &view.row_filter {
        println!("the project has only rows with {filter}");
    }
    if let Some(window) = &view.window {
        println!("the project has only rows with {} from {} to {}", window.column, window.from, window.to);
    }
    let mut out = table(&["column", "type", "class", "NULL", "labels", "use", "values", "meaning"]);
    for column in &view.columns {
        out.add_row(vec![
            column.name.clone(),
            column.data_type.clone(),
            column.class.clone(),
            if column.nullable { "yes" } else { "no" }.to_owned(),
            if column.public_labels { "public" } else { "" }.to_owned(),
            column.uses.clone(),
            column.values.clone(),
            column.description.clone(),
        ]);
    }
    println!("{out}");
    println!("{}", faint("values are those that the dataset's contract allows, not those that there are"));
}
