//! Names that people write in files and on the command line.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The text is not a name of this kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct NameError {
    text: String,
    expected: &'static str,
}

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 63;

macro_rules! name_type {
    ($(#[$doc:meta])* $type:ident, $allowed:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $type(String);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let mut bytes = text.bytes();
                let starts_well = bytes.next().is_some_and(|b| b.is_ascii_lowercase());
                let allowed: fn(u8) -> bool = $allowed;
                if starts_well && text.len() <= NAME_BYTES_MAX && bytes.all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { text: text.to_owned(), expected: $expected })
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> String {
                name.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }
    };
}

name_type!(
    /// The name of a hub, dataset, project, policy or person. Safe as a folder name.
    Name,
    |b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'),
    "a name: a lower-case letter, then at most 62 of a-z, 0-9, `-`, `_` and `.`"
);

name_type!(
    /// The name of a table or column in SQL, never quoted.
    Ident,
    |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_',
    "a table or column name: a lower-case letter, then at most 62 of a-z, 0-9 and `_`"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_as_folders_and_in_sql() {
        for good in ["gp", "omop-cdm", "a.b_c-1"] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
        }
        for bad in ["", "A", "1a", "../x", "a/b", ".a", "-a", "a b", "é", &"a".repeat(64)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
        assert!("person_id".parse::<Ident>().is_ok());
        for bad in ["__person", "a-b", "a.b", "Person"] {
            assert!(bad.parse::<Ident>().is_err(), "{bad}");
        }
    }
}
