//! Requests: what became of queries, and fetching what was released.

use crate::answer::Heading;
use crate::{Answer, Hub, HubError, PackageFile, Reason, Status, package};
use cloister_access::{Proof, Request, act};
use cloister_audit::EventKind;
use cloister_governance::Project;
use cloister_model::{Digest, Name, Role};
use cloister_store::{Request as Query, RequestState};
use std::path::Path;

impl Hub {
    /// The requests that a person may see, oldest first: their own, and where they check or administer
    /// a project, its.
    pub async fn requests(&self, user: &Name) -> Result<Vec<Query>, HubError> {
        let overseen = self.overseen(user).await?;
        let requests = self.store.requests().await?.into_iter();
        Ok(requests.filter(|r| r.user == user.as_str() || overseen.contains(&r.project)).collect())
    }

    /// One request. One that the person may not see does not exist for them.
    pub async fn request(&self, id: &str, user: &Name) -> Result<Query, HubError> {
        let not_found = || HubError::NotFound("request", id.to_owned());
        let request = self.store.request(id).await?.ok_or_else(not_found)?;
        if request.user == user.as_str() || self.overseen(user).await?.contains(&request.project) {
            Ok(request)
        } else {
            Err(not_found())
        }
    }

    /// What became of a query, without its rows.
    pub(crate) fn answer_of(&self, query: &Query) -> Result<Answer, HubError> {
        let reasons: Vec<Reason> = serde_json::from_str(&query.reasons)
            .map_err(|_| HubError::Internal("reasons that cannot be read".to_owned()))?;
        let status = match query.state {
            RequestState::Released => Status::Released,
            RequestState::Held | RequestState::Revoked => Status::Held,
            RequestState::Refused => Status::Refused,
            RequestState::Created => Status::Created,
            RequestState::Dropped => Status::Dropped,
            RequestState::Running | RequestState::Failed | RequestState::Interrupted => Status::Failed,
        };
        let heading = Heading { request: Some(query.id.clone()), ..Heading::default() };
        Ok(Answer::without_rows(status, heading, reasons))
    }

    /// A file of a released request's package, for the person who asked. Fetching is recorded.
    pub async fn fetch(&self, id: &str, user: &Name, file: PackageFile) -> Result<Vec<u8>, HubError> {
        let (project, proof, taken) =
            self.found(id, user, |folder, digest| package::read(folder, digest, file)).await?;
        self.record_fetched(id, user, &project, file, proof).await?;
        Ok(taken)
    }

    /// The same of one file, opened rather than read, for what may be large. It was checked, and stays what it was while it
    /// is open: a package's files are never written again.
    pub async fn open_release(
        &self,
        id: &str,
        user: &Name,
        file: PackageFile,
    ) -> Result<std::fs::File, HubError> {
        let (project, proof, opened) =
            self.found(id, user, |folder, digest| package::open(folder, digest, file)).await?;
        self.record_fetched(id, user, &project, file, proof).await?;
        Ok(opened)
    }

    /// The same, to see what columns it has before it is fetched: whoever may not fetch it may not see that either. Nothing is
    /// recorded, because nothing is taken yet.
    pub async fn peek_release(
        &self,
        id: &str,
        user: &Name,
        file: PackageFile,
    ) -> Result<std::fs::File, HubError> {
        let (.., opened) = self.found(id, user, |folder, digest| package::open(folder, digest, file)).await?;
        Ok(opened)
    }

    /// Something of a release that its author may take out now: the project, the proof of that, and it.
    async fn found<T>(
        &self,
        id: &str,
        user: &Name,
        take: impl FnOnce(&Path, Digest) -> Option<T>,
    ) -> Result<(String, Proof<act::DownloadPackage>, T), HubError> {
        let request = self.request(id, user).await?;
        if request.user != user.as_str() {
            return Err(HubError::NotFound("request of yours", id.to_owned()));
        }
        let digest = match (request.state, self.store.release(id).await?) {
            (RequestState::Released, Some(digest)) => digest,
            (state, _) => return Err(HubError::NotReleased(id.to_owned(), state.as_str())),
        };
        // What was released at once is a request that its query handed in.
        let project = self.facts_of(&request.project.parse()?).await?;
        let facts = Request { id: id.parse()?, project, authors: [user.clone()].into(), handed_in: true };
        let proof = self.may::<act::DownloadPackage>(user, &facts).await?;
        let folder = self.store.home().releases().join(id);
        let taken = take(&folder, digest).ok_or_else(|| HubError::ReleaseChanged(id.to_owned()))?;
        Ok((request.project, proof, taken))
    }

    async fn record_fetched(
        &self,
        id: &str,
        user: &Name,
        project: &str,
        file: PackageFile,
        proof: Proof<act::DownloadPackage>,
    ) -> Result<(), HubError> {
        let event = self
            .event(user.as_str(), EventKind::ReleaseFetched, id)
            .with("project", project)
            .with("file", file.name());
        self.commit(self.store.begin().await?, proof, vec![event]).await
    }

    /// The projects that a person checks or administers.
    pub(crate) async fn overseen(&self, user: &Name) -> Result<Vec<String>, HubError> {
        let mut projects = Vec::new();
        for stored in self.store.projects().await? {
            let project = Project::parse(&stored.text)?;
            let oversees = project.members.iter().any(|m| {
                m.user == *user && m.roles.iter().any(|r| matches!(r, Role::Checker | Role::Administrator))
            });
            if oversees || project.checkers.contains(user) {
                projects.push(stored.name);
            }
        }
        Ok(projects)
    }
}
