//! Who a row is about.

use cloister_governance::contract::PersonScheme;
use cloister_pseudonym::{PeopleError, PeopleIndex, Pseudonym, PseudonymKeys};
use hashbrown::HashMap;

/// A person as the extract names them, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Identity {
    /// Ten digits as a number.
    NhsNumber(u64),
    /// A source's own identifier.
    Local(Box<[u8]>),
}

/// The person in a field, or the code of what is wrong with it.
pub(crate) fn identity(scheme: &PersonScheme, text: &str) -> Result<Identity, &'static str> {
    match scheme {
        PersonScheme::NhsNumber => nhs_number(text).map(Identity::NhsNumber),
        PersonScheme::Local(_) if text.is_empty() => Err("person-missing"),
        PersonScheme::Local(_) => Ok(Identity::Local(text.as_bytes().into())),
    }
}

/// An NHS number: ten digits with spaces and hyphens ignored, the check digit by modulus 11 (NHS Data
/// Dictionary, "NHS NUMBER"), and not all the same digit.
pub(crate) fn nhs_number(text: &str) -> Result<u64, &'static str> {
    if text.is_empty() {
        return Err("nhs-number-missing");
    }
    // Between digits a hyphen parts them; before or after, it is a sign or a slip.
    if text.starts_with('-') || text.ends_with('-') {
        return Err("nhs-number-invalid");
    }
    let mut digits = [0i8; 10];
    let mut count = 0;
    for byte in text.bytes().filter(|b| !matches!(b, b' ' | b'-')) {
        match digits.get_mut(count) {
            Some(digit) if byte.is_ascii_digit() => *digit = i8::try_from(byte - b'0').unwrap_or_default(),
            _ => return Err("nhs-number-invalid"),
        }
        count += 1;
    }
    let varied = digits.windows(2).any(|pair| matches!(pair, [a, b] if a != b));
    if count != 10 || !varied || !nhs_number::validate_check_digit(digits) {
        return Err("nhs-number-invalid");
    }
    Ok(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit.unsigned_abs())))
}

/// The pseudonym of a person.
pub(crate) fn pseudonym(keys: &PseudonymKeys, scheme: &PersonScheme, identity: &Identity) -> Pseudonym {
    match (identity, scheme) {
        (Identity::NhsNumber(number), _) => keys.person_by_nhs_number(format!("{number:010}").as_bytes()),
        (Identity::Local(id), PersonScheme::Local(name)) => keys.person_by_local_id(name.as_str(), id),
        (Identity::Local(id), PersonScheme::NhsNumber) => keys.person_by_local_id("", id),
    }
}

/// People's numbers during one landing: each identity is pseudonymised once.
pub(crate) struct People<'a> {
    keys: &'a PseudonymKeys,
    scheme: &'a PersonScheme,
    index: &'a mut PeopleIndex,
    known: HashMap<Identity, u32>,
    /// Extracts often have a person's rows together.
    last: Option<(Identity, u32)>,
}

impl<'a> People<'a> {
    pub(crate) fn new(keys: &'a PseudonymKeys, scheme: &'a PersonScheme, index: &'a mut PeopleIndex) -> Self {
        Self { keys, scheme, index, known: HashMap::new(), last: None }
    }

    /// Everybody's record key, by their numbers.
    pub(crate) fn record_keys(&self) -> Vec<u32> {
        self.index.record_keys(self.keys)
    }

    pub(crate) fn number(&mut self, identity: Identity) -> Result<u32, PeopleError> {
        if let Some((last, number)) = &self.last
            && *last == identity
        {
            return Ok(*number);
        }
        let number = match self.known.get(&identity) {
            Some(number) => *number,
            None => {
                let number = self.index.number(pseudonym(self.keys, self.scheme, &identity))?;
                self.known.insert(identity.clone(), number);
                number
            }
        };
        self.last = Some((identity, number));
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nhs_numbers() {
        for (text, expected) in [
            ("9434765919", Ok(9_434_765_919)),
            ("943 476 5919", Ok(9_434_765_919)),
            ("943-476-5919", Ok(9_434_765_919)),
            ("9434765918", Err("nhs-number-invalid")),
            ("943476591", Err("nhs-number-invalid")),
            ("94347659190", Err("nhs-number-invalid")),
            ("9999999999", Err("nhs-number-invalid")),
            ("943476591X", Err("nhs-number-invalid")),
            ("", Err("nhs-number-missing")),
            (" ", Err("nhs-number-invalid")),
        ] {
            assert_eq!(nhs_number(text), expected, "{text}");
        }
    }

    /// The crate's check digit against modulus 11 as the data dictionary states it.
    #[test]
    fn the_check_digit_is_modulus_eleven() {
        let mut valid = 0;
        for nine in (400_000_000u64..1_000_000_000).step_by(7_919) {
            let sum: u64 = (0..9).map(|i| nine / 10u64.pow(8 - i) % 10 * u64::from(10 - i)).sum();
            let check = (11 - sum % 11) % 11;
            for last in 0..10 {
                let number = nine * 10 + last;
                let expected = check == last;
                assert_eq!(nhs_number(&number.to_string()).is_ok(), expected, "{number}");
                valid += u32::from(expected);
            }
        }
        assert!(valid > 60_000);
    }
}
