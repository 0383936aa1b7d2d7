//! Padmé: how far a length is rounded up so that it says little about what is inside.
//!
//! Serves DESIGN.md, "The sealed report", and promise 37. The rule is that of the PURBs paper
//! (Nikitin and others, PETS 2019, section 4): a length keeps about as many significant bits as a
//! floating-point number would, so at most O(log log) bits leak and never more than 12 % is added.

/// The next Padmé length at or above `length`, in bytes.
///
/// For a multiple of 512 the answer is a multiple of 512 as well: from 8 KiB on Padmé clears nine
/// bits or more, and below it clears so few that multiples of 512 are Padmé lengths already. A tar
/// archive, which is made of such blocks, therefore needs no second rounding. A length too large to
/// be rounded up in 64 bits is returned as it is.
#[must_use]
pub fn padme(length: u64) -> u64 {
    let Some(exponent) = length.checked_ilog2().filter(|exponent| *exponent > 0) else {
        return length;
    };
    let kept = exponent.ilog2() + 1;
    let mask = (1_u64 << exponent.saturating_sub(kept)) - 1;
    length.checked_add(mask).map_or(length, |sum| sum & !mask)
}

#[cfg(test)]
mod tests {
    use super::padme;
    use proptest::prelude::*;

    #[test]
    fn p37_values_of_the_paper() {
        for (length, padded) in [
            (0, 0),
            (1, 1),
            (2, 2),
            (9, 10),
            (8_192, 8_192),
            (8_193, 8_704),
            (1_000_000, 1_015_808),
            (1 << 40, 1 << 40),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(padme(length), padded, "{length}");
        }
    }

    #[test]
    fn p37_every_small_length_is_padded_right() {
        let mut previous = 0;
        for length in 1..300_000_u64 {
            let padded = padme(length);
            assert!(padded >= length && padded >= previous && padme(padded) == padded);
            assert!(length < 512 || (padded - length) * 100 <= length * 12);
            previous = padded;
        }
    }

    proptest! {
        #[test]
        fn p37_blocks_stay_blocks(blocks in 1_u64..1 << 40) {
            let padded = padme(blocks * 512);
            prop_assert_eq!(padded % 512, 0);
            prop_assert_eq!(padme(padded), padded);
            prop_assert!((padded - blocks * 512) * 100 <= blocks * 512 * 12);
        }

        #[test]
        fn p37_order_is_kept(a in 0_u64..1 << 50, b in 0_u64..1 << 50) {
            prop_assert!(padme(a.min(b)) <= padme(a.max(b)));
        }
    }
}
