//! Long-term conditions: how common they are by age, sex and deprivation.

use crate::arithmetic::power;

/// A long-term condition.
#[derive(Debug)]
pub(crate) struct Condition {
    /// SNOMED CT code, used by the journal.
    pub(crate) snomed: &'static str,
    /// ICD-10 code, used by the hospital.
    pub(crate) icd10: &'static str,
    /// Prevalence at the age where it is reckoned from.
    pub(crate) base: f64,
    /// By how much prevalence grows over ten years of age.
    pub(crate) per_decade: f64,
    /// The age below which it does not occur.
    pub(crate) from_age: u32,
    /// Prevalence in the most over the least deprived tenth.
    pub(crate) deprivation: f64,
    /// Prevalence in men over women.
    pub(crate) men: f64,
    /// How many more contacts a year it brings.
    pub(crate) contacts: f64,
    /// The medicine's code (dm+d, made up to its form).
    pub(crate) medicine: &'static str,
    /// Its name, in truth files.
    pub(crate) name: &'static str,
}

const fn condition(
    name: &'static str,
    codes: (&'static str, &'static str, &'static str),
    age: (u32, f64, f64),
    deprivation: f64,
    men: f64,
    contacts: f64,
) -> Condition {
    Condition {
        name,
        snomed: codes.0,
        icd10: codes.1,
        medicine: codes.2,
        from_age: age.0,
        base: age.1,
        per_decade: age.2,
        deprivation,
        men,
        contacts,
    }
}

/// Diabetes stands first: pathology looks for it.
pub(crate) const CONDITIONS: &[Condition] = &[
    condition("diabetes", ("44054006", "E11", "39112811000001101"), (30, 0.02, 1.55), 2.0, 1.3, 3.0),
    condition("hypertension", ("38341003", "I10", "39112711000001105"), (30, 0.06, 1.6), 1.3, 1.1, 1.5),
    condition("asthma", ("195967001", "J45", "39113611000001102"), (5, 0.09, 0.98), 1.4, 0.9, 1.0),
    condition("copd", ("13645005", "J44", "39113511000001101"), (40, 0.02, 1.7), 3.0, 1.2, 3.0),
    condition("depression", ("35489007", "F32", "39112911000001109"), (15, 0.12, 1.0), 1.8, 0.6, 2.0),
    condition(
        "chronic-kidney-disease",
        ("709044004", "N18", "39113011000001108"),
        (45, 0.02, 1.9),
        1.4,
        0.9,
        1.5,
    ),
    condition("heart-failure", ("84114007", "I50", "39113111000001109"), (50, 0.01, 2.0), 1.6, 1.3, 4.0),
    condition("stroke", ("230690007", "I63", "39113211000001103"), (45, 0.01, 1.8), 1.5, 1.2, 2.0),
    condition("cancer", ("363346000", "C80", "39113311000001106"), (20, 0.008, 1.55), 1.0, 0.95, 4.0),
    condition("dementia", ("52448006", "F03", "39113411000001104"), (65, 0.02, 2.6), 1.2, 0.8, 4.0),
    condition("epilepsy", ("84757009", "G40", "39113711000001107"), (5, 0.009, 1.0), 1.5, 1.0, 1.5),
    condition("cystic-fibrosis", ("190905008", "E84", "39113811000001109"), (0, 0.000_2, 0.9), 1.0, 1.0, 8.0),
];

impl Condition {
    /// How likely a person has it.
    pub(crate) fn prevalence(&self, age: u32, decile: u32, male: bool) -> f64 {
        if age < self.from_age {
            return 0.0;
        }
        let decades = f64::from(age - self.from_age) / 10.0;
        // Geometric in the decile: the whole ratio between decile 1 and decile 10, none in the middle.
        let deprivation = power(self.deprivation, (5.5 - f64::from(decile)) / 9.0);
        let sex = if male { self.men.sqrt() } else { 1.0 / self.men.sqrt() };
        (self.base * power(self.per_decade, decades) * deprivation * sex).min(0.75)
    }
}
