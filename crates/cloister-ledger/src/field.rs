//! Numbers modulo the prime 2^61 − 1.

/// The prime.
pub(crate) const PRIME: u64 = (1 << 61) - 1;

/// A number below twice the prime, brought under it. Without a branch: which way it went would look random to the processor.
fn reduced(a: u64) -> u64 {
    a.min(a.wrapping_sub(PRIME))
}

/// A sum.
pub(crate) fn add(a: u64, b: u64) -> u64 {
    reduced(a.wrapping_add(b))
}

/// A difference.
pub(crate) fn subtract(a: u64, b: u64) -> u64 {
    reduced(a.wrapping_add(PRIME - b))
}

/// A product.
pub(crate) fn multiply(a: u64, b: u64) -> u64 {
    multiply_add(a, b, 0)
}

/// A product, and a number more.
pub(crate) fn multiply_add(a: u64, b: u64, more: u64) -> u64 {
    let whole = (u128::from(a) * u128::from(b)).wrapping_add(u128::from(more));
    // Below 2^122: the two halves of 61 bits, added, are below twice the prime. The masks let no conversion fail.
    let low = u64::try_from(whole & u128::from(PRIME)).unwrap_or_default();
    let high = u64::try_from((whole >> 61) & u128::from(PRIME)).unwrap_or_default();
    reduced(low.wrapping_add(high))
}

/// What a number is multiplied with to get one; nothing for zero.
pub(crate) fn inverse(a: u64) -> u64 {
    let (mut result, mut base, mut power) = (1, a, PRIME - 2);
    while power > 0 {
        if power & 1 == 1 {
            result = multiply(result, base);
        }
        base = multiply(base, base);
        power >>= 1;
    }
    result
}

/// The fraction that a number is, its parts at most √(prime / 2): the numerator and the denominator, which is above nothing. There
/// is one at most (Wang 1981; half of the extended Euclidean algorithm).
pub(crate) fn fraction(a: u64) -> Option<(i64, i64)> {
    let small = |a: i64| a.unsigned_abs() <= (PRIME / 2).isqrt();
    let (mut before, mut rest) = (i64::try_from(PRIME).ok()?, i64::try_from(a).ok()?);
    let (mut times_before, mut times) = (0, 1);
    while !small(rest) {
        let quotient = before / rest;
        (before, rest) = (rest, before % rest);
        (times_before, times) = (times, times_before - quotient * times);
    }
    let sign = i64::signum(times);
    small(times).then_some((sign * rest, sign * times))
}

/// A number that looks random and is the same for the same seed (SplitMix64, Steele, Lea and Flood 2014).
pub(crate) fn mixed(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// What looks like a random number below the prime, for each seed another.
pub(crate) fn random(seed: u64) -> u64 {
    mixed(seed) % PRIME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic() {
        for a in [1, 2, 3, 12_345_678_901_234_567, PRIME - 1, PRIME - 2] {
            assert_eq!(multiply(a, inverse(a)), 1, "{a}");
            assert_eq!(subtract(a, a), 0);
            assert_eq!(add(subtract(0, a), a), 0);
        }
        assert_eq!(multiply(PRIME - 1, PRIME - 1), 1);
    }

    #[test]
    fn fractions() {
        assert_eq!(fraction(0), Some((0, 1)));
        for (above, below) in [(1, 1), (1, 8), (9, 10), (999_983, 1_000_000), (1_073_741_822, 1_073_741_823)]
        {
            let quotient = multiply(above, inverse(below));
            let (above, below) = (above as i64, below as i64);
            assert_eq!(fraction(quotient), Some((above, below)));
            assert_eq!(fraction(subtract(0, quotient)), Some((-above, below)));
        }
        let (mut fractions, mut others) = (0, 0);
        for seed in 0..1_000 {
            match fraction(random(seed)) {
                Some((above, below)) => {
                    let above = if above < 0 { PRIME - above.unsigned_abs() } else { above.unsigned_abs() };
                    assert_eq!(multiply(above, inverse(below.unsigned_abs())), random(seed));
                    fractions += 1;
                }
                None => others += 1,
            }
        }
        assert!(fractions > 0 && others > 0, "{fractions} {others}");
    }
}
