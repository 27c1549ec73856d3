//! `cloister init`

use crate::args::InitArgs;
use crate::exit;
use cloister_hub::{Clock, Hub, NewHub};
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: InitArgs) -> ExitCode {
    let new = NewHub { home: home.clone(), name: args.name, actor: args.user };
    match Hub::init(new, Clock::SYSTEM).await {
        Ok(hub) => {
            println!("hub `{}` at {}", hub.config().name, home.display());
            println!("keys: {} (back them up, apart from the vault)", home.join("keys").display());
            hub.close().await;
            ExitCode::SUCCESS
        }
        Err(e) => exit::hub(&e),
    }
}
