//! The rate of a sender.

use std::thread;
use std::time::{Duration, Instant};

/// Spreads datagrams in time. What a late thread missed is not made up for at once: no bursts.
pub struct Pace {
    /// Bits per second; 0 does not wait.
    rate: f64,
    next: Instant,
}

/// How much may be sent at once: shorter sleeps last longer than they should.
const BURST: Duration = Duration::from_millis(1);
/// How late a thread may be and still catch up.
const LATE: Duration = Duration::from_millis(5);

impl Pace {
    pub fn new(rate: f64) -> Pace {
        Pace { rate, next: Instant::now() }
    }

    /// Waits until a datagram of so many bytes may be sent.
    pub fn wait(&mut self, bytes: usize) {
        if self.rate == 0.0 {
            return;
        }
        let now = Instant::now();
        if self.next > now + BURST {
            thread::sleep(self.next - now);
        }
        if self.next + LATE < now {
            self.next = now - LATE;
        }
        self.next += Duration::from_secs_f64(bytes as f64 * 8.0 / self.rate);
    }
}
