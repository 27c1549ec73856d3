//! Words the whole product shares: names, column classes, digests, data keys.
//!
//! Parse and print, no rules. Everything here is pure: no files, no clock, no randomness.
//!
//! ```
//! use cloister_model::{Digest, Name};
//! let name: Name = "north-hub".parse()?;
//! assert_eq!(name.as_str(), "north-hub");
//! assert!(Digest::of(b"").to_string().starts_with("sha256:e3b0c442"));
//! # Ok::<(), cloister_model::NameError>(())
//! ```

mod class;
mod column;
mod digest;
mod html;
mod name;
mod vault;

pub use class::{ColumnClass, Role};
pub use column::{LandedColumn, LandedType};
pub use digest::{Digest, DigestError, Hasher};
pub use html::html_text;
pub use name::{Ident, Name, NameError};
pub use vault::{
    DataKey, FileKey, LEDGER, WORKSPACES, bucket_file, bucket_path, record_keys_path, workspace_folder,
};
