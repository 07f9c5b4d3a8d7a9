//! `peer bench`: megabytes (10^6 bytes) of source data per second on one thread, as one line of JSON for each case, with the
//! keys that `flute-node bench fec --json` uses.
//!
//! What is prepared for a run (the packets that a decoder takes over, a fresh receiver) is outside the measured time, and
//! so is the release of what a run made. What a crate allocates inside a call is measured: that is how it works.

mod flute;
mod loss;
mod raptor;
mod raptorq;

use std::hint::black_box;
use std::time::{Duration, Instant};

use lexopt::{Arg, Parser};

use crate::options::{Failure, list, seconds, value};

pub struct Options {
    /// Empty: all.
    schemes: Vec<String>,
    /// Source symbols of a block; empty: those of each scheme.
    k: Vec<usize>,
    /// Bytes.
    symbol: usize,
    /// Measured time of a case.
    time: Duration,
    /// Repair symbols that an encoder makes, in percent of the source symbols.
    repair: f64,
    /// Bytes of the objects that go through sender and receiver, in place of all other cases; 0: those.
    core: usize,
}

impl Options {
    pub fn parse(mut args: Parser) -> Result<Options, Failure> {
        let mut o = Options {
            schemes: Vec::new(),
            k: Vec::new(),
            symbol: 1400,
            time: Duration::from_millis(400),
            repair: 20.0,
            core: 0,
        };
        while let Some(arg) = args.next()? {
            match arg {
                Arg::Long("scheme") => {
                    let names: String = value(&mut args)?;
                    o.schemes.extend(names.split(',').map(String::from));
                }
                Arg::Long("k") => o.k = list(&mut args)?,
                Arg::Long("symbol") => o.symbol = value(&mut args)?,
                Arg::Long("time") => o.time = seconds(&mut args)?,
                Arg::Long("core") => o.core = value(&mut args)?,
                Arg::Long("repair") => o.repair = value(&mut args)?,
                other => return Err(other.unexpected().into()),
            }
        }
        if let Some(unknown) = o.schemes.iter().find(|s| !SCHEMES.contains(&s.as_str())) {
            return Err(format!("no scheme {unknown}; there are {}", SCHEMES.join(", ")).into());
        }
        if !(1..=u16::MAX as usize).contains(&o.symbol) || o.k.contains(&0) {
            return Err("--symbol and --k are at least 1".into());
        }
        Ok(o)
    }

    /// The sizes of block to measure for a scheme, within its limit.
    fn sizes(&self, scheme: &str, default: &[usize], limit: usize) -> Vec<usize> {
        if !self.schemes.is_empty() && !self.schemes.iter().any(|s| s == scheme) {
            return Vec::new();
        }
        let sizes = if self.k.is_empty() { default } else { &self.k };
        sizes.iter().copied().filter(|&k| k <= limit).collect()
    }

    /// Repair symbols that an encoder of k source symbols makes.
    fn repair_of(&self, k: usize) -> usize {
        ((k as f64 * self.repair / 100.0 - 1e-9).ceil() as usize).max(1)
    }
}

const SCHEMES: [&str; 5] = ["raptorq", "raptor", "rs", "rs16", "no-code"];
/// The default sizes of block of the Raptor codes. K = 50000 takes seconds for each call, and must be asked for.
const SIZES: [usize; 4] = [10, 100, 1000, 10000];

pub fn run(o: Options) -> Result<(), Failure> {
    if o.core > 0 {
        return flute::cores(&o, o.core);
    }
    raptorq::run(&o)?;
    raptor::run(&o)?;
    flute::run(&o)
}

/// What is measured.
struct Case<'a> {
    peer: &'a str,
    /// "codec": calls to the codec; "session": packets through the sender and receiver of crate flute.
    layer: &'a str,
    scheme: &'a str,
    k: usize,
    symbol: usize,
    operation: &'a str,
    /// Lost source symbols, as a part of all; 1 is nothing but repair symbols.
    loss: f64,
    /// Repair symbols of a block, made or received.
    repair: usize,
}

const MIN_SAMPLES: usize = 3;
/// So many samples make up the measured time: of shorter runs several make one, so that the best is not one lucky run.
const SAMPLES: u32 = 60;
/// More runs do not make a median better.
const MAX_RUNS: usize = 5000;
/// Preparation may take longer than what is measured: a case ends after so many times its measured time.
const PATIENCE: u32 = 8;

/// Runs `work` on what `prepare` made, again and again, and prints the line of the case. `bytes` is the source data of a run.
fn measure<I, O>(o: &Options, case: &Case, bytes: usize, mut prepare: impl FnMut() -> I, mut work: impl FnMut(I) -> O) {
    black_box(work(prepare())); // tables, caches
    let (start, mut measured, mut runs) = (Instant::now(), Duration::ZERO, 0);
    let mut samples = Vec::new();
    while samples.len() < MIN_SAMPLES || (measured < o.time && start.elapsed() < o.time * PATIENCE && runs < MAX_RUNS) {
        let (mut sample, mut n) = (Duration::ZERO, 0);
        while n == 0 || (sample < o.time / SAMPLES && runs < MAX_RUNS) {
            let input = black_box(prepare());
            let begin = Instant::now();
            let output = black_box(work(input));
            sample += begin.elapsed();
            drop(output);
            n += 1;
            runs += 1;
        }
        measured += sample;
        samples.push((bytes * n) as f64 / 1e6 / sample.as_secs_f64().max(1e-9));
    }
    samples.sort_by(f64::total_cmp);
    let (best, median) = (samples[samples.len() - 1], samples[samples.len() / 2]);
    println!(
        "{{\"peer\":\"{}\",\"layer\":\"{}\",\"scheme\":\"{}\",\"k\":{},\"symbol\":{},\"operation\":\"{}\",\"loss\":{},\
         \"repair\":{},\"mb_per_s\":{median:.1},\"best_mb_per_s\":{best:.1},\"runs\":{runs}}}",
        case.peer, case.layer, case.scheme, case.k, case.symbol, case.operation, case.loss, case.repair
    );
}
