//! What happened: one event of the log.

use crate::{EventError, canonical};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The longest event, in bytes of its canonical form.
pub(crate) const EVENT_BYTES_MAX: usize = 64 * 1024;

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident = $text:literal,)*) => {
        /// What may happen in a hub. Closed: another kind is another version of the log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// As written in the log.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $text,)*
                }
            }
        }
    };
}

event_kinds! {
    /// The hub was set up.
    HubCreated = "hub-created",
    /// An extract became a dataset version.
    DatasetLanded = "dataset-landed",
    /// An extract did not land.
    LandingFailed = "landing-failed",
    /// The files of a dataset version were compared with its manifest.
    DatasetVerified = "dataset-verified",
    /// The ledger of releases was compared with the log.
    LedgerVerified = "ledger-verified",
    /// An entry of the ledger that was lost was made again.
    LedgerRebuilt = "ledger-rebuilt",
    /// A query was compared with what was released, without a result.
    LedgerSimulated = "ledger-simulated",
    /// A project was provisioned.
    ProjectCreated = "project-created",
    /// A project was stopped for a while.
    ProjectSuspended = "project-suspended",
    /// A suspended project runs again.
    ProjectResumed = "project-resumed",
    /// A project was ended for good.
    ProjectClosed = "project-closed",
    /// A researcher asked.
    QuerySubmitted = "query-submitted",
    /// A query may not run, or its result may not be shown.
    QueryRefused = "query-refused",
    /// A query broke off.
    QueryFailed = "query-failed",
    /// The process that ran a query died.
    QueryInterrupted = "query-interrupted",
    /// A result waits for checkers.
    QueryHeld = "query-held",
    /// A result left the hub's protection.
    ReleaseMade = "release-made",
    /// Somebody fetched a release.
    ReleaseFetched = "release-fetched",
    /// A workspace table or view was made.
    WorkspaceCreated = "workspace-created",
    /// A workspace table or view was dropped: its key is gone.
    WorkspaceDropped = "workspace-dropped",
    /// A workspace table's or view's time was over: its key is gone.
    WorkspaceExpired = "workspace-expired",
    /// The checks of a query were explained; nothing ran.
    QueryExplained = "query-explained",
    /// A query was tried on invented rows.
    TwinQueried = "twin-queried",
    /// A query was kept under a name.
    QuerySaved = "query-saved",
    /// A query that was kept is forgotten.
    SavedQueryRemoved = "saved-query-removed",
    /// A query may run.
    ApprovalGranted = "approval-granted",
    /// A query may no longer run.
    ApprovalRevoked = "approval-revoked",
    /// A release request was begun.
    RequestCreated = "request-created",
    /// An output was put into a release request.
    RequestOutputAdded = "request-output-added",
    /// An output of a release request has another content.
    RequestOutputReplaced = "request-output-replaced",
    /// An output was taken out of a release request.
    RequestOutputWithdrawn = "request-output-withdrawn",
    /// A release request was handed to the checkers.
    RequestSubmitted = "request-submitted",
    /// The author gave a release request up.
    RequestWithdrawn = "request-withdrawn",
    /// Somebody wrote a comment on a release request.
    RequestCommented = "request-commented",
    /// A checker took a seat.
    RequestClaimed = "request-claimed",
    /// A checker was given a seat.
    RequestAssigned = "request-assigned",
    /// A checker's seat is free again.
    RequestClaimReleased = "request-claim-released",
    /// A checker voted on an output.
    RequestVoted = "request-voted",
    /// A checker consented to set a finding aside.
    RequestOverrideConsented = "request-override-consented",
    /// A checker has finished.
    RequestReviewFinished = "request-review-finished",
    /// A release request went back to its author.
    RequestReturned = "request-returned",
    /// Checkers approved a release request.
    RequestApproved = "request-approved",
    /// Rules alone approved a release request.
    RequestApprovedByRule = "request-approved-by-rule",
    /// A release request was rejected.
    RequestRejected = "request-rejected",
    /// What a release request asked for is released.
    RequestReleased = "request-released",
    /// A release was taken back.
    RequestRevoked = "request-revoked",
    /// A checker looked at a result that is held.
    EvidenceViewed = "evidence-viewed",
    /// Somebody got an account.
    PersonAdded = "person-added",
    /// An administrator changed an account: roles, training, whether it may be used.
    PersonChanged = "person-changed",
    /// Somebody signed in.
    SignedIn = "signed-in",
    /// Somebody failed to sign in to an account.
    SignInFailed = "sign-in-failed",
    /// Too many failures locked an account for a while.
    SignInLocked = "sign-in-locked",
    /// Somebody ended their session.
    SignedOut = "signed-out",
    /// Somebody changed their password, or an administrator gave them one to change.
    PasswordChanged = "password-changed",
    /// Somebody's second factor was set up or removed.
    SecondFactorChanged = "second-factor-changed",
    /// Somebody accepted the terms of use.
    TermsAccepted = "terms-accepted",
    /// Somebody made an access token.
    TokenMade = "token-made",
    /// An access token was ended.
    TokenRevoked = "token-revoked",
    /// It was said who answers for a dataset.
    DatasetOwnersSet = "dataset-owners-set",
    /// An information asset owner said until when somebody may take releases out.
    EgressGranted = "egress-granted",
    /// A conflict of interest was declared.
    ConflictDeclared = "conflict-declared",
    /// A conflict of interest was lifted.
    ConflictLifted = "conflict-lifted",
    /// Somebody read the log.
    AuditRead = "audit-read",
}

