//! One file a verb.

pub(crate) mod airlock;
pub(crate) mod approval;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod dataset;
pub(crate) mod demo;
pub(crate) mod describe;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod ledger;
pub(crate) mod person;
pub(crate) mod policy;
pub(crate) mod project;
pub(crate) mod query;
pub(crate) mod request;
pub(crate) mod saved;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod tables;
pub(crate) mod twin;
pub(crate) mod verify;
pub(crate) mod workspace;
