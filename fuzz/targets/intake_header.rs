//! A header that a client of the intake sends.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _taken = sealpost_fuzz::intake_header(data);
});
