//! Archives that must be refused.

use sealpost::bundle::Refusal;

use crate::archives::{archive, extended, file, folder, gnu, header, long_name, member, record};
use crate::archives::{ustar, with};
use tar::Header;

/// Archives that must be refused, each with its reason.
pub(crate) fn hostile_archives() -> Vec<(Vec<u8>, Refusal)> {
    let pax = |key: &str, value: &str| {
        archive(&[&extended(b'x', &record(key, value)), &file("a", b"abc")])
    };
    let mut all = hostile_names();
    all.extend(hostile_kinds());
    all.extend(hostile_layouts());
    for key in [
        "size",
        "linkpath",
        "GNU.sparse.major",
        "GNU.sparse.size",
        "SCHILY.realsize",
    ] {
        all.push((pax(key, "1"), Refusal::Record(key.to_owned())));
    }
    all.push((pax("path", "/tmp/sealpost-evil"), Refusal::Absolute));
    all.push((pax("path", "../evil"), Refusal::ParentFolder));
    let global = extended(b'g', &record("path", "evil"));
    all.push((
        archive(&[&global, &file("a", b"")]),
        Refusal::Record("path".to_owned()),
    ));
    let comment = extended(b'g', &record("comment", "x"));
    let path = extended(b'x', &record("path", "b"));
    let a = file("a", b"");
    all.push((
        archive(&[&comment, &comment, &a]),
        Refusal::RepeatedExtension,
    ));
    all.push((archive(&[&path, &comment, &a]), Refusal::RepeatedExtension));
    all.push((
        archive(&[&path, &long_name(b"c\0"), &a]),
        Refusal::RepeatedExtension,
    ));
    all.push((
        archive(&[&long_name(b"c\0"), &path, &a]),
        Refusal::RepeatedExtension,
    ));
    all.push((archive(&[&a, &path]), Refusal::StrayExtension));
    all.push((
        archive(&[&long_name(b"c\0d"), &a]),
        Refusal::MalformedExtension,
    ));
    all.push((
        archive(&[&long_name(b"../evil\0"), &a]),
        Refusal::ParentFolder,
    ));
    all
}

fn hostile_names() -> Vec<(Vec<u8>, Refusal)> {
    let one = |name: &str| archive(&[&file("ok", b""), &file(name, b"abc")]);
    let collides = |other: &str| Refusal::Collision(other.to_owned());
    let mut all: Vec<_> = [
        ("/tmp/sealpost-evil", Refusal::Absolute),
        ("../evil", Refusal::ParentFolder),
        ("x/../../evil", Refusal::ParentFolder),
        ("./../evil", Refusal::ParentFolder),
        ("..\\evil", Refusal::ReservedCharacter),
        ("C:evil", Refusal::ReservedCharacter),
        ("", Refusal::EmptyName),
        (".", Refusal::CurrentFolder),
        ("aux.h", Refusal::ReservedName),
        ("evil.", Refusal::TrailingDotOrSpace),
        ("evil\u{1b}[2J", Refusal::ControlCharacter),
        ("evil\u{202e}gpj.exe", Refusal::BidiCharacter),
        ("events.json", Refusal::TheVendors),
        ("GitHub.toml", Refusal::TheVendors),
        ("x/advisory.toml", Refusal::TheVendors),
        ("attachments/events.json", Refusal::TheVendors),
        ("ok", Refusal::Duplicate),
        ("OK", collides("ok")),
        ("ok/evil", collides("ok")),
    ]
    .into_iter()
    .map(|(name, reason)| (one(name), reason))
    .collect();
    let two = |one: Vec<u8>, other: Vec<u8>| archive(&[&one, &other]);
    all.push((two(file("d/a", b""), file("D/b", b"")), collides("d")));
    all.push((two(file("d/a", b""), file("d", b"")), collides("d")));
    all.push((two(folder("d/"), folder("d/")), Refusal::Duplicate));
    all.push((
        two(file("caf\u{e9}", b""), file("cafe\u{301}", b"")),
        collides("caf\u{e9}"),
    ));
    let bytes = header(Header::new_ustar(), b"a\xff", b'0');
    all.push((archive(&[&member(bytes, b"")]), Refusal::NotUtf8));
    all
}

fn hostile_kinds() -> Vec<(Vec<u8>, Refusal)> {
    let kinds = [
        (b'1', "a hard link"),
        (b'2', "a symbolic link"),
        (b'3', "a device"),
        (b'4', "a device"),
        (b'6', "a FIFO"),
        (b'7', "of another kind"),
        (b'K', "a link with a long target"),
        (b'S', "a sparse file"),
        (b'V', "of another kind"),
    ];
    let linked = |kind: u8| {
        let mut header = gnu("evil", kind);
        header.set_link_name("../evil").unwrap();
        archive(&[&member(header, b""), &file("evil/x", b"abc")])
    };
    let mut all: Vec<_> = kinds
        .into_iter()
        .map(|(kind, what)| (linked(kind), Refusal::Kind(what)))
        .collect();
    all.push((
        archive(&[&member(ustar("a/", b'5'), b"abc")]),
        Refusal::FileOrFolder,
    ));
    all.push((
        archive(&[&member(ustar("a/", b'0'), b"abc")]),
        Refusal::FileOrFolder,
    ));
    all.push((
        archive(&[&member(ustar("a/", 0), b"abc")]),
        Refusal::FileOrFolder,
    ));
    let slash = member(gnu("a/", 0), b"abc");
    all.push((
        archive(&[&long_name(b"b\0"), &slash]),
        Refusal::FileOrFolder,
    ));
    all
}

fn hostile_layouts() -> Vec<(Vec<u8>, Refusal)> {
    let a = file("a", b"abc");
    let two = |second: Header| archive(&[&a, &member(second, b"abc")]);
    let mut bad_sum = archive(&[&a, &file("b", b"")]);
    bad_sum[1024] ^= 1;
    let mut gap = archive(&[&a]);
    gap[600] = 1;
    let mut after = archive(&[&a]);
    after.extend_from_slice(&file("evil", b""));
    let tail = with(ustar("b", b'0'), |bytes| bytes[50] = b'x');
    let prefix = with(gnu("b", b'0'), |bytes| bytes[345] = b'x');
    let version = with(ustar("b", b'0'), |bytes| bytes[263] = b'x');
    let owner = with(ustar("b", b'0'), |bytes| {
        bytes[108..116].copy_from_slice(b"0_000000");
    });
    vec![
        (bad_sum, Refusal::Checksum),
        (gap, Refusal::Gap),
        (after, Refusal::AfterEnd),
        (two(tail), Refusal::HeaderTail),
        (two(prefix), Refusal::HeaderTail),
        (two(version), Refusal::UnknownFormat),
        (two(owner), Refusal::Number("owner")),
        (a.clone(), Refusal::NoEnd),
        ([&a[..], &[0; 512]].concat(), Refusal::NoEnd),
        ([&a[..], &[0; 512], &a[..]].concat(), Refusal::NoEnd),
        ([&a[..], &[0; 100]].concat(), Refusal::Truncated),
        (a[..700].to_vec(), Refusal::Truncated),
    ]
}
