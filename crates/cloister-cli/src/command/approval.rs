//! `cloister approval`

use crate::args::{ApprovalArgs, ApprovalCommand};
use crate::fault::Fault;
use crate::target::{Place, Target};
use crate::text::table;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: ApprovalArgs) -> ExitCode {
    let at = match &args.command {
        ApprovalCommand::Grant { at, .. }
        | ApprovalCommand::List { at }
        | ApprovalCommand::Revoke { at, .. } => at,
    };
    let user = at.user.clone();
    Target::with(&place, user.as_ref(), None, async |target| carry_out(target, args.command).await).await
}

async fn carry_out(target: &Target, command: ApprovalCommand) -> Result<(), Fault> {
    match command {
        ApprovalCommand::Grant { at, request, saved } => {
            let approval = target.approve(&at.project, request, saved).await?;
            println!("approved as {}", approval.id);
            println!("plan {}", approval.plan_digest);
            println!("policy {}", approval.policy_digest);
            println!("datasets {}", approval.datasets);
            println!("\n{}", approval.sql.trim_end());
        }
        ApprovalCommand::List { at } => {
            let mut out = table(&["approval", "plan", "written by", "approved by", "when", "revoked"]);
            for approval in target.approvals(&at.project).await? {
                let revoked = approval.revoked_by.zip(approval.revoked_at);
                let revoked = revoked.map(|(by, when)| format!("{by} {when}")).unwrap_or_default();
                out.add_row(vec![
                    approval.id,
                    approval.plan_digest,
                    approval.author,
                    approval.granted_by,
                    approval.granted_at,
                    revoked,
                ]);
            }
            println!("{out}");
        }
        ApprovalCommand::Revoke { approval, at } => {
            target.revoke_approval(&at.project, &approval).await?;
            println!("{approval} is revoked");
        }
    }
    Ok(())
}
