//! An entry of the disclose.io program list.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _taken = sealpost_fuzz::list_entry(data);
});
