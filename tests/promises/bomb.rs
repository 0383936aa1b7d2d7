//! Compressed packets that grow beyond all measure, without a compressor: deflate (RFC 1951) whose
//! blocks are written here bit by bit, two bits for each 258 equal octets.

/// A literal of `size` zeros in this many layers of compression, each an OpenPGP packet.
pub(crate) fn bomb(size: u64, layers: usize) -> Vec<u8> {
    // A literal of indeterminate length, as old programs write it: binary, no name, no date.
    let literal = [0x80 | 11 << 2 | 3, b'b', 0, 0, 0, 0, 0];
    layered(compressed(&deflated(&literal, 0, size, &[])), layers)
}

/// Small contents in this many layers of compression, each beside zeros of about `size` that no reader
/// hands out: what they are, and the message.
pub(crate) fn silent_bombs(size: u32, layers: usize) -> Vec<(&'static str, Vec<u8>)> {
    let packet = |tag: u8| [&[0xc0 | tag, 255][..], &size.to_be_bytes()].concat();
    let count = u64::from(size);
    let small = compressed(&deflated(&CONTENT[..7], CONTENT[7], 1, &CONTENT[8..]));
    let garbage = [&packet(8)[..], &small[6..]].concat();
    let rest = count - (small.len() as u64 - 6);
    // A content whose first part is shorter than any may be: its tag is right, and nobody reads it.
    let broken = [&[0xcb, 0xe1, b'b', 0][..], &packet(0)[1..]].concat();
    let bombs = [
        ("padding", deflated(&packet(21), 0, count, &CONTENT)),
        ("a marker", deflated(&packet(10), 0, count, &CONTENT)),
        ("a signature", deflated(&packet(2), 0, count, &CONTENT)),
        (
            "what is private",
            deflated(&[&CONTENT[..], &packet(60)].concat(), 0, count, &[]),
        ),
        (
            "a second content",
            deflated(&[&CONTENT[..], &packet(11)].concat(), 0, count, &[]),
        ),
        ("a broken content", deflated(&broken, 0, count, &CONTENT)),
        (
            "the end of an inner layer",
            deflated(&garbage, 0, rest, &[]),
        ),
    ];
    let bombs = bombs.into_iter();
    bombs
        .map(|(what, bomb)| (what, layered(compressed(&bomb), layers)))
        .collect()
}

/// A packet with the text `hello`.
pub(crate) const CONTENT: [u8; 13] = *b"\xcb\x0bb\0\0\0\0\0hello";

fn layered(mut packet: Vec<u8>, layers: usize) -> Vec<u8> {
    for _ in 1..layers {
        let (start, end) = longest_run(&packet);
        let length = u64::try_from(end - start).unwrap();
        let again = deflated(&packet[..start], packet[start], length, &packet[end..]);
        packet = compressed(&again);
    }
    packet
}

/// A packet of compressed data: its tag, its length, algorithm 1 (deflate without a frame).
fn compressed(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 1).unwrap();
    let header = [&[0xc0 | 8, 255][..], &length.to_be_bytes(), &[1]].concat();
    [&header, content].concat()
}

fn longest_run(bytes: &[u8]) -> (usize, usize) {
    let mut longest = (0, 0);
    let mut start = 0;
    for at in 1..=bytes.len() {
        if bytes.get(at) != Some(&bytes[start]) {
            if at - start > longest.1 - longest.0 {
                longest = (start, at);
            }
            start = at;
        }
    }
    longest
}

/// `head`, then `octet` as often as `count` says, then `tail`.
fn deflated(head: &[u8], octet: u8, count: u64, tail: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.stored(&[head, &[octet]].concat(), false);
    bits.header_of_repeats();
    let repeats = (count - 1) / 258;
    for _ in 0..repeats / 16 {
        bits.push(0x5555_5555, 32);
    }
    for _ in 0..repeats % 16 {
        bits.push(0b01, 2);
    }
    bits.push(0, 1);
    let rest = usize::try_from((count - 1) % 258).unwrap();
    bits.stored(&[&vec![octet; rest], tail].concat(), true);
    bits.bytes
}

/// Bits, the lowest of each octet first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u64, count: u32) {
        self.pending |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.pending.to_le_bytes()[0]);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// Blocks that are not compressed (section 3.2.4).
    fn stored(&mut self, content: &[u8], last: bool) {
        let mut blocks = content.chunks(65_535).peekable();
        while let Some(block) = blocks.next() {
            let end = last && blocks.peek().is_none();
            self.push(u64::from(end), 3);
            self.push(0, (8 - self.count) % 8);
            let length = u16::try_from(block.len()).unwrap();
            self.bytes.extend(length.to_le_bytes());
            self.bytes.extend((!length).to_le_bytes());
            self.bytes.extend(block);
        }
        if last && content.is_empty() {
            self.push(1, 3);
            self.push(0, (8 - self.count) % 8);
            self.bytes.extend([0, 0, 255, 255]);
        }
    }

    /// The start of a block with codes of its own (section 3.2.7), one bit each: 0 ends the block,
    /// 1 repeats 258 octets; 0 is the distance of one octet.
    fn header_of_repeats(&mut self) {
        self.push(0, 1);
        self.push(2, 2);
        // 286 codes of lengths, 1 code of distances, 18 lengths of the codes for lengths.
        self.push(29, 5);
        self.push(0, 5);
        self.push(14, 4);
        for place in 0..18 {
            // Of the order in the RFC, place 2 is "many zeros" (code 1), place 17 is "one" (code 0).
            self.push(u64::from(place == 2 || place == 17), 3);
        }
        for zeros in [138, 118] {
            self.push(1, 1);
            self.push(zeros - 11, 7);
        }
        self.push(0, 1);
        self.push(1, 1);
        self.push(28 - 11, 7);
        self.push(0, 1);
        self.push(0, 1);
    }
}
