//! `cloister airlock`

use crate::exit;
use crate::text::table;
use clap::{Args, Subcommand};
use cloister_hub::{
    Choice, Evidence, Hub, HubError, Reason, ReleaseAction, ReleaseDraft, ReleaseView, ReviewReason,
};
use cloister_model::{Digest, Name};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct AirlockArgs {
    #[command(subcommand)]
    command: AirlockCommand,
    /// Who asks.
    #[arg(long = "as", value_name = "USER", global = true, default_value = "admin")]
    user: Name,
}

#[derive(Debug, Subcommand)]
enum AirlockCommand {
    /// Ask for the release of held results of yours, and hand the request to the checkers.
    Request {
        /// The project.
        #[arg(long)]
        project: Name,
        /// The queries whose results are held.
        #[arg(required = true, value_name = "QUERY")]
        queries: Vec<String>,
        /// What the results are for.
        #[arg(long)]
        purpose: String,
        /// Why it is safe to release them.
        #[arg(long)]
        justification: String,
    },
    /// The release requests that you may see.
    List,
    /// One release request, as you may see it.
    Show { request: Name },
    /// What a checker sees of one output: the query, why it is held, the table, and the digest to vote on.
    Evidence {
        request: Name,
        /// The output; the only one where there is one.
        output: Option<Name>,
    },
    /// Take a checker's seat.
    Claim { request: Name },
    /// Vote on an output as you saw it.
    Vote {
        request: Name,
        output: Name,
        /// `approve`, `request-changes` or `reject`.
        choice: String,
        /// The digest that `evidence` showed.
        #[arg(long)]
        digest: Digest,
    },
    /// Say something: seen by the author when the request is returned or decided.
    Comment {
        request: Name,
        text: String,
        /// On one output.
        #[arg(long)]
        output: Option<Name>,
    },
    /// You have finished your review. The turn is the one that `show` showed.
    Finish { request: Name, turn: u32 },
    /// Decide that it may leave, once everybody has finished: it is released at once.
    Approve { request: Name, turn: u32 },
    /// Give it back to its author.
    Return {
        request: Name,
        turn: u32,
        /// A reason code (docs/airlock.md).
        #[arg(long)]
        reason: String,
        #[arg(long)]
        text: String,
    },
    /// Decide that it may not leave.
    Reject {
        request: Name,
        turn: u32,
        /// A reason code (docs/airlock.md).
        #[arg(long)]
        reason: String,
        #[arg(long)]
        text: String,
    },
    /// Leave an output out of a request of yours.
    Leave { request: Name, output: Name },
    /// Hand a request of yours that was returned to the checkers again.
    Submit { request: Name, turn: u32 },
    /// Give a request of yours up.
    Withdraw { request: Name },
    /// Take a release back: it cannot be fetched any more.
    Revoke {
        request: Name,
        /// A reason code (docs/airlock.md).
        #[arg(long)]
        reason: String,
        #[arg(long)]
        text: String,
    },
}

pub(crate) async fn run(home: PathBuf, args: AirlockArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return exit::hub(&e),
    };
    let done = carry_out(&hub, args).await;
    hub.close().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => exit::hub(&e),
    }
}

async fn carry_out(hub: &Hub, args: AirlockArgs) -> Result<(), HubError> {
    let user = args.user;
    let (request, action) = match args.command {
        AirlockCommand::Request { project, queries, purpose, justification } => {
            let draft = ReleaseDraft { id: None, queries, supporting: Vec::new(), purpose, justification };
            say(&hub.request_release(&project, &user, &draft).await?);
            return Ok(());
        }
        AirlockCommand::List => return list(hub, &user).await,
        AirlockCommand::Show { request } => {
            say(&hub.seen(&request, &user).await?);
            return Ok(());
        }
        AirlockCommand::Evidence { request, output } => {
            let output = match output {
                Some(output) => output,
                None => only_output(&hub.seen(&request, &user).await?)?,
            };
            show(&hub.evidence(&request, &output, &user).await?);
            return Ok(());
        }
        AirlockCommand::Claim { request } => (request, ReleaseAction::Claim),
        AirlockCommand::Vote { request, output, choice, digest } => {
            let found = Choice::ALL.into_iter().find(|c| c.as_str() == choice);
            let choice =
                found.ok_or_else(|| wrong("choice", &choice, "approve, request-changes or reject"))?;
            (request, ReleaseAction::Vote { output, digest, choice })
        }
        AirlockCommand::Comment { request, text, output } => {
            (request, ReleaseAction::Comment { output, text })
        }
        AirlockCommand::Finish { request, turn } => (request, ReleaseAction::FinishReview { turn }),
        AirlockCommand::Approve { request, turn } => (request, ReleaseAction::Approve { turn }),
        AirlockCommand::Return { request, turn, reason, text } => {
            (request, ReleaseAction::Return { turn, reason: of_code(&reason)?, text })
        }
        AirlockCommand::Reject { request, turn, reason, text } => {
            (request, ReleaseAction::Reject { turn, reason: of_code(&reason)?, text })
        }
        AirlockCommand::Leave { request, output } => (request, ReleaseAction::WithdrawOutput { output }),
        AirlockCommand::Submit { request, turn } => (request, ReleaseAction::Submit { turn }),
        AirlockCommand::Withdraw { request } => (request, ReleaseAction::Withdraw),
        AirlockCommand::Revoke { request, reason, text } => {
            (request, ReleaseAction::Revoke { reason: of_code(&reason)?, text })
        }
    };
    say(&hub.act(&request, &user, action).await?);
    Ok(())
}

