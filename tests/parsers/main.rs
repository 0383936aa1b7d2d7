//! Promise 31 in its short form: no parser panics, whatever comes in.
//!
//! Each door of `fuzz/src/lib.rs` gets valid input with a few things changed, the same changes on
//! every run, and the files of the corpus that belong to it. The long form is `fuzz/`.

mod answers;
#[path = "../bundle/archives.rs"]
#[expect(dead_code, reason = "tests/bundle uses all of it")]
mod archives;
#[path = "../corpus/mod.rs"]
#[expect(dead_code, reason = "tests/certificates.rs uses all of it")]
mod corpus;
#[path = "../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "public in the crate of the fuzz targets")]
mod doors;
mod mutation;
mod published;
mod seeds;

use std::{
    fs, panic,
    path::{Path, PathBuf},
    time::Instant,
};

use mutation::{Random, mutated};

/// Says whether it took its input.
type Door = fn(&[u8]) -> bool;

/// A door with the name of its fuzz target.
type Named = (&'static str, Door);

/// Sends the seeds through the door, which takes `good` of them, then `count` mutations.
fn storm((name, door): Named, seeds: &[Vec<u8>], good: usize, count: usize) {
    let taken = |seed: &&Vec<u8>| enter(name, door, seed, "a seed");
    assert_eq!(seeds.iter().filter(taken).count(), good, "good seeds");
    let mut random = Random::for_door(name);
    let mut refused = 0;
    for number in 0..count {
        let case = mutated(seeds, &mut random);
        refused += usize::from(!enter(name, door, &case, &format!("case {number}")));
    }
    println!("{name}: {refused} of {count} refused");
}

/// A panic fails the test and leaves the input where a fuzz target can be pointed at it.
fn enter(name: &str, door: Door, input: &[u8], what: &str) -> bool {
    panic::catch_unwind(|| door(input)).unwrap_or_else(|_| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("panic-{name}"));
        fs::write(&path, input).unwrap();
        panic!("{name}, {what}: the input is in {}", path.display());
    })
}

#[test]
fn p31_message() {
    storm(("message", doors::message), &seeds::messages(), 7, 3000);
}

#[test]
fn p31_admission() {
    storm(
        ("admission", doors::admission),
        &seeds::messages(),
        4,
        20_000,
    );
}

#[test]
fn p31_inside() {
    storm(("inside", doors::inside), &seeds::insides(), 4, 3000);
}

#[test]
fn p31_certificate() {
    let seeds = seeds::certificates();
    storm(("certificate", doors::certificate), &seeds, 14, 2000);
}

#[test]
fn p31_secret_key() {
    let seeds = seeds::secret_keys();
    storm(("secret_key", doors::secret_key), &seeds, 9, 2000);
}

#[test]
fn p31_archive() {
    storm(("archive", doors::archive), &seeds::archives(), 7, 4000);
}

#[test]
fn p31_mail() {
    storm(("mail", doors::mail), &seeds::mails(), 5, 5000);
}

#[test]
fn p31_manifest() {
    storm(
        ("manifest", doors::manifest),
        &seeds::manifests(),
        1,
        10_000,
    );
}

#[test]
fn p31_front_matter() {
    let seeds = seeds::reports();
    storm(("front_matter", doors::front_matter), &seeds, 3, 5000);
}

#[test]
fn p31_check() {
    storm(("check", doors::check), &seeds::checked(), 4, 3000);
}

#[test]
fn p31_metadata() {
    storm(("metadata", doors::metadata), &seeds::pictures(), 5, 20_000);
}

#[test]
fn p31_profile() {
    storm(("profile", doors::profile), &seeds::profiles(), 6, 3000);
}

#[test]
fn p31_program_json() {
    let seeds = published::profiles();
    storm(("program_json", doors::program_json), &seeds, 5, 3000);
}

#[test]
fn p31_security_txt() {
    let seeds = published::security_txts();
    storm(("security_txt", doors::security_txt), &seeds, 1, 5000);
}

#[test]
fn p31_cleartext() {
    let seeds = published::signed_texts();
    storm(("cleartext", doors::cleartext), &seeds, 1, 3000);
}

#[test]
fn p31_csaf() {
    storm(
        ("csaf", doors::csaf),
        &published::provider_metadata(),
        1,
        5000,
    );
}

#[test]
fn p31_security_md() {
    let seeds = published::security_mds();
    storm(("security_md", doors::security_md), &seeds, 1, 5000);
}

#[test]
fn p31_target() {
    storm(("target", doors::target), &published::targets(), 6, 10_000);
}

#[test]
fn p31_list_entry() {
    let seeds = seeds::list_entries();
    storm(("list_entry", doors::list_entry), &seeds, 1, 5000);
}

#[test]
fn p31_words() {
    storm(("words", doors::words), &seeds::words(), 2, 5000);
}

#[test]
fn p31_intake_header() {
    let door = ("intake_header", doors::intake_header as Door);
    storm(door, &seeds::intake_headers(), 7, 20_000);
}

