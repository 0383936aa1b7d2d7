//! The parts of a mail, found in one walk over it.
//!
//! RFC 2046 sections 5.1 (multipart) and 5.2.1 (message/rfc822). Boundaries are matched from the
//! innermost outwards, so that a part whose end is missing ends where the one around it goes on.

use std::io::Read;

use super::{
    MailError,
    decode::Encoding,
    header::{Header, Reading},
    lines::{Line, Lines},
    media_type::Value,
    part::{Kind, Part},
};

/// All parts of a mail, each after the one that it lies in.
#[derive(Debug)]
pub(super) struct Structure {
    parts: Vec<Part>,
}

impl Structure {
    /// Walks over a whole mail.
    pub(super) fn read(reader: impl Read) -> Result<Self, MailError> {
        let mut walk = Walk::default();
        walk.begin(None, 0)?;
        let mut lines = Lines::new(reader);
        while let Some(line) = lines.next()? {
            walk.line(&line)?;
        }
        Ok(Self {
            parts: walk.finish(),
        })
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The mail itself.
    pub(super) fn root(&self) -> Option<&Part> {
        self.parts.first()
    }

    /// The places of the parts directly inside a part.
    pub(super) fn children(&self, of: usize) -> impl Iterator<Item = (usize, &Part)> {
        let parts = self.parts.iter().enumerate();
        parts.filter(move |(_, part)| part.parent == Some(of))
    }

    /// Whether a part lies in another, or is it.
    pub(super) fn is_within(&self, part: usize, outer: usize) -> bool {
        let mut at = Some(part);
        while let Some(place) = at {
            if place == outer {
                return true;
            }
            at = self.parts.get(place).and_then(|part| part.parent);
        }
        false
    }
}

/// A part that is open while the walk is inside it.
struct Frame {
    part: usize,
    state: State,
}

enum State {
    Header(Header),
    /// Content, which nothing in it ends.
    Leaf,
    /// Parts with this boundary between them.
    Parts(Vec<u8>),
    /// Behind the last boundary, or another mail as the only part.
    Done,
}

#[derive(Default)]
struct Walk {
    parts: Vec<Part>,
    open: Vec<Frame>,
    kept: usize,
    /// Where the walk is, and where the last line's content ended.
    at: u64,
    content_end: u64,
}

impl Walk {
    fn begin(&mut self, parent: Option<usize>, at: u64) -> Result<(), MailError> {
        if self.parts.len() == MOST_PARTS {
            return Err(MailError::TooManyParts(MOST_PARTS));
        }
        if self.open.len() == DEEPEST {
            return Err(MailError::TooDeep(DEEPEST));
        }
        self.open.push(Frame {
            part: self.parts.len(),
            state: State::Header(Header::default()),
        });
        self.parts.push(Part {
            parent,
            kind: Kind::Leaf,
            media: Value::default(),
            disposition: Value::default(),
            header: Header::default(),
            encoding: Encoding::Identity,
            whole: at..at,
            body: at..at,
        });
        Ok(())
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), MailError> {
        if let Some((frame, is_last)) = self.boundary(line) {
            self.close(frame + 1, self.content_end);
            let parent = self.open.get_mut(frame).map(|frame| {
                if is_last {
                    frame.state = State::Done;
                }
                frame.part
            });
            if !is_last {
                self.begin(parent, line.end())?;
            }
        } else {
            self.content(line)?;
        }
        self.content_end = line.offset + line.text().len() as u64;
        self.at = line.end();
        Ok(())
    }

    /// The frame whose boundary the line is, and whether no part follows.
    fn boundary(&self, line: &Line<'_>) -> Option<(usize, bool)> {
        if !line.begins {
            return None;
        }
        let text = line.trimmed().strip_prefix(b"--")?;
        let matches = |frame: &Frame| {
            let State::Parts(boundary) = &frame.state else {
                return None;
            };
            let after = text.strip_prefix(boundary.as_slice())?;
            (after.is_empty() || after == b"--").then_some(!after.is_empty())
        };
        let mut frames = self.open.iter().enumerate().rev();
        frames.find_map(|(place, frame)| Some((place, matches(frame)?)))
    }

    fn content(&mut self, line: &Line<'_>) -> Result<(), MailError> {
        let Some(frame) = self.open.last_mut() else {
            return Ok(());
        };
        let State::Header(header) = &mut frame.state else {
            return Ok(());
        };
        let body = match header.line(line)? {
            Reading::Header => return Ok(()),
            Reading::End => line.end(),
            Reading::Body => line.offset,
        };
        let header = std::mem::take(header);
        self.header_ended(header, body)
    }

    fn header_ended(&mut self, header: Header, body: u64) -> Result<(), MailError> {
        self.kept += header.kept();
        if self.kept > MOST_KEPT {
            return Err(MailError::HeaderTooLong(MOST_KEPT));
        }
        let Some(frame) = self.open.last_mut() else {
            return Ok(());
        };
        let place = frame.part;
        let parent = self.parts.get(place).and_then(|part| part.parent);
        let in_digest = parent
            .and_then(|parent| self.parts.get(parent))
            .is_some_and(|parent| parent.is("multipart/digest"));
        let Some(part) = self.parts.get_mut(place) else {
            return Ok(());
        };
        describe(part, header, in_digest);
        part.body = body..body;
        frame.state = match part.kind {
            Kind::Leaf => State::Leaf,
            Kind::Multipart => State::Parts(part.media.raw("boundary").unwrap_or_default().into()),
            Kind::Message => State::Done,
        };
        if part.kind == Kind::Message {
            self.begin(Some(place), body)?;
        }
        Ok(())
    }

    /// Closes the frames from this one inwards; their parts end at `end`.
    fn close(&mut self, from: usize, end: u64) {
        while self.open.len() > from {
            let Some(frame) = self.open.pop() else { return };
            let Some(part) = self.parts.get_mut(frame.part) else {
                continue;
            };
            part.whole.end = end.max(part.whole.start);
            if let State::Header(header) = frame.state {
                describe(part, header, false);
                part.kind = Kind::Leaf;
                part.body = part.whole.end..part.whole.end;
            } else {
                part.body.end = end.max(part.body.start);
            }
        }
    }

    fn finish(mut self) -> Vec<Part> {
        self.close(0, self.at);
        self.parts
    }
}

/// What a header says of its part.
fn describe(part: &mut Part, header: Header, in_digest: bool) {
    let absent: &[u8] = if in_digest {
        b"message/rfc822"
    } else {
        b"text/plain"
    };
    part.media = Value::parse(header.field("content-type").unwrap_or(absent));
    part.disposition = Value::parse(header.field("content-disposition").unwrap_or_default());
    part.encoding = Encoding::of(&header);
    let boundary = part.media.raw("boundary").unwrap_or_default();
    part.kind = if part.media.word.starts_with("multipart/") && !boundary.is_empty() {
        part.encoding = Encoding::Identity;
        Kind::Multipart
    } else if part.is("message/rfc822") && part.encoding == Encoding::Identity {
        Kind::Message
    } else {
        Kind::Leaf
    };
    part.header = header;
}

/// Parts within parts; real mails have five levels.
const DEEPEST: usize = 32;

/// Real mails have a few dozen.
const MOST_PARTS: usize = 4096;

/// Bytes of all headers that are kept.
const MOST_KEPT: usize = 4 << 20;

#[cfg(test)]
mod tests;
