//! Looks for bytes in everything that an intake leaves behind.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::bench::{backing::Stores, http::Request, place::Place};

/// All that a place holds now, by name: files, or a dump of the database and the bucket; the log.
pub(crate) fn everything(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    match &place.stores {
        None => files(place.data(), &mut found),
        Some(stores) => {
            found.insert("database".to_owned(), dump(stores));
            for (key, content) in objects(stores) {
                found.insert(format!("bucket/{key}"), content);
            }
        }
    }
    // Names may tell, too.
    let names: Vec<_> = found.keys().cloned().collect();
    found.insert("names".to_owned(), names.join("\n").into_bytes());
    found.insert("serve.log".to_owned(), place.log().into_bytes());
    found
}

/// Where these bytes are.
pub(crate) fn holders(found: &BTreeMap<String, Vec<u8>>, needle: &[u8]) -> Vec<String> {
    let held = found
        .iter()
        .filter(|(_, content)| contains(content, needle));
    held.map(|(name, _)| name.clone()).collect()
}

pub(crate) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = haystack[from..].iter().position(|byte| *byte == needle[0]) {
        let begin = from + at;
        if haystack[begin..].starts_with(needle) {
            return true;
        }
        from = begin + 1;
    }
    false
}

fn files(folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let content = fs::read(&path).unwrap_or_default();
            found.insert(path.display().to_string(), content);
        }
    }
}

fn dump(stores: &Stores) -> Vec<u8> {
    let mut command = Command::new("pg_dump");
    command.arg(&stores.database).stdin(Stdio::null());
    let output = command.output().expect("pg_dump is not installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    output.stdout
}

fn objects(stores: &Stores) -> Vec<(String, Vec<u8>)> {
    let get = |path: &str| {
        // The server believes everybody, but for those who say nothing.
        let request = Request::get(&format!("/{}{path}", stores.bucket))
            .with("Host", stores.s3)
            .with("Authorization", "AWS test:test");
        request.try_send(stores.s3).unwrap().expect(200).body
    };
    let list = String::from_utf8(get("")).unwrap();
    assert!(!list.contains("<IsTruncated>true"), "more than a page");
    let keys = list.split("<Key>").skip(1);
    keys.map(|rest| {
        let key = rest.split('<').next().unwrap().to_owned();
        let content = get(&format!("/{key}"));
        (key, content)
    })
    .collect()
}
