//! One file a verb.

pub(crate) mod audit;
pub(crate) mod dataset;
pub(crate) mod demo;
pub(crate) mod init;
pub(crate) mod project;
pub(crate) mod query;
pub(crate) mod request;
pub(crate) mod workspace;
