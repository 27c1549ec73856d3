//! Long lists, a page at a time.

use crate::problem::Problem;
use cloister_hub::HubError;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Window {
    /// The `next` of the page before; the first page where absent.
    pub(crate) after: Option<String>,
    /// How many at most: 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub(crate) limit: Option<u16>,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// What is on it.
    pub(crate) items: Vec<T>,
    /// What to ask the next page with; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) next: Option<String>,
}

impl Window {
    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=200 => Ok(usize::from(limit)),
            _ => Err(Problem::new(400, "parameter", "`limit` must be from 1 to 200.")),
        }
    }

    /// The problem of a list that does not hold what it should go on after.
    pub(crate) fn wrong(&self, error: HubError) -> Problem {
        match (&error, &self.after) {
            (HubError::NotFound(_, id), Some(after)) if id == after => {
                Problem::new(400, "parameter", "`after` names nothing on this list.")
            }
            _ => error.into(),
        }
    }

    /// The page of all these, each of which has a key that stays.
    pub(crate) fn of<T>(&self, all: Vec<T>, key: impl Fn(&T) -> String) -> Result<Page<T>, Problem> {
        let limit = self.limit()?;
        let from = match &self.after {
            None => 0,
            Some(after) => match all.iter().position(|item| key(item) == *after) {
                Some(found) => found + 1,
                None => return Err(Problem::new(400, "parameter", "`after` names nothing on this list.")),
            },
        };
        let left = all.len().saturating_sub(from);
        let items: Vec<T> = all.into_iter().skip(from).take(limit).collect();
        let next = items.last().filter(|_| left > limit).map(&key);
        Ok(Page { items, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another() {
        let all = || (1..=5).collect::<Vec<u32>>();
        let window =
            |after: Option<&str>, limit| Window { after: after.map(str::to_owned), limit: Some(limit) };
        let first = window(None, 2).of(all(), u32::to_string).unwrap();
        assert_eq!((first.items, first.next.as_deref()), (vec![1, 2], Some("2")));
        let last = window(Some("4"), 2).of(all(), u32::to_string).unwrap();
        assert_eq!((last.items, last.next), (vec![5], None));
        let whole = window(None, 5).of(all(), u32::to_string).unwrap();
        assert_eq!(whole.next, None);
        assert!(window(Some("9"), 2).of(all(), u32::to_string).is_err());
        assert!(window(None, 0).of(all(), u32::to_string).is_err());
        assert!(window(None, 201).of(all(), u32::to_string).is_err());
    }
}
