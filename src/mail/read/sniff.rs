//! Whether a file is a mail, by its first bytes.

use super::header::split;

/// Whether a file begins like a mail: with a header that has one of the fields that every mail has.
#[must_use]
pub fn looks_like_mail(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let rest = if first.starts_with(b"From ") {
        head.get(first.len() + 1..).unwrap_or_default()
    } else {
        head
    };
    fields(rest).any(|name| {
        OF_MAILS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
    })
}

/// Whether what was decrypted begins like the content of a mail: with a header that names a media
/// type.
#[must_use]
pub fn looks_like_entity(head: &[u8]) -> bool {
    fields(head).any(|name| name.eq_ignore_ascii_case(b"content-type"))
}

/// The names in the header at the start; none behind the first line that cannot be in one.
fn fields(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = head.split(|byte| *byte == b'\n').enumerate();
    let names = lines.map_while(|(number, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            Some(b' ' | b'\t') if number > 0 => Some(None),
            _ => split(line).map(|(name, _)| Some(name)),
        }
    });
    names.flatten()
}

const OF_MAILS: [&[u8]; 11] = [
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"received",
    b"return-path",
    b"delivered-to",
    b"x-mozilla-status",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mails_begin_with_a_header() {
        assert!(looks_like_mail(b"From x Mon\nX-A: b\n c\nSubject: x\n\n"));
        assert!(looks_like_mail(b"Content-Type: text/plain"));
        assert!(!looks_like_mail(
            b"-----BEGIN PGP MESSAGE-----\nSubject: x\n"
        ));
        assert!(!looks_like_mail(b"\n\nSubject: x\n"));
        assert!(!looks_like_mail(b"X-Only: x\n\nSubject: x\n"));
        assert!(!looks_like_mail(b"\x85\x01\x0c"));
        assert!(!looks_like_mail(b""));
    }

    #[test]
    fn a_payload_names_its_media_type() {
        assert!(looks_like_entity(
            b"Subject: x\r\ncontent-type: text/plain\r\n\r\n"
        ));
        assert!(!looks_like_entity(b"Note: this is a text\n"));
        assert!(!looks_like_entity(b"---\ntitle: x\n"));
    }
}
