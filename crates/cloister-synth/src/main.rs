//! `cloister-synth`: writes a synthetic region's extracts.

use clap::Parser;
use cloister_synth::{ErrorRates, Region};
use std::path::PathBuf;
use std::process::ExitCode;

/// Writes the extracts that five organisations would send of a population that does not exist.
#[derive(Debug, Parser)]
#[command(name = "cloister-synth", version)]
struct Cli {
    /// How many people.
    #[arg(long, default_value_t = 20_000)]
    people: u32,
    /// What everything is drawn from: the same seed, the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// About how many events each person has.
    #[arg(long, default_value_t = 20.0)]
    events_per_person: f64,
    /// Without errors.
    #[arg(long)]
    clean: bool,
    /// The folder to write into.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let errors = if cli.clean { ErrorRates::NONE } else { ErrorRates::default() };
    let region =
        Region { seed: cli.seed, people: cli.people, events_per_person: cli.events_per_person, errors };
    match region.write(&cli.out) {
        Ok(summary) => {
            for table in summary.tables {
                println!("{}: {} rows, {} of them to be rejected", table.name, table.rows, table.must_reject);
            }
            ExitCode::SUCCESS
        }
        Err(e) => {
            eprintln!("error: {}: {e}", cli.out.display());
            ExitCode::FAILURE
        }
    }
}
