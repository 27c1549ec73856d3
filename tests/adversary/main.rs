//! Attacks: what was tried to get at one person's data, and must never work. Numbers refer to the classes of the
//! project's list of attacks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attacks;
mod comparison;
mod extract;
mod outside;
mod plain;
mod region;
mod released;
mod sequence;
mod sql;
mod workspace;
mod world;
