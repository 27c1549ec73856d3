//! `cloister`: the command line of a hub. It parses, calls one use case, and prints.
//!
//! Started by a hub with `engine-worker` as its first argument, it is that hub's engine worker instead.
//!
//! Exit status: 0 done (for a query: released; for a check: nothing had to be changed), 4 a check that changed the table
//! or an attack that found something, 3 held for checkers, 2 refused, 1 anything else.

mod args;
mod command;
mod credential;
mod exit;
mod fault;
mod progress;
mod target;
mod text;

use args::{Cli, Command};
use clap::Parser;
use fault::Fault;
use std::process::ExitCode;
use target::Place;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == cloister_worker::SUBCOMMAND) {
        return cloister_worker::serve();
    }
    std::panic::set_hook(Box::new(say_little));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            // Exit status 2 means refused; a wrong command line is "anything else".
            return if e.use_stderr() { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS };
        }
    };
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => match runtime.block_on(async { tokio::spawn(run(cli)).await }) {
            Ok(code) => code,
            Err(_) => ExitCode::from(exit::FAILED),
        },
        Err(e) => exit::fail("runtime", &e),
    }
}

/// A panic's own words may hold data of the rows it happened at: they are not printed.
fn say_little(panic: &std::panic::PanicHookInfo<'_>) {
    use std::io::Write;
    let text = panic.payload_as_str().unwrap_or_default();
    // Whoever reads our output has enough of it.
    if !text.starts_with("failed printing to") {
        let place = panic.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        let _ = writeln!(std::io::stderr(), "error[internal]: the program stopped unexpectedly{place}");
    }
}

async fn run(cli: Cli) -> ExitCode {
    let Cli { home, server, ca_file, token_file, command } = cli;
    let place = Place { home, server, ca_file, token_file };
    match command {
        Command::Demo(_) if place.server.is_some() => exit::fault(&Fault::only_local("a demonstration")),
        Command::Init(_) if place.server.is_some() => exit::fault(&Fault::only_local("setting a hub up")),
        Command::Demo(args) => command::demo::run(place.home, args).await,
        Command::Init(args) => command::init::run(place.home, args).await,
        Command::SignIn(args) => command::sign_in::run(place, args).await,
        Command::SignOut => command::sign_out::run(place).await,
        Command::Dataset(args) => command::dataset::run(place, args).await,
        Command::Project(args) => command::project::run(place, args).await,
        Command::Tables(args) => command::tables::run(place, args).await,
        Command::Describe(args) => command::describe::run(place, args).await,
        Command::Query(args) => command::query::run(place, args).await,
        Command::Saved(args) => command::saved::run(place, args).await,
        Command::Approval(args) => command::approval::run(place, args).await,
        Command::Airlock(args) => command::airlock::run(place, args).await,
        Command::Request(args) => command::request::run(place, args).await,
        Command::Workspace(args) => command::workspace::run(place, args).await,
        Command::Person(args) => command::person::run(place, args).await,
        Command::Check(args) => command::check::run(place.home, args),
        Command::Verify(args) => command::verify::run(&args),
        Command::Audit(args) => command::audit::run(place, args).await,
        Command::Ledger(args) => command::ledger::run(place, args).await,
        Command::Policy(args) => command::policy::run(place, args).await,
    }
}
