//! Canonical JSON: one value, one text.
//!
//! Keys sorted by their UTF-8 bytes, no white space, strings escaped as `serde_json` does it (only
//! what JSON demands), whole numbers in decimal. Floats are refused because their text is not
//! unique; truth values and nulls, because no event needs them.

use crate::EventError;
use serde_json::Value;
use std::collections::BTreeMap;

/// How deep lists and objects may lie within each other.
const DEPTH_MAX: usize = 8;

/// Writes an object whose values are canonical already.
pub(crate) fn object<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let sorted: BTreeMap<&str, String> = fields.into_iter().collect();
    let body: Vec<String> =
        sorted.into_iter().map(|(key, value)| format!("{}:{value}", string(key))).collect();
    format!("{{{}}}", body.join(","))
}

/// Writes a string.
pub(crate) fn string(text: &str) -> String {
    Value::from(text).to_string()
}

/// Writes a value of an event's details.
pub(crate) fn value(value: &Value) -> Result<String, EventError> {
    nested(value, DEPTH_MAX)
}

fn nested(value: &Value, depth: usize) -> Result<String, EventError> {
    let deeper = || depth.checked_sub(1).ok_or(EventError::Depth);
    match value {
        Value::String(text) => Ok(string(text)),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Ok(number.to_string()),
            (None, Some(number)) => Ok(number.to_string()),
            (None, None) => Err(EventError::Detail),
        },
        Value::Array(items) => {
            let depth = deeper()?;
            let items: Vec<String> =
                items.iter().map(|item| nested(item, depth)).collect::<Result<_, _>>()?;
            Ok(format!("[{}]", items.join(",")))
        }
        Value::Object(fields) => {
            let depth = deeper()?;
            let fields: Vec<(&str, String)> = fields
                .iter()
                .map(|(key, item)| Ok((key.as_str(), nested(item, depth)?)))
                .collect::<Result<_, EventError>>()?;
            Ok(object(fields))
        }
        Value::Null | Value::Bool(_) => Err(EventError::Detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_text_for_one_value() {
        let given = json!({"b": [1, -2, u64::MAX], "a": {"z": "é\"\n", "y": ""}, "B": {}});
        assert_eq!(
            value(&given).unwrap(),
            r#"{"B":{},"a":{"y":"","z":"é\"\n"},"b":[1,-2,18446744073709551615]}"#
        );
    }

    #[test]
    fn what_has_no_unique_text_is_refused() {
        for wrong in [json!(1.5), json!(1e3), json!(null), json!(true), json!([[0.1]]), json!({"a": null})] {
            assert_eq!(value(&wrong), Err(EventError::Detail), "{wrong}");
        }
        let deep = (0..100).fold(json!("x"), |inner, _| json!([inner]));
        assert_eq!(value(&deep), Err(EventError::Depth));
    }
}
