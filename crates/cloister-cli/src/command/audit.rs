//! `cloister audit`

use crate::args::{AuditArgs, AuditCommand};
use crate::exit;
use crate::fault::Fault;
use crate::target::{Place, audit_events_here, verify_audit_here};
use crate::text::{table, thousands};
use cloister_client::{EventView, Verified};
use cloister_hub::Hub;
use std::io::Write;
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: AuditArgs) -> ExitCode {
    exit::done(match place.server {
        Some(_) => at_a_server(&place, args.command).await,
        None => here(&place, args.command).await,
    })
}

/// The log of a hub on this machine, which whoever holds its home can read anyway, in nobody's name.
async fn here(place: &Place, command: AuditCommand) -> Result<(), Fault> {
    let hub = Hub::open(place.home.clone()).await?;
    let done = match command {
        AuditCommand::Verify => verify_audit_here(&hub).await.map(|report| verified(&report)),
        AuditCommand::Show => audit_events_here(&hub).await.map(show),
        AuditCommand::Receipt { number } => receipt(&hub, number).await,
        AuditCommand::Consistency { earlier } => hub
            .audit_consistency(earlier)
            .await
            .map(|proof| println!("{}", proof.to_line()))
            .map_err(Fault::from),
        AuditCommand::Export => hub.export_audit().await.map(|text| print!("{text}")).map_err(Fault::from),
    };
    hub.close().await;
    done
}

/// The log at a server, for somebody who may read it. That they do is in it.
async fn at_a_server(place: &Place, command: AuditCommand) -> Result<(), Fault> {
    let client = place.signed_in(None).await?;
    match command {
        AuditCommand::Verify => verified(&client.verify_audit().await?),
        AuditCommand::Show => show(client.audit_events().await?),
        AuditCommand::Receipt { number } => put(&client.audit_receipt(number).await?, "\n")?,
        AuditCommand::Consistency { earlier } => put(&client.audit_consistency(earlier).await?, "\n")?,
        AuditCommand::Export => put(&client.export_audit().await?, "")?,
    }
    Ok(())
}

fn put(text: &[u8], end: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text).and_then(|()| out.write_all(end.as_bytes()));
    written.map_err(|e| Fault::failed("output", e.to_string()))
}

async fn receipt(hub: &Hub, number: u64) -> Result<(), Fault> {
    let line = hub.audit_receipt(number).await?.to_line();
    println!("{}", line.map_err(|e| Fault::failed(e.code(), e.to_string()))?);
    Ok(())
}

fn verified(report: &Verified) {
    println!(
        "the audit log is whole: {} records, {} signed checkpoints",
        thousands(report.records),
        thousands(report.checkpoints)
    );
}

fn show(events: Vec<EventView>) {
    let mut out = table(&["", "when", "who", "what", "to what", "more"]);
    for event in events {
        let details: Vec<String> = event
            .details
            .iter()
            .map(|(key, value)| {
                format!("{key}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
            })
            .collect();
        out.add_row(vec![
            event.number.to_string(),
            event.at,
            event.actor,
            event.kind,
            event.subject,
            details.join(" "),
        ]);
    }
    println!("{out}");
}
