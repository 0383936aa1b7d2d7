//! A message that is posted to an intake, judged while it arrives.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _taken = sealpost_fuzz::admission(data);
});
