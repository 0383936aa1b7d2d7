//! A mail on its way through `DATA`.
//!
//! RFC 5321 sections 4.5.2 (a dot is doubled at the start of a line) and 2.3.8 (lines end with CRLF
//! and with nothing else, so that no two servers see different ends of the mail).

/// Makes the lines of a mail fit to be sent.
#[derive(Default)]
pub(super) struct Stuffing {
    within_line: bool,
    after_return: bool,
}

impl Stuffing {
    /// The next piece of the mail, as it goes over the wire.
    pub(super) fn piece(&mut self, piece: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(piece.len() + 64);
        for byte in piece {
            if std::mem::take(&mut self.after_return) {
                out.extend_from_slice(b"\r\n");
                self.within_line = false;
                if *byte == b'\n' {
                    continue;
                }
            }
            match byte {
                b'\r' => self.after_return = true,
                b'\n' => {
                    out.extend_from_slice(b"\r\n");
                    self.within_line = false;
                }
                _ => {
                    if !self.within_line && *byte == b'.' {
                        out.push(b'.');
                    }
                    self.within_line = true;
                    out.push(*byte);
                }
            }
        }
        out
    }

    /// What ends the mail.
    pub(super) fn end(self) -> &'static [u8] {
        if self.within_line || self.after_return {
            b"\r\n.\r\n"
        } else {
            b".\r\n"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stuffed(mail: &[u8], step: usize) -> Vec<u8> {
        let mut stuffing = Stuffing::default();
        let mut out = Vec::new();
        for piece in mail.chunks(step) {
            out.extend(stuffing.piece(piece));
        }
        out.extend(stuffing.end());
        out
    }

    #[test]
    fn dots_are_doubled_and_lines_end_one_way() {
        for (mail, wire) in [
            (&b"a\r\n.b\r\n..\r\n"[..], &b"a\r\n..b\r\n...\r\n.\r\n"[..]),
            (b"a", b"a\r\n.\r\n"),
            (b"", b".\r\n"),
            (b"a\n.\nb\r.\rc", b"a\r\n..\r\nb\r\n..\r\nc\r\n.\r\n"),
            (b"a\r", b"a\r\n.\r\n"),
            (b".", b"..\r\n.\r\n"),
        ] {
            for step in 1..5 {
                assert_eq!(stuffed(mail, step), wire, "{mail:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn p45_only_the_end_ends_it(mail in "[.a\r\n]{0,40}", step in 1_usize..7) {
            let wire = String::from_utf8(stuffed(mail.as_bytes(), step)).unwrap();
            let wire = format!("\r\n{wire}");
            prop_assert_eq!(wire.find("\r\n.\r\n"), Some(wire.len() - 5));
            let bare = wire.replace("\r\n", "");
            prop_assert!(!bare.contains(['\r', '\n']));
        }
    }
}
