//! A file that is walked: forward, with jumps over what is of no concern.
//!
//! Serves the walkers of pictures: each length is compared with what is there before it is believed.

use std::{
    io::{self, BufRead as _, BufReader, Read, Seek, SeekFrom},
    ops::Range,
};

/// The file, at some place.
pub(super) struct Input<'a, R> {
    reader: BufReader<&'a mut R>,
    at: u64,
    size: u64,
}

/// Why a walk ended.
#[derive(Debug)]
pub(super) enum Fault {
    /// The file is not what it seems to be.
    Broken,
    /// It cannot be read.
    Read(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Broken
        } else {
            Self::Read(error)
        }
    }
}

impl<'a, R: Read + Seek> Input<'a, R> {
    /// The file from its beginning.
    pub(super) fn new(reader: &'a mut R) -> io::Result<Self> {
        let size = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let reader = BufReader::with_capacity(BUFFER, reader);
        Ok(Self {
            reader,
            at: 0,
            size,
        })
    }

    /// What it begins with, without going on.
    pub(super) fn head(&mut self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.reader.by_ref().take(HEAD).read_to_end(&mut head)?;
        self.reader.seek(SeekFrom::Start(0))?;
        Ok(head)
    }

    /// The place.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The file's size.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Whether nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.size
    }

    /// The next bytes, as many as fit.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// That many bytes; broken, where there are less, or more than anybody would write.
    pub(super) fn bytes(&mut self, count: u64) -> Result<Vec<u8>, Fault> {
        if count > LONGEST || count > self.size.saturating_sub(self.at) {
            return Err(Fault::Broken);
        }
        let mut bytes = vec![0; usize::try_from(count).map_err(|_| Fault::Broken)?];
        self.reader.read_exact(&mut bytes)?;
        self.at += count;
        Ok(bytes)
    }

    /// Goes on behind that many bytes.
    pub(super) fn skip(&mut self, count: u64) -> Result<(), Fault> {
        if count > self.size.saturating_sub(self.at) {
            return Err(Fault::Broken);
        }
        let step = i64::try_from(count).map_err(|_| Fault::Broken)?;
        self.reader.seek_relative(step)?;
        self.at += count;
        Ok(())
    }

    /// Goes to a place in the file.
    pub(super) fn go(&mut self, place: u64) -> Result<(), Fault> {
        if place > self.size {
            return Err(Fault::Broken);
        }
        self.reader.seek(SeekFrom::Start(place))?;
        self.at = place;
        Ok(())
    }

    /// How many bytes of a part of the file are no zeros.
    pub(super) fn others(&mut self, part: Range<u64>) -> Result<u64, Fault> {
        self.go(part.start)?;
        let mut count = 0;
        while self.at < part.end {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let left = usize::try_from(part.end - self.at).unwrap_or(usize::MAX);
            let here = buffer.get(..left).unwrap_or(buffer);
            let passed = here.len();
            count += here.iter().filter(|byte| **byte != 0).count() as u64;
            self.reader.consume(passed);
            self.at += passed as u64;
        }
        Ok(count)
    }

    /// Goes on behind the next such byte; to the end, where there is none.
    pub(super) fn behind(&mut self, byte: u8) -> Result<bool, Fault> {
        loop {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                return Ok(false);
            }
            let found = memchr::memchr(byte, buffer);
            let passed = found.map_or(buffer.len(), |found| found + 1);
            self.reader.consume(passed);
            self.at += passed as u64;
            if found.is_some() {
                return Ok(true);
            }
        }
    }
}

/// Bytes read at a time.
const BUFFER: usize = 64 * 1024;

/// Bytes that say what a file is.
const HEAD: u64 = 4096;

/// The longest piece that is read into memory.
const LONGEST: u64 = 1024 * 1024;