fn wrong(what: &str, given: &str, known: &str) -> HubError {
    HubError::TurnedAway(Reason::new(format!("unknown-{what}"), format!("`{given}` is no {what}."), known))
}

fn of_code(text: &str) -> Result<ReviewReason, HubError> {
    let known: Vec<&str> = ReviewReason::ALL.iter().map(|r| r.as_str()).collect();
    ReviewReason::parse(text).ok_or_else(|| wrong("reason", text, &known.join(", ")))
}

fn only_output(view: &ReleaseView) -> Result<Name, HubError> {
    match view.outputs.as_slice() {
        [one] => Ok(one.name.clone()),
        _ => Err(wrong("output", "", "The request has several: name one.")),
    }
}

async fn list(hub: &Hub, user: &Name) -> Result<(), HubError> {
    let mut out = table(&["request", "project", "by", "state", "waits for", "turn", "submitted", "seats"]);
    for view in hub.release_requests(user).await? {
        let authors: Vec<&str> = view.authors.iter().map(Name::as_str).collect();
        let seats: Vec<&str> = view.claims.iter().map(|c| c.checker.as_str()).collect();
        out.add_row(vec![
            view.id.to_string(),
            view.project.to_string(),
            authors.join(", "),
            view.state.as_str().to_owned(),
            view.whose_turn.as_str().to_owned(),
            view.turn.to_string(),
            view.submitted_at.map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
            seats.join(", "),
        ]);
    }
    println!("{out}");
    Ok(())
}

fn say(view: &ReleaseView) {
    println!("{}: {}, turn {} ({})", view.id, view.state.as_str(), view.turn, view.whose_turn.as_str());
    let authors: Vec<&str> = view.authors.iter().map(Name::as_str).collect();
    println!("project {}, by {}, review mode {}", view.project, authors.join(", "), view.mode.as_str());
    println!("purpose: {}", view.purpose);
    println!("justification: {}", view.justification);
    for output in &view.outputs {
        let findings: Vec<&str> = output.findings.keys().map(Name::as_str).collect();
        let mut line = format!("output {}", output.name);
        if output.withdrawn {
            line.push_str(", left out");
        }
        if !findings.is_empty() {
            line.push_str(&format!(", held for {}", findings.join(", ")));
        }
        if let Some(outcome) = output.outcome {
            line.push_str(&format!(", {}", outcome.as_str()));
        }
        println!("{line}");
        for ballot in &output.ballots {
            println!("  {} in turn {}: {}", ballot.checker, ballot.turn, ballot.choice.as_str());
        }
    }
    for comment in &view.comments {
        println!("comment by {} in turn {}: {}", comment.by, comment.turn, comment.text);
    }
    for step in &view.steps {
        let by = step.by.as_ref().map_or("the hub", Name::as_str);
        let reason = step.reason.map(|r| format!(": {}", r.as_str())).unwrap_or_default();
        let text = step.text.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
        println!("{} by {by}, {}{reason}{text}", step.act.as_str(), step.at.format("%Y-%m-%d %H:%M"));
    }
    let may: Vec<&str> = view.may.iter().map(|act| act.as_str()).collect();
    println!("you may: {}", if may.is_empty() { "look".to_owned() } else { may.join(", ") });
}

fn show(evidence: &Evidence) {
    println!("query {}", evidence.query);
    println!("{}\n", evidence.sql.trim_end());
    let (policy, digest) = &evidence.policy;
    println!("policy {policy} ({digest})");
    for dataset in &evidence.datasets {
        println!("dataset {} version {} ({})", dataset.name, dataset.version, dataset.digest);
    }
    if let Some(plan) = &evidence.plan_digest {
        println!("plan {plan}");
    }
    for reason in &evidence.reasons {
        println!("held for {}: {}", reason.code, reason.message);
    }
    let header: Vec<&str> = evidence.columns.iter().map(String::as_str).collect();
    let mut out = table(&header);
    for row in &evidence.rows {
        out.add_row(row);
    }
    println!("{out}");
    for (row, column, rule) in &evidence.suppressed {
        println!("row {} of {column}: {rule}", row + 1);
    }
    println!("digest {}", evidence.digest);
}
