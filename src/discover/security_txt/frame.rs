//! What surrounds the text: the lines of a cleartext signature that was not taken off, armoured blocks, web pages.
//!
//! Serves RFC 9116 §2.3 (signed files) and RFC 9580 §7 (the cleartext signature framework). Whoever takes an intact
//! signature off hands in the text alone; frame lines that are left mean a damaged one, which is told once.

use super::{
    code::Code,
    field::Field,
    finding::Finding,
    lines::{End, decode, lines},
};

/// Follows a damaged frame from line to line.
#[derive(Debug, Default)]
pub(super) struct Frame {
    place: Place,
    told_signature: bool,
    told_block: bool,
}

/// What a line is, as far as the frame is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framed<'a> {
    /// A line of the text, its dash escape removed.
    Text(&'a str),
    /// A line of the frame, with the fault to report where it is the first of its kind.
    Frame(Option<Code>),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    /// Between `-----BEGIN PGP SIGNED MESSAGE-----` and the empty line.
    Head,
    /// In the signed text.
    Signed,
    /// In armour, up to its last line.
    Armour,
}

impl Frame {
    /// Looks at the next line.
    pub(super) fn step<'a>(&mut self, line: &'a str) -> Framed<'a> {
        let bare = line.trim();
        if let Some(label) = bare.strip_prefix(BEGIN) {
            return self.begin(label);
        }
        if let Some(label) = bare.strip_prefix(END) {
            self.place = Place::Outside;
            return Framed::Frame(self.tell(label));
        }
        let is_field = || Field::named_on(line).is_some();
        match self.place {
            Place::Head if bare.is_empty() => {
                self.place = Place::Signed;
                Framed::Frame(None)
            }
            // A field that readers know is no part of a head or of armour, whose end is then missing.
            Place::Head | Place::Armour if !is_field() => Framed::Frame(None),
            Place::Armour => {
                self.place = Place::Outside;
                Framed::Text(line)
            }
            Place::Head | Place::Signed => {
                self.place = Place::Signed;
                Framed::Text(line.strip_prefix("- ").unwrap_or(line))
            }
            Place::Outside => Framed::Text(line),
        }
    }

    fn begin<'a>(&mut self, label: &str) -> Framed<'a> {
        self.place = if label.starts_with("SIGNED MESSAGE") {
            Place::Head
        } else {
            Place::Armour
        };
        Framed::Frame(self.tell(label))
    }

    /// The fault of a frame line, the first time.
    fn tell(&mut self, label: &str) -> Option<Code> {
        let (told, code) = if label.starts_with("SIGN") {
            (&mut self.told_signature, Code::SignatureDamaged)
        } else {
            (&mut self.told_block, Code::KeyBlock)
        };
        let first = !std::mem::replace(told, true);
        first.then_some(code)
    }
}

/// What is wrong around an intact cleartext signature: `file` is the whole file as served, its frame included. Text
/// outside the frame is never part of what is read, and may come from somebody else.
#[must_use]
pub fn around_signature(file: &[u8]) -> Vec<Finding> {
    let decoded = decode(file, 1);
    let mut findings = decoded.faults;
    // Bytes that are not UTF-8 are told by whoever reads the text within.
    findings.retain(|finding| finding.code() == Code::ByteOrderMark);
    let mut place = Place::Outside;
    let (mut text, mut blank) = (None, None);
    for (number, line) in (1..).zip(lines(&decoded.text)) {
        let bare = line.text.trim();
        if bare.starts_with("-----BEGIN PGP SIGNED MESSAGE") {
            place = Place::Signed;
        } else if bare.starts_with("-----END PGP SIGNATURE") {
            place = Place::Outside;
        } else if place == Place::Outside {
            let first = if bare.is_empty() {
                &mut blank
            } else {
                &mut text
            };
            first.get_or_insert(number);
        }
        if line.end == End::Missing {
            findings.push(Finding::whole(Code::NoFinalNewline).at(number));
        }
    }
    let outside = [
        (Code::TextOutsideSignature, text),
        (Code::BlankOutsideSignature, blank),
    ];
    let found =
        |(code, line): (Code, Option<usize>)| line.map(|line| Finding::whole(code).at(line));
    findings.extend(outside.into_iter().filter_map(found));
    findings
}

/// Whether a text is a web page: what a server answers that has no such file.
pub(super) fn is_web_page(text: &str) -> bool {
    let start: String = text.trim_start().chars().take(16).collect();
    let start = start.to_ascii_lowercase();
    PAGE_STARTS.iter().any(|tag| start.starts_with(tag))
}

const BEGIN: &str = "-----BEGIN PGP ";
const END: &str = "-----END PGP ";

const PAGE_STARTS: [&str; 9] = [
    "<!doctype",
    "<html",
    "<head",
    "<body",
    "<meta",
    "<title",
    "<script",
    "<?xml",
    "<!--",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_frame_is_told_once_and_its_text_read() {
        let file = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n- - dashes\nContact: a\n\
                    -----BEGIN PGP SIGNATURE-----\n\niQIzBAEB\n=BfcH\nPolicy: p\n-----END PGP SIGNATURE-----\n";
        let mut frame = Frame::default();
        let mut told = Vec::new();
        let mut text = Vec::new();
        for line in lines(file) {
            match frame.step(line.text) {
                Framed::Text(line) => text.push(line),
                Framed::Frame(code) => told.extend(code),
            }
        }
        assert_eq!(told, [Code::SignatureDamaged]);
        assert_eq!(text, ["- dashes", "Contact: a", "Policy: p"]);
    }

    #[test]
    fn what_surrounds_a_signature_is_told() {
        let signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nContact: a\n\
                      -----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----";
        let codes = |file: &str| -> Vec<_> {
            let findings = around_signature(file.as_bytes());
            findings
                .iter()
                .map(|finding| (finding.code(), finding.line()))
                .collect()
        };
        assert_eq!(codes(&format!("{signed}\n")), []);
        assert_eq!(
            codes(&format!("\u{feff}{signed}\n\n")),
            [
                (Code::ByteOrderMark, Some(1)),
                (Code::BlankOutsideSignature, Some(9))
            ]
        );
        assert_eq!(codes(signed), [(Code::NoFinalNewline, Some(8))]);
        assert_eq!(
            codes(&format!("Contact: evil\n{signed}\nPolicy: evil\n")),
            [(Code::TextOutsideSignature, Some(1))]
        );
    }
}
