//! Signals from bytes: noise, or bursts far apart in silence, with accidents in it.

use arbitrary::{Result, Unstructured};
use mixdown::Sample;

/// Most accidents in one signal.
const ACCIDENTS: usize = 12;

/// Most bursts in a signal that is silent in between.
const SOUNDS: usize = 6;
/// Longest of them, in samples.
const LONGEST_SOUND: usize = 200;

/// A planar signal.
pub struct Signal<S> {
    pub samples: Vec<S>,
    /// No sample that is a number is beyond 100.
    pub moderate: bool,
    /// Nor beyond full scale.
    pub quiet: bool,
}

impl<S: Sample> Signal<S> {
    /// Noise of any level up to 100, all the time or now and then, with NaN, infinities, huge and subnormal numbers and
    /// exact zeros mixed in.
    pub fn draw(u: &mut Unstructured<'_>, samples: usize) -> Result<Self> {
        let level = [0.0, 1e-30, 1e-6, 0.25, 1.0, 100.0][u.int_in_range(0..=5_usize)?];
        let mut state = u.arbitrary::<u64>()? | 1;
        let mut samples: Vec<S> = (0..samples)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                S::from_f64(level * ((state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0))
            })
            .collect();
        if u.arbitrary()? {
            // Single samples and bursts, for processing that is skipped in silence.
            let mut sounds = vec![false; samples.len()];
            for _ in 0..u.int_in_range(0..=SOUNDS)? {
                let at = u.int_in_range(0..=u32::MAX)? as usize % samples.len().max(1);
                let length = if u.arbitrary()? { 1 } else { u.int_in_range(1..=LONGEST_SOUND)? };
                sounds.iter_mut().skip(at).take(length).for_each(|sound| *sound = true);
            }
            for (sample, _) in samples.iter_mut().zip(sounds).filter(|(_, sound)| !sound) {
                *sample = S::ZERO;
            }
        }
        let (mut moderate, mut quiet) = (true, level <= 1.0);
        for _ in 0..u.int_in_range(0..=ACCIDENTS)? {
            let at = u.int_in_range(0..=u32::MAX)? as usize % samples.len().max(1);
            let (value, huge) = match u.int_in_range(0..=7_u8)? {
                0 => (f64::NAN, false),
                1 => (f64::INFINITY, false),
                2 => (f64::NEG_INFINITY, false),
                3 => (f64::from(f32::MAX), true),
                4 => (-1e30, true),
                5 => (1e-40, false),
                6 => (-100.0, false),
                _ => (0.0, false),
            };
            if let Some(sample) = samples.get_mut(at) {
                *sample = S::from_f64(value);
                moderate &= !huge;
                quiet &= !value.is_finite() || value.abs() <= 1.0;
            }
        }
        Ok(Self { samples, moderate, quiet })
    }
}

/// The same bits; NaNs are equal.
pub fn same<S: Sample>(a: &[S], b: &[S]) -> bool {
    let equal = |(a, b): (&S, &S)| a.bits() == b.bits() || (!a.finite() && !b.finite());
    a.len() == b.len() && a.iter().zip(b).all(equal)
}
