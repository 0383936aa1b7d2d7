//! Promise 37: the size of a sealed report takes few values.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

use sealpost::bundle::{Bundle, BundleHeader};

use crate::dump::{Dump, Opener};
use crate::scene::Scene;
use crate::vendor::vendor;

#[test]
fn p37_sizes_take_few_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let mut sizes = BTreeSet::new();
    let mut lengths = 0;
    for length in (0..60_000).step_by(97) {
        let size = bundle_size(&path, length);
        assert_eq!(size, padme(size), "{length}");
        assert!(
            size >= length && size <= (length + 8192) * 112 / 100 + 512,
            "{length}: {size}"
        );
        sizes.insert(size);
        lengths += 1;
    }
    assert_eq!(lengths, 619);
    assert!(sizes.len() < 70, "{} sizes", sizes.len());
    let large: BTreeSet<_> = (1 << 20..2 << 20)
        .step_by(9_973)
        .map(|length| bundle_size(&path, length))
        .collect();
    assert!(large.len() < 34, "{} sizes", large.len());
}

fn bundle_size(path: &Path, length: u64) -> u64 {
    File::create(path).unwrap().set_len(length).unwrap();
    let mut bundle = Bundle::new(BundleHeader {
        report_md: vec![b'a'; 500],
        report_json: vec![b'a'; 500],
        reporter: None,
        program: None,
        created: jiff::civil::date(2026, 11, 22),
    })
    .unwrap();
    bundle.attach(path).unwrap();
    let mut written = 0;
    bundle
        .write_to(&mut std::io::sink(), &mut |now| written = now)
        .unwrap();
    assert_eq!(written, bundle.size());
    written
}

/// The rule of the PURBs paper: with E the place of the highest bit and S the number of bits of E,
/// the length is rounded up to a multiple of two to the power of E - S.
fn padme(length: u64) -> u64 {
    let e = length.ilog2();
    let s = e.ilog2() + 1;
    let last = 1 << (e - s);
    length.div_ceil(last) * last
}

#[test]
fn p37_the_program_writes_such_sizes() {
    let scene = Scene::new();
    let mut overheads = BTreeSet::new();
    let mut sizes = BTreeSet::new();
    for length in [
        0, 1, 300, 5_000, 5_100, 20_000, 20_300, 20_600, 59_999, 60_000,
    ] {
        let (message, inside) = sealed_size(&scene, length);
        sizes.insert(message);
        overheads.insert(message - inside);
        // Signatures differ by the leading zeros of their numbers, whatever they sign.
        let signed = scene.seal("s", &["--key", "vendor.asc", "-a", "a.bin"]);
        let inside = Dump::of(&signed, &Opener::Key(vendor())).plaintext.len();
        let overhead = signed.len() - inside;
        assert!((280..460).contains(&overhead), "{overhead}");
    }
    assert!(sizes.len() <= 6, "{sizes:?}");
    assert!(
        overheads.iter().max().unwrap() - overheads.iter().min().unwrap() < 64,
        "{overheads:?}"
    );
}

/// The sizes of the message that the program makes of a report with an attachment, and of what is inside.
fn sealed_size(scene: &Scene, length: usize) -> (usize, usize) {
    scene.write("a.bin", vec![7; length]);
    let message = scene.seal("s", &["--key", "vendor.asc", "-a", "a.bin", "--unsigned"]);
    let inside = Dump::of(&message, &Opener::Key(vendor())).plaintext.len();
    let rounded = padme(u64::try_from(inside).unwrap());
    assert_eq!(u64::try_from(inside).unwrap(), rounded, "{length}");
    (message.len(), inside)
}

/// The long form: every length for a while, and then one after the other for longer.
#[test]
#[ignore = "soak: some minutes"]
fn soak_p37_every_size() {
    let scene = Scene::in_memory();
    let (mut lengths, mut sizes, mut most) = (0, BTreeSet::new(), 0.0_f64);
    for length in (0..2048).chain((2048..400_000).step_by(199)) {
        let (message, inside) = sealed_size(&scene, length);
        let more = u32::try_from(inside - length).unwrap();
        if length > 100_000 {
            most = most.max(f64::from(more) / f64::from(u32::try_from(length).unwrap()));
        }
        sizes.insert(message);
        lengths += 1;
    }
    println!(
        "figure: p37: {lengths} sizes of an attachment below 400,000 bytes, {} sizes of the message; above 100 kB at \
         most {:.1} % more",
        sizes.len(),
        100.0 * most
    );
    assert!(sizes.len() < 140 && most < 0.12, "{} {most}", sizes.len());
}
