//! What one thread remembers of one column: most columns say few things many times, and each distinct text
//! is checked and pseudonymised once.

use crate::identity::{Identity, identity};
use cloister_governance::contract::PersonScheme;
use cloister_pseudonym::Pseudonym;
use hashbrown::HashMap;

/// Texts remembered; more are not worth their memory.
const TEXTS_MAX: usize = 1 << 14;

/// Texts that the contract accepts, each with its pseudonym where the column is pseudonymised.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    known: HashMap<Box<str>, Option<Pseudonym>>,
    hits: usize,
    misses: usize,
    off: bool,
    /// The person of the row before, as the extract writes them: a person's rows often come together.
    person: Option<(String, Identity)>,
}

impl Memo {
    /// The person in a field.
    pub(crate) fn person(&mut self, text: &str, scheme: &PersonScheme) -> Result<Identity, &'static str> {
        if let Some((before, person)) = &self.person
            && before == text
        {
            return Ok(person.clone());
        }
        let person = identity(scheme, text)?;
        self.person = Some((text.to_owned(), person.clone()));
        Ok(person)
    }

    /// What a text landed as, where it is remembered.
    pub(crate) fn get(&mut self, text: &str) -> Option<Option<Pseudonym>> {
        if self.off {
            return None;
        }
        let found = self.known.get(text).copied();
        match found {
            Some(_) => self.hits += 1,
            None => self.misses += 1,
        }
        found
    }

    /// Remembers an accepted text. A column that seldom says the same thing twice is not remembered at all.
    pub(crate) fn keep(&mut self, text: &str, pseudonym: Option<Pseudonym>) {
        if self.off {
            return;
        }
        if self.known.len() >= TEXTS_MAX {
            self.off = self.hits < self.misses;
            self.known = HashMap::new();
            (self.hits, self.misses) = (0, 0);
        }
        if !self.off {
            self.known.insert(text.into(), pseudonym);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_remembered_and_what_does_not_is_given_up() {
        let mut memo = Memo::default();
        assert_eq!(memo.get("a"), None);
        memo.keep("a", None);
        assert_eq!(memo.get("a"), Some(None));
        let mut once = Memo::default();
        for i in 0..TEXTS_MAX * 2 {
            let text = i.to_string();
            assert_eq!(once.get(&text), None);
            once.keep(&text, None);
        }
        assert!(once.off && once.known.is_empty());
    }
}
