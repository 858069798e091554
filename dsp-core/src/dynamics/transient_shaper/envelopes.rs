//! The envelopes of a transient shaper, and the measures of onset and decay that it takes from them.
//!
//! All envelopes are mean powers of the [quadrature envelope](crate::dynamics::quadrature) and follow it by linear
//! recursions and maxima: a louder sound has the same envelopes, all louder by as much, and their ratios do not depend
//! on its level.
//!
//! ```text
//! fast   rises in fast_ms, falls in slow_ms       onset  fast over slow, 1.5 dB to 4.5 dB: 0 to 1
//! slow   follows the fast one in slow_ms          decay  held over fast, 2 dB to 9 dB: 0 to 1
//! held   is at least the fast one, falls in 10 slow_ms
//! ```
//!
//! The slow envelope follows the fast one, not the power itself: the fast one rides on the crests of noise and of
//! beats, and its distance from a mean of the power would be taken for an onset that never ends. Falling as slowly as
//! the slow one rises, it passes over beats of 30 Hz, as in a chord of bass notes. The decay has an envelope of its own:
//! one that falls slowly enough to show a decay still stands above the next onset, which would then not be one. A soft
//! sound after a loud one is an onset first: what rises does not decay.

use crate::{
    dynamics::release::pole,
    foundation::{
        math::{Pow2, larger, smaller},
        silence,
        unit::DB_PER_OCTAVE,
    },
    primitives::{
        backend::{Backend, run, run_recursion},
        lanes::Form,
    },
};

/// dB in an octave of power.
const DB_PER_POWER_OCTAVE: f64 = 0.5 * DB_PER_OCTAVE;
/// Time constant of the held envelope, in those of the slow one.
const HOLD: f64 = 10.0;

/// A ratio in octaves of power, turned into 0 up to its first and 1 from its second dB on.
#[derive(Clone, Copy, Debug)]
struct Measure {
    start: f64,
    per_octave: f64,
}

impl Measure {
    const fn new(from_db: f64, to_db: f64) -> Self {
        Self { start: from_db / DB_PER_POWER_OCTAVE, per_octave: DB_PER_POWER_OCTAVE / (to_db - from_db) }
    }

    /// Smooth, and with zero slope at both ends.
    #[inline(always)]
    fn of(self, octaves: f64) -> f64 {
        let u = larger(smaller((octaves - self.start) * self.per_octave, 1.0), 0.0);
        u * u * (3.0 - 2.0 * u)
    }
}

/// The fast envelope over the slow one. Noise stays below the first figure; a burst is below it after one `slow_ms`.
const ONSET: Measure = Measure::new(1.5, 4.5);
/// The held envelope over the fast one.
const DECAY: Measure = Measure::new(2.0, 9.0);
/// The fast envelope or the power itself, in dBFS: what is fainter is background noise. The power, since an envelope
/// rises into audibility the later the softer the sound is.
const AUDIBLE: Measure = Measure::new(-75.0, -65.0);

/// Poles of the envelopes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct EnvelopePoles {
    rise: f64,
    fall: f64,
    held: f64,
}

impl EnvelopePoles {
    pub(super) fn new(fast_ms: f64, slow_ms: f64, sample_rate_hz: f64) -> Self {
        Self {
            rise: pole(fast_ms, sample_rate_hz),
            fall: pole(slow_ms, sample_rate_hz),
            held: pole(HOLD * slow_ms, sample_rate_hz),
        }
    }
}

/// The last powers of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Envelopes {
    fast: f64,
    slow: f64,
    held: f64,
}

impl Envelopes {
    pub(super) const SILENCE: Self = Self { fast: silence::SQUARE, slow: silence::SQUARE, held: silence::SQUARE };

    /// Measures of the onsets and decays of a channel's next frames, 0 to 1, from squares, which are scratch then.
    pub(super) fn measure(
        &mut self,
        backend: Backend,
        poles: &EnvelopePoles,
        squares: &mut [f64],
        onsets: &mut [f64],
        decays: &mut [f64],
    ) {
        let groups = squares.chunks_mut(GROUP).zip(onsets.chunks_mut(GROUP)).zip(decays.chunks_mut(GROUP));
        for ((squares, onsets), decays) in groups {
            let mut fasts = [1.0; GROUP];
            run_recursion!(backend, form => follow_all(form, poles, self, squares, &mut fasts, onsets, decays));
            run!(backend, _ => measure_all(squares, &fasts, onsets, decays));
        }
    }
}

/// Frames whose envelopes are kept between both passes.
const GROUP: usize = 256;

/// The louder of fast envelope and power in place of each square; the fast, the slow and the held envelope.
#[inline(always)]
fn follow_all(
    form: impl Form,
    poles: &EnvelopePoles,
    envelopes: &mut Envelopes,
    squares: &mut [f64],
    fasts: &mut [f64; GROUP],
    slows: &mut [f64],
    helds: &mut [f64],
) {
    let EnvelopePoles { rise, fall, held: keep } = *poles;
    let (rising, falling, letting) = (1.0 - rise, 1.0 - fall, 1.0 - keep);
    let Envelopes { mut fast, mut slow, mut held } = *envelopes;
    for (((square, to_fast), to_slow), to_held) in squares.iter_mut().zip(fasts).zip(slows).zip(helds) {
        // No power is below this one: no state becomes subnormal, and every ratio has a logarithm.
        let power = *square + silence::SQUARE;
        // The faster of both wherever it goes: the pole of the rise is the smaller one.
        fast = larger(form.mul_add(rise, fast, rising * power), form.mul_add(fall, fast, falling * power));
        slow = form.mul_add(fall, slow, falling * fast);
        held = larger(form.mul_add(keep, held, letting * fast), fast);
        (*square, *to_fast, *to_slow, *to_held) = (larger(fast, power), fast, slow, held);
    }
    *envelopes = Envelopes { fast, slow, held };
}

