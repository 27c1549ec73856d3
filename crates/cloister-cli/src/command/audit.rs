//! `cloister audit`

use crate::args::{AuditArgs, AuditCommand};
use crate::exit;
use crate::text::{table, thousands};
use cloister_hub::{Hub, HubError};
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: AuditArgs) -> ExitCode {
    let hub = match Hub::open(home).await {
        Ok(hub) => hub,
        Err(e) => return exit::hub(&e),
    };
    let done = match args.command {
        AuditCommand::Verify => verify(&hub).await,
        AuditCommand::Show => show(&hub).await,
        AuditCommand::Receipt { number } => receipt(&hub, number).await,
        AuditCommand::Consistency { earlier } => {
            hub.audit_consistency(earlier).await.map(|proof| println!("{}", proof.to_line()))
        }
        AuditCommand::Export => hub.export_audit().await.map(|text| print!("{text}")),
    };
    hub.close().await;
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => exit::hub(&e),
    }
}

async fn verify(hub: &Hub) -> Result<(), HubError> {
    let report = hub.verify_audit().await?;
    println!(
        "the audit log is whole: {} records, {} signed checkpoints",
        thousands(report.records),
        thousands(report.checkpoints)
    );
    Ok(())
}

async fn receipt(hub: &Hub, number: u64) -> Result<(), HubError> {
    let line = hub.audit_receipt(number).await?.to_line();
    println!("{}", line.map_err(|e| HubError::Internal(e.to_string()))?);
    Ok(())
}

async fn show(hub: &Hub) -> Result<(), HubError> {
    let mut out = table(&["", "when", "who", "what", "to what", "more"]);
    for (seq, event) in hub.audit_events().await? {
        let details: Vec<String> = event
            .details
            .iter()
            .map(|(key, value)| {
                format!("{key}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .collect();
        out.add_row(vec![
            seq.to_string(),
            event.at,
            event.actor,
            event.kind.as_str().to_owned(),
            event.subject,
            details.join(" "),
        ]);
    }
    println!("{out}");
    Ok(())
}
