//! Whatever a stranger wrote, on its way to the terminal.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _taken = sealpost_fuzz::terminal(data);
});
