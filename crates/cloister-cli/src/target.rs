//! Where a command is carried out: at a hub on this machine, or at a server. Both give the same views, and what is printed
//! is made from them.
//!
//! Who asks is a person at a server by their token. At a hub on this machine it is a name that is taken on trust where
//! nobody has an account, and else a token of theirs too (docs/adr/0020-remote-and-local-callers.md).

mod calls;
mod desk;
mod local;
mod query;

pub(crate) use calls::{audit_events_here, verify_audit_here};
pub(crate) use desk::wrong;
pub(crate) use local::{Local, answered, caller_for};
pub(crate) use query::Tried;

use crate::credential;
use crate::exit;
use crate::fault::Fault;
use cloister_client::{Client, Trust};
use cloister_hub::Hub;
use cloister_model::Name;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a command line says of where to go.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The hub's folder.
    pub(crate) home: PathBuf,
    /// A server, in its place.
    pub(crate) server: Option<String>,
    /// Certificates that the server's may be signed by.
    pub(crate) ca_file: Option<PathBuf>,
    /// A file with an access token.
    pub(crate) token_file: Option<PathBuf>,
}

/// Where a command is carried out.
pub(crate) enum Target {
    /// At a hub on this machine.
    Local(Box<Local>),
    /// At a server.
    Remote(Client),
}

impl Place {
    /// A hub on this machine, for what is done there only.
    pub(crate) async fn hub(&self, what: &str) -> Result<Hub, Fault> {
        match &self.server {
            Some(_) => Err(Fault::only_local(what)),
            None => Ok(Hub::open(self.home.clone()).await?),
        }
    }

    /// Whom to trust besides the system's certificates.
    pub(crate) fn trust(&self) -> Result<Trust, Fault> {
        let read = |path: &PathBuf| {
            std::fs::read(path).map_err(|e| Fault::failed("ca-file", format!("{}: {e}", path.display())))
        };
        Ok(Trust { ca: self.ca_file.as_ref().map(read).transpose()? })
    }

    /// The server, which nobody has signed in to.
    pub(crate) fn client(&self) -> Result<Client, Fault> {
        let server = self.server.as_ref();
        let server = server.ok_or_else(|| Fault::failed("no-server", "name a server with --server"))?;
        Ok(Client::new(server, &self.trust()?)?)
    }

    /// The token that is given with the command.
    pub(crate) fn token(&self) -> Result<Option<String>, Fault> {
        credential::given(self.token_file.as_deref())
    }

    /// The server, for whose token it is; `--as` may say whom one believes that to be.
    pub(crate) async fn signed_in(&self, user: Option<&Name>) -> Result<Client, Fault> {
        let client = self.client()?;
        let token = match self.token()? {
            Some(token) => token,
            None => match credential::kept(&client.origin())? {
                Some(credential) => credential.token,
                None => {
                    return Err(Fault::Failed {
                        code: "not-signed-in".to_owned(),
                        text: format!("you have not signed in to {}", client.origin()),
                        hint: "Sign in with `cloister sign-in`, or give an access token in CLOISTER_TOKEN."
                            .to_owned(),
                    });
                }
            },
        };
        let client = client.with_token(token);
        if let Some(user) = user {
            // A name is not taken on trust: it only says whom one believes to be.
            let me = client.me().await?.name;
            if me != user.as_str() {
                return Err(another(user, &me));
            }
        }
        Ok(client)
    }
}

/// Whom `--as` names is not whose token it is.
fn another(named: &Name, holder: &str) -> Fault {
    Fault::refused(
        "another-person",
        format!("The access token is {holder}'s, and `--as` names {named}."),
        "Leave `--as` out, or give a token of that person.",
    )
}

impl Target {
    /// Where the command line says. `default` is who asks where nobody is named and names are taken on trust.
    pub(crate) async fn open(
        place: &Place,
        user: Option<&Name>,
        default: Option<&str>,
    ) -> Result<Self, Fault> {
        match place.server {
            Some(_) => Ok(Self::Remote(place.signed_in(user).await?)),
            None => Ok(Self::Local(Box::new(Local::open(place, user, default).await?))),
        }
    }

    /// Opens it, does something there, closes it, and says how that went.
    pub(crate) async fn with(
        place: &Place,
        user: Option<&Name>,
        default: Option<&str>,
        work: impl AsyncFnOnce(&Self) -> Result<(), Fault>,
    ) -> ExitCode {
        let target = match Self::open(place, user, default).await {
            Ok(target) => target,
            Err(fault) => return exit::fault(&fault),
        };
        let done = work(&target).await;
        target.close().await;
        exit::done(done)
    }

    /// The same as [`Self::open`] for looking after accounts, which whoever owns the home's keys may do without a token.
    pub(crate) async fn open_for_people(place: &Place, user: Option<&Name>) -> Result<Self, Fault> {
        match place.server {
            Some(_) => Ok(Self::Remote(place.signed_in(user).await?)),
            None => Ok(Self::Local(Box::new(Local::open_for_people(place, user).await?))),
        }
    }

    /// Ends all use of it.
    pub(crate) async fn close(self) {
        match self {
            Self::Local(local) => local.close().await,
            Self::Remote(_) => {}
        }
    }
}
