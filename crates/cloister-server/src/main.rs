//! `cloisterd`: the hub's server process. It reads settings, wires the hub to the network, and ends gracefully.
//!
//! Started by a hub with `engine-worker` as its first argument, it is that hub's engine worker instead. It must hold no
//! pseudonymisation key: nothing that it is linked from can land.

mod logging;
mod provider;
mod serve;
mod settings;
mod telemetry;

use clap::Parser;
use settings::Settings;
use std::path::PathBuf;
use std::process::ExitCode;

/// The server of a Cloister hub.
#[derive(Debug, Parser)]
#[command(name = "cloisterd", version)]
struct Arguments {
    /// The settings file; `--example` prints one with every setting explained.
    #[arg(long, default_value = "cloisterd.toml", value_name = "FILE")]
    config: PathBuf,
    /// Check the settings, and the hub that they name, and end.
    #[arg(long)]
    check: bool,
    /// Print a settings file with every setting, its default and what it is for, and end.
    #[arg(long)]
    example: bool,
}

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == cloister_worker::SUBCOMMAND) {
        return cloister_worker::serve();
    }
    // A panic's own words may hold data of the rows it happened at: they are not printed.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        tracing::error!(place, "a thread panicked");
    }));
    let arguments = Arguments::parse();
    if arguments.example {
        print!("{}", settings::EXAMPLE);
        return ExitCode::SUCCESS;
    }
    let settings = match Settings::read(&arguments.config) {
        Ok(settings) => settings,
        Err(error) => return fail(&error.to_string()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    let ended = runtime.block_on(async {
        if arguments.check { serve::check(&settings).await } else { serve::run(&settings).await }
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(text: &str) -> ExitCode {
    eprintln!("error: {text}");
    ExitCode::FAILURE
}
