//! Personal access tokens: for scripts and notebooks. Their text is shown once; what is kept is a hash.

use crate::secret::{hash, same};
use crate::{IdentityError, Secret};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use cloister_model::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

const DAYS_MAX: i64 = 365;
const LABEL_MAX: usize = 80;
/// What every token begins with, so that whoever finds one in a repository knows whose it is.
const PREFIX: &str = "cloister_pat";

/// What a token may be used for, at most: what its holder may do, it may not do more of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Look at projects, queries and requests, and fetch releases.
    Read,
    /// Ask queries, explain them, try them, keep them.
    Query,
    /// Ask for releases.
    Request,
    /// Check: see evidence, vote, decide, approve queries.
    Review,
    /// Run the hub: people, projects, the log.
    Administer,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Read, Self::Query, Self::Request, Self::Review, Self::Administer];

    /// As written and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Query => "query",
            Self::Request => "request",
            Self::Review => "review",
            Self::Administer => "administer",
        }
    }
}

/// A token's text: `cloister_pat_<id>_<secret>_<checksum>`.
#[derive(Clone)]
pub struct TokenText {
    id: String,
    secret: Secret,
}

impl TokenText {
    /// Of fresh bytes.
    pub fn of(id: [u8; 10], secret: [u8; 32]) -> Self {
        Self { id: id.iter().map(|b| format!("{b:02x}")).collect(), secret: Secret::of(secret) }
    }

    /// Reads what a caller sent. A checksum that does not fit says that it was cut or mistyped, without a look at what is
    /// kept.
    ///
    /// # Errors
    /// Where it is no token.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let wrong = || IdentityError::NotAToken;
        let (body, checksum) = text.rsplit_once('_').ok_or_else(wrong)?;
        let rest = body.strip_prefix(PREFIX).and_then(|r| r.strip_prefix('_')).ok_or_else(wrong)?;
        // The secret may hold underscores: the id does not.
        let (id, secret) = rest.split_once('_').ok_or_else(wrong)?;
        let hexadecimal =
            id.len() == 20 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let secret = Secret::parse(secret).filter(|_| hexadecimal).ok_or_else(wrong)?;
        let found = Self { id: id.to_owned(), secret };
        if same(&found.checksum(), checksum) { Ok(found) } else { Err(wrong()) }
    }

    /// What its holder keeps.
    pub fn text(&self) -> String {
        format!("{PREFIX}_{}_{}_{}", self.id, self.secret.text(), self.checksum())
    }

    /// Its id, which may be shown.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn checksum(&self) -> String {
        hash(format!("{PREFIX}_{}_{}", self.id, self.secret.text()).as_bytes()).chars().take(8).collect()
    }
}

/// A token as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AccessToken {
    id: String,
    account: Name,
    label: String,
    scopes: BTreeSet<Scope>,
    hash: String,
    made_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    last_used: Option<NaiveDate>,
}

/// Why a token may not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenEnd {
    /// The secret is another.
    Wrong,
    /// Its time is over.
    Expired,
    /// It was ended.
    Revoked,
}

impl AccessToken {
    /// A new one.
    ///
    /// # Errors
    /// Where it has no label or scope, or is for longer than a year.
    pub fn make(
        text: &TokenText,
        account: Name,
        label: &str,
        scopes: BTreeSet<Scope>,
        days: i64,
        now: DateTime<Utc>,
    ) -> Result<Self, IdentityError> {
        if !(1..=DAYS_MAX).contains(&days) {
            return Err(IdentityError::TokenDays(DAYS_MAX));
        }
        let label = label.trim();
        let fits = (1..=LABEL_MAX).contains(&label.chars().count()) && !label.chars().any(char::is_control);
        if !fits || scopes.is_empty() {
            return Err(IdentityError::TokenLabel(LABEL_MAX));
        }
        Ok(Self {
            id: text.id.clone(),
            account,
            label: label.to_owned(),
            scopes,
            hash: text.secret.hash(),
            made_at: now,
            ends_at: now.checked_add_signed(Duration::days(days)).unwrap_or(now),
            revoked_at: None,
            last_used: None,
        })
    }

