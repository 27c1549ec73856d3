//! Attacks: what was tried to get at one person's data, and must never work.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod sql;
