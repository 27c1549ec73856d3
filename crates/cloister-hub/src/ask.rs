//! A query as it is asked: SQL or the name of a saved query, domains of parameters, values for them.

use crate::hub::fresh_id;
use crate::{Answer, Hub, HubError, Reason};
use cloister_governance::{ParameterError, Parameters};
use cloister_model::{Digest, Name};
use cloister_store::RequestState;
use std::future::Future;

/// What a researcher asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// The SQL; with a saved query it stays empty.
    pub sql: String,
    /// The saved query.
    pub saved: Option<Name>,
    /// Declared domains, by the parameter's name: `int:1900..2010:10`.
    pub domains: Vec<(String, String)>,
    /// Values, by the parameter's name.
    pub values: Vec<(String, String)>,
}

impl Ask {
    /// SQL without parameters, or with those at its head.
    pub fn sql(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), ..Self::default() }
    }
}

impl Hub {
    /// Runs a query of a project's researcher, with its parameters, until `stop` is ready.
    pub async fn ask_until(
        &self,
        project: &Name,
        user: &Name,
        ask: &Ask,
        stop: impl Future<Output = ()>,
    ) -> Result<Answer, HubError> {
        if let Err(reason) = self.admit(project, user).await? {
            return self.turn_away(project, user, reason).await;
        }
        match self.text_of(project, ask).await? {
            Ok(text) => self.query_under(None, project, user, &text, stop).await,
            Err(reason) => self.turn_away(project, user, reason).await,
        }
    }

    /// The same under an id of the caller's choice ([`Self::query_id`]), so that what is asked twice by accident runs once:
    /// the second time it is answered by what became of the first, without rows.
    pub async fn ask_as(
        &self,
        id: &str,
        project: &Name,
        user: &Name,
        ask: &Ask,
        stop: impl Future<Output = ()>,
    ) -> Result<Answer, HubError> {
        if let Err(reason) = self.admit(project, user).await? {
            return self.turn_away(project, user, reason).await;
        }
        let text = match self.text_of(project, ask).await? {
            Ok(text) => text,
            Err(reason) => return self.turn_away(project, user, reason).await,
        };
        if let Some(there) = self.store.request(id).await? {
            if there.state == RequestState::Running {
                return Err(HubError::TurnedAway(under_way()));
            }
            return if there.user == user.as_str() && there.project == project.as_str() && there.sql == text {
                self.answer_of(&there)
            } else {
                Err(HubError::TurnedAway(key_reused()))
            };
        }
        self.query_under(Some(id.to_owned()), project, user, &text, stop).await
    }

    /// An id for what a person asks with a key of theirs: the same key, the same id; without a key, a fresh one.
    pub fn query_id(&self, user: &Name, key: Option<&str>) -> Result<String, HubError> {
        id_of("req", user, key)
    }

    /// The query's whole text: its parameters with their domains and values at the head. Who asks has been
    /// admitted.
    pub(crate) async fn text_of(
        &self,
        project: &Name,
        ask: &Ask,
    ) -> Result<Result<String, Reason>, HubError> {
        let text = match &ask.saved {
            None => ask.sql.clone(),
            Some(name) => match self.store.saved_query(project, name).await? {
                Some(saved) if ask.domains.is_empty() => saved.text,
                Some(_) => {
                    let error = ParameterError::Form("those of a saved query are declared in it".to_owned());
                    return Ok(Err(of_parameter(&error)));
                }
                None => {
                    let message = format!("The project has no saved query `{name}`.");
                    let hint = "`cloister saved list` shows them.";
                    return Ok(Err(Reason::new("unknown-saved-query", message, hint)));
                }
            },
        };
        Ok(with_parameters(&text, &ask.domains, &ask.values).map_err(|e| of_parameter(&e)))
    }
}

/// Why a key is not taken twice for different things.
pub(crate) fn key_reused() -> Reason {
    Reason::new(
        "idempotency-key-reused",
        "This idempotency key was used for something else.",
        "Use a fresh key for each thing, and the same only to send the same again.",
    )
}

fn under_way() -> Reason {
    Reason::new("under-way", "This query is under way.", "Wait for its end.")
}

/// An id that a person's key stands for, or a fresh one.
pub(crate) fn id_of(prefix: &str, user: &Name, key: Option<&str>) -> Result<String, HubError> {
    let Some(key) = key else { return fresh_id(prefix) };
    let digest = Digest::of(format!("idempotency|{prefix}|{user}|{key}").as_bytes()).to_string();
    let digits: String = digest.chars().skip("sha256:".len()).take(32).collect();
    Ok(format!("{prefix}_{digits}"))
}

/// A text with these domains and values among the parameters at its head.
pub(crate) fn with_parameters(
    text: &str,
    domains: &[(String, String)],
    values: &[(String, String)],
) -> Result<String, ParameterError> {
    if domains.is_empty() && values.is_empty() {
        return Ok(text.to_owned());
    }
    let (mut parameters, body) = Parameters::split(text)?;
    for (name, domain) in domains {
        parameters.declare(name, domain)?;
    }
    for (name, value) in values {
        parameters.set(name, value)?;
    }
    Ok(parameters.with_body(body))
}

pub(crate) fn of_parameter(error: &ParameterError) -> Reason {
    Reason::new(error.code(), error.to_string(), error.hint())
}
