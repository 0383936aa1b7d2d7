//! Whether a file is UTF-16: by its mark, or by the zero bytes of Latin letters (Unicode 16.0 section 3.10).
//!
//! Serves `check`: Windows writes exports and logs so, often without a mark.

/// Whether a file that begins so is text in UTF-16, in whichever order of bytes.
pub(super) fn is_wide(head: &[u8]) -> bool {
    let marked = head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]);
    marked || mostly(head, |pair| (pair[0], pair[1])) || mostly(head, |pair| (pair[1], pair[0]))
}

/// Whether many pairs are a letter of ASCII with a zero, hardly any is another byte with a zero, and none the other way
/// round. `order` gives what would be the letter first.
fn mostly(head: &[u8], order: impl Fn([u8; 2]) -> (u8, u8)) -> bool {
    let (mut pairs, mut letters, mut others) = (0_usize, 0_usize, 0_usize);
    for pair in head.as_chunks::<2>().0 {
        pairs += 1;
        match order(*pair) {
            (b' '..=b'~' | b'\t' | b'\r' | b'\n', 0) => letters += 1,
            (_, 0) | (0, _) => others += 1,
            _ => {}
        }
    }
    letters >= LEAST && letters * 4 >= pairs && others * 20 <= letters
}

/// Fewer letters say nothing.
const LEAST: usize = 8;
