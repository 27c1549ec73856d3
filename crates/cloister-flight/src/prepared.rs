//! Prepared statements: texts that a client keeps here for a while, each its own.

use crate::fault::{absent, internal, status};
use bytes::Bytes;
use cloister_hub::{Given, Template};
use cloister_model::Name;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// Statements that one person keeps at once.
const OF_ONE_MAX: usize = 100;
/// Statements that are kept in all.
const ALL_MAX: usize = 10_000;
/// How long one is kept that nobody uses.
const IDLE_MAX: Duration = Duration::from_hours(1);
/// The longest text.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// A statement that is kept.
#[derive(Clone, Debug)]
struct Kept {
    owner: Name,
    template: Arc<Template>,
    values: Vec<Given>,
    used: Instant,
}

/// The statements that are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prepared(Arc<Mutex<HashMap<Bytes, Kept>>>);

impl Prepared {
    /// Keeps a statement for somebody, under a handle that nobody can guess.
    pub(crate) fn keep(&self, owner: &Name, sql: &str) -> Result<(Bytes, Arc<Template>), Status> {
        if sql.len() > TEXT_BYTES_MAX {
            return Err(status(Code::InvalidArgument, "too-long", "The statement is too long."));
        }
        let template = Template::of(sql).map_err(|reason| crate::fault::of_reason(&reason))?;
        let template = Arc::new(template);
        let mut handle = [0u8; 16];
        getrandom::fill(&mut handle).map_err(|_| internal())?;
        let handle = Bytes::copy_from_slice(&handle);
        let (now, mut kept) = (Instant::now(), self.lock());
        kept.retain(|_, k| now.duration_since(k.used) < IDLE_MAX);
        let own = kept.values().filter(|k| k.owner == *owner).count();
        if own >= OF_ONE_MAX || kept.len() >= ALL_MAX {
            let text = "Too many prepared statements are open; close some.";
            return Err(status(Code::ResourceExhausted, "too-many-statements", text));
        }
        let values = Vec::new();
        kept.insert(
            handle.clone(),
            Kept { owner: owner.clone(), template: Arc::clone(&template), values, used: now },
        );
        Ok((handle, template))
    }

    /// Somebody's statement, without its values.
    pub(crate) fn template(&self, owner: &Name, handle: &[u8]) -> Result<Arc<Template>, Status> {
        self.with(owner, handle, |kept| Arc::clone(&kept.template))
    }

    /// Binds values to somebody's statement.
    pub(crate) fn bind(&self, owner: &Name, handle: &[u8], values: Vec<Given>) -> Result<(), Status> {
        self.with(owner, handle, |kept| kept.values = values)
    }

    /// The text of somebody's statement with its values.
    pub(crate) fn text(&self, owner: &Name, handle: &[u8]) -> Result<String, Status> {
        let bound = self.with(owner, handle, |kept| kept.template.bound(&kept.values))?;
        bound.map_err(|reason| crate::fault::of_reason(&reason))
    }

    /// Forgets somebody's statement.
    pub(crate) fn close(&self, owner: &Name, handle: &[u8]) {
        let mut kept = self.lock();
        if kept.get(handle).is_some_and(|k| k.owner == *owner) {
            kept.remove(handle);
        }
    }

    fn with<T>(&self, owner: &Name, handle: &[u8], act: impl FnOnce(&mut Kept) -> T) -> Result<T, Status> {
        let mut all = self.lock();
        let kept = all.get_mut(handle).filter(|k| k.owner == *owner).ok_or_else(absent)?;
        kept.used = Instant::now();
        Ok(act(kept))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Bytes, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_its_owners_alone() {
        let (prepared, one, two) = (Prepared::default(), "one".parse().unwrap(), "two".parse().unwrap());
        let (handle, _) = prepared.keep(&one, "SELECT 1").unwrap();
        assert_eq!(prepared.text(&one, &handle).unwrap(), "SELECT 1");
        assert_eq!(prepared.text(&two, &handle).unwrap_err().code(), Code::NotFound);
        prepared.close(&two, &handle);
        assert!(prepared.text(&one, &handle).is_ok());
        prepared.close(&one, &handle);
        assert_eq!(prepared.text(&one, &handle).unwrap_err().code(), Code::NotFound);
    }

    #[test]
    fn nobody_fills_the_memory() {
        let (prepared, one) = (Prepared::default(), "one".parse().unwrap());
        for _ in 0..OF_ONE_MAX {
            prepared.keep(&one, "SELECT 1").unwrap();
        }
        assert_eq!(prepared.keep(&one, "SELECT 1").unwrap_err().code(), Code::ResourceExhausted);
        assert!(prepared.keep(&"two".parse().unwrap(), "SELECT 1").is_ok());
        assert!(prepared.keep(&one, &"x".repeat(TEXT_BYTES_MAX + 1)).is_err());
    }
}