impl EventKind {
    /// The kind with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

impl Serialize for EventKind {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventKind {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("unknown kind of event"))
    }
}

/// One thing that happened: who did what to what, when.
///
/// It names things (a project, a dataset version, a request, a digest); it never contains a
/// patient's data, an unreleased number or a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When: RFC 3339, UTC, milliseconds, as in `2026-03-01T09:30:00.000Z`.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What.
    pub kind: EventKind,
    /// To what: a project's name, `gp/v00001`, a request's id.
    pub subject: String,
    /// More of it: strings and whole numbers, and lists and objects of them.
    pub details: BTreeMap<String, Value>,
}

impl Event {
    /// An event without details.
    pub fn new(
        at: impl Into<String>,
        actor: impl Into<String>,
        kind: EventKind,
        subject: impl Into<String>,
    ) -> Self {
        Self { at: at.into(), actor: actor.into(), kind, subject: subject.into(), details: BTreeMap::new() }
    }

    /// The event with one more detail.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(key.into(), value.into());
        self
    }

    /// The bytes that are hashed and stored: JSON with sorted keys and without white space.
    ///
    /// # Errors
    /// Where the time has another form, a name is empty, a detail is neither text nor a whole
    /// number, or the whole is too long or too deep.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, EventError> {
        if !is_timestamp(&self.at) {
            return Err(EventError::Time);
        }
        if self.actor.is_empty() || self.subject.is_empty() {
            return Err(EventError::Nameless);
        }
        let details: Vec<(&str, String)> = self
            .details
            .iter()
            .map(|(key, value)| Ok((key.as_str(), canonical::value(value)?)))
            .collect::<Result<_, EventError>>()?;
        let text = canonical::object([
            ("actor", canonical::string(&self.actor)),
            ("at", canonical::string(&self.at)),
            ("details", canonical::object(details)),
            ("kind", canonical::string(self.kind.as_str())),
            ("subject", canonical::string(&self.subject)),
        ]);
        if text.len() > EVENT_BYTES_MAX { Err(EventError::Length) } else { Ok(text.into_bytes()) }
    }

    /// Reads canonical bytes back, and refuses any other writing of the same event.
    ///
    /// # Errors
    /// [`EventError::NotCanonical`].
    pub fn from_canonical(bytes: &[u8]) -> Result<Self, EventError> {
        let event: Self = serde_json::from_slice(bytes).map_err(|_| EventError::NotCanonical)?;
        if event.canonical_bytes().is_ok_and(|again| again == bytes) {
            Ok(event)
        } else {
            Err(EventError::NotCanonical)
        }
    }
}

