//! A sealed report, opened with a key and a passphrase.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _taken = sealpost_fuzz::message(data);
});
