//! A file with mails.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _taken = sealpost_fuzz::mailbox(data);
});
