//! The product as people use it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod airlock;
mod approval;
mod audit;
mod bad_extract;
mod bad_query;
mod check;
mod contract;
mod identifiers;
mod innocent;
mod kill;
mod landing;
mod ledger;
mod noise;
mod omop;
mod package;
mod policy;
mod project;
mod query;
mod server;
mod totals;
mod twin;
mod workbench;
mod worker;
mod workspace;
