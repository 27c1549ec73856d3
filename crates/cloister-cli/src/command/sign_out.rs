//! `cloister sign-out`: ends the credential at the server, and forgets it here.

use crate::credential;
use crate::exit;
use crate::fault::Fault;
use crate::target::Place;
use cloister_client::ClientError;
use std::process::ExitCode;

pub(crate) async fn run(place: Place) -> ExitCode {
    exit::done(sign_out(&place).await)
}

async fn sign_out(place: &Place) -> Result<(), Fault> {
    let client = place.client()?;
    let origin = client.origin();
    let Some(credential) = credential::kept(&origin)? else {
        return Err(Fault::failed("not-signed-in", format!("you have not signed in to {origin}")));
    };
    let ended = client.with_token(credential.token).sign_out().await;
    credential::keep(&origin, None)?;
    match ended {
        Ok(()) => println!("signed out of {origin}"),
        // It had ended by itself.
        Err(ClientError::Problem(problem)) if problem.status == 401 => println!("signed out of {origin}"),
        Err(error) => {
            let until = credential.ends_at;
            println!("forgotten here; at the server it could not be ended, and lasts until {until}");
            return Err(error.into());
        }
    }
    Ok(())
}
