//! Oracle cases: what must be true, with where the expectation comes from. Never regenerated.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod acro;
mod disclosure;
mod omop;
