//! `cloister project`

use crate::args::{ProjectArgs, ProjectCommand};
use crate::exit;
use crate::text::table;
use cloister_governance::Project;
use cloister_governance::project::ProjectState;
use cloister_hub::{Hub, HubError};
use cloister_model::Name;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: ProjectArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return exit::hub(&e),
    };
    let user = args.user;
    let done = match args.command {
        ProjectCommand::Create { project } => create(&hub, &project, &user).await,
        ProjectCommand::List => list(&hub).await,
        ProjectCommand::Show { project } => show(&hub, &project).await,
        ProjectCommand::Suspend { project } => change(&hub, &project, ProjectState::Suspended, &user).await,
        ProjectCommand::Resume { project } => change(&hub, &project, ProjectState::Active, &user).await,
        ProjectCommand::Close { project } => change(&hub, &project, ProjectState::Closed, &user).await,
    };
    hub.close().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => exit::hub(&e),
    }
}

async fn create(hub: &Hub, path: &Path, user: &Name) -> Result<(), HubError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| HubError::File { path: path.to_owned(), source })?;
    let project = hub.create_project(&text, user).await?;
    println!(
        "project `{}`: {} members, {} to {}",
        project.name,
        project.members.len(),
        project.starts,
        project.ends
    );
    Ok(())
}

async fn list(hub: &Hub) -> Result<(), HubError> {
    let mut out = table(&["project", "state", "title", "starts", "ends"]);
    for stored in hub.projects().await? {
        let project = Project::parse(&stored.text)?;
        out.add_row(vec![
            stored.name,
            stored.state.as_str().to_owned(),
            project.title,
            project.starts.to_string(),
            project.ends.to_string(),
        ]);
    }
    println!("{out}");
    Ok(())
}

async fn show(hub: &Hub, name: &Name) -> Result<(), HubError> {
    let stored = hub.project(name).await?;
    let project = Project::parse(&stored.text)?;
    println!("{}: {} ({})", project.name, project.title, stored.state.as_str());
    println!("purpose: {}", project.purpose);
    println!("legal basis: {}; agreement: {}", project.legal_basis, project.agreement);
    println!("controllers: {}", project.controllers.join(", "));
    println!("{} to {}; disclosure policy {}", project.starts, project.ends, project.disclosure_policy);
    let mut people = table(&["member", "roles", "training expires"]);
    for member in &project.members {
        let roles: Vec<&str> = member.roles.iter().map(|r| r.as_str()).collect();
        people.add_row(vec![member.user.to_string(), roles.join(", "), member.training_expires.to_string()]);
    }
    println!("{people}");
    let mut tables = table(&["table", "column", "type", "meaning"]);
    for granted in hub.project_tables(name).await? {
        for column in &granted.columns {
            tables.add_row(vec![
                format!("{}.{}", granted.schema, granted.entry.name),
                column.name.to_string(),
                column.landed_type.to_string(),
                column.description.clone(),
            ]);
        }
    }
    println!("{tables}");
    Ok(())
}

async fn change(hub: &Hub, name: &Name, to: ProjectState, user: &Name) -> Result<(), HubError> {
    hub.move_project(name, to, user).await?;
    println!("project `{name}` is {}", to.as_str());
    Ok(())
}
