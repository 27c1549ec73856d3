//! The workflow of release requests, from outside: states, review, what each person sees, and the page of the
//! documentation.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod cast;
mod page;
mod property;
mod records;
mod review;
mod separation;
mod states;
mod views;
