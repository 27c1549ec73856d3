//! Who calls, and in which project.

use crate::fault::{absent, malformed, of_error, status};
use crate::session;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cloister_hub::{Hub, Scope};
use cloister_model::Name;
use std::collections::BTreeSet;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// The header that names the project.
const PROJECT: &str = "x-cloister-project";

/// Who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Whose account it is.
    pub(crate) name: Name,
    scopes: BTreeSet<Scope>,
    /// The project that the call names.
    project: Option<Name>,
}

impl Caller {
    /// Finds out by the access token that a call carries; it must be for one of these.
    pub(crate) async fn of(hub: &Hub, metadata: &MetadataMap, scopes: &[Scope]) -> Result<Self, Status> {
        let sent = metadata.get("authorization").and_then(|v| v.to_str().ok()).ok_or_else(unknown)?;
        let (kind, token) = sent.split_once(' ').ok_or_else(unknown)?;
        if !kind.eq_ignore_ascii_case("bearer") {
            return Err(unknown());
        }
        let caller = Self::by_token(hub, token.trim(), None, project_named(metadata)?).await?;
        match scopes.iter().any(|scope| caller.scopes.contains(scope)) {
            true => Ok(caller),
            false => {
                let names: Vec<&str> = scopes.iter().map(|s| s.as_str()).collect();
                let text = format!("The access token lacks the scope `{}`.", names.join("` or `"));
                Err(status(Code::PermissionDenied, "scope", &text))
            }
        }
    }

    /// Of a handshake: a name, and an access token as the password. Returns what further calls carry.
    pub(crate) async fn shake(
        hub: &Hub,
        metadata: &MetadataMap,
    ) -> Result<MetadataValue<tonic::metadata::Ascii>, Status> {
        let sent = metadata.get("authorization").and_then(|v| v.to_str().ok()).ok_or_else(unknown)?;
        let (kind, rest) = sent.split_once(' ').ok_or_else(unknown)?;
        let token = if kind.eq_ignore_ascii_case("bearer") {
            Self::by_token(hub, rest.trim(), None, None).await?;
            rest.trim().to_owned()
        } else if kind.eq_ignore_ascii_case("basic") {
            // Some drivers pad, and some do not.
            let padding =
                GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let decoded =
                GeneralPurpose::new(&STANDARD, padding).decode(rest.trim()).map_err(|_| unknown())?;
            let text = String::from_utf8(decoded).map_err(|_| unknown())?;
            let (name, token) = text.split_once(':').ok_or_else(unknown)?;
            let name: Name = name.parse().map_err(|_| unknown())?;
            Self::by_token(hub, token, Some(&name), None).await?;
            token.to_owned()
        } else {
            return Err(unknown());
        };
        MetadataValue::try_from(format!("Bearer {token}")).map_err(|_| unknown())
    }

    async fn by_token(
        hub: &Hub,
        token: &str,
        name: Option<&Name>,
        project: Option<Name>,
    ) -> Result<Self, Status> {
        let bearer = hub.bearer(token).await.map_err(|e| of_error(&e))?.ok_or_else(unknown)?;
        if name.is_some_and(|name| *name != bearer.account) {
            return Err(unknown());
        }
        Ok(Self { name: bearer.account, scopes: bearer.scopes, project })
    }

    /// The project that a call is about: the one that it names, or the only one that the caller may query.
    pub(crate) async fn project(&self, hub: &Hub) -> Result<Name, Status> {
        if let Some(project) = &self.project {
            return Ok(project.clone());
        }
        let mut mine = self.projects(hub).await?;
        match (mine.pop(), mine.is_empty()) {
            (Some(only), true) => Ok(only),
            (None, _) => Err(absent()),
            (Some(last), false) => {
                let all: Vec<String> = mine.iter().chain([&last]).map(ToString::to_string).collect();
                let text = format!(
                    "Name the project, as the header `{PROJECT}` or as the connection's catalogue: {}.",
                    all.join(", ")
                );
                Err(status(Code::InvalidArgument, "which-project", &text))
            }
        }
    }

    /// The project that the call names, where it does.
    pub(crate) fn named(&self) -> Option<&Name> {
        self.project.as_ref()
    }

    /// The projects that the caller may query.
    pub(crate) async fn projects(&self, hub: &Hub) -> Result<Vec<Name>, Status> {
        let views = hub.projects_of(&self.name).await.map_err(|e| of_error(&e))?;
        let mine = views.into_iter().filter(|view| view.may.iter().any(|may| may == "run-query"));
        mine.map(|view| view.name.parse().map_err(|_| crate::fault::internal())).collect()
    }
}

fn project_named(metadata: &MetadataMap) -> Result<Option<Name>, Status> {
    let mut named = metadata.get_all(PROJECT).iter();
    match (named.next(), named.next()) {
        (None, _) => session::kept(metadata),
        (Some(value), None) => {
            let name = value.to_str().ok().and_then(|text| text.parse().ok());
            name.map(Some).ok_or_else(|| malformed("The header's project is no name."))
        }
        (Some(_), Some(_)) => Err(malformed("The header with the project is there twice.")),
    }
}

fn unknown() -> Status {
    let text = "Send an access token: as `authorization: Bearer …`, or with your name as the user and the token as the password.";
    status(Code::Unauthenticated, "not-signed-in", text)
}
