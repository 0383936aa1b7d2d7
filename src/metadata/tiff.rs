//! TIFF: directories of tags, anywhere in the file.
//!
//! Serves the stripping of metadata. TIFF 6.0 section 2. A directory is written anew in its place without the tags that
//! tell, and what they pointed to is overwritten with zeros: size and places stay, so the picture's own bytes do, too. Only
//! tags that are known to show stay. Bytes that nothing names, such as what a program left where a directory was, stay,
//! too, and are told. Raw files of cameras, which need their makers' tags, and `BigTIFF` are not touched.

mod directory;

use std::{
    io::{Read, Seek},
    ops::Range,
};

use self::directory::{Directory, Order, Tag};
use super::{
    cut::Cut,
    exif::{EXIF, GPS, PLACE, TELLS_PLACE, word},
    input::{Fault, Input},
    trace::{Traces, UNNAMED},
};

/// What of the picture stays.
pub(super) fn walk<R: Read + Seek>(
    input: &mut Input<'_, R>,
    traces: &mut Traces,
) -> Result<Cut, Fault> {
    let [mark, _, _, _]: [u8; 4] = input.array()?;
    let order = Order::of(mark);
    let first = order.u32(input.array()?);
    let mut walk = Walk {
        order,
        waiting: vec![first],
        needed: vec![Range { start: 0, end: 8 }],
        ..Walk::default()
    };
    let mut seen = Vec::new();
    while let Some(place) = walk.waiting.pop() {
        if place == 0 || seen.contains(&place) {
            continue;
        }
        if seen.len() >= DIRECTORIES {
            return Err(Fault::Broken);
        }
        seen.push(place);
        walk.page(input, place, traces)?;
    }
    walk.tell(traces);
    let unnamed = walk.unnamed(input)?;
    if unnamed > 0 {
        let s = if unnamed == 1 { "" } else { "s" };
        traces.keep(
            UNNAMED,
            format!("{unnamed} byte{s} that nothing in it names"),
        );
    }
    walk.finish(input.size())
}

#[derive(Default)]
struct Walk {
    order: Order,
    waiting: Vec<u32>,
    /// What must stay as it is.
    needed: Vec<Range<u64>>,
    /// What comes in the place of other bytes: as many, or zeros.
    instead: Vec<(Range<u64>, Option<Vec<u8>>)>,
    words: Vec<&'static str>,
}

impl Walk {
    /// A directory that stays, and where it leads.
    fn page<R: Read + Seek>(
        &mut self,
        input: &mut Input<'_, R>,
        place: u32,
        traces: &mut Traces,
    ) -> Result<(), Fault> {
        let mut directory = Directory::read(input, place, self.order)?;
        if self.is_raw(input, &directory)? {
            return Err(Fault::Broken);
        }
        self.waiting.push(directory.next);
        let before = directory.tags.len();
        let (stay, go): (Vec<Tag>, Vec<Tag>) = directory
            .tags
            .into_iter()
            .partition(|tag| stays(tag.number));
        for tag in go {
            self.remove(input, &tag, traces)?;
        }
        for tag in &stay {
            self.keep(input, tag, traces)?;
        }
        self.pixels(input, &stay)?;
        let changed = stay.len() < before;
        directory.tags = stay;
        if changed {
            let bytes = directory.bytes(self.order);
            self.instead.push((directory.range, Some(bytes)));
        } else {
            self.needed.push(directory.range);
        }
        Ok(())
    }

