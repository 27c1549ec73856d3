//! Attacks: what was tried to get at one person's data, and must never work. Numbers refer to the classes of the
//! project's list of attacks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod comparison;
mod extract;
mod outside;
mod region;
mod released;
mod sql;
mod workspace;
