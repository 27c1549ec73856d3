//! `cloister project`

use crate::args::{ProjectArgs, ProjectCommand};
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::table;
use cloister_governance::project::ProjectState;
use cloister_hub::HubError;
use cloister_model::Name;
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: ProjectArgs) -> ExitCode {
    Target::with(&place, args.user.as_ref(), Some("admin"), async |target| match args.command {
        ProjectCommand::Create { project } => create(target, &project).await,
        ProjectCommand::List => list(target).await,
        ProjectCommand::Show { project } => show(target, &project).await,
        ProjectCommand::Suspend { project } => change(target, &project, ProjectState::Suspended).await,
        ProjectCommand::Resume { project } => change(target, &project, ProjectState::Active).await,
        ProjectCommand::Close { project } => change(target, &project, ProjectState::Closed).await,
    })
    .await
}

async fn create(target: &Target, path: &Path) -> Result<(), Fault> {
    let text =
        std::fs::read_to_string(path).map_err(|source| HubError::File { path: path.to_owned(), source })?;
    let project = target.create_project(&text).await?;
    println!(
        "project `{}`: {} members, {} to {}",
        project.name,
        project.members.len(),
        project.starts,
        project.ends
    );
    Ok(())
}

async fn list(target: &Target) -> Result<(), Fault> {
    let mut out = table(&["project", "state", "title", "starts", "ends"]);
    for project in target.projects().await? {
        out.add_row(vec![project.name, project.state, project.title, project.starts, project.ends]);
    }
    println!("{out}");
    Ok(())
}

async fn show(target: &Target, name: &Name) -> Result<(), Fault> {
    let project = target.project(name).await?;
    println!("{}: {} ({})", project.name, project.title, project.state);
    println!("purpose: {}", project.purpose);
    println!("legal basis: {}; agreement: {}", project.legal_basis, project.agreement);
    println!("controllers: {}", project.controllers.join(", "));
    println!("{} to {}; disclosure policy {}", project.starts, project.ends, project.disclosure_policy);
    let mut people = table(&["member", "roles", "training expires"]);
    for member in project.members {
        let training = member.training_expires.unwrap_or_else(|| "as their account says".to_owned());
        people.add_row(vec![member.person, member.roles.join(", "), training]);
    }
    println!("{people}");
    match target.project_columns(name).await? {
        Some(columns) => {
            let mut tables = table(&["table", "column", "type", "meaning"]);
            for column in columns {
                tables.add_row(column);
            }
            println!("{tables}");
        }
        None => println!("its tables are its researchers' to see"),
    }
    Ok(())
}

async fn change(target: &Target, name: &Name, to: ProjectState) -> Result<(), Fault> {
    target.move_project(name, to).await?;
    println!("project `{name}` is {}", to.as_str());
    Ok(())
}
