//! One function for each operation of the API that the command line has a use for.

mod release;
mod sign_in;

pub use release::Act;
pub use sign_in::{SignedIn, WayOfProvider, Ways};

use crate::view::{
    ApprovalView, EventView, PersonView, PolicyView, ProjectView, QueryView, SavedView, TableView, Verified,
    WorkspaceView,
};
use crate::{Client, ClientError, Shown};
use cloister_model::Name;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Somebody to give an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewPerson {
    /// The name that they sign in with.
    pub name: Name,
    /// Their name for people.
    pub display_name: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// The last day on which their training is current.
    pub training_expires: Option<chrono::NaiveDate>,
    /// Whom a sign-in provider knows them as.
    pub subject: Option<Subject>,
}

/// Whom a sign-in provider knows somebody as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The provider.
    pub issuer: String,
    /// Whom it knows.
    pub subject: String,
}

impl From<(String, String)> for Subject {
    fn from((issuer, subject): (String, String)) -> Self {
        Self { issuer, subject }
    }
}

/// What changes of an account; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PersonChange {
    /// Their roles.
    pub roles: Option<Vec<String>>,
    /// Whether it may not be used.
    pub disabled: Option<bool>,
    /// The last day on which their training is current.
    pub training_expires: Option<chrono::NaiveDate>,
    /// A new first password, and no second factor.
    pub reset: bool,
}

#[derive(Deserialize)]
struct Added {
    #[serde(default)]
    first_password: Option<String>,
}

#[derive(Deserialize)]
struct Me {
    person: PersonView,
}

impl Client {
    /// Whose token it is.
    ///
    /// # Errors
    /// Where nobody's.
    pub async fn me(&self) -> Result<PersonView, ClientError> {
        Ok(self.get::<Me>(&["v1", "me"]).await?.view.person)
    }

    /// A project's tables.
    ///
    /// # Errors
    /// As the server says.
    pub async fn tables(&self, project: &Name) -> Result<Shown<Vec<TableView>>, ClientError> {
        self.get(&["v1", "projects", project.as_str(), "tables"]).await
    }

    /// One of them.
    ///
    /// # Errors
    /// As the server says.
    pub async fn describe(&self, project: &Name, table: &str) -> Result<Shown<TableView>, ClientError> {
        self.get(&["v1", "projects", project.as_str(), "tables", table]).await
    }

    /// The projects that one may see.
    ///
    /// # Errors
    /// As the server says.
    pub async fn projects(&self) -> Result<Vec<ProjectView>, ClientError> {
        self.pages(&["v1", "projects"]).await
    }

    /// One of them.
    ///
    /// # Errors
    /// As the server says.
    pub async fn project(&self, project: &Name) -> Result<ProjectView, ClientError> {
        Ok(self.get(&["v1", "projects", project.as_str()]).await?.view)
    }

    /// Provisions a project from its file.
    ///
    /// # Errors
    /// As the server says.
    pub async fn create_project(&self, text: &str) -> Result<ProjectView, ClientError> {
        Ok(self.call(Method::POST, &["v1", "projects"], Some(&json!({ "text": text }))).await?.view)
    }

    /// Suspends, resumes or closes a project.
    ///
    /// # Errors
    /// As the server says.
    pub async fn move_project(&self, project: &Name, to: &str) -> Result<ProjectView, ClientError> {
        let parts = ["v1", "projects", project.as_str(), "state"];
        Ok(self.call(Method::PUT, &parts, Some(&json!({ "state": to }))).await?.view)
    }

    /// The queries that one may see, newest first.
    ///
    /// # Errors
    /// As the server says.
    pub async fn queries(&self) -> Result<Vec<QueryView>, ClientError> {
        self.pages(&["v1", "queries"]).await
    }

    /// One of them.
    ///
    /// # Errors
    /// As the server says.
    pub async fn query(&self, id: &str) -> Result<QueryView, ClientError> {
        Ok(self.get(&["v1", "queries", id]).await?.view)
    }

    /// A file of a release.
    ///
    /// # Errors
    /// As the server says.
    pub async fn file(&self, query: &str, name: &str) -> Result<Vec<u8>, ClientError> {
        self.fetch(&["v1", "queries", query, "files", name]).await
    }

    /// A project's saved queries.
    ///
    /// # Errors
    /// As the server says.
    pub async fn saved_queries(&self, project: &Name) -> Result<Vec<SavedView>, ClientError> {
        Ok(self.get(&["v1", "projects", project.as_str(), "saved"]).await?.view)
    }

    /// One of them.
    ///
    /// # Errors
    /// As the server says.
    pub async fn saved_query(&self, project: &Name, name: &Name) -> Result<SavedView, ClientError> {
        Ok(self.get(&["v1", "projects", project.as_str(), "saved", name.as_str()]).await?.view)
    }

    /// Keeps a query under a name.
    ///
    /// # Errors
    /// As the server says.
    pub async fn save_query(
        &self,
        project: &Name,
        name: &Name,
        sql: &str,
        domains: &BTreeMap<String, String>,
    ) -> Result<SavedView, ClientError> {
        let parts = ["v1", "projects", project.as_str(), "saved", name.as_str()];
        Ok(self.call(Method::PUT, &parts, Some(&json!({ "sql": sql, "domains": domains }))).await?.view)
    }

