//! A report and an attachment, on their way out.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _found = sealpost_fuzz::check(data);
});