    /// Whether this text is it, and it may be used now.
    ///
    /// # Errors
    /// Why not.
    pub fn open(&self, text: &TokenText, now: DateTime<Utc>) -> Result<(), TokenEnd> {
        if !same(&self.hash, &text.secret.hash()) || self.id != text.id {
            return Err(TokenEnd::Wrong);
        }
        match (self.revoked_at, now < self.ends_at) {
            (Some(_), _) => Err(TokenEnd::Revoked),
            (None, false) => Err(TokenEnd::Expired),
            (None, true) => Ok(()),
        }
    }

    /// Notes the day of its use; true where that is news.
    pub fn used(&mut self, today: NaiveDate) -> bool {
        let news = self.last_used != Some(today);
        self.last_used = Some(today);
        news
    }

    /// Ends it; false where it was ended before.
    pub fn revoke(&mut self, now: DateTime<Utc>) -> bool {
        let news = self.revoked_at.is_none();
        self.revoked_at.get_or_insert(now);
        news
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whose it is.
    pub fn account(&self) -> &Name {
        &self.account
    }

    /// What it is for, in its holder's words.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What it may be used for.
    pub fn scopes(&self) -> &BTreeSet<Scope> {
        &self.scopes
    }

    /// When it was made.
    pub fn made_at(&self) -> DateTime<Utc> {
        self.made_at
    }

    /// The first moment at which it is over.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.ends_at
    }

    /// When it was ended.
    pub fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.revoked_at
    }

    /// The last day of its use.
    pub fn last_used(&self) -> Option<NaiveDate> {
        self.last_used
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AccessToken({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_760_000_000, 0).unwrap()
    }

    fn token(text: &TokenText, days: i64) -> Result<AccessToken, IdentityError> {
        AccessToken::make(text, "ada".parse().unwrap(), "laptop", BTreeSet::from([Scope::Read]), days, now())
    }

    #[test]
    fn a_token_opens_until_it_ends() {
        let text = TokenText::of([1; 10], [2; 32]);
        let mut kept = token(&text, 1).unwrap();
        let read = TokenText::parse(&text.text()).unwrap();
        assert_eq!(kept.open(&read, now()), Ok(()));
        let other = TokenText::of([1; 10], [3; 32]);
        assert_eq!(kept.open(&other, now()), Err(TokenEnd::Wrong));
        assert_eq!(kept.open(&TokenText::of([9; 10], [2; 32]), now()), Err(TokenEnd::Wrong));
        assert_eq!(kept.open(&read, now() + Duration::days(1)), Err(TokenEnd::Expired));
        assert!(kept.used(now().date_naive()) && !kept.used(now().date_naive()));
        assert!(kept.revoke(now()) && !kept.revoke(now()));
        assert_eq!(kept.open(&read, now()), Err(TokenEnd::Revoked));
        let stored = serde_json::to_string(&kept).unwrap();
        assert!(!stored.contains(text.secret.text()), "the secret is not kept");
        assert_eq!(serde_json::from_str::<AccessToken>(&stored).unwrap(), kept);
    }

    #[test]
    fn what_may_not_be_made() {
        let text = TokenText::of([1; 10], [2; 32]);
        for days in [0, -1, 366] {
            assert_eq!(token(&text, days), Err(IdentityError::TokenDays(365)));
        }
        for (label, scopes) in [("", &[Scope::Read][..]), ("x", &[]), ("a\nb", &[Scope::Read])] {
            let made = AccessToken::make(
                &text,
                "ada".parse().unwrap(),
                label,
                scopes.iter().copied().collect(),
                1,
                now(),
            );
            assert_eq!(made, Err(IdentityError::TokenLabel(80)));
        }
    }

    proptest! {
        #[test]
        fn only_the_whole_text_is_read(id: [u8; 10], secret: [u8; 32], at in 0usize..96, to in prop::char::any()) {
            let text = TokenText::of(id, secret).text();
            let read = TokenText::parse(&text).unwrap();
            prop_assert_eq!(read.text(), text.clone());
            let mut changed: Vec<char> = text.chars().collect();
            if let Some(c) = changed.get_mut(at).filter(|c| **c != to) {
                *c = to;
                let changed: String = changed.into_iter().collect();
                prop_assert!(TokenText::parse(&changed).is_err());
            }
            prop_assert!(TokenText::parse(&text[..text.len() - 1]).is_err());
        }

        #[test]
        fn nothing_breaks_the_reader(text in ".*") {
            let _ = TokenText::parse(&text);
        }
    }
}
