//! Sessions of Flight, as far as there are any: the catalogue that a client chose, kept by the client itself in a cookie.
//! Nothing rests on it: whether somebody may query a project is asked with every call.

use crate::fault::{internal, malformed};
use cloister_model::Name;
use prost::Message;
use std::collections::HashMap;
use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};

/// The cookie's name.
const COOKIE: &str = "cloister-project";

/// `SetSessionOptionsRequest` of Flight.proto.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SetSessionOptions {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) options: HashMap<String, OptionValue>,
}

/// `SessionOptionValue`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OptionValue {
    #[prost(oneof = "option_value::Value", tags = "1, 2, 3, 4")]
    pub(crate) value: Option<option_value::Value>,
}

pub(crate) mod option_value {
    /// What an option is set to; a list of texts is no value of ours.
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(crate) enum Value {
        #[prost(string, tag = "1")]
        Text(String),
        #[prost(bool, tag = "2")]
        Bool(bool),
        #[prost(sfixed64, tag = "3")]
        Int(i64),
        #[prost(double, tag = "4")]
        Float(f64),
    }
}

/// `SetSessionOptionsResult`: what could not be set, and why.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SetSessionOptionsResult {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) errors: HashMap<String, OptionError>,
}

/// Why an option could not be set.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OptionError {
    /// 1: the name is not known; 2: the value is not right.
    #[prost(int32, tag = "1")]
    pub(crate) value: i32,
}

/// `GetSessionOptionsResult`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GetSessionOptionsResult {
    #[prost(map = "string, message", tag = "1")]
    pub(crate) options: HashMap<String, OptionValue>,
}

/// `CloseSessionResult`: 1, closed.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct CloseSessionResult {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
}

impl SetSessionOptions {
    /// Takes the catalogue out of what is to be set, and says what else there is no such thing as.
    pub(crate) fn catalogue(&self) -> (Option<Name>, SetSessionOptionsResult) {
        let (mut chosen, mut errors) = (None, HashMap::new());
        for (name, option) in &self.options {
            let value = match (&option.value, name.as_str()) {
                (Some(option_value::Value::Text(text)), "catalog") => text.parse().map_err(|_| 2),
                (_, "catalog") => Err(2),
                _ => Err(1),
            };
            match value {
                Ok(name) => chosen = Some(name),
                Err(value) => drop(errors.insert(name.clone(), OptionError { value })),
            }
        }
        (chosen, SetSessionOptionsResult { errors })
    }
}

impl GetSessionOptionsResult {
    pub(crate) fn of(catalogue: Option<Name>) -> Self {
        let text = |name: Name| OptionValue { value: Some(option_value::Value::Text(name.to_string())) };
        Self { options: catalogue.map(|name| ("catalog".to_owned(), text(name))).into_iter().collect() }
    }
}

/// The catalogue that a client keeps.
pub(crate) fn kept(metadata: &MetadataMap) -> Result<Option<Name>, Status> {
    let all = metadata.get_all("cookie").iter().filter_map(|v| v.to_str().ok());
    let mut found =
        all.flat_map(|v| v.split(';')).filter_map(|c| c.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    match (found.next(), found.next()) {
        (None, _) => Ok(None),
        (Some(""), None) => Ok(None),
        (Some(name), None) => {
            name.parse().map(Some).map_err(|_| malformed("The cookie's project is no name."))
        }
        (Some(_), Some(_)) => Err(malformed("There are two cookies with a project.")),
    }
}

/// Has a client keep a catalogue, or forget the one that it keeps.
pub(crate) fn keep(metadata: &mut MetadataMap, catalogue: Option<&Name>) -> Result<(), Status> {
    let text = match catalogue {
        Some(name) => format!("{COOKIE}={name}; Path=/; HttpOnly"),
        None => format!("{COOKIE}=; Path=/; HttpOnly; Max-Age=0"),
    };
    metadata.insert("set-cookie", MetadataValue::try_from(text).map_err(|_| internal())?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_is_set_and_kept() {
        let text = |text: &str| OptionValue { value: Some(option_value::Value::Text(text.to_owned())) };
        let options = HashMap::from([("catalog".to_owned(), text("p")), ("schema".to_owned(), text("s"))]);
        let sent = SetSessionOptions { options }.encode_to_vec();
        let (chosen, told) = SetSessionOptions::decode(&*sent).unwrap().catalogue();
        assert_eq!(chosen.unwrap().as_str(), "p");
        assert_eq!(told.errors, HashMap::from([("schema".to_owned(), OptionError { value: 1 })]));
        let mut metadata = MetadataMap::new();
        metadata.insert("cookie", "a=b; cloister-project=p".parse().unwrap());
        assert_eq!(kept(&metadata).unwrap().unwrap().as_str(), "p");
        metadata.append("cookie", "cloister-project=q".parse().unwrap());
        assert!(kept(&metadata).is_err());
    }
}
