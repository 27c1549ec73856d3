//! `cloister request`

use crate::args::{FetchFormat, RequestArgs, RequestCommand};
use crate::exit;
use crate::text::table;
use cloister_hub::{Hub, HubError, PackageFile};
use cloister_model::Name;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: RequestArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return exit::hub(&e),
    };
    let done = match args.command {
        RequestCommand::List => list(&hub, &args.user).await,
        RequestCommand::Show { request } => show(&hub, &request, &args.user).await,
        RequestCommand::Fetch { request, format, out } => {
            fetch(&hub, &request, &args.user, format, out.as_deref()).await
        }
    };
    hub.close().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => exit::hub(&e),
    }
}

async fn list(hub: &Hub, user: &Name) -> Result<(), HubError> {
    let mut out = table(&["request", "project", "by", "state", "submitted"]);
    for request in hub.requests(user).await? {
        out.add_row(vec![
            request.id,
            request.project,
            request.user,
            request.state.as_str().to_owned(),
            request.submitted_at,
        ]);
    }
    println!("{out}");
    Ok(())
}

async fn show(hub: &Hub, id: &str, user: &Name) -> Result<(), HubError> {
    let request = hub.request(id, user).await?;
    println!("{}: {}", request.id, request.state.as_str());
    println!("project {}, by {}, submitted {}", request.project, request.user, request.submitted_at);
    println!("policy {} ({})", request.policy_name, request.policy_digest);
    println!("datasets {}", request.datasets);
    if let Some(plan) = &request.plan_digest {
        println!("plan {plan}");
    }
    if request.reasons != "[]" {
        println!("reasons {}", request.reasons);
    }
    println!("\n{}", request.sql);
    Ok(())
}

async fn fetch(
    hub: &Hub,
    id: &str,
    user: &Name,
    format: FetchFormat,
    out: Option<&Path>,
) -> Result<(), HubError> {
    let file = match format {
        FetchFormat::Csv => PackageFile::Csv,
        FetchFormat::Parquet => PackageFile::Parquet,
        FetchFormat::Zip => PackageFile::Zip,
        FetchFormat::Json => PackageFile::Json,
        FetchFormat::Arrow => PackageFile::Arrow,
        FetchFormat::Sql => PackageFile::Sql,
        FetchFormat::Page => PackageFile::Page,
    };
    let bytes = hub.fetch(id, user, file).await?;
    match out {
        Some(path) => Ok(cloister_store::write_new(path, &bytes)?),
        None => {
            let path = PathBuf::from("standard output");
            std::io::stdout().lock().write_all(&bytes).map_err(|source| HubError::File { path, source })
        }
    }
}
