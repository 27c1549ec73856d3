//! A query as it is asked: SQL or the name of a saved query, domains of parameters, values for them.

use crate::{Answer, Hub, HubError, Reason};
use cloister_governance::{ParameterError, Parameters};
use cloister_model::Name;
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
            Ok(text) => self.query_until(project, user, &text, stop).await,
            Err(reason) => self.turn_away(project, user, reason).await,
        }
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
