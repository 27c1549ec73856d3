//! What the numbers of a column are.

/// A kind of number. The place in [`Measure::ALL`] is its place in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Distinct people, or whatever is counted of them.
    Count,
    /// A sum of amounts.
    Value,
    /// The greatest amount of one person.
    Top1,
    /// The second greatest.
    Top2,
    /// A mean of amounts.
    Mean,
}

impl Measure {
    /// Every kind.
    pub(crate) const ALL: [Self; 5] = [Self::Count, Self::Value, Self::Top1, Self::Top2, Self::Mean];

    /// The kind that columns of this name usually hold.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let lower = name.trim().trim_start_matches('_').to_lowercase();
        match lower.as_str() {
            "n" | "count" | "counts" | "freq" | "frequency" | "freq." | "people" | "n_people"
            | "contributors" | "size" => Some(Self::Count),
            "value" | "sum" => Some(Self::Value),
            "top1" | "max1" | "largest" => Some(Self::Top1),
            "top2" | "max2" | "second" => Some(Self::Top2),
            "mean" | "average" => Some(Self::Mean),
            _ => None,
        }
    }

    /// For people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Value => "value",
            Self::Top1 => "top1",
            Self::Top2 => "top2",
            Self::Mean => "mean",
        }
    }

    /// The place in a cell.
    pub(crate) fn place(self) -> usize {
        self as usize
    }
}

/// Labels that say what a header's column counts, and nothing about the people in it.
pub(crate) fn is_unit(label: &str) -> bool {
    ["no.", "n", "no", "freq.", "freq", "count", "frequency"].contains(&label.to_lowercase().as_str())
}

/// Whether a label usually is that of a total.
pub(crate) fn is_total_name(label: &str) -> bool {
    let names = [
        "all",
        "total",
        "sum",
        "totals",
        "grand total",
        "overall",
        "both",
        "persons",
        "(all)",
        "gesamt",
        "_total_",
        "(total)",
    ];
    names.contains(&label.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_have_their_places() {
        for (place, measure) in Measure::ALL.into_iter().enumerate() {
            assert_eq!(measure.place(), place);
        }
        assert_eq!(Measure::named("_freq"), Some(Measure::Count));
        assert_eq!(Measure::named("Freq"), Some(Measure::Count));
        assert_eq!(Measure::named("North"), None);
    }
}
