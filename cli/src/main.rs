//! The binary; [`exhibit_cli`] holds all of it.

use std::process::ExitCode;

fn main() -> ExitCode {
    exhibit_cli::main()
}
