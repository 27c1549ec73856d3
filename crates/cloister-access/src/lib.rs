//! May this person do this? Evaluates `policies/access` and yields proofs.
//!
//! Pure: whoever asks brings the facts and the time. A [`Proof`] names who, what and to which thing; only
//! [`Access::may`] makes one, and what has an effect takes one. Nothing is permitted that no policy permits, and
//! what somebody may not see looks as though it did not exist.
//!
//! ```
//! use cloister_access::{Access, Hub, Person, Principal, act};
//! let access = Access::new()?;
//! let now = "2026-03-01T09:30:00Z".parse()?;
//! assert!(access.may::<act::ViewRegister>(&Principal::Anonymous, &Hub, now).is_ok());
//! assert!(access.may::<act::ReadAudit>(&Principal::Anonymous, &Hub, now).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A proof cannot be made otherwise, nor used twice:
//!
//! ```compile_fail,E0451
//! use cloister_access::{Proof, act};
//! let proof = Proof::<act::Vote> { principal: "me".into(), resource: "it".into(), act: std::marker::PhantomData };
//! ```
//! ```compile_fail,E0382
//! fn twice(proof: cloister_access::Proof<cloister_access::act::Vote>) {
//!     drop(proof);
//!     drop(proof);
//! }
//! ```
//!
//! It must not look anything up, and must not know what an act does.

mod access;
mod action;
mod denied;
mod entities;
mod policies;
mod principal;
mod proof;
mod resource;

pub use access::Access;
pub use action::{Act, Action, act};
pub use denied::{Denied, Reason};
pub use policies::PolicyError;
pub use principal::{Person, Principal};
pub use proof::Proof;
pub use resource::{Account, Dataset, Hub, Object, Project, ProjectState, Query, Request, Resource};
