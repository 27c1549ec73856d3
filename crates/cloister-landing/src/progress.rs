//! Telling how far a landing is.

/// Told of progress, from several threads.
pub trait Progress: Send + Sync {
    /// A table's files begin to be read.
    fn table(&self, name: &str, bytes: u64);
    /// So many more bytes were read and rows validated.
    fn advance(&self, bytes: u64, rows: u64);
    /// A table is written.
    fn done(&self, rows: u64, rejected: u64);
}

/// Tells nobody.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn table(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
    fn done(&self, _: u64, _: u64) {}
}
