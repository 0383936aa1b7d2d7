//! The program `sealpost`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sealpost::run::run(std::env::args_os()).into()
}
