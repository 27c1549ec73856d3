//! `cloister approval`

use crate::args::{ApprovalArgs, ApprovalCommand};
use crate::exit;
use crate::text::table;
use cloister_hub::{Decided, Hub, HubError};
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: ApprovalArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return exit::hub(&e),
    };
    let done = carry_out(&hub, args.command).await;
    hub.close().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => exit::hub(&e),
    }
}

async fn carry_out(hub: &Hub, command: ApprovalCommand) -> Result<(), HubError> {
    match command {
        ApprovalCommand::Grant { at, request, saved } => {
            let decided = match (request, saved) {
                (_, Some(name)) => Decided::Saved(name),
                (request, None) => Decided::Request(request.unwrap_or_default()),
            };
            let approval = hub.grant_approval(&at.project, &at.user, &decided).await?;
            println!("approved as {}", approval.id);
            println!("plan {}", approval.plan_digest);
            println!("policy {}", approval.policy_digest);
            println!("datasets {}", approval.datasets);
            println!("\n{}", approval.sql.trim_end());
        }
        ApprovalCommand::List { at } => {
            let mut out = table(&["approval", "plan", "written by", "approved by", "when", "revoked"]);
            for approval in hub.approvals(&at.project, &at.user).await? {
                let revoked = approval.revoked.map(|(by, when)| format!("{by} {when}")).unwrap_or_default();
                out.add_row(vec![
                    approval.id,
                    approval.plan_digest.to_string(),
                    approval.author,
                    approval.granted_by,
                    approval.granted_at,
                    revoked,
                ]);
            }
            println!("{out}");
        }
        ApprovalCommand::Revoke { approval, at } => {
            hub.revoke_approval(&at.project, &at.user, &approval).await?;
            println!("{approval} is revoked");
        }
    }
    Ok(())
}
