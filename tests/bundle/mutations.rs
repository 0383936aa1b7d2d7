//! Good archives, and what becomes of them when a few bytes change.

use tar::Header;

use crate::archives::{
    archive, bundle, extended, file, folder, gnu, long_name, member, record, ustar,
};
use crate::hostile::hostile_archives;

/// Good archives, the hostile ones, and many between the two.
pub(crate) fn archives() -> Vec<Vec<u8>> {
    let mut all = good_archives();
    all.extend(hostile_archives().into_iter().map(|(archive, _)| archive));
    let mut random = Random(0x5EA1_9057);
    all.extend((0..1500).map(|_| mutated(&mut random)));
    all
}

fn good_archives() -> Vec<Vec<u8>> {
    let long = format!("{}/{}\0", "d".repeat(120), "f".repeat(120));
    let truncated = &long[..100];
    let mut prefixed = ustar("file", b'0');
    prefixed
        .set_path(format!("{}/{}", "p".repeat(90), "f".repeat(90)))
        .unwrap();
    let records = [
        record("path", "Größe/long name"),
        record("mtime", "1700000000.123456789"),
        record("uid", "1000"),
        record("LIBARCHIVE.creationtime", "1700000000"),
    ]
    .concat();
    let mut numbers = gnu("numbers", b'0');
    numbers.set_uid(1 << 30);
    numbers.set_mtime(1 << 40);
    vec![
        bundle(&[("a.bin", &[7; 3000]), ("b.txt", b"text")]),
        archive(&[
            &folder("./"),
            &folder("./a/"),
            &file("./a/b", b"abc"),
            &file("./c", b""),
        ]),
        archive(&[
            &long_name(long.as_bytes()),
            &member(gnu(truncated, b'0'), b"abc"),
        ]),
        archive(&[
            &member(gnu("a/", b'5'), b""),
            &member(gnu("a/b", b'0'), &[1; 600]),
        ]),
        archive(&[
            &extended(b'x', &records),
            &file("x", b"abc"),
            &file("y", b"abc"),
        ]),
        archive(&[
            &extended(b'g', &record("comment", "0123abcd")),
            &extended(b'x', &record("path", "p")),
            &file("x", b"abc"),
        ]),
        archive(&[&member(prefixed, b"abc"), &member(ustar("b", 0), b"abc")]),
        archive(&[&member(numbers, b"abc")]),
    ]
}

/// A good archive with a few things changed, and the checksums mostly mended.
pub(crate) fn mutated(random: &mut Random) -> Vec<u8> {
    let good = good_archives();
    let mut bytes = good[random.below(good.len())].clone();
    for _ in 0..=random.below(2) {
        let blocks = bytes.len() / 512;
        let at = random.below(blocks) * 512;
        match random.below(12) {
            0 => bytes.truncate(at + random.below(512)),
            1 => bytes.extend((0..random.below(1500)).map(|_| 0)),
            2 => bytes.extend_from_slice(&file("more", b"abc")),
            3 => {
                bytes.splice(at..at, [0; 512]);
            }
            4 => {
                bytes.drain(at..at + 512);
            }
            5 => drop(bytes.splice(
                at..at,
                member(ustar("more", b"05x\0L"[random.below(5)]), b""),
            )),
            _ => field(random, &mut bytes[at..at + 512]),
        }
        if bytes.len() < 512 {
            return bytes;
        }
    }
    bytes
}

/// Changes one field of a header, if the block is one.
fn field(random: &mut Random, block: &mut [u8]) {
    if &block[257..262] != b"ustar" {
        let at = random.below(512);
        block[at] = random.byte();
        return;
    }
    let (start, length) = FIELDS[random.below(FIELDS.len())];
    let field = &mut block[start..start + length];
    match random.below(3) {
        0 => field[random.below(length)] = random.byte(),
        1 => field.fill(b" \x000\x37"[random.below(4)]),
        _ => {
            let value = VALUES[random.below(VALUES.len())];
            let count = value.len().min(length);
            field[..count].copy_from_slice(&value[..count]);
        }
    }
    if random.below(20) > 0 {
        let mut header = Header::from_byte_slice(block).clone();
        header.set_cksum();
        block.copy_from_slice(header.as_bytes());
    }
}

/// A small generator (xorshift), so that every run sees the same archives.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 32).unwrap() % limit
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

/// Fields of a header, as start and length; not the mode, since GNU tar would make files that
/// the test could not read.
const FIELDS: [(usize, usize); 14] = [
    (0, 100),
    (108, 8),
    (116, 8),
    (124, 12),
    (136, 12),
    (156, 1),
    (157, 100),
    (257, 6),
    (263, 2),
    (265, 32),
    (297, 32),
    (329, 8),
    (345, 155),
    (500, 12),
];

/// What is written into them.
const VALUES: [&[u8]; 16] = [
    b"00000000003\0",
    b"00000000004 ",
    b"0000003\0",
    b"     3 \0",
    b"0",
    b"5",
    b"x",
    b"a/b",
    b"./a",
    b"ustar\0",
    b"ustar ",
    b" \0",
    b"\x80\0\0\0",
    b"\xff\xff",
    b"0000000\0",
    b"\0",
];
