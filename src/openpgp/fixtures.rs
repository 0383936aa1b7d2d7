//! What several modules test with.

use std::time::{Duration, SystemTime};

use super::{GeneratedKey, KeyProfile, SecretKey, case_key, generate, read_secret_keys};

/// A day on which every key here is good.
pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_hours(20_779 * 24)
}

/// Version 4 as the case key, and version 6 as a vendor's, whose signatures are salted.
pub(super) fn keys() -> [SecretKey; 2] {
    let mut wanted = GeneratedKey::new("Example", "security@example.org").unwrap();
    wanted.profile = KeyProfile::Rfc9580;
    let new = generate(&wanted, now()).unwrap().secret;
    let old = case_key(&[1; 32], &[2; 32]).unwrap();
    [old, read_secret_keys("new", &new).unwrap().remove(0)]
}
