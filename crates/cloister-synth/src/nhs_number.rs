//! NHS numbers of the range that is never given to anybody.

/// The check digit of the first nine digits by modulus 11 (NHS Data Dictionary, "NHS NUMBER"); none where
/// it would be 10, as such numbers are not given.
pub fn check_digit(nine: u32) -> Option<u32> {
    let (mut rest, mut sum) = (nine, 0);
    for weight in 2..=10 {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit),
    }
}

/// How many people a region can have. Of the ten numbers that differ in the ninth digit alone, at least nine
/// have a check digit, because that digit's weight (2) has an inverse modulo 11; one number is not used, see below.
pub(crate) const PEOPLE_MAX: u32 = 89_999_999;

/// Numbers that begin with 9, each once, in an order that says nothing; at least [`PEOPLE_MAX`] of them.
#[derive(Clone, Debug)]
pub(crate) struct NhsNumbers {
    next: u64,
    offset: u64,
}

impl NhsNumbers {
    const RANGE: u64 = 100_000_000;
    /// Prime to the range, so that the steps meet every number before they meet one again.
    const STEP: u64 = 61_803_399;
    /// 9999999999 has the right check digit, and is what people type where there is no number.
    const ALL_NINES: u32 = 999_999_999;

    pub(crate) fn new(seed: u64) -> Self {
        Self { next: 0, offset: seed % Self::RANGE }
    }
}

impl Iterator for NhsNumbers {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while self.next < Self::RANGE {
            let place = (self.next * Self::STEP + self.offset) % Self::RANGE;
            self.next += 1;
            let nine = 900_000_000 + u32::try_from(place).unwrap_or_default();
            if let Some(check) = check_digit(nine).filter(|_| nine != Self::ALL_NINES) {
                return Some(format!("{nine}{check}"));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_data_dictionarys_example() {
        assert_eq!(check_digit(943_476_591), Some(9));
        assert_eq!(check_digit(401_023_213), Some(7));
    }

    #[test]
    fn the_number_of_nothing_but_nines_is_nobodys() {
        let mut numbers = NhsNumbers { next: 0, offset: 99_999_999 };
        assert_eq!(check_digit(999_999_999), Some(9));
        assert_ne!(numbers.next().as_deref(), Some("9999999999"));
    }

    #[test]
    fn numbers_are_of_the_test_range_and_never_repeat() {
        let numbers: Vec<String> = NhsNumbers::new(7).take(100_000).collect();
        assert!(numbers.iter().all(|n| n.starts_with('9') && n.len() == 10));
        assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len());
        for number in &numbers {
            let (nine, check) = number.split_at(9);
            assert_eq!(check_digit(nine.parse().unwrap()), check.parse().ok());
        }
    }
}
