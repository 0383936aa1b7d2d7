//! The content of extended headers: pax records and GNU long names.
//!
//! Serves promise 10. The `tar` crate's own iterator forgives what readers disagree on (it stops at
//! an empty line and does not look at the end), so the records are parsed here, strictly.

use super::refusal::Refusal;

/// The path that the records of a pax `x` header give, if they give one.
///
/// # Errors
///
/// Anything malformed or doubled, and every record that changes more than the path, times or owner.
pub(super) fn member_path(data: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    let mut path = None;
    for (key, value) in records(data)? {
        match key {
            "path" if !value.contains(&0) => path = Some(value.to_vec()),
            "mtime" | "atime" | "ctime" if is_decimal(value) => {}
            "uid" | "gid" if is_digits(value) => {}
            "uname" | "gname" if !value.contains(&0) => {}
            "comment" => {}
            _ if NEUTRAL.iter().any(|prefix| key.starts_with(prefix)) => {}
            _ => return Err(Refusal::Record(key.to_owned())),
        }
    }
    Ok(path)
}

/// Judges a pax `g` header: comments only, as `git archive` writes them.
pub(super) fn global(data: &[u8]) -> Result<(), Refusal> {
    match records(data)?.iter().find(|(key, _)| *key != "comment") {
        Some((key, _)) => Err(Refusal::Record((*key).to_owned())),
        None => Ok(()),
    }
}

/// The name in a GNU `L` member: no zero byte but one at its end.
pub(super) fn long_name(data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let name = data.strip_suffix(&[0]).unwrap_or(data);
    if name.is_empty() || name.contains(&0) {
        return Err(Refusal::MalformedExtension);
    }
    Ok(name.to_vec())
}

/// All records, `LENGTH KEY=VALUE\n` each, which fill the data without a gap; no key occurs twice.
fn records(data: &[u8]) -> Result<Vec<(&str, &[u8])>, Refusal> {
    // Python looks for this text everywhere, even inside values.
    if data.windows(CHARSET.len()).any(|window| window == CHARSET) {
        return Err(Refusal::Record("hdrcharset".to_owned()));
    }
    let mut found: Vec<(&str, &[u8])> = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let (key, value, after) = record(rest).ok_or(Refusal::MalformedExtension)?;
        if found.iter().any(|(other, _)| *other == key) || found.len() == RECORDS {
            return Err(Refusal::MalformedExtension);
        }
        found.push((key, value));
        rest = after;
    }
    Ok(found)
}

/// The first record: its key, its value, and what follows.
fn record(data: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let digits = data.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = std::str::from_utf8(data.get(..digits)?).ok()?;
    if length.starts_with('0') {
        return None;
    }
    let (record, after) = data.split_at_checked(length.parse().ok()?)?;
    let body = record
        .get(digits..)?
        .strip_prefix(b" ")?
        .strip_suffix(b"\n")?;
    let equals = body.iter().position(|byte| *byte == b'=')?;
    let (key, value) = body.split_at(equals);
    let key = std::str::from_utf8(key).ok()?;
    let plain = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
    plain.then_some((key, value.get(1..)?, after))
}

/// Digits only, and not absurdly many.
fn is_digits(value: &[u8]) -> bool {
    (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
}

/// A time as pax writes it: a sign perhaps, digits, a fraction perhaps.
fn is_decimal(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"-").unwrap_or(value);
    let mut parts = value.splitn(2, |byte| *byte == b'.');
    parts.all(is_digits)
}

/// Records that carry attributes of one system; no reader finds another name, kind or size through
/// them.
const NEUTRAL: [&str; 8] = [
    "LIBARCHIVE.creationtime",
    "LIBARCHIVE.xattr.",
    "RHT.security.selinux",
    "SCHILY.acl.",
    "SCHILY.dev",
    "SCHILY.fflags",
    "SCHILY.ino",
    "SCHILY.xattr.",
];

/// The record that changes how names are decoded.
const CHARSET: &[u8] = b"hdrcharset=";

/// The most records in one header.
const RECORDS: usize = 256;

#[cfg(test)]
mod tests {
    use super::{global, long_name, member_path};
    use crate::bundle::Refusal;
    use proptest::prelude::*;

    #[test]
    fn harmless_records_pass() {
        let data = b"20 path=folder/file\n20 mtime=-1.5000000\n11 uid=100\n";
        assert_eq!(member_path(&data[..20]).unwrap().unwrap(), b"folder/file");
        assert_eq!(member_path(&data[20..51]).unwrap(), None);
        assert!(member_path(b"21 SCHILY.xattr.a=\x00\xff\n").is_ok());
        assert!(global(b"16 comment=abcd\n").is_ok());
    }

    #[test]
    fn p10_records_that_readers_take_differently_are_refused() {
        for (data, key) in [
            (&b"10 size=1\n"[..], "size"),
            (b"14 linkpath=a\n", "linkpath"),
            (b"22 GNU.sparse.major=1\n", "GNU.sparse.major"),
            (b"21 hdrcharset=BINARY\n", "hdrcharset"),
            (b"28 comment=1 hdrcharset=BIN\n", "hdrcharset"),
            (b"11 mtime=x\n", "mtime"),
            (b"10 path=\0\n", "path"),
            (b"11 Path=ab\n", "Path"),
        ] {
            assert_eq!(member_path(data), Err(Refusal::Record(key.to_owned())));
        }
        assert_eq!(
            global(b"10 path=a\n"),
            Err(Refusal::Record("path".to_owned()))
        );
    }

    #[test]
    fn p10_malformed_records_are_refused() {
        for data in [
            &b"10 path=ab\n"[..],
            b"12 path=a\n",
            b"010 path=a\n",
            b"+10 path=a\n",
            b"10 path=a\n\n",
            b"\n10 path=a\n",
            b"10 path=a ",
            b"7 path\n",
            b"5 =a\n",
            b"10 path=a\n10 path=a\n",
            b"99999999999999999999999 path=a\n",
        ] {
            let text = String::from_utf8_lossy(data);
            assert_eq!(
                member_path(data),
                Err(Refusal::MalformedExtension),
                "{text}"
            );
        }
    }

    #[test]
    fn long_names_end_once() {
        assert_eq!(long_name(b"abc\0").unwrap(), b"abc");
        assert_eq!(long_name(b"abc").unwrap(), b"abc");
        assert!(long_name(b"").is_err() && long_name(b"\0").is_err());
        assert!(long_name(b"abc\0d").is_err() && long_name(b"abc\0\0").is_err());
    }

    proptest! {
        #[test]
        fn p31_no_bytes_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (member_path(&data), global(&data), long_name(&data));
        }
    }
}
