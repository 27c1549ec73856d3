//! How the airlock does: turnaround, reasons, agreement between checkers. From the log alone.

use crate::authority::moment;
use crate::{Hub, HubError};
use cloister_access::act;
use cloister_audit::{Event, EventKind};
use cloister_model::Name;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How the airlock does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, ToSchema)]
pub struct Report {
    /// Requests that were handed in.
    pub submitted: usize,
    /// Requests that were released.
    pub released: usize,
    /// Requests that were rejected.
    pub rejected: usize,
    /// How often requests were returned.
    pub returned: usize,
    /// Hours from handing in to a decision: half of the decided requests took no longer.
    pub hours_median: Option<f64>,
    /// The same for nine of ten.
    pub hours_ninth_decile: Option<f64>,
    /// How often each reason was given.
    pub reasons: BTreeMap<String, usize>,
    /// Outputs on which two checkers voted in the same turn.
    pub judged_by_two: usize,
    /// Those of them on which both thought the same.
    pub agreed: usize,
    /// Queries that were refused, by the code of the first reason.
    pub refusals: BTreeMap<String, usize>,
}

impl Hub {
    /// How the airlock does, for those who may see it.
    pub async fn report(&self, user: &Name) -> Result<Report, HubError> {
        let _ = self.may_run_hub::<act::ViewReports>(user, &cloister_access::Hub).await?;
        report(self.audit_events().await?.into_iter().map(|(_, event)| event))
    }
}

/// A turn's votes on an output: by checker, so that a vote changed is one vote.
type Votes = BTreeMap<(String, String, u64), BTreeMap<String, String>>;

fn report(events: impl Iterator<Item = Event>) -> Result<Report, HubError> {
    let mut report = Report::default();
    let (mut handed_in, mut hours, mut votes) = (BTreeMap::new(), Vec::new(), Votes::new());
    for event in events {
        let at = event.at.clone();
        let mut decided = || -> Result<(), HubError> {
            if let Some(since) = handed_in.remove(&event.subject) {
                let took = moment(&at)?.signed_duration_since(since);
                hours.push(took.as_seconds_f64() / 3_600.0);
            }
            Ok(())
        };
        match event.kind {
            EventKind::RequestSubmitted => {
                report.submitted += 1;
                handed_in.insert(event.subject.clone(), moment(&event.at)?);
            }
            EventKind::RequestReturned => {
                report.returned += 1;
                decided()?;
            }
            EventKind::RequestRejected => {
                report.rejected += 1;
                decided()?;
            }
            EventKind::RequestReleased => {
                report.released += 1;
                decided()?;
            }
            EventKind::RequestReviewFinished => note_votes(&mut votes, &event),
            EventKind::QueryRefused => {
                let first = event.details.get("reasons").and_then(|r| r.get(0)).and_then(|r| r.as_str());
                *report.refusals.entry(first.unwrap_or("unknown").to_owned()).or_default() += 1;
            }
            _ => {}
        }
        if let Some(reason) = event.details.get("reason").and_then(|r| r.as_str()) {
            match event.kind {
                EventKind::RequestReturned | EventKind::RequestRejected | EventKind::RequestRevoked => {
                    *report.reasons.entry(reason.to_owned()).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    for by_checker in votes.values().filter(|v| v.len() >= 2) {
        report.judged_by_two += 1;
        let mut choices = by_checker.values();
        let first = choices.next();
        report.agreed += usize::from(choices.all(|choice| Some(choice) == first));
    }
    hours.sort_by(f64::total_cmp);
    report.hours_median = quantile(&hours, 0.5);
    report.hours_ninth_decile = quantile(&hours, 0.9);
    Ok(report)
}

fn note_votes(votes: &mut Votes, event: &Event) {
    let turn = event.details.get("turn").and_then(serde_json::Value::as_u64).unwrap_or_default();
    let given = event.details.get("votes").and_then(|v| v.as_object());
    for (output, choice) in given.into_iter().flatten() {
        let place = (event.subject.clone(), output.clone(), turn);
        let choice = choice.as_str().unwrap_or_default().to_owned();
        votes.entry(place).or_default().insert(event.actor.clone(), choice);
    }
}

/// The least value that so great a part of them does not exceed.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let wanted = sorted.iter().enumerate().find(|(i, _)| {
        let share = f64::from(u32::try_from(i + 1).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(sorted.len()).unwrap_or(u32::MAX));
        share >= part
    });
    wanted.map(|(_, hours)| *hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_what_the_log_says() {
        let event = |at: &str, actor: &str, kind| {
            Event::new(format!("2026-03-01T{at}:00.000Z"), actor, kind, "rel_1")
        };
        let votes = |choice: &str| json!({ "a": "approve", "b": choice });
        let events = vec![
            event("09:00", "ada", EventKind::RequestSubmitted),
            event("10:00", "carys", EventKind::RequestReviewFinished)
                .with("turn", 1u64)
                .with("votes", votes("approve")),
            event("10:30", "chidi", EventKind::RequestReviewFinished)
                .with("turn", 1u64)
                .with("votes", votes("reject")),
            event("11:00", "chidi", EventKind::RequestReturned).with("reason", "small-counts"),
            event("12:00", "ada", EventKind::RequestSubmitted),
            event("13:30", "hub", EventKind::RequestReleased),
            event("14:00", "ada", EventKind::QueryRefused).with("reasons", vec!["unknown-table"]),
        ];
        let report = report(events.into_iter()).unwrap();
        assert_eq!((report.submitted, report.returned, report.released, report.rejected), (2, 1, 1, 0));
        assert_eq!((report.hours_median, report.hours_ninth_decile), (Some(1.5), Some(2.0)));
        assert_eq!((report.judged_by_two, report.agreed), (2, 1));
        assert_eq!(report.reasons, BTreeMap::from([("small-counts".to_owned(), 1)]));
        assert_eq!(report.refusals, BTreeMap::from([("unknown-table".to_owned(), 1)]));
    }
}
