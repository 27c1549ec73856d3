//! The access policies: every rule both ways, the whole matrix, and agreement with the airlock's own rules.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod agreement;
mod cast;
mod matrix;
mod policies;
mod rules;
