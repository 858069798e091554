//! Detectors of all slots: the squared level of each band in every frame, two filters and two channels in a vector.

use super::{
    band_detector::{BandFilter, BandFilterCoeffs, GLIDES, State, detect},
    slot::Slot,
};
use crate::{
    foundation::{block::Block, grid::GRID_FRAMES, sample::Sample},
    primitives::{
        backend::{Backend, run},
        lanes::Form,
        ramp::Span,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};

/// The bank: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct DetectorBank {
    backend: Backend,
    channels: usize,
    /// Pairs of channels.
    pairs: usize,
    /// One per slot and pair of channels.
    states: Vec<State>,
    /// The input of the detectors, one pair of channels after the other, [`GRID_FRAMES`] each.
    input: Vec<[f64; 2]>,
    /// Pairs of input channels: 1 for a key of one channel.
    input_pairs: usize,
}

impl DetectorBank {
    /// At rest.
    pub(super) fn new(backend: Backend, channels: usize, slots: usize) -> Self {
        let pairs = channels.div_ceil(2);
        Self {
            backend,
            channels,
            pairs,
            states: vec![State::default(); slots * pairs],
            input: vec![[0.0; 2]; pairs * GRID_FRAMES],
            input_pairs: 0,
        }
    }

    /// Interleaves the input of the detectors, in f64. Returns the count of non-finite samples.
    pub(super) fn take<S: Sample>(&mut self, input: &Block<'_, '_, S>) -> u64 {
        let sources = if input.channels() < self.channels { 1 } else { self.channels };
        self.input_pairs = sources.div_ceil(2);
        let mut non_finite = 0;
        for (pair, frames) in self.input.chunks_exact_mut(GRID_FRAMES).enumerate().take(self.input_pairs) {
            for lane in 0..2 {
                let source = 2 * pair + lane;
                if source >= sources {
                    frames.iter_mut().for_each(|frame| frame[lane] = 0.0);
                    continue;
                }
                for (frame, sample) in frames.iter_mut().zip(input.channel(source)) {
                    non_finite += u64::from(!sample.finite());
                    frame[lane] = sample.ordinary().to_f64();
                }
            }
        }
        non_finite
    }

    /// The squared level of each active slot over `count` frames of the input, [`GRID_FRAMES`] for each slot.
    pub(super) fn detect(&mut self, active: &[usize], slots: &mut [Box<Slot>], count: usize, squares: &mut [f64]) {
        run!(self.backend, form => self.detect_all(form, active, slots, count, squares));
    }

    #[inline(always)]
    fn detect_all<F: Form>(
        &mut self,
        form: F,
        active: &[usize],
        slots: &mut [Box<Slot>],
        count: usize,
        squares: &mut [f64],
    ) {
        let (neighbours, last) = active.as_chunks::<2>();
        for &[lower, upper] in neighbours {
            let filters = [lower, upper].map(|index| SlotFilter::of(&mut slots[index], count));
            let (lower_squares, later) = squares[lower * GRID_FRAMES..].split_at_mut(GRID_FRAMES);
            let upper_squares = &mut later[(upper - lower - 1) * GRID_FRAMES..][..count];
            self.detect_two(form, [Some(lower), Some(upper)], &filters, [&mut lower_squares[..count], upper_squares]);
        }
        for &lower in last {
            let filters = [SlotFilter::of(&mut slots[lower], count), SlotFilter::NONE];
            let own_squares = &mut squares[lower * GRID_FRAMES..][..count];
            let mut spare = [0.0; GRID_FRAMES];
            self.detect_two(form, [Some(lower), None], &filters, [own_squares, &mut spare[..count]]);
        }
    }

    /// Two slots, or one next to an unused half.
    #[inline(always)]
    fn detect_two<F: Form>(
        &mut self,
        form: F,
        slots: [Option<usize>; 2],
        [lower, upper]: &[SlotFilter; 2],
        [lower_squares, upper_squares]: [&mut [f64]; 2],
    ) {
        lower_squares.fill(0.0);
        upper_squares.fill(0.0);
        for pair in 0..self.input_pairs {
            let x = &self.input[pair * GRID_FRAMES..][..lower_squares.len()];
            let [mut lower_state, mut upper_state] =
                slots.map(|slot| slot.map_or(State::default(), |slot| self.states[slot * self.pairs + pair]));
            if let (Span::Still(_), Span::Still(_)) = (&lower.span, &upper.span) {
                let squares = [&mut *lower_squares, &mut *upper_squares];
                detect(form, [&lower.settled, &upper.settled], x, [&mut lower_state, &mut upper_state], squares);
            } else {
                for (index, frame) in (0_i32..).zip(0..x.len()) {
                    let range = frame..frame + 1;
                    let squares = [&mut lower_squares[range.clone()], &mut upper_squares[range.clone()]];
                    let filters = [&lower.at(index), &upper.at(index)];
                    detect(form, filters, &x[range], [&mut lower_state, &mut upper_state], squares);
                }
            }
            for (slot, state) in slots.into_iter().zip([lower_state, upper_state]) {
                if let Some(slot) = slot {
                    self.states[slot * self.pairs + pair] = state;
                }
            }
        }
    }

    /// Clears the detectors of a slot.
    pub(super) fn clear(&mut self, slot: usize) {
        self.states[slot * self.pairs..][..self.pairs].fill(State::default());
    }

    /// On the grid: decayed states become 0.
    pub(super) fn flush(&mut self) {
        self.states.iter_mut().for_each(State::flush);
    }

    /// As newly built.
    pub(super) fn reset(&mut self) {
        let Self { backend: _, channels: _, pairs: _, states, input: _, input_pairs: _ } = self;
        states.fill(State::default());
    }
}

/// The filter of a slot over a chunk.
struct SlotFilter {
    span: Span<f64, GLIDES>,
    /// The filter at the end of the span.
    settled: BandFilter,
}

impl SlotFilter {
    /// Zero output.
    const NONE: Self = Self { span: Span::Still([0.0; GLIDES]), settled: BandFilter::NONE };

    fn of(slot: &mut Slot, count: usize) -> Self {
        Self { span: slot.detector.span::<f64>(count).0, settled: slot.filter }
    }

    /// The filter of a frame, gliding or at rest.
    fn at(&self, index: i32) -> BandFilter {
        match &self.span {
            Span::Still(_) => self.settled,
            Span::Moving(curves) => BandFilterCoeffs::at(curves, index).filter(),
        }
    }
}
