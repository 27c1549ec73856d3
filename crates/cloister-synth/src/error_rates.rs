//! How often an extract is wrong, and how.

/// The share of rows, from 0 to 1, with each kind of error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorRates {
    /// No NHS number. Must be rejected.
    pub nhs_number_missing: f64,
    /// An NHS number with one digit changed, which its check digit shows. Must be rejected.
    pub nhs_number_typo: f64,
    /// Day and month of a date swapped. Must be rejected where no such date exists.
    pub day_month_swapped: f64,
    /// A letter of a surname changed. Lands.
    pub name_typo: f64,
    /// A former postcode. Lands.
    pub moved_house: f64,
    /// The row before, again. Must be rejected where a person may have one row only.
    pub duplicate_row: f64,
    /// A code of no code list. Must be rejected.
    pub bad_code: f64,
    /// A number that cannot be. Must be rejected.
    pub out_of_range: f64,
}

impl Default for ErrorRates {
    /// As extracts are on a good day: about one row in a hundred is rejected.
    fn default() -> Self {
        Self {
            nhs_number_missing: 0.004,
            nhs_number_typo: 0.003,
            day_month_swapped: 0.004,
            name_typo: 0.01,
            moved_house: 0.02,
            duplicate_row: 0.002,
            bad_code: 0.002,
            out_of_range: 0.001,
        }
    }
}

impl ErrorRates {
    /// Nothing is wrong.
    pub const NONE: Self = Self {
        nhs_number_missing: 0.0,
        nhs_number_typo: 0.0,
        day_month_swapped: 0.0,
        name_typo: 0.0,
        moved_house: 0.0,
        duplicate_row: 0.0,
        bad_code: 0.0,
        out_of_range: 0.0,
    };

    /// Whether all are shares, from 0 to 1.
    pub(crate) fn are_shares(&self) -> bool {
        let Self {
            nhs_number_missing,
            nhs_number_typo,
            day_month_swapped,
            name_typo,
            moved_house,
            duplicate_row,
            bad_code,
            out_of_range,
        } = self;
        let identity = [nhs_number_missing, nhs_number_typo, day_month_swapped, name_typo, moved_house];
        let rows = [duplicate_row, bad_code, out_of_range];
        identity.into_iter().chain(rows).all(|rate| (0.0..=1.0).contains(rate))
    }
}
