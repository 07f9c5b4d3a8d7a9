//! The Rust crates that flute-node is compared with, called through their published API: what the command line of crate
//! `flute` cannot send, and how fast crates `flute`, `raptor-code` and `raptorq` code on one thread.
//!
//!     peer send    --to 239.255.70.1:3400 --fec rs2 --field-bits 16 --block 300 --repair 40 FILE…
//!     peer receive --group 239.255.70.1:3400 --files 3 --timeout 30 FOLDER
//!     peer bench   --scheme raptorq --k 1000
//!
//! Exit codes: 0 all was sent or received, 1 it was not, 2 wrong arguments.

mod bench;
mod codec;
mod options;
mod pace;
mod receive;
mod send;

use std::process::ExitCode;

const USAGE: &str = "usage: peer send|receive|bench [--option value]…; see interop/peer/src";

fn main() -> ExitCode {
    let mut args = lexopt::Parser::from_env();
    let outcome = match options::word(&mut args).as_deref() {
        Some("send") => send::Options::parse(args).map(send::run),
        Some("receive") => receive::Options::parse(args).map(receive::run),
        Some("bench") => bench::Options::parse(args).map(bench::run),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(e)) => {
            eprintln!("peer: {e}");
            ExitCode::from(1)
        }
        Err(e) => {
            eprintln!("peer: {e}");
            ExitCode::from(2)
        }
    }
}