#[test]
fn p31_terminal() {
    storm(("terminal", doors::terminal), &seeds::texts(), 2, 5000);
}

#[test]
fn p31_receipt() {
    storm(("receipt", doors::receipt), &answers::receipts(), 1, 3000);
}

#[test]
fn p31_key_page() {
    storm(
        ("key_page", doors::key_page),
        &answers::key_pages(),
        4,
        2000,
    );
}

#[test]
fn p31_intake_answer() {
    let seeds = answers::intake_answers();
    storm(("intake_answer", doors::intake_answer), &seeds, 6, 10_000);
}

#[test]
fn p31_github_answer() {
    let seeds = answers::github_answers();
    storm(("github_answer", doors::github_answer), &seeds, 2, 10_000);
}

#[test]
fn p31_smtp() {
    storm(("smtp", doors::smtp), &answers::smtp_sessions(), 2, 5000);
}

#[test]
fn p31_mailbox() {
    storm(("mailbox", doors::mailbox), &answers::mailboxes(), 2, 5000);
}

#[test]
fn p31_letter() {
    storm(("letter", doors::letter), &answers::letters(), 2, 10_000);
}

/// A message that was cut on its way is refused, wherever the cut is.
#[test]
fn p31_message_cut_short() {
    for seed in seeds::messages() {
        for length in 0..seed.len().min(700) {
            let what = format!("cut at {length}");
            assert!(!enter("message", doors::message, &seed[..length], &what));
        }
    }
}

/// The sender decides how many passphrases are tried, and at what cost, but not for hours.
#[test]
fn p31_message_with_many_passphrases() {
    let message = seeds::many_passphrases();
    let began = Instant::now();
    enter("message", doors::message, &message, "many passphrases");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

/// A page full of beginnings costs its length, not the square of it.
#[test]
fn p31_page_of_beginnings() {
    let page = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n".repeat(30_000);
    let began = Instant::now();
    assert!(!doors::certificate(page.as_bytes()));
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

/// Every file of the corpus goes through the doors that belong to its folder.
#[test]
fn p31_corpus() {
    let doors: [(&str, &[Named], usize); 3] = [
        (
            "openpgp",
            &[
                ("message", doors::message),
                ("admission", doors::admission),
                ("inside", doors::inside),
                ("certificate", doors::certificate),
                ("secret_key", doors::secret_key),
            ],
            300,
        ),
        ("certificates", &[("certificate", doors::certificate)], 500),
        (
            "reports",
            &[
                ("front_matter", doors::front_matter),
                ("check", doors::check),
                ("metadata", doors::metadata),
                ("archive", doors::archive),
                ("profile", doors::profile),
                ("manifest", doors::manifest),
                ("list_entry", doors::list_entry),
                ("words", doors::words),
                ("terminal", doors::terminal),
            ],
            70,
        ),
    ];
    for (name, doors, least) in doors {
        let Some(folder) = corpus::folder(name) else {
            return;
        };
        let files = files(&folder);
        assert!(files.len() >= least, "{} files in {name}", files.len());
        for file in files {
            let bytes = fs::read(&file).unwrap();
            for (name, door) in doors {
                enter(name, *door, &bytes, &file.display().to_string());
            }
        }
    }
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let (folders, mut all): (Vec<_>, Vec<_>) = entries
        .filter(|entry| !entry.file_type().unwrap().is_symlink())
        .map(|entry| entry.path())
        .partition(|path| path.is_dir());
    all.extend(folders.iter().flat_map(|folder| files(folder)));
    all
}

/// Where the fuzz targets start: `fuzz/corpus/NAME`, which is not part of the project.
#[test]
#[ignore = "writes the seeds of the fuzz targets"]
fn write_seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let seeds = [
        ("message", seeds::messages()),
        ("admission", seeds::messages()),
        ("inside", seeds::insides()),
        ("certificate", seeds::certificates()),
        ("secret_key", seeds::secret_keys()),
        ("archive", seeds::archives()),
        ("mail", seeds::mails()),
        ("manifest", seeds::manifests()),
        ("front_matter", seeds::reports()),
        ("check", seeds::checked()),
        ("metadata", seeds::pictures()),
        ("profile", seeds::profiles()),
        ("program_json", published::profiles()),
        ("security_txt", published::security_txts()),
        ("cleartext", published::signed_texts()),
        ("csaf", published::provider_metadata()),
        ("security_md", published::security_mds()),
        ("target", published::targets()),
        ("list_entry", seeds::list_entries()),
        ("words", seeds::words()),
        ("intake_header", seeds::intake_headers()),
        ("terminal", seeds::texts()),
        ("receipt", answers::receipts()),
        ("key_page", answers::key_pages()),
        ("intake_answer", answers::intake_answers()),
        ("github_answer", answers::github_answers()),
        ("smtp", answers::smtp_sessions()),
        ("mailbox", answers::mailboxes()),
        ("letter", answers::letters()),
    ];
    for (name, seeds) in seeds {
        let folder = corpus.join(name);
        fs::create_dir_all(&folder).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
        }
    }
}
