//! Archives, made here member by member.

use std::fs;

use sealpost::bundle::{Bundle, BundleHeader};
use tar::Header;
use tempfile::TempDir;

/// A bundle with these attachments.
pub(crate) fn bundle(attachments: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = TempDir::new().unwrap();
    let mut bundle = Bundle::new(BundleHeader {
        report_md: b"# Report\n".to_vec(),
        report_json: b"{}\n".to_vec(),
        reporter: None,
        program: None,
        created: jiff::civil::date(2026, 11, 22),
    })
    .unwrap();
    for (number, (name, content)) in attachments.iter().enumerate() {
        let path = folder.path().join(number.to_string()).join(name);
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        bundle.attach(&path).unwrap();
    }
    let mut bytes = Vec::new();
    bundle.write_to(&mut bytes, &mut |_| {}).unwrap();
    bytes
}

/// Header and content, filled up to whole blocks.
pub(crate) fn member(mut header: Header, content: &[u8]) -> Vec<u8> {
    header.set_size(content.len() as u64);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

pub(crate) fn header(mut header: Header, name: &[u8], kind: u8) -> Header {
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.as_old_mut().linkflag = [kind];
    header
}

pub(crate) fn ustar(name: &str, kind: u8) -> Header {
    header(Header::new_ustar(), name.as_bytes(), kind)
}

pub(crate) fn gnu(name: &str, kind: u8) -> Header {
    header(Header::new_gnu(), name.as_bytes(), kind)
}

pub(crate) fn file(name: &str, content: &[u8]) -> Vec<u8> {
    member(ustar(name, b'0'), content)
}

pub(crate) fn folder(name: &str) -> Vec<u8> {
    member(ustar(name, b'5'), b"")
}

pub(crate) fn extended(kind: u8, content: &[u8]) -> Vec<u8> {
    member(ustar("PaxHeaders/a", kind), content)
}

pub(crate) fn long_name(name: &[u8]) -> Vec<u8> {
    member(gnu("././@LongLink", b'L'), name)
}

/// One pax record.
pub(crate) fn record(key: &str, value: &str) -> Vec<u8> {
    let body = format!(" {key}={value}\n");
    let digits = (1..9)
        .find(|n| (body.len() + n).to_string().len() == *n)
        .unwrap();
    format!("{}{body}", body.len() + digits).into_bytes()
}

/// Members and the end mark.
pub(crate) fn archive(members: &[&[u8]]) -> Vec<u8> {
    [&members.concat()[..], &[0; 1024]].concat()
}

/// A change to a header.
pub(crate) fn with(mut header: Header, change: impl FnOnce(&mut [u8; 512])) -> Header {
    change(header.as_mut_bytes());
    header
}
