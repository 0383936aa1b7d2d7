//! What goes, what stays, and that the picture itself is never touched.

use std::{fs, io::Cursor, path::PathBuf};

use proptest::prelude::*;

use super::{Cut, Form, Part, Picture, Survey, Trace, png::crc, survey};

fn look(bytes: &[u8]) -> Survey {
    survey("a.bin", &mut Cursor::new(bytes)).unwrap()
}

fn picture(bytes: &[u8]) -> Picture {
    look(bytes).picture.expect("it can be read")
}

fn apply(cut: &Cut, bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for part in cut.parts() {
        match part {
            Part::Keep(range) => {
                let place = |place: u64| usize::try_from(place).unwrap();
                all.extend(&bytes[place(range.start)..place(range.end)]);
            }
            Part::Bytes(bytes) => all.extend(bytes),
            Part::Zeros(count) => all.resize(all.len() + usize::try_from(*count).unwrap(), 0),
        }
    }
    assert_eq!(all.len() as u64, cut.size());
    all
}

/// What is left of a picture, and the kinds of what went.
fn stripped(bytes: &[u8]) -> (Vec<u8>, Vec<&'static str>) {
    let picture = picture(bytes);
    let kinds = picture.removed.iter().map(|one| one.kind).collect();
    (apply(&picture.cut, bytes), kinds)
}

fn words(traces: &[Trace]) -> Vec<String> {
    traces.iter().map(Trace::to_string).collect()
}

/// A block of Exif: orientation, camera, position, and a directory of a small picture.
fn exif(orientation: u8) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x03\0".to_vec();
    block.extend(b"\x0f\x01\x02\0\x04\0\0\0Cam\0");
    block.extend([0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
    block.extend(b"\x25\x88\x04\0\x01\0\0\0\x32\0\0\0");
    block.extend(b"\x44\0\0\0");
    block.extend(b"\x01\0\x02\0\x05\0\x03\0\0\0\0\0\0\0\0\0\0\0");
    block.extend([0; 40]);
    block
}

fn segment(code: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xff, code][..], &length, body].concat()
}

const JFIF: &[u8] = b"JFIF\0\x01\x02\0\0\x48\0\x48\0\0";

/// Frame, table and a coded picture in which markers seem to stand.
fn coded() -> Vec<u8> {
    [
        segment(0xdb, &[1; 65]),
        segment(0xc0, b"\x08\0\x08\0\x08\x01\x01\x11\0"),
        segment(0xda, b"\x01\x01\0\0\x3f\0"),
        b"\x12\xff\0\x34\xff\xd0\x56\xff\0\xfe".to_vec(),
        segment(0xc4, &[2; 20]),
        segment(0xda, b"\x01\x01\0\0\x3f\0"),
        b"\x78\xff\0\x9a".to_vec(),
    ]
    .concat()
}

fn jpeg(segments: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
    let segments = segments.concat();
    [b"\xff\xd8", &segments[..], &coded(), b"\xff\xd9", behind].concat()
}

fn telling_jpeg(orientation: u8) -> Vec<u8> {
    let exif = [b"Exif\0\0", &exif(orientation)[..]].concat();
    let segments = [
        segment(0xe0, JFIF),
        segment(0xe1, &exif),
        segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
        segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
        segment(0xe2, b"MPF\0more"),
        segment(0xed, b"Photoshop 3.0\0names"),
        segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"),
        segment(0xef, b"maker"),
        segment(0xfe, b"made at home"),
    ];
    jpeg(&segments, b"\xff\xd8another picture")
}

#[test]
fn jpeg_keeps_the_picture_and_its_colours() {
    let original = telling_jpeg(1);
    let (left, kinds) = stripped(&original);
    let expected = [
        segment(0xe0, JFIF),
        segment(0xe2, b"ICC_PROFILE\0\x01\x01colours"),
        segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"),
    ];
    assert!(left == jpeg(&expected, b""), "{}", left.escape_ascii());
    assert_eq!(
        kinds,
        [
            "gps", "xmp", "other", "iptc", "other", "comment", "trailing"
        ]
    );
    let picture = picture(&original);
    assert_eq!(
        words(&picture.removed)[..2],
        [
            "Exif: GPS position, camera make and model, thumbnail",
            "XMP (45 bytes)"
        ]
    );
    assert_eq!(words(&picture.kept), ["profile of its colours"]);
}

