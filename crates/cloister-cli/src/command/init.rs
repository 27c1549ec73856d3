//! `cloister init`

use crate::args::InitArgs;
use crate::exit;
use cloister_hub::{Clock, DatabaseConfig, Hub, NewHub};
use std::path::PathBuf;
use std::process::ExitCode;

pub(crate) async fn run(home: PathBuf, args: InitArgs) -> ExitCode {
    let database = DatabaseConfig { url_file: args.database_url_file, schema: args.database_schema };
    let new = NewHub { home: home.clone(), name: args.name, actor: args.user, database };
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
