//! Functions that are usually the platform's, from `+ - * /` alone: the last bit of a platform's `exp`
//! differs from machine to machine, and a region must be the same bytes on each.

use std::f64::consts::{LN_2, LOG2_E, PI};

/// `e` to a power, by powers of two and the Taylor series; 0 or huge where that is out of reach.
pub(crate) fn exp(x: f64) -> f64 {
    let twos = (x * LOG2_E).round().clamp(-1_000.0, 1_000.0);
    let rest = (x - twos * LN_2).clamp(-1.0, 1.0);
    let series = (1..=16).rev().fold(1.0, |sum, n| 1.0 + sum * rest / f64::from(n));
    // The exponent bits of 2^twos; the clamp keeps them in range.
    series * f64::from_bits(((twos as i64 + 1_023) as u64) << 52)
}

/// The natural logarithm of a positive, normal number, by its exponent and the series of `artanh`.
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut twos = ((bits >> 52) & 0x7ff) as f64 - 1_023.0;
    let mut part = f64::from_bits((bits & ((1 << 52) - 1)) | (1_023 << 52));
    if part > std::f64::consts::SQRT_2 {
        (part, twos) = (part / 2.0, twos + 1.0);
    }
    let s = (part - 1.0) / (part + 1.0);
    let series = (0..=11).rev().fold(0.0, |sum, n| sum * s * s + 1.0 / f64::from(2 * n + 1));
    twos * LN_2 + 2.0 * s * series
}

/// A positive number to a power.
pub(crate) fn power(base: f64, exponent: f64) -> f64 {
    exp(exponent * ln(base))
}

/// The cosine of a share of the whole turn, from 0 to 1, by its Taylor series in the first quarter.
pub(crate) fn cos_turn(turn: f64) -> f64 {
    let half = if turn > 0.5 { 1.0 - turn } else { turn };
    let (quarter, sign) = if half > 0.25 { (0.5 - half, -1.0) } else { (half, 1.0) };
    let square = (2.0 * PI * quarter) * (2.0 * PI * quarter);
    sign * (1..=12).rev().fold(1.0, |sum, n| 1.0 - sum * square / f64::from((2 * n - 1) * (2 * n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_they_are_called() {
        let near = |ours: f64, theirs: f64, x: f64| {
            assert!((ours - theirs).abs() <= 1e-13 * theirs.abs().max(1e-2), "{x}: {ours} {theirs}");
        };
        for step in 0..=10_000 {
            let x = f64::from(step) / 10_000.0;
            near(exp(60.0 * x - 30.0), (60.0 * x - 30.0).exp(), x);
            near(cos_turn(x), (2.0 * PI * x).cos(), x);
            let positive = (40.0 * x - 30.0).exp();
            near(ln(positive), positive.ln(), positive);
            near(power(0.05 + 3.0 * x, 7.0 * x - 2.0), (0.05 + 3.0 * x).powf(7.0 * x - 2.0), x);
        }
    }

    #[test]
    fn nothing_is_out_of_reach() {
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e9) < 1e-290 && exp(1e9) > 1e290);
        assert_eq!(ln(1.0), 0.0);
    }
}