    /// Whether it is that of a camera's raw file, by a tag of such files or by what its numbers mean.
    fn is_raw<R: Read + Seek>(
        &self,
        input: &mut Input<'_, R>,
        directory: &Directory,
    ) -> Result<bool, Fault> {
        for tag in &directory.tags {
            let is_raw = match tag.number {
                MEANING => {
                    let numbers = tag.numbers(input, self.order)?;
                    numbers.iter().any(|number| SENSOR.contains(number))
                }
                number => RAW.contains(&number),
            };
            if is_raw {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn keep<R: Read + Seek>(
        &mut self,
        input: &mut Input<'_, R>,
        tag: &Tag,
        traces: &mut Traces,
    ) -> Result<(), Fault> {
        if let Some(range) = tag.elsewhere(self.order)? {
            self.needed.push(range);
        }
        match tag.number {
            BELOW => self.waiting.extend(tag.numbers(input, self.order)?),
            PROFILE => traces.keep("colours", "profile of its colours"),
            _ => {}
        }
        Ok(())
    }

    fn remove<R: Read + Seek>(
        &mut self,
        input: &mut Input<'_, R>,
        tag: &Tag,
        traces: &mut Traces,
    ) -> Result<(), Fault> {
        let range = tag.elsewhere(self.order)?;
        let size = range.as_ref().map_or(4, |range| range.end - range.start);
        match tag.number {
            EXIF | GPS => self.remove_below(input, tag)?,
            700 => traces.remove("xmp", "XMP", size),
            33723 | 34377 => traces.remove("iptc", "IPTC", size),
            269 | 285 => self.say("name of the document"),
            other => match word(other) {
                Some(word) => self.say(word),
                None => traces.remove("other", "data of applications", size),
            },
        }
        self.instead.extend(range.map(|range| (range, None)));
        Ok(())
    }

    /// A directory that goes, with what it leads to.
    fn remove_below<R: Read + Seek>(
        &mut self,
        input: &mut Input<'_, R>,
        tag: &Tag,
    ) -> Result<(), Fault> {
        let directory = Directory::read(input, self.order.u32(tag.value), self.order)?;
        for inside in &directory.tags {
            match inside.number {
                INTEROPERABILITY if tag.number == EXIF => {
                    let place = self.order.u32(inside.value);
                    let last = Directory::read(input, place, self.order)?;
                    self.instead.push((last.range, None));
                }
                place if tag.number == GPS && PLACE.contains(&place) => self.say(TELLS_PLACE),
                other if tag.number == EXIF => {
                    if let Some(word) = word(other) {
                        self.say(word);
                    }
                }
                _ => {}
            }
            let range = inside.elsewhere(self.order)?;
            self.instead.extend(range.map(|range| (range, None)));
        }
        self.instead.push((directory.range, None));
        self.say("Exif");
        Ok(())
    }

    /// Where the picture itself lies.
    fn pixels<R: Read + Seek>(
        &mut self,
        input: &mut Input<'_, R>,
        tags: &[Tag],
    ) -> Result<(), Fault> {
        let find = |wanted| tags.iter().find(|tag| tag.number == wanted);
        for (places, sizes) in PIXELS {
            let (Some(places), Some(sizes)) = (find(places), find(sizes)) else {
                continue;
            };
            let places = places.numbers(input, self.order)?;
            let sizes = sizes.numbers(input, self.order)?;
            let ranges = places.iter().zip(&sizes).map(|(place, size)| {
                let place = u64::from(*place);
                place..place + u64::from(*size)
            });
            self.needed.extend(ranges);
            if self.needed.len() > PIECES {
                return Err(Fault::Broken);
            }
        }
        Ok(())
    }

    fn say(&mut self, word: &'static str) {
        if !self.words.contains(&word) {
            self.words.push(word);
        }
    }

    fn tell(&self, traces: &mut Traces) {
        let place = self.words.contains(&TELLS_PLACE);
        let kind = if place { "gps" } else { "exif" };
        if !self.words.is_empty() {
            traces.remove_words(kind, format!("tags: {}", self.words.join(", ")));
        }
    }

    /// Bytes that are part of nothing, and no zeros.
    fn unnamed<R: Read + Seek>(&self, input: &mut Input<'_, R>) -> Result<u64, Fault> {
        let instead = self.instead.iter().map(|(range, _)| range);
        let mut named: Vec<_> = self.needed.iter().chain(instead).collect();
        named.sort_by_key(|range| range.start);
        let (mut count, mut at) = (0, 0);
        let end = input.size()..input.size();
        for range in named.into_iter().chain([&end]) {
            if at < range.start.min(end.start) {
                count += input.others(at..range.start.min(end.start))?;
            }
            at = at.max(range.end);
        }
        Ok(count)
    }

    /// The whole file. Where something is needed that was to go, it is no file that we understand.
    fn finish(mut self, size: u64) -> Result<Cut, Fault> {
        self.instead
            .sort_by_key(|(range, _)| (range.start, range.end));
        self.instead.dedup();
        self.needed.retain(|range| !range.is_empty());
        self.needed.sort_by_key(|range| range.start);
        let mut needed = self.needed.iter().peekable();
        let mut cut = Cut::default();
        // How far goes what was kept, and what is needed of that which begins before.
        let (mut at, mut needed_to) = (0, 0);
        for (range, bytes) in self.instead {
            while let Some(before) = needed.next_if(|needed| needed.start < range.end) {
                needed_to = needed_to.max(before.end);
            }
            let hit = needed_to > range.start;
            if range.start < at || range.end > size || hit || cut.is_crumbled() {
                return Err(Fault::Broken);
            }
            cut.keep(at..range.start);
            match bytes {
                Some(bytes) => cut.bytes(bytes),
                None => cut.zeros(range.end - range.start),
            }
            at = range.end;
        }
        cut.keep(at..size);
        Ok(cut)
    }
}

/// Whether a tag says how to show the picture: those of TIFF 6.0 that do, of its supplements and of TIFF-FX, and of
/// those above 32768, which anybody may register, a few.
fn stays(tag: u16) -> bool {
    matches!(
        tag,
        254..=259
            | 262..=266
            | 273
            | 274
            | 277..=284
            | 286
            | 287
            | 290..=293
            | 296
            | 297
            | 301
            | 317..=328
            | BELOW
            | 332..=334
            | 336
            | 338..=347
            | 401..=405
            | 433..=435
            | 512..=521
            | 529..=532
            | 559
            | 32995..=32998
            | PROFILE
            | 34732
    )
}

/// Directories of smaller pictures.
const BELOW: u16 = 330;

const PROFILE: u16 = 34675;

const INTEROPERABILITY: u16 = 0xa005;

/// Tags of which one has the places of the picture's pieces, and the other their sizes.
const PIXELS: [(u16, u16); 3] = [(273, 279), (324, 325), (513, 514)];

/// What the numbers of a picture mean.
const MEANING: u16 = 262;

/// What a sensor saw, with filters for colours and without.
const SENSOR: [u32; 2] = [32803, 34892];

/// Tags of raw files: the version of DNG, the patterns of sensors, Canon's slices.
const RAW: [u16; 4] = [50706, 33421, 33422, 50752];

const DIRECTORIES: usize = 100;

/// The most pieces of a picture.
const PIECES: usize = 1_000_000;
