//! `cloister airlock`

use crate::fault::Fault;
use crate::target::{Place, Target, wrong};
use crate::text::table;
use clap::{Args, Subcommand};
use cloister_client::{Act, EvidenceView, ReleaseView};
use cloister_hub::ReleaseDraft;
use cloister_model::{Digest, Name};
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(crate) struct AirlockArgs {
    #[command(subcommand)]
    command: AirlockCommand,
    /// Who asks.
    #[arg(long = "as", value_name = "USER", global = true)]
    user: Option<Name>,
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
        /// A query whose held result is for the checkers only: it helps to judge the others, and never leaves.
        #[arg(long, value_name = "QUERY")]
        supporting: Vec<String>,
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
    /// Give a checker's seat to somebody.
    Assign { request: Name, checker: Name },
    /// Consent to set a finding aside, where the policy lets two checkers do so.
    SetAside {
        request: Name,
        output: Name,
        finding: Name,
        /// The digest that `evidence` showed.
        #[arg(long)]
        digest: Digest,
        /// Why it does not hold here.
        #[arg(long)]
        justification: String,
    },
    /// Put another held result of yours into a request that came back.
    Add {
        request: Name,
        query: String,
        /// For the checkers only.
        #[arg(long)]
        supporting: bool,
    },
    /// Put another held result of yours in an output's place.
    Replace { request: Name, output: Name, query: String },
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

pub(crate) async fn run(place: Place, args: AirlockArgs) -> ExitCode {
    let user = args.user.clone();
    Target::with(&place, user.as_ref(), Some("admin"), async |target| carry_out(target, args.command).await)
        .await
}

async fn carry_out(target: &Target, command: AirlockCommand) -> Result<(), Fault> {
    let (request, act) = match command {
        AirlockCommand::Request { project, queries, supporting, purpose, justification } => {
            let draft = ReleaseDraft { id: None, queries, supporting, purpose, justification };
            say(&target.request_release(&project, draft).await?);
            return Ok(());
        }
        AirlockCommand::List => return list(target).await,
        AirlockCommand::Show { request } => {
            say(&target.release_request(&request).await?);
            return Ok(());
        }
        AirlockCommand::Evidence { request, output } => {
            let output = match output {
                Some(output) => output,
                None => only_output(&target.release_request(&request).await?)?,
            };
            show(&target.evidence(&request, &output).await?);
            return Ok(());
        }
        AirlockCommand::Claim { request } => (request, Act::Claim),
        AirlockCommand::Vote { request, output, choice, digest } => {
            (request, Act::Vote { output, digest, choice })
        }
        AirlockCommand::Comment { request, text, output } => (request, Act::Comment { output, text }),
        AirlockCommand::Finish { request, turn } => (request, Act::Finish { turn }),
        AirlockCommand::Approve { request, turn } => (request, Act::Approve { turn }),
        AirlockCommand::Return { request, turn, reason, text } => {
            (request, Act::Return { turn, reason, text })
        }
        AirlockCommand::Reject { request, turn, reason, text } => {
            (request, Act::Reject { turn, reason, text })
        }
        AirlockCommand::Assign { request, checker } => (request, Act::Assign { checker }),
        AirlockCommand::SetAside { request, output, finding, digest, justification } => {
            (request, Act::Override { output, digest, finding, justification })
        }
        AirlockCommand::Add { request, query, supporting } => (request, Act::AddOutput { query, supporting }),
        AirlockCommand::Replace { request, output, query } => (request, Act::ReplaceOutput { output, query }),
        AirlockCommand::Leave { request, output } => (request, Act::WithdrawOutput { output }),
        AirlockCommand::Submit { request, turn } => (request, Act::Submit { turn }),
        AirlockCommand::Withdraw { request } => (request, Act::Withdraw),
        AirlockCommand::Revoke { request, reason, text } => (request, Act::Revoke { reason, text }),
    };
    say(&target.act(&request, act).await?);
    Ok(())
}

fn only_output(view: &ReleaseView) -> Result<Name, Fault> {
    let several = || wrong("output", "", "The request has several: name one.");
    match view.outputs.as_slice() {
        [one] => one.name.parse().map_err(|_| several()),
        _ => Err(several()),
    }
}

async fn list(target: &Target) -> Result<(), Fault> {
    let mut out = table(&["request", "project", "by", "state", "waits for", "turn", "submitted", "seats"]);
    for view in target.release_requests().await? {
        let seats: Vec<&str> = view.claims.iter().map(|c| c.checker.as_str()).collect();
        out.add_row(vec![
            view.id,
            view.project,
            view.authors.join(", "),
            view.state,
            view.whose_turn,
            view.turn.to_string(),
            view.submitted_at.map(|at| at.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default(),
            seats.join(", "),
        ]);
    }
    println!("{out}");
    Ok(())
}

fn say(view: &ReleaseView) {
    println!("{}: {}, turn {} ({})", view.id, view.state, view.turn, view.whose_turn);
    println!("project {}, by {}, review mode {}", view.project, view.authors.join(", "), view.mode);
    println!("purpose: {}", view.purpose);
    println!("justification: {}", view.justification);
    for output in &view.outputs {
        let findings: Vec<&str> = output.findings.keys().map(String::as_str).collect();
        let mut line = format!("output {}", output.name);
        if output.withdrawn {
            line.push_str(", left out");
        }
        if !findings.is_empty() {
            line.push_str(&format!(", held for {}", findings.join(", ")));
        }
        if let Some(outcome) = &output.outcome {
            line.push_str(&format!(", {outcome}"));
        }
        println!("{line}");
        for ballot in &output.ballots {
            println!("  {} in turn {}: {}", ballot.checker, ballot.turn, ballot.choice);
        }
    }
    for comment in &view.comments {
        println!("comment by {} in turn {}: {}", comment.by, comment.turn, comment.text);
    }
    for step in &view.steps {
        let by = step.by.as_deref().unwrap_or("the hub");
        let reason = step.reason.as_ref().map(|r| format!(": {r}")).unwrap_or_default();
        let text = step.text.as_ref().map(|t| format!(" ({t})")).unwrap_or_default();
        println!("{} by {by}, {}{reason}{text}", step.act, step.at.format("%Y-%m-%d %H:%M"));
    }
    println!("you may: {}", if view.may.is_empty() { "look".to_owned() } else { view.may.join(", ") });
}

fn show(evidence: &EvidenceView) {
    println!("query {}", evidence.query);
    println!("{}\n", evidence.sql.trim_end());
    println!("policy {} ({})", evidence.policy, evidence.policy_digest);
    for dataset in &evidence.datasets {
        println!("dataset {} version {} ({})", dataset.name, dataset.version, dataset.digest);
    }
    if let Some(plan) = &evidence.plan_digest {
        println!("plan {plan}");
    }
    for reason in &evidence.reasons {
        println!("held for {}: {}", reason.code, reason.message);
    }
    if evidence.supporting {
        println!("for the checkers only: it never leaves");
    }
    for objection in &evidence.objections {
        let aside = if objection.may_be_set_aside {
            "two checkers may set it aside"
        } else {
            "nobody may set it aside"
        };
        println!("objection {}: it does not leave with it; {aside}", objection.code);
    }
    for earlier in &evidence.earlier_releases {
        let same = if earlier.same_plan { ", the same plan" } else { "" };
        println!("earlier release {} of {}, {}{same}", earlier.query, earlier.project, earlier.released_at);
    }
    let header: Vec<&str> = evidence.columns.iter().map(String::as_str).collect();
    let mut out = table(&header);
    for row in &evidence.rows {
        out.add_row(row);
    }
    println!("{out}");
    for cell in &evidence.suppressed {
        println!("row {} of {}: {}", cell.row + 1, cell.column, cell.rule);
    }
    println!("digest {}", evidence.digest);
}
