//! A picture that is to be attached.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _read = sealpost_fuzz::metadata(data);
});
