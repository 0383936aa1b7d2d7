//! Text that stays readable in seven bits, as a stream.
//!
//! RFC 2045 section 6.7 (quoted-printable).

use std::io::{self, Write};

/// Encodes UTF-8 text that is written to it: lines that end with LF or CRLF come out with CRLF, as
/// mail wants them.
pub(super) struct QuotedPrintable<W: Write> {
    out: W,
    /// Characters in the line that is being written.
    column: usize,
    /// A blank, and a carriage return behind it, of which only the next byte says what they mean.
    blank: Option<u8>,
    carriage_return: bool,
}

impl<W: Write> QuotedPrintable<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            column: 0,
            blank: None,
            carriage_return: false,
        }
    }

    /// Ends the last line, and gives the output back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.blank_at_line_end()?;
        if self.carriage_return {
            self.escaped(b'\r')?;
        }
        if self.column > 0 {
            self.out.write_all(b"\r\n")?;
        }
        Ok(self.out)
    }

    fn byte(&mut self, byte: u8) -> io::Result<()> {
        if byte == b'\n' {
            self.carriage_return = false;
            self.blank_at_line_end()?;
            self.column = 0;
            return self.out.write_all(b"\r\n");
        }
        if std::mem::take(&mut self.carriage_return) {
            self.blank_at_line_end()?;
            self.escaped(b'\r')?;
        }
        if byte == b'\r' {
            self.carriage_return = true;
            return Ok(());
        }
        if let Some(blank) = self.blank.take() {
            self.literal(blank)?;
        }
        match byte {
            b' ' | b'\t' => self.blank = Some(byte),
            b'=' => self.escaped(byte)?,
            b'!'..=b'~' => self.literal(byte)?,
            _ => self.escaped(byte)?,
        }
        Ok(())
    }

    /// A blank at the end of a line would be taken away on the way.
    fn blank_at_line_end(&mut self) -> io::Result<()> {
        match self.blank.take() {
            Some(blank) => self.escaped(blank),
            None => Ok(()),
        }
    }

    fn literal(&mut self, byte: u8) -> io::Result<()> {
        self.make_room(1)?;
        self.out.write_all(&[byte])
    }

    fn escaped(&mut self, byte: u8) -> io::Result<()> {
        self.make_room(3)?;
        let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or_default();
        self.out
            .write_all(&[b'=', digit(byte >> 4), digit(byte & 0xf)])
    }

    /// Breaks the line softly where `width` more characters and an equals sign would not fit.
    fn make_room(&mut self, width: usize) -> io::Result<()> {
        if self.column + width >= LINE {
            self.out.write_all(b"=\r\n")?;
            self.column = 0;
        }
        self.column += width;
        Ok(())
    }
}

impl<W: Write> Write for QuotedPrintable<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        buffer.iter().try_for_each(|byte| self.byte(*byte))?;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The longest line, its soft break included.
const LINE: usize = 76;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(text: &str) -> String {
        let mut writer = QuotedPrintable::new(Vec::new());
        writer.write_all(text.as_bytes()).unwrap();
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    /// The reading side, for lines that end with CRLF.
    fn decoded(text: &str) -> Vec<u8> {
        let text = text.replace("=\r\n", "").replace("\r\n", "\n");
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            if byte == b'=' {
                let pair = [bytes.next().unwrap(), bytes.next().unwrap()];
                let pair = std::str::from_utf8(&pair).unwrap().to_owned();
                out.push(u8::from_str_radix(&pair, 16).unwrap());
            } else {
                out.push(byte);
            }
        }
        out
    }

    #[test]
    fn text_stays_readable() {
        assert_eq!(
            encoded("# Title\nplain, 1 = 1\n"),
            "# Title\r\nplain, 1 =3D 1\r\n"
        );
        assert_eq!(encoded("end \nand\t\r\nx"), "end=20\r\nand=09\r\nx\r\n");
        assert_eq!(encoded("é"), "=C3=A9\r\n");
        assert_eq!(encoded(""), "");
        assert_eq!(encoded("a\rb "), "a=0Db=20\r\n");
    }

    proptest! {
        #[test]
        fn comes_back(text in "(\\PC|[ \t=\n]){0,400}") {
            let lines = encoded(&text);
            prop_assert!(lines.is_ascii());
            prop_assert!(lines.split("\r\n").all(|line| line.len() <= LINE && !line.ends_with(' ')));
            let back = decoded(&lines);
            let whole = if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" };
            prop_assert_eq!(back, whole.into_bytes());
        }
    }
}
