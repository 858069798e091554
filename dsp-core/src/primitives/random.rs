//! A seeded generator of uniform 64-bit numbers: dither, test noise. Not for secrets.
//!
//! # Source
//! xoshiro256++: Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021); seeded by
//! SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.

/// Period 2^256 - 1, four words of state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Random {
    state: [u64; 4],
}

/// 2^64 divided by the golden ratio, made odd: the step of SplitMix64.
const GOLDEN_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// The output function of SplitMix64: spreads one bit of input over all bits of output.
fn spread(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

impl Random {
    /// Stream `stream` of `seed`. Different pairs give sequences without visible correlation.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut counter = spread(seed ^ spread(stream.wrapping_add(1).wrapping_mul(GOLDEN_STEP)));
        let mut state = [0; 4];
        for word in &mut state {
            counter = counter.wrapping_add(GOLDEN_STEP);
            *word = spread(counter);
        }
        // The words come from four different inputs of a one-to-one function: at most one of them is 0.
        Self { state }
    }

    /// The next 64 bits.
    #[inline(always)]
    pub(crate) fn bits(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let out = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        out
    }

    /// The difference of two uniform numbers: triangular density over -1..1, on a grid of 2^-32.
    #[inline(always)]
    pub(crate) fn triangular(&mut self) -> f64 {
        /// 2^-32.
        const STEP: f64 = 1.0 / 4_294_967_296.0;
        let bits = self.bits();
        // One draw gives two independent halves, and their difference has a mean of exactly 0.
        ((bits >> 32) as i64 - (bits & 0xFFFF_FFFF) as i64) as f64 * STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_its_definition() {
        // By hand from the state 1, 2, 3, 4: rotl(1+4, 23) + 1 = 5 * 2^23 + 1; then 7, 0, 262146, 211106232532992.
        let mut random = Random { state: [1, 2, 3, 4] };
        assert_eq!(random.bits(), 5 * (1 << 23) + 1);
        assert_eq!(random.state, [7, 0, 262_146, 211_106_232_532_992]);
    }

    #[test]
    fn triangular_noise_has_the_moments_of_its_density() {
        let mut random = Random::new(1, 0);
        let count = 1_000_000;
        let (mut mean, mut square, mut fourth) = (0.0, 0.0, 0.0);
        for _ in 0..count {
            let d = random.triangular();
            assert!((-1.0..=1.0).contains(&d));
            mean += d;
            square += d * d;
            fourth += d * d * d * d;
        }
        let n = f64::from(count);
        // Variance 1/6 and fourth moment 1/15; the bounds are five standard errors.
        assert!((mean / n).abs() < 0.0021, "{}", mean / n);
        assert!((square / n - 1.0 / 6.0).abs() < 0.0010, "{}", square / n);
        assert!((fourth / n - 1.0 / 15.0).abs() < 0.0008, "{}", fourth / n);
        assert_ne!(Random::new(1, 0), Random::new(1, 1));
        assert_ne!(Random::new(1, 0), Random::new(2, 0));
    }
}
