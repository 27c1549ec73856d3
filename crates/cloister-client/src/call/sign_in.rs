//! Signing in and out without a browser.

use crate::{Client, ClientError};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

/// How one may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Ways {
    /// Whether with a name and a password.
    pub passwords: bool,
    /// With whose ID token.
    pub provider: Option<WayOfProvider>,
}

/// A sign-in provider, as the command line asks it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WayOfProvider {
    /// Its address.
    pub issuer: String,
    /// Its name.
    pub name: String,
    /// Whom it knows the command line as.
    pub client_id: String,
    /// What to ask for besides `openid`.
    pub scopes: Vec<String>,
}

/// Somebody who has signed in.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct SignedIn {
    /// Who.
    pub name: String,
    /// Their token.
    pub token: String,
    /// When it ends.
    pub ends_at: String,
}

impl Client {
    /// How one may sign in.
    ///
    /// # Errors
    /// As the server says.
    pub async fn ways(&self) -> Result<Ways, ClientError> {
        Ok(self.get(&["v1", "sign-in"]).await?.view)
    }

    /// Signs in with a name and a password. The code `second-factor-needed` asks for the same again with a code.
    ///
    /// # Errors
    /// As the server says.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        code: Option<&str>,
    ) -> Result<SignedIn, ClientError> {
        let body = json!({ "name": name, "password": password, "code": code });
        Ok(self.call(Method::POST, &["v1", "sign-in", "password"], Some(&body)).await?.view)
    }

    /// Signs in with an ID token of the provider.
    ///
    /// # Errors
    /// As the server says.
    pub async fn sign_in_by_provider(&self, id_token: &str) -> Result<SignedIn, ClientError> {
        let body = json!({ "id_token": id_token });
        Ok(self.call(Method::POST, &["v1", "sign-in", "provider"], Some(&body)).await?.view)
    }

    /// Ends the token.
    ///
    /// # Errors
    /// As the server says.
    pub async fn sign_out(&self) -> Result<(), ClientError> {
        self.tell(Method::POST, &["v1", "sign-out"]).await
    }
}
