//! Arrow Flight SQL: notebooks, R, DBeaver and BI tools reach the hub with the driver that they already have.
//!
//! Every call asks the same use cases as the pages and the API do, as the person whose access token it carries. A statement is
//! a governed query of a project. What travels is the file of a release's package, after the hub has checked that whoever
//! calls may take it out; there is no other source of rows here. A result that is held is an error that names the request,
//! and the same statement returns the table once it is released.
//!
//! Suppressed cells are NULL. Each column's metadata say what it is and what became of its cells (`cloister:role`,
//! `cloister:states`, `cloister:cells`), and `SELECT * FROM cloister.findings` lists them.

mod binding;
mod call;
mod catalogue;
mod fault;
mod information;
mod own;
mod prepared;
mod running;
mod service;
mod session;
mod stream;
mod ticket;

pub use service::Flight;
