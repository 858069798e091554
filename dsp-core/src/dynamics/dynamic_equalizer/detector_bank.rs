//! Detectors of all places: the squared level of each band in every frame, two filters and two channels in a vector.

use super::{
    band_detector::{BandFilter, BandFilterCoeffs, GLIDES, State, detect},
    place::Place,
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
    /// Pairs that the channels make.
    pairs: usize,
    /// Of each place and pair of channels.
    states: Vec<State>,
    /// What is listened to, a pair of channels after the other, [`GRID_FRAMES`] each.
    sound: Vec<[f64; 2]>,
    /// Pairs of channels of the sound: one of a key of one channel.
    sound_pairs: usize,
}

impl DetectorBank {
    /// At rest.
    pub(super) fn new(backend: Backend, channels: usize, places: usize) -> Self {
        let pairs = channels.div_ceil(2);
        Self {
            backend,
            channels,
            pairs,
            states: vec![State::default(); places * pairs],
            sound: vec![[0.0; 2]; pairs * GRID_FRAMES],
            sound_pairs: 0,
        }
    }

    /// Lays what is listened to side by side, in f64. Returns the count of samples that are not finite.
    pub(super) fn take<S: Sample>(&mut self, sound: &Block<'_, '_, S>) -> u64 {
        let sources = if sound.channels() < self.channels { 1 } else { self.channels };
        self.sound_pairs = sources.div_ceil(2);
        let mut non_finite = 0;
        for (pair, frames) in self.sound.chunks_exact_mut(GRID_FRAMES).enumerate().take(self.sound_pairs) {
            for lane in 0..2 {
                let source = 2 * pair + lane;
                if source >= sources {
                    frames.iter_mut().for_each(|frame| frame[lane] = 0.0);
                    continue;
                }
                for (frame, sample) in frames.iter_mut().zip(sound.channel(source)) {
                    non_finite += u64::from(!sample.finite());
                    frame[lane] = sample.ordinary().to_f64();
                }
            }
        }
        non_finite
    }

    /// The squared level of each active place over `count` frames of what was taken, [`GRID_FRAMES`] for each place.
    pub(super) fn detect(&mut self, active: &[usize], places: &mut [Box<Place>], count: usize, squares: &mut [f64]) {
        run!(self.backend, form => self.detect_all(form, active, places, count, squares));
    }

    #[inline(always)]
    fn detect_all<F: Form>(
        &mut self,
        form: F,
        active: &[usize],
        places: &mut [Box<Place>],
        count: usize,
        squares: &mut [f64],
    ) {
        let (neighbours, last) = active.as_chunks::<2>();
        for &[lower, upper] in neighbours {
            let filters = [lower, upper].map(|index| Listener::of(&mut places[index], count));
            let (lower_squares, later) = squares[lower * GRID_FRAMES..].split_at_mut(GRID_FRAMES);
            let upper_squares = &mut later[(upper - lower - 1) * GRID_FRAMES..][..count];
            self.detect_two(form, [Some(lower), Some(upper)], &filters, [&mut lower_squares[..count], upper_squares]);
        }
        for &lower in last {
            let filters = [Listener::of(&mut places[lower], count), Listener::NONE];
            let own_squares = &mut squares[lower * GRID_FRAMES..][..count];
            let mut spare = [0.0; GRID_FRAMES];
            self.detect_two(form, [Some(lower), None], &filters, [own_squares, &mut spare[..count]]);
        }
    }

    /// Two places, or one beside nothing.
    #[inline(always)]
    fn detect_two<F: Form>(
        &mut self,
        form: F,
        places: [Option<usize>; 2],
        [lower, upper]: &[Listener; 2],
        [lower_squares, upper_squares]: [&mut [f64]; 2],
    ) {
        lower_squares.fill(0.0);
        upper_squares.fill(0.0);
        for pair in 0..self.sound_pairs {
            let x = &self.sound[pair * GRID_FRAMES..][..lower_squares.len()];
            let [mut lower_state, mut upper_state] =
                places.map(|place| place.map_or(State::default(), |place| self.states[place * self.pairs + pair]));
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
            for (place, state) in places.into_iter().zip([lower_state, upper_state]) {
                if let Some(place) = place {
                    self.states[place * self.pairs + pair] = state;
                }
            }
        }
    }

    /// Silences the detectors of a place.
    pub(super) fn forget(&mut self, place: usize) {
        self.states[place * self.pairs..][..self.pairs].fill(State::default());
    }

    /// On the grid: states that have decayed become 0.
    pub(super) fn flush(&mut self) {
        self.states.iter_mut().for_each(State::flush);
    }

    /// As newly built.
    pub(super) fn reset(&mut self) {
        let Self { backend: _, channels: _, pairs: _, states, sound: _, sound_pairs: _ } = self;
        states.fill(State::default());
    }
}

/// The filter of a place over a chunk.
struct Listener {
    span: Span<f64, GLIDES>,
    /// Where the span ends.
    settled: BandFilter,
}

impl Listener {
    /// Hears nothing.
    const NONE: Self = Self { span: Span::Still([0.0; GLIDES]), settled: BandFilter::NONE };

    fn of(place: &mut Place, count: usize) -> Self {
        Self { span: place.detector.span::<f64>(count).0, settled: place.filter }
    }

    /// The filter of a frame, on its way or at rest.
    fn at(&self, index: i32) -> BandFilter {
        match &self.span {
            Span::Still(_) => self.settled,
            Span::Moving(curves) => BandFilterCoeffs::at(curves, index).filter(),
        }
    }
}
