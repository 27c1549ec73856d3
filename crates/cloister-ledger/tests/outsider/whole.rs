//! The greatest value of a sum of whole, non-negative unknowns under linear bounds, exactly: simplex on whole numbers, and
//! branches where its corner is no whole point.

/// `coefficients · unknowns ≤ most`.
#[derive(Clone, Debug)]
pub struct AtMost {
    pub coefficients: Vec<i64>,
    pub most: i64,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greatest {
    /// No whole point is within the bounds.
    Nowhere,
    /// Nothing bounds it.
    Unbounded,
    /// The value, and a point that has it.
    At(i64, Vec<i64>),
}

/// A corner of what is within the bounds, its value and unknowns all over one denominator.
enum Corner {
    Nowhere,
    Unbounded,
    At { over: i64, value: i64, unknowns: Vec<i64> },
}

/// The greatest value of `sum · unknowns` over whole points.
pub fn greatest(sum: &[i64], rows: &[AtMost]) -> Greatest {
    let mut best = None;
    match branch(sum, &mut rows.to_vec(), &mut best) {
        Some(unbounded) => unbounded,
        None => best.map_or(Greatest::Nowhere, |(value, point)| Greatest::At(value, point)),
    }
}

/// The greatest value where parts of people count, over its denominator; none where nothing bounds it, or nothing is within.
pub fn greatest_of_parts(sum: &[i64], rows: &[AtMost]) -> Option<(i64, i64)> {
    match corner(sum, rows) {
        Corner::At { over, value, .. } => Some((value, over)),
        Corner::Nowhere | Corner::Unbounded => None,
    }
}

/// Looks for better whole points; something only where there is no bound.
#[allow(clippy::indexing_slicing, reason = "a test may stop here")]
fn branch(sum: &[i64], rows: &mut Vec<AtMost>, best: &mut Option<(i64, Vec<i64>)>) -> Option<Greatest> {
    let (over, value, unknowns) = match corner(sum, rows) {
        Corner::Nowhere => return None,
        // A ray with rational ends has whole points on it wherever there is one whole point: the callers have one.
        Corner::Unbounded => return Some(Greatest::Unbounded),
        Corner::At { over, value, unknowns } => (over, value, unknowns),
    };
    if best.as_ref().is_some_and(|(so_far, _)| value.div_euclid(over) <= *so_far) {
        return None;
    }
    let Some(split) = unknowns.iter().position(|x| x.rem_euclid(over) != 0) else {
        *best = Some((value / over, unknowns.iter().map(|x| x / over).collect()));
        return None;
    };
    let below = unknowns[split].div_euclid(over);
    for (sign, most) in [(1, below), (-1, -(below + 1))] {
        let mut coefficients = vec![0; sum.len()];
        coefficients[split] = sign;
        rows.push(AtMost { coefficients, most });
        let unbounded = branch(sum, rows, best);
        rows.pop();
        if unbounded.is_some() {
            return unbounded;
        }
    }
    None
}

/// A dictionary: each basic unknown is its last entry less the others times the free unknowns, all over `over`. The last two
/// rows are what is made great: the sum, and minus the unknown that lets every bound be broken.
struct Tableau {
    over: i64,
    rows: Vec<Vec<i64>>,
    basic: Vec<usize>,
    free: Vec<usize>,
}

#[allow(clippy::indexing_slicing, reason = "a test may stop here")]
impl Tableau {
    /// Exchanges a basic unknown with a free one. All entries are minors of what was there first, so that the division leaves
    /// nothing (Edmonds, "Systems of distinct representatives and linear algebra", 1967; Bareiss 1968).
    fn pivot(&mut self, row: usize, column: usize) {
        let of_pivot = self.rows[row].clone();
        let pivot = of_pivot[column];
        for (index, entries) in self.rows.iter_mut().enumerate() {
            if index == row {
                continue;
            }
            let here = entries[column];
            for (entry, of_pivot) in entries.iter_mut().zip(&of_pivot) {
                *entry = (pivot * *entry - here * of_pivot) / self.over;
            }
            entries[column] = -here;
        }
        self.rows[row][column] = self.over;
        self.over = pivot;
        if pivot < 0 {
            self.over = -pivot;
            self.rows.iter_mut().flatten().for_each(|entry| *entry = -*entry);
        }
        std::mem::swap(&mut self.basic[row], &mut self.free[column]);
    }

    /// Makes a row's value as great as can be, by Bland's rule, which does not go in circles. False where nothing bounds it.
    fn maximise(&mut self, objective: usize, barred: Option<usize>) -> bool {
        let last = self.free.len();
        loop {
            let better = (0..last).filter(|c| self.rows[objective][*c] < 0 && Some(self.free[*c]) != barred);
            let Some(column) = better.min_by_key(|c| self.free[*c]) else { return true };
            let bounding = (0..self.basic.len()).filter(|r| self.rows[*r][column] > 0);
            let tightest = bounding.min_by(|a, b| {
                let (a, b) = (*a, *b);
                let left = self.rows[a][last] * self.rows[b][column];
                let right = self.rows[b][last] * self.rows[a][column];
                left.cmp(&right).then(self.basic[a].cmp(&self.basic[b]))
            });
            let Some(row) = tightest else { return false };
            self.pivot(row, column);
        }
    }
}

/// The best corner, whole or not.
#[allow(clippy::indexing_slicing, reason = "a test may stop here")]
fn corner(sum: &[i64], rows: &[AtMost]) -> Corner {
    let (count, breaker) = (sum.len(), sum.len());
    let mut all: Vec<Vec<i64>> =
        rows.iter().map(|row| row.coefficients.iter().copied().chain([-1, row.most]).collect()).collect();
    all.push(sum.iter().map(|x| -x).chain([0, 0]).collect());
    all.push(std::iter::repeat_n(0, count).chain([1, 0]).collect());
    let (sums, breaks) = (rows.len(), rows.len() + 1);
    let basic = (count + 1..=count + rows.len()).collect();
    let mut tableau = Tableau { over: 1, rows: all, basic, free: (0..=breaker).collect() };
    let last = count + 1;
    let worst = (0..rows.len()).min_by_key(|row| rows[*row].most);
    if let Some(row) = worst.filter(|row| rows[*row].most < 0) {
        tableau.pivot(row, breaker);
        // Minus something that is not negative: it is bounded by nought.
        assert!(tableau.maximise(breaks, None), "the first phase is bounded");
        if tableau.rows[breaks][last] < 0 {
            return Corner::Nowhere;
        }
        if let Some(row) = tableau.basic.iter().position(|unknown| *unknown == breaker)
            && let Some(column) = (0..last).find(|column| tableau.rows[row][*column] != 0)
        {
            tableau.pivot(row, column);
        }
    }
    if !tableau.maximise(sums, Some(breaker)) {
        return Corner::Unbounded;
    }
    let mut unknowns = vec![0; count];
    for (row, unknown) in tableau.basic.iter().enumerate() {
        if *unknown < count {
            unknowns[*unknown] = tableau.rows[row][last];
        }
    }
    Corner::At { over: tableau.over, value: tableau.rows[sums][last], unknowns }
}
