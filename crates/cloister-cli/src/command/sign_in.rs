//! `cloister sign-in`: a credential for a hub's server, kept where only its owner can read it.

use crate::args::SignInArgs;
use crate::credential;
use crate::exit;
use crate::fault::Fault;
use crate::target::Place;
use cloister_client::{Client, ClientError, DeviceGrant, SignedIn, WayOfProvider};
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

pub(crate) async fn run(place: Place, args: SignInArgs) -> ExitCode {
    exit::done(sign_in(&place, args).await)
}

async fn sign_in(place: &Place, args: SignInArgs) -> Result<(), Fault> {
    let client = place.client()?;
    let ways = client.ways().await?;
    let signed_in = match ways.provider {
        Some(way) if !args.password => by_provider(place, &client, &way).await?,
        _ if ways.passwords => by_password(&client, args.name).await?,
        _ => {
            return Err(Fault::failed(
                "no-way",
                "the server takes no passwords, and its sign-in provider is set up for browsers only",
            ));
        }
    };
    let (name, ends_at) = (signed_in.name.clone(), signed_in.ends_at.clone());
    // What was there before is of no use any more.
    let before = credential::kept(&client.origin())?;
    let path = credential::keep(&client.origin(), Some(signed_in.into()))?;
    if let Some(before) = before {
        let _ = client.clone().with_token(before.token).sign_out().await;
    }
    println!("signed in to {} as {name}, until {ends_at}", client.origin());
    println!("the credential is in {}", path.display());
    Ok(())
}

async fn by_provider(place: &Place, client: &Client, way: &WayOfProvider) -> Result<SignedIn, Fault> {
    let grant = DeviceGrant::begin(way, &place.trust()?).await?;
    let code = grant.code();
    eprintln!("sign in with {}:", way.name);
    eprintln!("  open {} and type the code {}", code.verification_uri, code.user_code);
    if let Some(address) = &code.verification_uri_complete {
        eprintln!("  or open {address}");
    }
    eprintln!("waiting for you there…");
    let id_token = grant.finish().await?;
    Ok(client.sign_in_by_provider(&id_token).await?)
}

async fn by_password(client: &Client, name: Option<String>) -> Result<SignedIn, Fault> {
    let name = match name {
        Some(name) => name,
        None => ask("name")?,
    };
    let password = ask_hidden("password")?;
    match client.sign_in(&name, &password, None).await {
        Err(ClientError::Problem(problem)) if problem.code == "second-factor-needed" => {
            let code = ask("code of your authenticator, or a recovery code")?;
            Ok(client.sign_in(&name, &password, Some(&code)).await?)
        }
        other => Ok(other?),
    }
}

/// A line that somebody types, or that stands on standard input.
fn ask(what: &str) -> Result<String, Fault> {
    let wrong = |e: std::io::Error| Fault::failed("input", e.to_string());
    eprint!("{what}: ");
    std::io::stderr().flush().map_err(wrong)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(wrong)?;
    match line.trim() {
        "" => Err(Fault::failed("input", format!("no {what} was given"))),
        text => Ok(text.to_owned()),
    }
}

/// The same, which a terminal does not show.
fn ask_hidden(what: &str) -> Result<String, Fault> {
    if !std::io::stdin().is_terminal() {
        return ask(what);
    }
    let typed = rpassword::prompt_password(format!("{what}: "));
    typed.map_err(|e| Fault::failed("input", e.to_string()))
}
