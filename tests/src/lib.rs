//! A hub of its own for every test, driven through the command line or a server.
//!
//! Nothing here looks inside the programs: what a test knows, a person could see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

mod database;
mod hub;
mod postgres;
mod provider;
mod server;
mod shared_data;

pub use database::Database;
pub use hub::{Done, Hub, omop, policies, project};
pub use postgres::Postgres;
pub use provider::{Jar, Provider, field};
pub use server::{Answered, Browser, Server};