    /// Forgets a saved query.
    ///
    /// # Errors
    /// As the server says.
    pub async fn remove_saved_query(&self, project: &Name, name: &Name) -> Result<(), ClientError> {
        self.tell(Method::DELETE, &["v1", "projects", project.as_str(), "saved", name.as_str()]).await
    }

    /// What a project's workspace holds.
    ///
    /// # Errors
    /// As the server says.
    pub async fn workspace(&self, project: &Name) -> Result<Vec<WorkspaceView>, ClientError> {
        Ok(self.get(&["v1", "projects", project.as_str(), "workspace"]).await?.view)
    }

    /// A project's approvals.
    ///
    /// # Errors
    /// As the server says.
    pub async fn approvals(&self, project: &Name) -> Result<Vec<ApprovalView>, ClientError> {
        Ok(self.get(&["v1", "projects", project.as_str(), "approvals"]).await?.view)
    }

    /// Approves a query that was asked, or a saved one.
    ///
    /// # Errors
    /// As the server says.
    pub async fn approve(
        &self,
        project: &Name,
        request: Option<&str>,
        saved: Option<&Name>,
    ) -> Result<ApprovalView, ClientError> {
        let body = match saved {
            Some(name) => json!({ "saved": name }),
            None => json!({ "query": request.unwrap_or_default() }),
        };
        Ok(self
            .call(Method::POST, &["v1", "projects", project.as_str(), "approvals"], Some(&body))
            .await?
            .view)
    }

    /// Takes an approval back.
    ///
    /// # Errors
    /// As the server says.
    pub async fn revoke_approval(&self, project: &Name, approval: &str) -> Result<(), ClientError> {
        self.tell(Method::DELETE, &["v1", "projects", project.as_str(), "approvals", approval]).await
    }

    /// Everybody who has an account.
    ///
    /// # Errors
    /// As the server says.
    pub async fn people(&self) -> Result<Vec<PersonView>, ClientError> {
        self.pages(&["v1", "people"]).await
    }

    /// Gives somebody an account; a first password, where they have one.
    ///
    /// # Errors
    /// As the server says.
    pub async fn add_person(&self, new: &NewPerson) -> Result<Option<String>, ClientError> {
        Ok(self.call::<Added>(Method::POST, &["v1", "people"], Some(new)).await?.view.first_password)
    }

    /// Changes an account; a new first password, where they have one.
    ///
    /// # Errors
    /// As the server says.
    pub async fn change_person(
        &self,
        person: &Name,
        change: &PersonChange,
    ) -> Result<Option<String>, ClientError> {
        let parts = ["v1", "people", person.as_str()];
        Ok(self.call::<Added>(Method::PATCH, &parts, Some(change)).await?.view.first_password)
    }

    /// The disclosure policies.
    ///
    /// # Errors
    /// As the server says.
    pub async fn policies(&self) -> Result<Vec<PolicyView>, ClientError> {
        Ok(self.get(&["v1", "policies"]).await?.view)
    }

    /// Every event of the log, oldest first.
    ///
    /// # Errors
    /// As the server says.
    pub async fn audit_events(&self) -> Result<Vec<EventView>, ClientError> {
        let mut all: Vec<EventView> = Vec::new();
        // Reading is in the log too: what this reading adds is not read on and on.
        let mut end = None;
        loop {
            let after = all.last().map_or(0, |e| e.number);
            let mut url = self.url(&["v1", "audit", "events"])?;
            url.query_pairs_mut().append_pair("limit", "200").append_pair("after", &after.to_string());
            let answer = self.send(Method::GET, url, HeaderMap::new(), None).await?;
            let page: Vec<EventView> = self.read(answer).await?.view;
            let whole = page.len() == 200;
            all.extend(page);
            if end.is_none() && whole {
                end = Some(self.verify_audit().await?.records);
            }
            if !whole || end.is_some_and(|end| all.last().is_some_and(|e| e.number >= end)) {
                return Ok(all);
            }
        }
    }

    /// Verifies the log.
    ///
    /// # Errors
    /// As the server says.
    pub async fn verify_audit(&self) -> Result<Verified, ClientError> {
        Ok(self.call(Method::POST, &["v1", "audit", "verify"], None::<&()>).await?.view)
    }

    /// The whole log as text.
    ///
    /// # Errors
    /// As the server says.
    pub async fn export_audit(&self) -> Result<Vec<u8>, ClientError> {
        self.fetch(&["v1", "audit", "export"]).await
    }

    /// The proof that a record is in the log, as a line.
    ///
    /// # Errors
    /// As the server says.
    pub async fn audit_receipt(&self, number: u64) -> Result<Vec<u8>, ClientError> {
        self.fetch(&["v1", "audit", "records", &number.to_string(), "receipt"]).await
    }

    /// The proof that the log only grew since the checkpoint that covers so many records, as a line.
    ///
    /// # Errors
    /// As the server says.
    pub async fn audit_consistency(&self, earlier: u64) -> Result<Vec<u8>, ClientError> {
        self.fetch(&["v1", "audit", "checkpoints", &earlier.to_string(), "consistency"]).await
    }
}
