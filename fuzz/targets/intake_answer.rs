//! What an intake answers.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _taken = sealpost_fuzz::intake_answer(data);
});
