//! Who somebody is: passwords, second factors, sessions, access tokens, and the rules of signing in.
//!
//! Pure: no files, no clock, no randomness. The time and fresh bytes are arguments, and what is to be stored comes back.
//!
//! ```
//! use cloister_identity::{Password, PasswordHash};
//! let password = Password::new("correct horse battery staple", "ada")?;
//! let hash = PasswordHash::of(&password, &[7; 16])?;
//! assert!(hash.verify("correct horse battery staple"));
//! assert!(!hash.verify("correct horse battery stapler"));
//! # Ok::<(), cloister_identity::IdentityError>(())
//! ```
//!
//! It must not decide what somebody may do (`cloister-access` does), and it prints no secret: none is in a `Debug`, and
//! none but a password's hash and an authenticator's seed is in what is stored.

mod account;
mod attempts;
mod error;
mod password;
mod secret;
mod session;
mod sign_in;
mod subject;
mod token;
mod totp;

pub use account::{Account, SecondFactor};
pub use attempts::Attempts;
pub use error::IdentityError;
pub use password::{Password, PasswordHash};
pub use secret::{RECOVERY_CODES, RecoveryCodes, Secret};
pub use session::{Session, SessionEnd, SessionLimits, Stage};
pub use sign_in::{SignedIn, sign_in, take_code};
pub use subject::{Claims, ProviderRules, Subject};
pub use token::{AccessToken, Scope, TokenEnd, TokenText};
pub use totp::Totp;
