//! `cloister person`

use crate::exit;
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::table;
use clap::{Args, Subcommand};
use cloister_client::{NewPerson, PersonChange, PersonView};
use cloister_hub::Role;
use cloister_model::Name;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct PersonArgs {
    #[command(subcommand)]
    command: PersonCommand,
    /// Who asks: an administrator. On the hub's own machine, whoever owns its keys needs no token for it, and the log says so.
    #[arg(long = "as", value_name = "USER", global = true)]
    user: Option<Name>,
}

#[derive(Debug, Subcommand)]
enum PersonCommand {
    /// Give somebody an account. The first one is an administrator's: from then on, who has none is nobody.
    Add {
        /// The name to sign in with, and in the log, for good.
        name: Name,
        /// Their name for people.
        #[arg(long, value_name = "TEXT")]
        display: String,
        /// Their roles: researcher, checker, administrator, information-asset-owner, auditor.
        #[arg(long = "role", value_name = "ROLE", value_parser = role)]
        roles: Vec<Role>,
        /// The last day on which their training is current.
        #[arg(long, value_name = "DATE")]
        training_expires: Option<chrono::NaiveDate>,
        /// The sign-in provider that they come from; without it they get a password to begin with.
        #[arg(long, value_name = "URL", requires = "subject")]
        issuer: Option<String>,
        /// Whom the provider knows them as.
        #[arg(long, value_name = "TEXT", requires = "issuer")]
        subject: Option<String>,
    },
    /// Everybody who has an account.
    List,
    /// Change somebody's roles or training; disable or enable their account; give them a new password to begin with.
    Change {
        /// Whose account.
        name: Name,
        /// All their roles from now on.
        #[arg(long = "role", value_name = "ROLE", value_parser = role)]
        roles: Vec<Role>,
        /// The last day on which their training is current.
        #[arg(long, value_name = "DATE")]
        training_expires: Option<chrono::NaiveDate>,
        /// The account may not be used any more.
        #[arg(long, conflicts_with = "enable")]
        disable: bool,
        /// It may be used again.
        #[arg(long)]
        enable: bool,
        /// A new password to begin with, and no second factor.
        #[arg(long)]
        reset: bool,
    },
}

fn role(text: &str) -> Result<Role, String> {
    let found = Role::ALL.into_iter().find(|r| r.as_str() == text);
    found.ok_or_else(|| format!("the roles are {}", Role::ALL.map(Role::as_str).join(", ")))
}

pub(crate) async fn run(place: Place, args: PersonArgs) -> ExitCode {
    let target = match Target::open_for_people(&place, args.user.as_ref()).await {
        Ok(target) => target,
        Err(fault) => return exit::fault(&fault),
    };
    let done = carry_out(&target, args.command).await;
    target.close().await;
    exit::done(done)
}

async fn carry_out(target: &Target, command: PersonCommand) -> Result<(), Fault> {
    match command {
        PersonCommand::Add { name, display, roles, training_expires, issuer, subject } => {
            let new = NewPerson {
                name: name.clone(),
                display_name: display,
                roles: names(&roles),
                training_expires,
                subject: issuer.zip(subject).map(Into::into),
            };
            let first = target.add_person(new).await?;
            println!("`{name}` has an account");
            say_password(first);
        }
        PersonCommand::List => {
            let mut out = table(&["name", "person", "roles", "training until", "terms until", "account"]);
            for p in target.people().await? {
                let standing = standing(&p);
                out.add_row(vec![
                    p.name,
                    p.display_name,
                    p.roles.join(", "),
                    p.training_expires.unwrap_or_default(),
                    p.terms_expire.unwrap_or_default(),
                    standing.to_owned(),
                ]);
            }
            println!("{out}");
        }
        PersonCommand::Change { name, roles, training_expires, disable, enable, reset } => {
            let change = PersonChange {
                roles: (!roles.is_empty()).then(|| names(&roles)),
                disabled: match (disable, enable) {
                    (true, _) => Some(true),
                    (_, true) => Some(false),
                    (false, false) => None,
                },
                training_expires,
                reset,
            };
            let first = target.change_person(&name, change).await?;
            println!("changed the account of `{name}`");
            say_password(first);
        }
    }
    Ok(())
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| role.as_str().to_owned()).collect()
}

fn standing(person: &PersonView) -> &'static str {
    match (person.disabled, person.locked) {
        (true, _) => "disabled",
        (false, true) => "locked for a while",
        (false, false) => "usable",
    }
}

fn say_password(first: Option<String>) {
    if let Some(password) = first {
        println!("  password to begin with: {password}");
        println!("  it is shown here only; they choose their own when they sign in");
    }
}
