//! That somebody may do something.

use crate::{Act, Action, Object};
use std::fmt;
use std::marker::PhantomData;

/// That somebody may do `A` to one thing. Only [`crate::Access::may`] makes one; an effect takes it, and looks
/// whether it is about the thing that it changes. It can be neither copied nor stored.
#[must_use = "a proof is to be consumed by what it allows"]
pub struct Proof<A: Act> {
    principal: String,
    resource: String,
    act: PhantomData<A>,
}

impl<A: Act> Proof<A> {
    pub(crate) fn new(principal: &str, resource: &str) -> Self {
        Self { principal: principal.to_owned(), resource: resource.to_owned(), act: PhantomData }
    }

    /// Who may: what the audit log names as actor.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// What.
    pub fn action(&self) -> Action {
        A::ACTION
    }

    /// The kind of thing.
    pub fn kind(&self) -> &'static str {
        A::On::KIND
    }

    /// The thing's name or id.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// Whether it is about this thing.
    pub fn covers(&self, id: impl AsRef<str>) -> bool {
        self.resource == id.as_ref()
    }
}

impl<A: Act> fmt::Debug for Proof<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (action, kind) = (A::ACTION.as_str(), A::On::KIND);
        write!(f, "Proof({} may {action} {kind} {})", self.principal, self.resource)
    }
}