/// The measures in place of the slow and the held envelopes.
#[inline(always)]
fn measure_all(levels: &[f64], fasts: &[f64; GROUP], onsets: &mut [f64], decays: &mut [f64]) {
    for (((level, fast), onset), decay) in levels.iter().zip(fasts).zip(onsets).zip(decays) {
        let audible = AUDIBLE.of(level.log2_fast());
        let rising = ONSET.of((*fast / *onset).log2_fast());
        *decay = audible * (1.0 - rising) * DECAY.of((*decay / *fast).log2_fast());
        *onset = audible * rising;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::stream::Cpu;
    use alloc::{vec, vec::Vec};

    const RATE_HZ: f64 = 48_000.0;

    fn measures(cpu: Cpu, powers: &[f64], cut: usize) -> [Vec<f64>; 2] {
        let poles = EnvelopePoles::new(1.0, 30.0, RATE_HZ);
        let mut envelopes = Envelopes::SILENCE;
        let mut squares = powers.to_vec();
        let mut both = [vec![0.0; powers.len()], vec![0.0; powers.len()]];
        let [onsets, decays] = &mut both;
        for ((squares, onsets), decays) in
            squares.chunks_mut(cut).zip(onsets.chunks_mut(cut)).zip(decays.chunks_mut(cut))
        {
            envelopes.measure(Backend::new(cpu), &poles, squares, onsets, decays);
        }
        both
    }

    /// A second of a constant power, then silence for a second.
    fn burst(power: f64) -> Vec<f64> {
        (0..96_000).map(|n| if n < 48_000 { power } else { 0.0 }).collect()
    }

    #[test]
    fn an_onset_lasts_for_the_slow_time_and_a_decay_begins_with_the_end() {
        let [onsets, decays] = measures(Cpu::Detected, &burst(0.25), 256);
        let at = |values: &[f64], ms: usize| values[48 * ms];
        assert!(onsets[..960 / 2].iter().all(|m| (m - 1.0).abs() < 1e-12), "the first 10 ms in full");
        assert!((0.3..0.9).contains(&at(&onsets, 20)) && at(&onsets, 45) == 0.0);
        assert!(decays[..48_000].iter().all(|&m| m == 0.0));
        // The fast envelope falls by 4.3 dB per 30 ms, the held one by a tenth of that.
        assert!(at(&decays, 1_010) == 0.0 && at(&decays, 1_080) == 1.0, "{}", at(&decays, 1_010));
        assert!(onsets[48_000..].iter().all(|&m| m == 0.0));
    }

    #[test]
    fn the_level_does_not_matter_above_the_floor_and_nothing_is_measured_below_it() {
        let [expected, decays] = measures(Cpu::Detected, &burst(0.5), 256);
        for power in [1e-4, 1e2] {
            let [onsets, others] = measures(Cpu::Detected, &burst(power), 256);
            let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9);
            // 160 ms after the end the fast envelope has fallen by 23 dB.
            assert!(near(&onsets, &expected) && near(&others[..55_600], &decays[..55_600]), "{power}");
            // Background noise after a sound is no decay.
            assert!(
                others[90_000..].iter().all(|&m| m == 0.0) && expected.iter().chain(&decays).all(|m| m.is_finite())
            );
        }
        // -82 dBFS.
        let [onsets, decays] = measures(Cpu::Detected, &burst(6e-9), 256);
        assert!(onsets.iter().chain(&decays).all(|&m| m == 0.0));
    }

    #[test]
    fn all_forms_and_cuts_give_the_same_bits() {
        let mut random = crate::primitives::random::Random::new(5, 0);
        let powers: Vec<f64> = (0..3_000).map(|n| random.triangular().abs() * f64::from(n / 700 % 2)).collect();
        let expected = measures(Cpu::Scalar, &powers, 3_000);
        for cpu in [Cpu::Scalar, Cpu::Software, Cpu::Reproducible, Cpu::Detected] {
            if cpu == Cpu::Detected && !crate::primitives::backend::fuses() {
                continue;
            }
            for cut in [1, 7, 64, 3_000] {
                let found = measures(cpu, &powers, cut);
                let bits = |both: &[Vec<f64>; 2]| both.iter().flatten().map(|m| m.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(&found), bits(&expected), "{cpu:?} {cut}");
            }
        }
    }

    #[test]
    fn silence_leaves_no_subnormal_state() {
        let mut envelopes = Envelopes { fast: 1e12, slow: 1e12, held: 1e12 };
        let poles = EnvelopePoles::new(0.1, 10.0, RATE_HZ);
        for _ in 0..2_000 {
            let (mut squares, mut onsets, mut decays) = ([0.0; 256], [0.0; 256], [0.0; 256]);
            envelopes.measure(Backend::new(Cpu::Detected), &poles, &mut squares, &mut onsets, &mut decays);
            assert!(onsets.iter().chain(&decays).all(|m| (0.0..=1.0).contains(m)));
        }
        assert!((envelopes.held / silence::SQUARE - 1.0).abs() < 1e-6 && envelopes.fast.is_normal());
    }
}
