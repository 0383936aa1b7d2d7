//! One directory of a TIFF.
//!
//! Serves the stripping of metadata. TIFF 6.0 section 2, "Image File Directory".

use std::{
    io::{Read, Seek},
    ops::Range,
};

use crate::metadata::input::{Fault, Input};

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    /// That of a file that begins with this byte.
    pub(super) fn of(mark: u8) -> Self {
        if mark == b'M' {
            Self::Big
        } else {
            Self::Little
        }
    }

    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// A directory.
pub(super) struct Directory {
    pub(super) range: Range<u64>,
    pub(super) tags: Vec<Tag>,
    /// The place of the next, or 0.
    pub(super) next: u32,
}

/// A tag, with its value or the place of it.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    pub(super) number: u16,
    kind: u16,
    count: u32,
    pub(super) value: [u8; 4],
    bytes: [u8; 12],
}

impl Directory {
    /// The directory at this place.
    pub(super) fn read<R: Read + Seek>(
        input: &mut Input<'_, R>,
        place: u32,
        order: Order,
    ) -> Result<Self, Fault> {
        let start = u64::from(place);
        input.go(start)?;
        let count = order.u16(input.array()?);
        if count > TAGS {
            return Err(Fault::Broken);
        }
        let mut tags = Vec::new();
        for _ in 0..count {
            let bytes: [u8; 12] = input.array()?;
            let [t0, t1, k0, k1, c0, c1, c2, c3, value @ ..] = bytes;
            tags.push(Tag {
                number: order.u16([t0, t1]),
                kind: order.u16([k0, k1]),
                count: order.u32([c0, c1, c2, c3]),
                value,
                bytes,
            });
        }
        let next = order.u32(input.array()?);
        let range = start..input.at();
        Ok(Self { range, tags, next })
    }

    /// As many bytes as it had, with the tags that it has now.
    pub(super) fn bytes(&self, order: Order) -> Vec<u8> {
        let short = |number: u16| match order {
            Order::Little => number.to_le_bytes(),
            Order::Big => number.to_be_bytes(),
        };
        let long = |number: u32| match order {
            Order::Little => number.to_le_bytes(),
            Order::Big => number.to_be_bytes(),
        };
        let count = u16::try_from(self.tags.len()).unwrap_or_default();
        let mut bytes = short(count).to_vec();
        bytes.extend(self.tags.iter().flat_map(|tag| tag.bytes));
        bytes.extend(long(self.next));
        let size = self.range.end - self.range.start;
        bytes.resize(usize::try_from(size).unwrap_or(bytes.len()), 0);
        bytes
    }
}

impl Tag {
    /// Where its value lies, unless that is in the tag.
    pub(super) fn elsewhere(&self, order: Order) -> Result<Option<Range<u64>>, Fault> {
        let one = match self.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 => 8,
            _ => return Err(Fault::Broken),
        };
        let size = u64::from(self.count) * one;
        let start = u64::from(order.u32(self.value));
        Ok((size > 4).then_some(start..start + size))
    }

    /// Its value as numbers.
    pub(super) fn numbers<R: Read + Seek>(
        &self,
        input: &mut Input<'_, R>,
        order: Order,
    ) -> Result<Vec<u32>, Fault> {
        let bytes = match self.elsewhere(order)? {
            Some(range) => {
                input.go(range.start)?;
                input.bytes(range.end - range.start)?
            }
            None => self.value.to_vec(),
        };
        let count = usize::try_from(self.count).map_err(|_| Fault::Broken)?;
        let numbers: Vec<u32> = match self.kind {
            3 => bytes
                .as_chunks()
                .0
                .iter()
                .map(|pair| u32::from(order.u16(*pair)))
                .collect(),
            4 | 13 => bytes
                .as_chunks()
                .0
                .iter()
                .map(|four| order.u32(*four))
                .collect(),
            _ => return Err(Fault::Broken),
        };
        Ok(numbers.into_iter().take(count).collect())
    }
}

/// The most tags of a directory.
const TAGS: u16 = 4096;
