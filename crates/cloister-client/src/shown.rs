//! A view, and the JSON that it was read from.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A view, and the whole JSON that it was read from: a view names what is shown to people, and programs get all.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown<T> {
    /// All of it.
    pub json: Value,
    /// What people are shown.
    pub view: T,
}

impl<T: DeserializeOwned> Shown<T> {
    /// Of JSON.
    ///
    /// # Errors
    /// Where it is not of this view's form.
    pub fn of_json(json: Value) -> Result<Self, serde_json::Error> {
        let view = T::deserialize(&json)?;
        Ok(Self { json, view })
    }

    /// Of anything whose JSON is of this view's form.
    ///
    /// # Errors
    /// Where it is not.
    pub fn of(thing: &impl Serialize) -> Result<Self, serde_json::Error> {
        Self::of_json(serde_json::to_value(thing)?)
    }
}
