//! `cloister demo`
use crate::args::DemoArgs;
use std::process::ExitCode;
pub(crate) async fn run(_args: DemoArgs) -> ExitCode {
    ExitCode::FAILURE
}
