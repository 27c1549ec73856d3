//! The policies, read and checked against the schema.

use cedar_policy::{Effect, PolicyId, PolicySet, Schema, ValidationMode, Validator};
use std::collections::BTreeMap;
use std::str::FromStr;

pub(crate) const SCHEMA: &str = include_str!("../../../policies/access/cloister.cedarschema");
pub(crate) const FILES: [(&str, &str); 2] = [
    ("roles.cedar", include_str!("../../../policies/access/roles.cedar")),
    ("limits.cedar", include_str!("../../../policies/access/limits.cedar")),
];

/// What is wrong with the policies. None of it happens with those that are built in: a test reads them.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The schema cannot be read.
    #[error("the access schema: {0}")]
    Schema(String),
    /// A file of policies cannot be read.
    #[error("{file}: {text}")]
    Syntax {
        /// Which.
        file: String,
        /// What.
        text: String,
    },
    /// A policy has no id, another's id, or forbids without a reason.
    #[error("{file}: policy `{policy}` {text}")]
    Annotation {
        /// Where.
        file: String,
        /// Which.
        policy: String,
        /// What.
        text: &'static str,
    },
    /// A policy does not fit the schema.
    #[error("the access policies do not fit their schema: {0}")]
    Validation(String),
}

/// Policies that fit their schema.
pub(crate) struct Policies {
    pub(crate) schema: Schema,
    pub(crate) set: PolicySet,
    /// Those that permit, alone: to tell what is forbidden from what nobody permits.
    pub(crate) permits: PolicySet,
    /// The sentence of each that forbids, by id.
    pub(crate) texts: BTreeMap<String, String>,
}

impl Policies {
    pub(crate) fn read(schema: &str, files: &[(&str, &str)]) -> Result<Self, PolicyError> {
        let (schema, _) =
            Schema::from_cedarschema_str(schema).map_err(|e| PolicyError::Schema(e.to_string()))?;
        let (mut set, mut permits) = (PolicySet::new(), PolicySet::new());
        let mut texts = BTreeMap::new();
        for (file, text) in files {
            let syntax = |e: String| PolicyError::Syntax { file: (*file).to_owned(), text: e };
            let parsed = PolicySet::from_str(text).map_err(|e| syntax(e.to_string()))?;
            if parsed.templates().next().is_some() {
                return Err(syntax("holds a template, and nothing would link it".to_owned()));
            }
            for policy in parsed.policies() {
                let wrong = |policy: &str, text| PolicyError::Annotation {
                    file: (*file).to_owned(),
                    policy: policy.to_owned(),
                    text,
                };
                let id = policy.annotation("id").filter(|id| !id.is_empty());
                let id = id.ok_or_else(|| wrong(policy.id().as_ref(), "has no @id"))?;
                let renamed = policy.new_id(PolicyId::new(id));
                match (policy.effect(), policy.annotation("reason").filter(|t| !t.is_empty())) {
                    (Effect::Forbid, Some(text)) => drop(texts.insert(id.to_owned(), text.to_owned())),
                    (Effect::Forbid, None) => return Err(wrong(id, "forbids without a @reason")),
                    (Effect::Permit, _) => {
                        permits.add(renamed.clone()).map_err(|_| wrong(id, "is there twice"))?;
                    }
                }
                set.add(renamed).map_err(|_| wrong(id, "is there twice"))?;
            }
        }
        let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
        if !result.validation_passed_without_warnings() {
            return Err(PolicyError::Validation(result.to_string()));
        }
        Ok(Self { schema, set, permits, texts })
    }
}
