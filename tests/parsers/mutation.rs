//! Valid input with a few things changed, the same on every run.

/// A small generator (xorshift64).
pub(crate) struct Random(u64);

impl Random {
    /// A generator for this door; the name alone decides what it gives.
    pub(crate) fn for_door(name: &str) -> Self {
        // FNV-1a, which is never zero for these names.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    /// A number below `limit`, or 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next()).unwrap() % limit.max(1)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// A place and a length within `size` bytes, mostly a short one.
    fn range(&mut self, size: usize) -> std::ops::Range<usize> {
        let start = self.below(size + 1);
        let longest = if self.below(4) == 0 { size } else { 16 };
        start..(start + self.below(longest + 1)).min(size)
    }
}

/// One of the seeds with one to four changes.
pub(crate) fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        change(&mut bytes, seeds, random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let range = random.range(bytes.len());
    match random.below(10) {
        0 => bytes.truncate(range.start),
        1 => drop(bytes.drain(range)),
        2 => bytes.extend_from_within(range),
        3 => {
            let copy = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, copy);
        }
        4 => {
            let other = &seeds[random.below(seeds.len())];
            let piece = other[random.range(other.len())].to_vec();
            bytes.splice(range, piece);
        }
        5 => {
            let word = WORDS[random.below(WORDS.len())];
            bytes.splice(range.start..range.start, word.iter().copied());
        }
        6 => {
            let word = WORDS[random.below(WORDS.len())];
            let end = (range.start + word.len()).min(bytes.len());
            bytes.splice(range.start..end, word.iter().copied());
        }
        7 => bytes[range].fill(random.byte()),
        8 => bytes[range].reverse(),
        _ => {
            if let Some(byte) = bytes.get_mut(range.start) {
                *byte ^= 1 << random.below(8);
            }
        }
    }
}

/// Lengths, ends and marks that parsers take for something.
const WORDS: [&[u8]; 32] = [
    b"\0",
    b"\xff",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\0\0\0\0\0\0",
    b"\xc1",
    b"\xfe",
    b"\n",
    b"\r\n",
    b"---\n",
    b"+++\n",
    b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
    b"-----END PGP PUBLIC KEY BLOCK-----\n",
    b"<br>",
    b"&#x10ffff;",
    b"&amp;",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x92\xa9",
    b"\xed\xa0\x80",
    b"\x1b[2J",
    b"99999999999999999999",
    b"-1",
    b"1e999",
    b"0000-00-00",
    b"&a [*a, *a]",
    b"!!binary ",
    b"'''",
    b"\"",
    b"{[",
    b"]}",
    b": ",
    b"# ",
];