#[test]
fn how_to_turn_a_picture_stays() {
    for original in [
        telling_jpeg(6),
        png_of(&[(b"eXIf", &exif(6))]),
        webp(Some(6)),
    ] {
        let (left, kinds) = stripped(&original);
        assert!(kinds.contains(&"gps"), "{kinds:?}");
        assert!(words(&picture(&original).kept).contains(&"how to turn it".to_owned()));
        let turned = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        assert!(left.windows(turned.len()).any(|part| part == turned));
        assert!(!left.windows(3).any(|part| part == b"Cam"));
    }
}

#[test]
fn a_small_picture_in_jfif_goes() {
    let body = [&JFIF[..12], &[1, 1], &[9, 9, 9]].concat();
    let (left, kinds) = stripped(&jpeg(&[segment(0xe0, &body)], b""));
    assert!(left == jpeg(&[segment(0xe0, JFIF)], b""));
    assert_eq!(kinds, ["thumbnail"]);
}

#[test]
fn a_jpeg_that_was_cut_off_is_stripped_all_the_same() {
    let mut original = jpeg(&[segment(0xfe, b"made at home")], b"");
    original.truncate(original.len() - 4);
    let (left, kinds) = stripped(&original);
    assert_eq!((left.len(), kinds), (original.len() - 16, vec!["comment"]));
    original.truncate(30);
    assert!(look(&original).is_unreadable());
}

#[test]
fn a_jpeg_that_was_cut_off_keeps_none_of_the_next_one() {
    let mut original = jpeg(&[segment(0xfe, b"made at home")], b"");
    original.truncate(original.len() - 2);
    let left = original.len() - 16;
    original.extend(telling_jpeg(1));
    let (stripped, kinds) = stripped(&original);
    assert_eq!((stripped.len(), kinds), (left, vec!["comment", "trailing"]));
    let before = [&b"\xff\xd8"[..], &telling_jpeg(1)].concat();
    assert!(look(&before).is_unreadable());
}

#[test]
fn what_only_begins_like_colours_goes() {
    let adobe = b"Adobe\0\x64\0\0\0\0\x01";
    let segments = [
        segment(0xe2, b"ICC_PERSONAL\0Ada"),
        segment(0xee, &[&adobe[..], b"made by Ada"].concat()),
        segment(0xee, b"Adobe"),
    ];
    let (left, kinds) = stripped(&jpeg(&segments, b""));
    assert!(
        left == jpeg(&[segment(0xee, adobe)], b""),
        "{}",
        left.escape_ascii()
    );
    assert_eq!(kinds, ["other"; 2]);
}

fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let sum = crc(&[name, body].concat()).to_be_bytes();
    [&length[..], name, body, &sum].concat()
}

