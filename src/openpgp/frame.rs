//! The frame of a signed text: where it begins and ends, and what is escaped in it.
//!
//! RFC 9580 section 7. Whatever two readers could understand differently is refused: a second
//! frame, headers that are not known, lines that only look escaped, characters that end a line for
//! some. Every step takes time with the length of the file.

use super::CleartextError;

/// A frame, read.
pub(super) struct Frame {
    /// The text without escapes and white space at the end of lines.
    pub(super) text: String,
    /// The number of its first line in the file.
    pub(super) first_line: usize,
    pub(super) surroundings: Surroundings,
    /// The signatures in their armour.
    pub(super) armored: Vec<u8>,
}

/// What stands around the signed text in its file, none of it signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Nothing but line ends behind it.
    None,
    /// A byte order mark or blank lines before it.
    BlankBefore,
    /// Text before it, behind it, or both.
    Text,
}

/// Whether a signed text begins in `bytes`, at the start of a line.
#[must_use]
pub fn is_cleartext_signed(bytes: &[u8]) -> bool {
    bytes.len() <= MAX_FILE && lines(bytes).any(|line| line == BEGIN_TEXT)
}

/// Reads a file with one frame in it.
pub(super) fn read(bytes: &[u8]) -> Result<Frame, CleartextError> {
    if bytes.len() > MAX_FILE {
        let (size, limit) = (bytes.len(), MAX_FILE);
        return Err(CleartextError::TooLarge { size, limit });
    }
    let lines: Vec<_> = lines(bytes).collect();
    let (before, begin) = split(&lines, 0, BEGIN_TEXT).ok_or(CleartextError::None)?;
    let unfinished = CleartextError::Unfinished { line: begin.line };
    let first = headers(&begin)?;
    let Some((text, signature)) = split(first.lines, first.line, BEGIN_SIGNATURE) else {
        // What is wrong may be another frame within it.
        unescape(first.lines, first.line)?;
        return Err(unfinished);
    };
    let text = unescape(text, first.line)?;
    let (armored, end) = split(signature.lines, signature.line, END_SIGNATURE).ok_or(unfinished)?;
    if let Some(place) = armored.iter().position(|line| line.starts_with(b"-----")) {
        let line = signature.line + place + 1;
        return Err(CleartextError::Nested { line });
    }
    if let Some((_, second)) = split(end.lines, end.line, BEGIN_TEXT) {
        let line = second.line;
        return Err(CleartextError::Several { line });
    }
    let armored = [&[BEGIN_SIGNATURE], armored, &[END_SIGNATURE, b""]].concat();
    Ok(Frame {
        text,
        first_line: first.line + 1,
        surroundings: surroundings(bytes, before, end.lines),
        armored: armored.join(&b'\n'),
    })
}

/// What a signature over `text` covers: everything but the last line end, and the white space at the
/// end of lines.
pub(super) fn covered(text: &str) -> anyhow::Result<String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<_> = text
        .split('\n')
        .map(|line| line.trim_end_matches([' ', '\t', '\r']))
        .collect();
    let text = lines.join("\n");
    // Escaped and signed, it must be read again.
    anyhow::ensure!(
        text.len() <= MAX_FILE / 4,
        "the text is too long to be signed"
    );
    let forbidden = text.contains(FORBIDDEN);
    anyhow::ensure!(
        !forbidden,
        "the text holds a NUL, or a carriage return that ends no line"
    );
    Ok(text)
}

/// The frame of `text` up to its signature.
pub(super) fn write(text: &str, hash: Option<&str>) -> String {
    let mut frame = String::from_utf8_lossy(BEGIN_TEXT).into_owned();
    if let Some(hash) = hash {
        frame += "\nHash: ";
        frame += hash;
    }
    frame += "\n\n";
    for line in text.split('\n') {
        // Mail programs quote lines that begin with the second.
        if line.starts_with('-') || line.starts_with("From ") {
            frame += "- ";
        }
        frame += line;
        frame.push('\n');
    }
    frame
}

