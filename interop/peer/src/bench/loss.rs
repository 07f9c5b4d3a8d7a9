//! Source data, and which of its symbols are lost.

/// A generator of pseudo-random numbers (xorshift64*), the same in each run.
pub struct Random(u64);

impl Random {
    pub fn new() -> Random {
        Random(0x9e37_79b9_7f4a_7c15)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| (self.next() >> 32) as u8).collect()
    }

    /// Which of k source symbols arrive when the part `loss` of them is lost; see count.
    pub fn arrivals(&mut self, k: usize, loss: f64) -> Vec<bool> {
        let mut lost: Vec<usize> = (0..k).collect();
        let mut arrives = vec![true; k];
        for i in 0..count(k, loss) {
            let j = i + (self.next() % (k - i) as u64) as usize;
            lost.swap(i, j);
            arrives[lost[i]] = false;
        }
        arrives
    }
}

/// The part `loss` of k symbols, rounded, but at least one if there is any loss.
pub fn count(k: usize, loss: f64) -> usize {
    match (k as f64 * loss).round() as usize {
        0 if loss > 0.0 => 1,
        lost => lost.min(k),
    }
}
