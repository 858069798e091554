//! Silence thresholds: magnitudes below which a sample, a state, a power or a reduction counts as 0, with their
//! reasons.
//!
//! Recursions never reach 0 by themselves: they decay into subnormal numbers, which take a CPU ten to a hundred times
//! as long, and tails would never end. Amplitudes are relative to full scale, 1.0; powers are squares of amplitudes.

use super::unit::DB_PER_OCTAVE;

/// Samples: 2^-99, -596 dBFS. Smaller ones count as 0 on entry and on leaving a recursion, in `f32` as in `f64`: a
/// product of such a sample and a gain of -144 dB is still a normal `f32`.
pub(crate) const SAMPLE: f64 = 1.0 / (8_589_934_592.0 * 8_589_934_592.0 * 8_589_934_592.0);

/// Input of a convolver: 1e-30, -600 dBFS. The spectra's products with smaller samples would be subnormal.
pub(crate) const CONVOLVER_INPUT: f64 = 1e-30;

/// States of recursive filters: 1e-20, -400 dBFS. Zeroed on the 64-frame grid, far below the rounding of `f64` at full
/// scale, -313 dBFS. The two states of a section are zeroed together: in a mode that decays they all but cancel, and
/// one of them alone would excite the other modes, at low frequencies to some 1e4 times its size.
pub(crate) const FILTER_STATE: f64 = 1e-20;

/// One state of two that decays alone, as it may in a constant signal: 1e-40, which excites nothing above
/// [`FILTER_STATE`].
pub(crate) const LONE_FILTER_STATE: f64 = 1e-40;

/// Decades from full scale to [`FILTER_STATE`], and six more for the peak of a resonance or a double pole over the
/// plain exponential: the decay from which a filter's tail is computed.
pub(crate) const FILTER_DECADES: f64 = 26.0;

/// States of the filters in a reverb's feedback loop, in the format of the audio: 1e-14, -280 dBFS. Zeroed on the
/// 64-frame grid; 80 dB below [`REVERB_SIGNAL`], so that it shortens no tail.
pub(crate) const REVERB_STATE: f64 = 1e-14;

/// Signals in the delay lines of a reverb: 1e-10, -200 dBFS. Once every signal has stayed below it for the length of
/// the lines, the lines are zeroed, so that a tail ends.
pub(crate) const REVERB_SIGNAL: f64 = 1e-10;

/// Levels at a detector: 1e-7, -140 dBFS. Lower ones count as this, so that silence has a logarithm.
pub(crate) const DETECTOR_LEVEL: f64 = 1e-7;

/// Added to every square before it is averaged: a power of 1e-20, -200 dBFS. It keeps a mean square from 0 and from
/// subnormal numbers, and is far below [`DETECTOR_LEVEL`].
pub(crate) const SQUARE: f64 = 1e-20;

/// Powers of a de-esser's bands: 1e-30, -300 dBFS. Subtracted in each frame, so that a power arrives at 0 instead of
/// becoming subnormal; also the floor of the logarithm.
pub(crate) const BAND_POWER: f64 = 1e-30;

/// Gain reductions, in octaves of amplitude: 1e-9 octaves, 6e-9 dB. Subtracted from the target of the ballistics, so
/// that a release arrives at exactly 0.
pub(crate) const REDUCTION_OCTAVES: f64 = 1e-9;

/// The same in a limiter: 1e-9 dB, in octaves of amplitude.
pub(crate) const LIMITER_REDUCTION_OCTAVES: f64 = 1e-9 / DB_PER_OCTAVE;

/// Gains, in dB: at -144 dB and below a fader is closed, its gain exactly 0. Half a step of 24-bit audio.
pub(crate) const FADER_DB: f64 = -144.0;

/// The state of a first-order section, 0 below [`FILTER_STATE`].
#[inline(always)]
pub(crate) fn flushed(state: f64) -> f64 {
    if state.abs() < FILTER_STATE { 0.0 } else { state }
}

/// The states of a second-order section: both 0 when both lie below [`FILTER_STATE`], one alone below
/// [`LONE_FILTER_STATE`].
#[inline(always)]
pub(crate) fn flushed_pair(states: [f64; 2]) -> [f64; 2] {
    let [a, b] = states.map(f64::abs);
    let limit = if a < FILTER_STATE && b < FILTER_STATE { FILTER_STATE } else { LONE_FILTER_STATE };
    states.map(|state| if state.abs() < limit { 0.0 } else { state })
}
