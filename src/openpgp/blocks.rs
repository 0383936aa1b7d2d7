//! Armoured blocks in whatever a vendor publishes: a clean file, a mail, an HTML page, YAML.
//!
//! RFC 9580 section 6.2 wants a block to stand alone on its lines. On the web it is indented,
//! quoted, wrapped in `<pre>`, broken by `<br>` and written with entities; this undoes that.

const BEGIN: &str = "-----BEGIN PGP ";
const END: &str = "-----END PGP ";
const DASHES: &str = "-----";

/// One armoured block, cleaned of the page around it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What follows `BEGIN PGP `, such as `PUBLIC KEY BLOCK`.
    pub(super) label: String,
    /// The block from its header line to its tail line.
    pub(super) text: String,
}

/// All armoured blocks in `page`, in order. A block without its tail line is left out.
pub(super) fn blocks(page: &[u8]) -> Vec<Block> {
    let page = decode(page);
    page.split(BEGIN).skip(1).filter_map(block).collect()
}

/// The block that `text`, everything from one beginning to the next, starts with.
fn block(text: &str) -> Option<Block> {
    let (label, _) = text
        .split_once(DASHES)
        .filter(|(label, _)| is_label(label))?;
    let tail = format!("{END}{label}{DASHES}");
    let end = text.find(&tail)? + tail.len();
    Some(Block {
        label: label.to_owned(),
        text: clean(&format!("{BEGIN}{}", &text[..end])),
    })
}

/// What a file that holds no OpenPGP block looks like, for the error message.
pub(super) fn looks_like(bytes: &[u8]) -> &'static str {
    let text = decode(bytes);
    [
        ("age-encryption.org/", " (it looks like an age file)"),
        ("age1", " (it looks like an age recipient)"),
        (
            "-----BEGIN CERTIFICATE",
            " (it looks like an X.509 certificate, as S/MIME uses)",
        ),
        ("-----BEGIN PKCS7", " (it looks like S/MIME)"),
        ("untrusted comment:", " (it looks like a minisign key)"),
        ("ssh-ed25519 ", " (it looks like an SSH key)"),
        ("ssh-rsa ", " (it looks like an SSH key)"),
        ("<html", " (it looks like a web page without a key)"),
        ("<!DOCTYPE", " (it looks like a web page without a key)"),
        ("<!doctype", " (it looks like a web page without a key)"),
    ]
    .into_iter()
    .find(|(mark, _)| text.contains(mark))
    .map_or("", |(_, words)| words)
}

fn is_label(label: &str) -> bool {
    label.len() < 40 && label.bytes().all(|b| b.is_ascii_uppercase() || b == b' ')
}

fn decode(page: &[u8]) -> String {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = page[2..]
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match page {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(page).into_owned(),
    }
}

/// Removes tags, entities, quoting and indentation from each line of a block.
fn clean(block: &str) -> String {
    let untagged = if block.contains('<') {
        strip_tags(block)
    } else {
        block.to_owned()
    };
    let text = html_escape::decode_html_entities(&untagged);
    // Editors of web sites escape the line ends, too (a key inside a JSON or a script).
    let text = text.replace("\\r", "").replace("\\n", "\n");
    let mut out = String::with_capacity(text.len() + 1);
    let quoting = ['>', '|', '#', '*', ' ', '\t', '\u{a0}'];
    let lines = text.lines();
    let lines = lines.map(|line| line.trim_start_matches(quoting).trim_end());
    // A page doubles line ends, so that the empty line behind the header is one of many: they are
    // left out, and that one is put where the content begins.
    let mut in_header = true;
    for line in lines.filter(|line| !line.is_empty()) {
        if in_header && !line.starts_with(BEGIN) && !line.contains(':') {
            in_header = false;
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Replaces each tag by a line end where it breaks the line, and by nothing elsewhere.
fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        let Some(close) = rest[open..].find('>') else {
            break;
        };
        let name = rest[open + 1..open + close]
            .trim_start_matches('/')
            .to_ascii_lowercase();
        if ["br", "p", "div", "li", "tr"].iter().any(|tag| {
            name.strip_prefix(tag)
                .is_some_and(|tail| !tail.starts_with(char::is_alphanumeric))
        }) {
            out.push('\n');
        }
        rest = &rest[open + close + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxjMEY+\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n";

    fn only(page: &str) -> String {
        let mut found = blocks(page.as_bytes());
        assert_eq!(found.len(), 1, "{page}");
        found.remove(0).text
    }

    #[test]
    fn finds_a_block_whatever_is_around_it() {
        for page in [
            PLAIN.to_owned(),
            format!("Our key:\r\n{}\r\nbye", PLAIN.replace('\n', "\r\n")),
            format!(
                "<pre>{}</pre>",
                PLAIN.replace('+', "&#43;").replace('\n', "<br/>\n")
            ),
            format!("<p>{}</p>", PLAIN.replace('\n', "<br>")),
            PLAIN
                .lines()
                .flat_map(|line| ["    > ", line, "\n"])
                .collect(),
            PLAIN.replace('\n', "\\n"),
        ] {
            assert_eq!(only(&page), PLAIN, "{page}");
        }
    }

    #[test]
    fn the_header_ends_with_the_one_empty_line() {
        let headed = PLAIN.replacen('\n', "\nVersion: 1\nComment:\n", 1);
        assert_eq!(only(&headed), headed);
        assert_eq!(only(&headed.replace('\n', "<br>\n")), headed);
    }

    #[test]
    fn reads_utf16() {
        let page: Vec<u8> = std::iter::once(0xfeff)
            .chain(PLAIN.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(blocks(&page).len(), 1);
    }

    #[test]
    fn leaves_out_what_is_cut() {
        assert_eq!(blocks(&PLAIN.as_bytes()[..70]), []);
        assert_eq!(blocks(b"-----BEGIN PGP x-----END PGP x-----"), []);
        let twice = format!("{}{PLAIN}", &PLAIN[..60]);
        assert_eq!(blocks(twice.as_bytes()).len(), 1);
    }

    #[test]
    fn names_what_it_is_not() {
        assert!(
            looks_like(b"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p")
                .contains("age")
        );
        assert_eq!(looks_like(b"\x00\x01"), "");
    }

    proptest! {
        #[test]
        fn never_panics(page: Vec<u8>, text in "(-----BEGIN PGP |-----END PGP |A|<|>|-----|\n){0,20}") {
            blocks(&page);
            blocks(text.as_bytes());
            looks_like(&page);
        }
    }
}
