//! Accounts, their sessions and their tokens. What is in them is `cloister-identity`'s; here they are texts, and what
//! they are found by.

use crate::database::{Row, statement};
use crate::{Store, StoreError, Transaction};
use cloister_model::Name;

/// An account as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredAccount {
    /// Whose.
    pub name: Name,
    /// Grows with every change.
    pub revision: u64,
    /// All of it: JSON.
    pub body: String,
    /// Whom a sign-in provider knows them as: issuer and subject.
    pub subject: Option<(String, String)>,
}

/// A session as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The hash of its secret.
    pub hash: String,
    /// Whose.
    pub account: Name,
    /// When it is over, whatever happens: RFC 3339, UTC.
    pub ends_at: String,
    /// All of it: JSON.
    pub body: String,
}

/// A personal access token as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// Its id, which its text begins with.
    pub id: String,
    /// Whose.
    pub account: Name,
    /// All of it but the secret: JSON.
    pub body: String,
}

impl Store {
    /// Every account, by name.
    pub async fn accounts(&self) -> Result<Vec<StoredAccount>, StoreError> {
        let sql = "SELECT name, revision, body, issuer, subject FROM account ORDER BY name";
        statement(sql).fetch_all(&self.pool).await?.iter().map(account).collect()
    }

    /// Whether anybody has an account: where nobody has, whoever holds the home's keys is who they say they are.
    pub async fn has_accounts(&self) -> Result<bool, StoreError> {
        Ok(statement("SELECT 1 FROM account LIMIT 1").fetch_optional(&self.pool).await?.is_some())
    }

    /// One account.
    pub async fn account(&self, name: &Name) -> Result<Option<StoredAccount>, StoreError> {
        let sql = "SELECT name, revision, body, issuer, subject FROM account WHERE name = $1";
        let row = statement(sql).bind(name.as_str()).fetch_optional(&self.pool).await?;
        row.as_ref().map(account).transpose()
    }

    /// The account that a sign-in provider's subject belongs to.
    pub async fn account_of_subject(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<StoredAccount>, StoreError> {
        let sql =
            "SELECT name, revision, body, issuer, subject FROM account WHERE issuer = $1 AND subject = $2";
        let row = statement(sql).bind(issuer).bind(subject).fetch_optional(&self.pool).await?;
        row.as_ref().map(account).transpose()
    }

    /// The session with this hash.
    pub async fn session(&self, hash: &str) -> Result<Option<StoredSession>, StoreError> {
        let row = statement("SELECT hash, account, ends_at, body FROM session WHERE hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| {
            Ok(StoredSession {
                hash: row.try_get("hash")?,
                account: name(&row, "account")?,
                ends_at: row.try_get("ends_at")?,
                body: row.try_get("body")?,
            })
        })
        .transpose()
    }

    /// Notes that a session was used. No change of the hub's state: no event tells of it.
    pub async fn touch_session(&self, hash: &str, body: &str) -> Result<(), StoreError> {
        statement("UPDATE session SET body = $1 WHERE hash = $2")
            .bind(body)
            .bind(hash)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// An account's tokens, by id.
    pub async fn access_tokens(&self, account: &Name) -> Result<Vec<StoredToken>, StoreError> {
        let sql = "SELECT id, account, body FROM access_token WHERE account = $1 ORDER BY id";
        let rows = statement(sql).bind(account.as_str()).fetch_all(&self.pool).await?;
        rows.iter().map(token).collect()
    }

    /// One token.
    pub async fn access_token(&self, id: &str) -> Result<Option<StoredToken>, StoreError> {
        let sql = "SELECT id, account, body FROM access_token WHERE id = $1";
        let row = statement(sql).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(token).transpose()
    }

    /// Notes when a token was last used. No change of the hub's state.
    pub async fn touch_token(&self, id: &str, body: &str) -> Result<(), StoreError> {
        statement("UPDATE access_token SET body = $1 WHERE id = $2")
            .bind(body)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

impl Transaction {
    /// Adds an account; false where the name, or the provider's subject, is taken.
    pub async fn add_account(&mut self, account: &StoredAccount) -> Result<bool, StoreError> {
        let (issuer, subject) = account.subject.clone().unzip();
        let done = statement(
            "INSERT INTO account (name, revision, body, issuer, subject) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT DO NOTHING",
        )
        .bind(account.name.as_str())
        .bind(number(account.revision)?)
        .bind(&account.body)
        .bind(issuer)
        .bind(subject)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }

    /// Changes an account that has not changed since it was read; false where it has.
    pub async fn change_account(&mut self, account: &StoredAccount) -> Result<bool, StoreError> {
        let (issuer, subject) = account.subject.clone().unzip();
        let done = statement(
            "UPDATE account SET revision = revision + 1, body = $1, issuer = $2, subject = $3
             WHERE name = $4 AND revision = $5",
        )
        .bind(&account.body)
        .bind(issuer)
        .bind(subject)
        .bind(account.name.as_str())
        .bind(number(account.revision)?)
        .execute(self.connection())
        .await?;
        Ok(done == 1)
    }

    /// Adds a session, and removes those whose time was over before `now`.
    pub async fn add_session(&mut self, session: &StoredSession, now: &str) -> Result<(), StoreError> {
        statement("DELETE FROM session WHERE ends_at <= $1").bind(now).execute(self.connection()).await?;
        statement("INSERT INTO session (hash, account, ends_at, body) VALUES ($1, $2, $3, $4)")
            .bind(&session.hash)
            .bind(session.account.as_str())
            .bind(&session.ends_at)
            .bind(&session.body)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Ends a session; false where there is none.
    pub async fn end_session(&mut self, hash: &str) -> Result<bool, StoreError> {
        let done =
            statement("DELETE FROM session WHERE hash = $1").bind(hash).execute(self.connection()).await?;
        Ok(done == 1)
    }

    /// Ends all sessions of an account.
    pub async fn end_sessions(&mut self, account: &Name) -> Result<(), StoreError> {
        statement("DELETE FROM session WHERE account = $1")
            .bind(account.as_str())
            .execute(self.connection())
            .await?;
        Ok(())
    }

    /// Adds a token, or changes it.
    pub async fn put_access_token(&mut self, token: &StoredToken) -> Result<(), StoreError> {
        statement(
            "INSERT INTO access_token (id, account, body) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        )
        .bind(&token.id)
        .bind(token.account.as_str())
        .bind(&token.body)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

fn account(row: &Row) -> Result<StoredAccount, StoreError> {
    let revision: i64 = row.try_get("revision")?;
    let (issuer, subject): (Option<String>, Option<String>) =
        (row.try_get("issuer")?, row.try_get("subject")?);
    Ok(StoredAccount {
        name: name(row, "name")?,
        revision: u64::try_from(revision).map_err(|_| StoreError::Stored("revision"))?,
        body: row.try_get("body")?,
        subject: issuer.zip(subject),
    })
}

fn token(row: &Row) -> Result<StoredToken, StoreError> {
    Ok(StoredToken { id: row.try_get("id")?, account: name(row, "account")?, body: row.try_get("body")? })
}

pub(crate) fn name(row: &Row, column: &str) -> Result<Name, StoreError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|_| StoreError::Stored("name"))
}

fn number(revision: u64) -> Result<i64, StoreError> {
    i64::try_from(revision).map_err(|_| StoreError::Stored("revision"))
}
