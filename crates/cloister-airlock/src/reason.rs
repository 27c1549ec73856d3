//! Why a request was returned or rejected, or a release revoked: a fixed list, so that it can be counted.

use crate::Act;
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $text:literal, $words:literal, $for:expr;)*) => {
        /// A reason code. Closed, and reported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[$doc])* #[serde(rename = $text)] $reason,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$reason,)*];

            /// As stored and reported.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $text,)*
                }
            }

            /// As people read it.
            pub fn words(self) -> &'static str {
                match self {
                    $(Self::$reason => $words,)*
                }
            }

            /// What it may be a reason for.
            pub fn acts(self) -> &'static [Act] {
                match self {
                    $(Self::$reason => $for,)*
                }
            }
        }
    };
}

const EITHER: &[Act] = &[Act::Return, Act::Reject];
const RETURN: &[Act] = &[Act::Return];
const REJECT: &[Act] = &[Act::Reject];
const REVOKE: &[Act] = &[Act::Revoke];
const ANY: &[Act] = &[Act::Return, Act::Reject, Act::Revoke];

reasons! {
    /// Too few people stand behind something.
    SmallCounts = "small-counts", "too few people stand behind a value", EITHER;
    /// One or two people or organisations make up most of a value.
    Dominance = "dominance", "one or two contributors make up most of a value", EITHER;
    /// It gives something away together with what has been released.
    Differencing = "differencing", "together with an earlier release it gives something away", EITHER;
    /// A group is all of one kind.
    GroupDisclosure = "group-disclosure", "everybody in a group shares an attribute", EITHER;
    /// The checkers cannot see where a number comes from.
    UnderlyingMissing = "underlying-missing", "the counts behind a number are missing", RETURN;
    /// The checkers do not know what it is.
    ContextMissing = "context-missing", "what it shows, or what it is for, is not explained", RETURN;
    /// It is more than its purpose needs.
    TooMuch = "too-much", "it is more than the purpose needs", RETURN;
    /// It is not what the project was approved for.
    OutsidePurpose = "outside-purpose", "it is not what the project is for", EITHER;
    /// It speaks of single people.
    RowLevel = "row-level", "it speaks of single people", REJECT;
    /// It was asked for by mistake.
    Mistake = "mistake", "it was asked for, or released, by mistake", &[Act::Return, Act::Revoke];
    /// A release gives something away that it should not.
    Disclosive = "disclosive", "what was released gives something away", REVOKE;
    /// A source took its data back, or the data were wrong.
    DataWithdrawn = "data-withdrawn", "its data were withdrawn or wrong", REVOKE;
    /// The agreement that it was made under does not hold any more.
    AgreementEnded = "agreement-ended", "its agreement does not hold any more", &[Act::Reject, Act::Revoke];
    /// Something else, which the text says.
    Other = "other", "something else, as the text says", ANY;
}

impl Reason {
    /// The reason with this code.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.as_str() == text)
    }

    /// Whether one may return, reject or revoke for it.
    pub fn serves(self, act: Act) -> bool {
        self.acts().contains(&act)
    }

    /// The list, as `docs/airlock.md` contains it.
    pub fn markdown() -> String {
        let mut text = String::from("| code | reason | for |\n|---|---|---|\n");
        for reason in Self::ALL {
            let acts: Vec<&str> = reason.acts().iter().map(|a| a.as_str()).collect();
            text.push_str(&format!("| `{}` | {} | {} |\n", reason.as_str(), reason.words(), acts.join(", ")));
        }
        text
    }
}