/// A picture with these chunks before the coded part.
fn png_of(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend(chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"));
    for (name, body) in chunks {
        png.extend(chunk(*name, body));
    }
    png.extend(chunk(b"acTL", &[0; 8]));
    png.extend(chunk(b"IDAT", b"\x78\x9ctEXt no chunk"));
    png.extend(chunk(b"fdAT", b"\0\0\0\x01more"));
    png.extend(chunk(b"IEND", b""));
    png
}

#[test]
fn png_keeps_what_shows_and_moves_it() {
    let shown: [(&[u8; 4], &[u8]); 2] = [(b"gAMA", b"\0\0\xb1\x8f"), (b"iCCP", b"P3\0\0x")];
    let told: [(&[u8; 4], &[u8]); 5] = [
        (b"tEXt", b"Author\0Ada"),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>"),
        (b"tIME", b"\x07\xe9\x01\x01\x01\x01\x01"),
        (b"eXIf", &exif(1)),
        (b"prVt", b"private"),
    ];
    let mut original = png_of(&[&shown[..], &told[..]].concat());
    original.extend(b"behind");
    let (left, kinds) = stripped(&original);
    assert!(left == png_of(&shown), "{}", left.escape_ascii());
    assert_eq!(
        kinds,
        ["png-text", "xmp", "png-time", "gps", "other", "trailing"]
    );
    assert_eq!(
        words(&picture(&original).removed)[0],
        "the text “Author” (22 bytes)"
    );
    assert_eq!(crc(b"IEND"), 0xae42_6082);
}

fn gif(extensions: &[u8]) -> Vec<u8> {
    let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
    let moves = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0\x21\xf9\x04\0\x0a\0\0\0";
    let picture = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    [&head[..], moves, extensions, picture, b"\x3b"].concat()
}

#[test]
fn gif_keeps_moving() {
    let mut original = gif(b"\x21\xfe\x05hello\0\x21\xff\x0bXMP DataXMP\x01x\0");
    original.extend(b"behind");
    let (left, kinds) = stripped(&original);
    assert!(left == gif(b""));
    assert_eq!(kinds, ["comment", "xmp", "trailing"]);
}

fn riff(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    let even = &[0][..body.len() % 2];
    [name, &length, body, even].concat()
}

fn webp(orientation: Option<u8>) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    let flags = if orientation.is_some() { 0x2c } else { 0x20 };
    body.extend(riff(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    body.extend(riff(b"ICCP", b"odd"));
    body.extend(riff(b"VP8L", b"\x2fpicture"));
    if let Some(orientation) = orientation {
        body.extend(riff(b"EXIF", &exif(orientation)));
        body.extend(riff(b"XMP ", b"<x:xmpmeta/>"));
    }
    riff(b"RIFF", &body)
}

#[test]
fn webp_says_no_more_that_it_has_exif() {
    let mut original = webp(Some(1));
    original.extend(b"behind");
    let (left, kinds) = stripped(&original);
    assert!(left == webp(None), "{}", left.escape_ascii());
    assert_eq!(kinds, ["gps", "xmp", "trailing"]);
}

/// A picture of four bytes, with camera, position, XMP and a private tag. `telling` or not.
fn tiff(telling: bool) -> Vec<u8> {
    let mut tags: Vec<[u8; 12]> = vec![
        *b"\0\x01\x03\0\x01\0\0\0\x02\0\0\0",
        *b"\x01\x01\x03\0\x01\0\0\0\x02\0\0\0",
        *b"\x11\x01\x04\0\x01\0\0\0\x08\0\0\0",
        *b"\x17\x01\x04\0\x01\0\0\0\x04\0\0\0",
        *b"\x1a\x01\x05\0\x01\0\0\0\x20\0\0\0",
    ];
    if telling {
        tags.insert(2, *b"\x0f\x01\x02\0\x07\0\0\0\x0c\0\0\0");
        tags.push(*b"\xbc\x02\x01\0\x0c\0\0\0\x14\0\0\0");
        tags.push(*b"\x25\x88\x04\0\x01\0\0\0\x2c\0\0\0");
        tags.push(*b"\x53\x87\x07\0\x01\0\0\0\x01\0\0\0");
    }
    let (make, xmp, gps) = (
        b"Camera\0\0",
        b"<x:xmpmeta/>",
        b"\x01\0\x02\0\x05\0\x03\0\0\0\xb2\0\0\0\0\0\0\0",
    );
    let mut bytes = b"II*\0\x40\0\0\0\xaa\xbb\xcc\xdd".to_vec();
    bytes.extend(if telling { &make[..] } else { &[0; 8] });
    bytes.extend(if telling { &xmp[..] } else { &[0; 12] });
    bytes.extend(b"\x48\0\0\0\x01\0\0\0");
    bytes.extend(b"\0\0\0\0");
    bytes.extend(if telling { &gps[..] } else { &[0; 18] });
    bytes.resize(0x40, 0);
    bytes.extend([u8::try_from(tags.len()).unwrap(), 0]);
    bytes.extend(tags.concat());
    bytes.resize(0xb2, 0);
    bytes.extend([if telling { 7 } else { 0 }; 24]);
    bytes
}

#[test]
fn tiff_keeps_size_and_places() {
    let original = tiff(true);
    let (left, kinds) = stripped(&original);
    assert_eq!(left.len(), original.len());
    assert!(left == tiff(false), "{}", left.escape_ascii());
    assert_eq!(kinds, ["xmp", "other", "gps"]);
    let removed = words(&picture(&original).removed);
    assert!(removed[2].starts_with("tags: "), "{removed:?}");
}

#[test]
fn directories_of_exif_go_whole() {
    let mut bytes = b"MM\0*\0\0\0\x0cdata\0\x02".to_vec();
    bytes.extend(b"\x01\x11\0\x04\0\0\0\x01\0\0\0\x08");
    bytes.extend(b"\x87\x69\0\x04\0\0\0\x01\0\0\0\x2a\0\0\0\0");
    bytes.extend(b"\0\x02\xa0\x05\0\x04\0\0\0\x01\0\0\0\x48");
    bytes.extend(b"\xa4\x31\0\x02\0\0\0\x08\0\0\0\x5a\0\0\0\0");
    bytes.extend(b"\0\x01\0\x01\0\x02\0\0\0\x04R98\0\0\0\0\0");
    bytes.extend(b"SERIAL1\0");
    let (left, kinds) = stripped(&bytes);
    let mut expected = bytes[..26].to_vec();
    expected[13] = 1;
    expected.resize(bytes.len(), 0);
    assert!(left == expected, "{}", left.escape_ascii());
    assert_eq!(kinds, ["exif"]);
    assert_eq!(
        words(&picture(&bytes).removed),
        ["tags: serial number, Exif"]
    );
}

#[test]
fn raw_files_of_cameras_stay() {
    let camera = b"\x0f\x01\x02\0\x04\0\0\0Cam\0";
    for (tag, is_raw) in [
        (b"\x06\x01\x03\0\x01\0\0\0\x02\0\0\0", false),
        (b"\x06\x01\x03\0\x01\0\0\0\x23\x80\0\0", true),
        (b"\x8e\x82\x01\0\x04\0\0\0\0\x01\x01\x02", true),
        (b"\x40\xc6\x03\0\x01\0\0\0\x01\0\0\0", true),
    ] {
        let bytes = [&b"II*\0\x08\0\0\0\x02\0"[..], tag, camera, &[0; 4]].concat();
        assert_eq!(look(&bytes).is_unreadable(), is_raw, "{tag:?}");
    }
}

/// Two directories name the same pieces of the picture, and each has thousands of tags that go.
#[test]
fn p31_a_tiff_of_many_pieces_takes_no_longer_than_it_is_long() {
    const TAGS: u32 = 4000;
    const PLACES: u32 = 250_000;
    let directory = 6 + 12 * (TAGS + 2);
    let arrays = 8 + 2 * directory;
    let mut values = arrays + 8 * PLACES;
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    for next in [8 + directory, 0] {
        bytes.extend(u16::try_from(TAGS + 2).unwrap().to_le_bytes());
        let mut tag = |number: u16, kind: u16, count: u32, place: u32| {
            bytes.extend(number.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(place.to_le_bytes());
        };
        tag(273, 4, PLACES, arrays);
        tag(279, 4, PLACES, arrays + 4 * PLACES);
        for _ in 0..TAGS {
            tag(40000, 2, 5, values);
            values += 5;
        }
        bytes.extend(next.to_le_bytes());
    }
    assert_eq!(bytes.len(), arrays as usize);
    let one = |number: u32| (0..PLACES).flat_map(move |_| number.to_le_bytes());
    bytes.extend(one(0).chain(one(1)));
    bytes.resize(values as usize, b'x');
    let began = std::time::Instant::now();
    let (left, _) = stripped(&bytes);
    assert!(began.elapsed().as_secs() < 3, "{:?}", began.elapsed());
    assert!(!left.contains(&b'x'));
}

/// TIFF's own tags below 32768 that tell (a printer), and those that Windows keeps there (an author).
#[test]
fn only_tags_that_show_stay_in_a_tiff() {
    for number in [337_u16, 0x5023, 0x0320, 0x7fff] {
        let mut bytes = b"II*\0\x0c\0\0\0data\x02\0".to_vec();
        bytes.extend(b"\x11\x01\x04\0\x01\0\0\0\x08\0\0\0");
        bytes.extend(number.to_le_bytes());
        bytes.extend(b"\x02\0\x04\0\0\0Ada\0\0\0\0\0");
        let (left, kinds) = stripped(&bytes);
        assert_eq!(kinds, ["other"], "{number}");
        assert!(!left.windows(3).any(|part| part == b"Ada"), "{number}");
    }
}

/// Programs write a directory anew at the end, and leave the old one, with its author, where it was.
#[test]
fn what_nothing_names_in_a_tiff_is_told() {
    let mut original = tiff(true);
    assert!(picture(&original).is_known());
    original.extend(b"Ada\0\0Ada");
    let found = picture(&original);
    assert!(!found.is_known());
    assert_eq!(words(&found.kept), ["6 bytes that nothing in it names"]);
}

#[test]
fn a_tiff_whose_tags_point_into_the_picture_stays() {
    let mut original = tiff(true);
    let place = original.windows(4).position(|part| part == b"\x0c\0\0\0");
    assert_eq!(
        place.map(|at| &original[at - 4..at]),
        Some(&b"\x07\0\0\0"[..])
    );
    original[place.unwrap()] = 8;
    assert!(look(&original).is_unreadable());
}

#[test]
fn other_files_are_known() {
    for (name, head, form) in [
        ("poc.py", &b"import os\n"[..], "Text"),
        ("a", b"\xff\xfe\0", "Unknown"),
        ("a.zip", b"PK\x03\x04\x14\0", "Unknown"),
        ("a.docx", b"PK\x03\x04....", "Document(Cleaned(\"docx\"))"),
        ("a", b"%PDF-1.7\n", "Document(Cleaned(\"pdf\"))"),
        (
            "a",
            b"\xef\xbb\xbf\r\n%PDF-1.7\n",
            "Document(Cleaned(\"pdf\"))",
        ),
        ("poc.py", b"evil = b'%PDF-1.7'\n", "Text"),
        ("a.avif", b"\0\0\0\x20ftypavif", "Unknown"),
        ("a.MP4", b"\0\0\0\x20ftypisom", "Document(Cleaned(\"mp4\"))"),
        ("a.opus", b"OggS", "Document(Cleaned(\"opus\"))"),
    ] {
        let survey = survey(name, &mut Cursor::new(head)).unwrap();
        assert_eq!(format!("{:?}", survey.form), form, "{name}");
        assert_eq!(survey.picture, None);
        assert!(!survey.is_unreadable());
    }
}

/// Pictures that others published.
#[test]
fn real_pictures_keep_what_is_coded() {
    let Some(corpus) = std::env::var_os("SEALPOST_CORPUS").map(PathBuf::from) else {
        println!("SEALPOST_CORPUS is not set: skipped");
        return;
    };
    let mut seen = 0;
    let mut folders = vec![corpus.join("reports")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "png") {
                let original = fs::read(&path).unwrap();
                let found = picture(&original);
                println!("{}: {:?}", path.display(), words(&found.removed));
                let left = apply(&found.cut, &original);
                assert!(coded_of(&left) == coded_of(&original), "{}", path.display());
                assert_eq!(stripped(&left).1, [""; 0]);
                seen += 1;
            }
        }
    }
    assert!(seen > 10);
}

/// What is coded in a PNG.
fn coded_of(png: &[u8]) -> Vec<u8> {
    let (mut at, mut all) = (8, Vec::new());
    while let Some(head) = png.get(at..at + 8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        if &head[4..] == b"IDAT" {
            all.extend(&png[at + 8..at + 8 + length]);
        }
        at += length + 12;
    }
    all
}

fn any_picture() -> Vec<Vec<u8>> {
    vec![
        telling_jpeg(6),
        png_of(&[(b"eXIf", &exif(6)), (b"tEXt", b"a\0b")]),
        gif(b"\x21\xfe\x05hello\0"),
        webp(Some(6)),
        tiff(true),
    ]
}

/// Nothing is left to strip of what was stripped, and the pieces lie within the file.
fn holds(bytes: &[u8]) {
    let Some(found) = look(bytes).picture else {
        return;
    };
    let left = apply(&found.cut, bytes);
    if found.removed.is_empty() {
        return;
    }
    let again = look(&left);
    let again = again.picture.expect("what was stripped can be read");
    assert_eq!(words(&again.removed), [""; 0], "{}", left.escape_ascii());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn p31_damaged_pictures_are_cut_within_their_bounds(
        which in 0_usize..5,
        changes in prop::collection::vec((0_usize..400, any::<u8>()), 0..4),
        length in 0_usize..600,
    ) {
        let mut bytes = any_picture().remove(which);
        for (place, byte) in changes {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        bytes.truncate(length.max(40));
        holds(&bytes);
    }

    #[test]
    fn p31_any_bytes(which in 0_usize..5, bytes: Vec<u8>) {
        let head = any_picture().remove(which);
        holds(&[&head[..12], &bytes].concat());
    }
}

#[test]
fn forms_of_pictures_are_told_apart() {
    let forms = any_picture()
        .iter()
        .map(|one| look(one).form)
        .collect::<Vec<_>>();
    assert_eq!(
        forms,
        [Form::Jpeg, Form::Png, Form::Gif, Form::WebP, Form::Tiff]
    );
}