/// Whether a text is a time as the log writes it: RFC 3339, UTC, milliseconds, as in
/// `2026-03-01T09:30:00.000Z`. Such texts sort by time.
pub fn is_timestamp(text: &str) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00.000Z";
    let fits = text.len() == FORM.len()
        && text
            .bytes()
            .zip(FORM)
            .all(|(b, form)| if *form == b'0' { b.is_ascii_digit() } else { b == *form });
    let part = |range: std::ops::Range<usize>| {
        text.get(range).and_then(|t| t.parse::<u32>().ok()).unwrap_or(u32::MAX)
    };
    fits && (1..=12).contains(&part(5..7))
        && (1..=days_of(part(0..4), part(5..7))).contains(&part(8..10))
        && part(11..13) < 24
        && part(14..16) < 60
        && part(17..19) < 60
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const AT: &str = "2026-03-01T09:30:00.000Z";

    #[test]
    fn canonical_bytes_are_these() {
        let event = Event::new(AT, "admin", EventKind::DatasetLanded, "gp/v00001")
            .with("rows", 12)
            .with("manifest", "sha256:00")
            .with("tables", json!(["a", "b"]));
        let bytes = event.canonical_bytes().unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"actor":"admin","at":"2026-03-01T09:30:00.000Z","details":{"manifest":"sha256:00","rows":12,"tables":["a","b"]},"kind":"dataset-landed","subject":"gp/v00001"}"#
        );
        assert_eq!(Event::from_canonical(&bytes), Ok(event));
    }

    #[test]
    fn another_writing_of_the_same_event_is_refused() {
        let good = r#"{"actor":"a","at":"2026-03-01T09:30:00.000Z","details":{},"kind":"hub-created","subject":"h"}"#;
        assert!(Event::from_canonical(good.as_bytes()).is_ok());
        for wrong in [
            good.replace(",\"at", ", \"at"),
            good.replace("\"a\"", "\"\\u0061\""),
            good.replace("hub-created", "hub-eaten"),
            good.replace("\"details\":{}", "\"details\":{},\"extra\":1"),
            good.replace("\"details\":{}", "\"details\":{\"x\":1,\"x\":1}"),
            good.replace("\"details\":{}", "\"details\":{\"x\":01}"),
            format!("{good} "),
            String::new(),
        ] {
            assert_eq!(Event::from_canonical(wrong.as_bytes()), Err(EventError::NotCanonical), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_recorded() {
        let event = Event::new(AT, "admin", EventKind::HubCreated, "h");
        let code = |event: &Event| event.canonical_bytes().unwrap_err().code();
        assert_eq!(code(&event.clone().with("x", 0.5)), "event-detail");
        assert_eq!(code(&event.clone().with("x", "y".repeat(EVENT_BYTES_MAX))), "event-length");
        assert_eq!(code(&Event { at: "now".into(), ..event.clone() }), "event-time");
        assert_eq!(code(&Event { actor: String::new(), ..event.clone() }), "event-nameless");
        assert_eq!(code(&Event { subject: String::new(), ..event }), "event-nameless");
    }

    #[test]
    fn kinds_have_one_name_each() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(*kind));
            assert!(kind.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
        }
        assert_eq!(EventKind::ALL.len(), 63);
        assert_eq!(EventKind::parse("HubCreated"), None);
    }

    #[test]
    fn times() {
        for good in [AT, "2024-02-29T23:59:59.999Z", "2000-02-29T00:00:00.000Z"] {
            assert!(is_timestamp(good), "{good}");
        }
        for wrong in [
            "2026-03-01T09:30:00Z",
            "2026-03-01 09:30:00.000Z",
            "2026-03-01T09:30:00.000+",
            "2026-02-29T09:30:00.000Z",
            "1900-02-29T09:30:00.000Z",
            "2026-13-01T09:30:00.000Z",
            "2026-00-01T09:30:00.000Z",
            "2026-04-31T09:30:00.000Z",
            "2026-04-00T09:30:00.000Z",
            "2026-03-01T24:30:00.000Z",
            "2026-03-01T09:60:00.000Z",
            "2026-03-01T09:30:60.000Z",
            "+026-03-01T09:30:00.000Z",
            "é26-03-01T09:30:00.000Z",
        ] {
            assert!(!is_timestamp(wrong), "{wrong}");
        }
    }
}