/// The form in which lines are digested (section 5.2.4).
pub(super) fn canonical(text: &[u8]) -> Vec<u8> {
    let mut canonical = Vec::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(line) => {
                canonical.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
                canonical.extend_from_slice(b"\r\n");
            }
            None => canonical.extend_from_slice(line),
        }
    }
    canonical
}

/// The lines from some place in the file on.
struct Rest<'a> {
    lines: &'a [&'a [u8]],
    /// How many lines of the file stand before them.
    line: usize,
}

/// All lines without the white space at their end, and without the byte order mark.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    bytes.split(|byte| *byte == b'\n').map(trim_end)
}

/// What stands before the first line that is `mark`, and what stands behind it.
fn split<'a>(
    lines: &'a [&'a [u8]],
    line: usize,
    mark: &[u8],
) -> Option<(&'a [&'a [u8]], Rest<'a>)> {
    let place = lines.iter().position(|line| *line == mark)?;
    let rest = Rest {
        lines: lines.get(place + 1..)?,
        line: line + place + 1,
    };
    Some((lines.get(..place)?, rest))
}

/// Skips the headers, of which `Hash` is the only one, and the blank line behind them. What a hash
/// is said to be does not matter: the signature says it itself.
fn headers<'a>(begin: &Rest<'a>) -> Result<Rest<'a>, CleartextError> {
    for (number, line) in begin.lines.iter().enumerate() {
        if line.is_empty() {
            return Ok(Rest {
                lines: begin.lines.get(number + 1..).unwrap_or_default(),
                line: begin.line + number + 1,
            });
        }
        if !is_hash_header(line) {
            let line = begin.line + number + 1;
            return Err(CleartextError::Header { line });
        }
    }
    Err(CleartextError::Unfinished { line: begin.line })
}

fn is_hash_header(line: &[u8]) -> bool {
    let names = line.strip_prefix(b"Hash:").map(str::from_utf8);
    let Some(Ok(names)) = names else {
        return false;
    };
    let is_name = |name: &str| {
        let name = name.trim_matches([' ', '\t']);
        let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !name.is_empty() && name.bytes().all(known)
    };
    names.split(',').all(is_name)
}

/// The text as it was before its lines were escaped.
fn unescape(lines: &[&[u8]], before: usize) -> Result<String, CleartextError> {
    let mut text = Vec::with_capacity(lines.len());
    for (number, escaped) in lines.iter().enumerate() {
        let line = before + number + 1;
        let unescaped = escaped.strip_prefix(b"- ").unwrap_or(escaped);
        // A dash whose space was lost at the end of the line.
        let unescaped = if *escaped == b"-" { b"" } else { unescaped };
        if escaped.starts_with(b"-") && unescaped.len() == escaped.len() {
            return Err(CleartextError::Unescaped { line });
        }
        let unescaped =
            std::str::from_utf8(unescaped).map_err(|_| CleartextError::NotUtf8 { line })?;
        if unescaped.contains(FORBIDDEN) {
            return Err(CleartextError::Forbidden { line });
        }
        text.push(unescaped);
    }
    Ok(text.join("\n"))
}

fn surroundings(bytes: &[u8], before: &[&[u8]], behind: &[&[u8]]) -> Surroundings {
    let is_text = |line: &&[u8]| !line.trim_ascii().is_empty();
    if before.iter().chain(behind).any(is_text) {
        Surroundings::Text
    } else if bytes.starts_with(BYTE_ORDER_MARK) || !before.is_empty() {
        Surroundings::BlankBefore
    } else {
        Surroundings::None
    }
}

fn trim_end(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t' | b'\r'] = line {
        line = rest;
    }
    line
}

const BEGIN_TEXT: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
const BEGIN_SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END_SIGNATURE: &[u8] = b"-----END PGP SIGNATURE-----";
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Readers cut a line, or end it, where these stand.
const FORBIDDEN: [char; 2] = ['\0', '\r'];

/// A security.txt has some kilobytes; so has a receipt.
pub(super) const MAX_FILE: usize = 1 << 20;

#[cfg(test)]
mod tests;
