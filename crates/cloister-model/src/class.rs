//! Column classes and people's roles.

use serde::{Deserialize, Serialize};

/// What a column is to a person's privacy (design glossary). The class, not the column's name,
/// decides what a query may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnClass {
    /// Names a person or a thing directly; never lands.
    Identifier,
    /// A keyed pseudonym: may join, count and group inside a query; never shown or compared with a literal.
    Pseudonym,
    /// Helps to single a person out together with others: age, sex, district.
    QuasiIdentifier,
    /// A fact about a person that would harm if it were known.
    Sensitive,
    /// A quantity that may be summed and averaged.
    Measure,
    /// A value of a code list.
    Code,
    /// Says nothing about a patient.
    Reference,
}

impl ColumnClass {
    /// As written in contracts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Pseudonym => "pseudonym",
            Self::QuasiIdentifier => "quasi-identifier",
            Self::Sensitive => "sensitive",
            Self::Measure => "measure",
            Self::Code => "code",
            Self::Reference => "reference",
        }
    }
}

/// A person's role in a project or in the hub. One person may hold several, but never both sides
/// of the same release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs queries inside a project.
    Researcher,
    /// Decides what leaves (information governance).
    Checker,
    /// Runs the hub: lands extracts, provisions projects.
    Administrator,
    /// Answers for a source's data: grants egress, and says what may be landed and released.
    InformationAssetOwner,
    /// Reads what was done, and does nothing.
    Auditor,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Researcher, Self::Checker, Self::Administrator, Self::InformationAssetOwner, Self::Auditor];

    /// As written in project files and policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Researcher => "researcher",
            Self::Checker => "checker",
            Self::Administrator => "administrator",
            Self::InformationAssetOwner => "information-asset-owner",
            Self::Auditor => "auditor",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_contracts_write_them() {
        use ColumnClass as C;
        for class in
            [C::Identifier, C::Pseudonym, C::QuasiIdentifier, C::Sensitive, C::Measure, C::Code, C::Reference]
        {
            assert_eq!(serde_json::to_value(class).unwrap(), class.as_str());
        }
        for role in Role::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
