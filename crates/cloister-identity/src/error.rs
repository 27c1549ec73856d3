//! Why something about an account is not right. No secret is in a text.

/// Why something about an account is not right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Too short.
    #[error("a password has at least {0} characters")]
    PasswordTooShort(usize),
    /// Too long.
    #[error("a password has at most {0} characters")]
    PasswordTooLong(usize),
    /// One of those that everybody tries first.
    #[error("this is one of the passwords that are tried first; take another")]
    PasswordCommon,
    /// It holds the account's name.
    #[error("a password does not hold the name that it is for")]
    PasswordHoldsName,
    /// Salt, seed or the like has not enough bytes.
    #[error("a secret is too short")]
    Secret,
    /// The text is no token.
    #[error("this is no access token")]
    NotAToken,
    /// A token is not for ever.
    #[error("an access token is for 1 to {0} days")]
    TokenDays(i64),
    /// A token has a purpose.
    #[error("an access token needs a label of 1 to {0} characters, and a scope")]
    TokenLabel(usize),
    /// A name that the log writes for the hub itself.
    #[error("`{0}` is a name of the hub itself")]
    ReservedName(String),
    /// A name for people.
    #[error("a display name has 1 to {0} characters and no control characters")]
    DisplayName(usize),
}

impl IdentityError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PasswordTooShort(_) => "password-too-short",
            Self::PasswordTooLong(_) => "password-too-long",
            Self::PasswordCommon => "password-common",
            Self::PasswordHoldsName => "password-holds-name",
            Self::Secret => "secret",
            Self::NotAToken => "not-a-token",
            Self::TokenDays(_) => "token-days",
            Self::TokenLabel(_) => "token-label",
            Self::ReservedName(_) => "reserved-name",
            Self::DisplayName(_) => "display-name",
        }
    }
}
