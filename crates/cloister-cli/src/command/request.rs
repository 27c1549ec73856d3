//! `cloister request`

use crate::args::{FetchFormat, RequestArgs, RequestCommand};
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::table;
use cloister_hub::{HubError, PackageFile};
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: RequestArgs) -> ExitCode {
    Target::with(&place, args.user.as_ref(), Some("admin"), async |target| match args.command {
        RequestCommand::List => list(target).await,
        RequestCommand::Show { request } => show(target, &request).await,
        RequestCommand::Fetch { request, format, out } => {
            fetch(target, &request, format, out.as_deref()).await
        }
    })
    .await
}

async fn list(target: &Target) -> Result<(), Fault> {
    let mut out = table(&["request", "project", "by", "state", "submitted"]);
    for request in target.queries().await? {
        out.add_row(vec![request.id, request.project, request.author, request.state, request.submitted_at]);
    }
    println!("{out}");
    Ok(())
}

async fn show(target: &Target, id: &str) -> Result<(), Fault> {
    let request = target.query_record(id).await?;
    println!("{}: {}", request.id, request.state);
    println!("project {}, by {}, submitted {}", request.project, request.author, request.submitted_at);
    println!("policy {} ({})", request.policy, request.policy_digest);
    println!("datasets {}", json!(request.datasets));
    if let Some(plan) = &request.plan_digest {
        println!("plan {plan}");
    }
    if !request.reasons.is_empty() {
        println!("reasons {}", json!(request.reasons));
    }
    println!("\n{}", request.sql);
    Ok(())
}

async fn fetch(target: &Target, id: &str, format: FetchFormat, out: Option<&Path>) -> Result<(), Fault> {
    let file = match format {
        FetchFormat::Csv => PackageFile::Csv,
        FetchFormat::Parquet => PackageFile::Parquet,
        FetchFormat::Zip => PackageFile::Zip,
        FetchFormat::Json => PackageFile::Json,
        FetchFormat::Arrow => PackageFile::Arrow,
        FetchFormat::Sql => PackageFile::Sql,
        FetchFormat::Page => PackageFile::Page,
    };
    let bytes = target.fetch(id, file).await?;
    match out {
        Some(path) => Ok(cloister_store::write_new(path, &bytes).map_err(HubError::from)?),
        None => std::io::stdout()
            .lock()
            .write_all(&bytes)
            .map_err(|e| Fault::failed("file", format!("standard output: {e}"))),
    }
}
