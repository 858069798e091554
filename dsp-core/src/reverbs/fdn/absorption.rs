//! Absorption of the delay lines: recursive, so lanes are lines, after a transposition in registers.

use super::{AbsorberStates, Absorbers, LINES, Rows};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::lanes::{COLUMNS, Columns, Form, Lanes},
};

/// Filters the lines along time, a vector of lines at a time.
#[inline(always)]
pub(crate) fn absorb<F: Form, S: Sample>(
    form: F,
    rows: [&[S; GRID_FRAMES]; LINES],
    absorbers: &Absorbers<S>,
    states: &mut AbsorberStates<S>,
    frames: usize,
    out: &mut Rows<S>,
) {
    let frames = frames.min(GRID_FRAMES);
    for start in (0..frames).step_by(COLUMNS) {
        // All lines before the next frames, so that the recursions of several groups overlap.
        for first in (0..LINES).step_by(F::Wide::<S>::LEN) {
            let low_direct = F::Wide::<S>::load(form, &absorbers.low_direct[first..]);
            let low_feed = F::Wide::<S>::load(form, &absorbers.low_feed[first..]);
            let low_pole = F::Wide::<S>::load(form, &absorbers.low_pole[first..]);
            let high_feed = F::Wide::<S>::load(form, &absorbers.high_feed[first..]);
            let high_pole = F::Wide::<S>::load(form, &absorbers.high_pole[first..]);
            let mut low = F::Wide::<S>::load(form, &states.low[first..]);
            let mut high = F::Wide::<S>::load(form, &states.high[first..]);
            let mut values = F::Wide::<S>::load_columns(form, &rows[first..], start);
            for (n, value) in values.iter_mut().enumerate() {
                if start + n < frames {
                    let x = *value;
                    let y = low_direct.mul_add(x, low);
                    low = low_pole.mul_add(low, low_feed * x);
                    *value = y + high;
                    high = high_pole.mul_add(high, high_feed * y);
                }
            }
            F::Wide::<S>::store_columns(values, &mut out[first..], start);
            low.store(&mut states.low[first..]);
            high.store(&mut states.high[first..]);
        }
    }
}
