//! Numbers modulo the prime 2^61 − 1.

/// The prime.
pub(crate) const PRIME: u64 = (1 << 61) - 1;

/// A sum.
pub(crate) fn add(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= PRIME { sum - PRIME } else { sum }
}

/// A difference.
pub(crate) fn subtract(a: u64, b: u64) -> u64 {
    add(a, PRIME - b)
}

/// A product.
pub(crate) fn multiply(a: u64, b: u64) -> u64 {
    let whole = u128::from(a) * u128::from(b);
    // Below 2^122: two folds bring it under the prime.
    let low = u64::try_from(whole & u128::from(PRIME)).unwrap_or_default();
    let high = u64::try_from(whole >> 61).unwrap_or_default();
    add(low % PRIME, high % PRIME)
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
}
