//! Tests that every pass has the same bits in its vector and scalar forms, for any cut.

use super::*;
use crate::{
    foundation::{grid::GRID_FRAMES, stream::Cpu},
    primitives::{
        backend::{Backend, fuses, run},
        lanes::{Scalar, largest_magnitude},
        modulated_delay::{FractionalTaps, READ_FRAMES, TAPS},
    },
    reverbs::delay_bank::{DelayBank, Layout},
};
use alloc::{vec, vec::Vec};

/// Three times 64 frames of the stream, and a partial chunk.
const FRAMES: usize = 3 * GRID_FRAMES + 21;

fn noise<S: Sample>(seed: u64) -> impl FnMut() -> S {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        S::from_f64((state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0)
    }
}

/// Input streams, one per line.
fn streams<S: Sample>(seed: u64) -> Vec<[S; LINES]> {
    let mut noise = noise(seed);
    (0..FRAMES).map(|_| core::array::from_fn(|_| noise())).collect()
}

/// A chunk of them as rows, with stale samples after it.
fn rows<S: Sample>(chunk: &[[S; LINES]], stale: &mut impl FnMut() -> S) -> Rows<S> {
    core::array::from_fn(|line| core::array::from_fn(|frame| chunk.get(frame).map_or_else(&mut *stale, |x| x[line])))
}

/// The output, stream by stream.
struct Recorded<S> {
    streams: Vec<Vec<S>>,
}

impl<S: Sample> Recorded<S> {
    fn record<'a>(&mut self, rows: impl IntoIterator<Item = &'a [S; GRID_FRAMES]>, first: usize, frames: usize)
    where
        S: 'a,
    {
        for (stream, row) in rows.into_iter().enumerate() {
            let stream = first + stream;
            if self.streams.len() <= stream {
                self.streams.resize(stream + 1, vec![]);
            }
            self.streams[stream].extend(&row[..frames]);
        }
    }
}

fn diffusion<F: Form, S: Sample>(form: F, cut: usize) -> Recorded<S> {
    let (input, mut stale, mut recorded) = (streams(1), noise(2), Recorded { streams: vec![] });
    for chunk in input.chunks(cut) {
        let frames = chunk.len();
        let from = rows(chunk, &mut stale);
        let mut first = 0;
        for (lines, count) in [(4, LINES / 2), (8, LINES), (LINES, LINES)] {
            for tangent in [1.0, 0.6, 0.0] {
                let mix = Mix { tangent: S::from_f64(tangent), scale: S::from_f64(0.31), lines };
                let mut groups = rows(&[], &mut stale);
                within(form, &mix, &from.each_ref()[..count], frames, &mut groups);
                let mut mixed = rows(&[], &mut stale);
                for (line, mixed) in mixed[..count].iter_mut().enumerate() {
                    complete(form, &mix, &groups, line, frames, mixed);
                }
                recorded.record(&mixed[..count], first, frames);
                first += count;
            }
        }
        let mut faded = from[0];
        cross_fade(form, &mut faded, &from[1], &from[2], frames);
        add(form, &from[3], frames, &mut faded);
        recorded.record([&faded], first, frames);
    }
    recorded
}

fn delayed<F: Form, S: Sample>(form: F, cut: usize) -> Recorded<S> {
    let (input, mut stale, mut recorded) = (streams(3), noise(4), Recorded { streams: vec![] });
    let mut layout = Layout::default();
    let offsets = [layout.add_line(200), layout.add_line(300)];
    let mut bank = DelayBank::<S>::new(&layout);
    let taps = [(offsets[0] - 3, 0.4), (offsets[1] - 77, -0.8), (offsets[1], 0.9), (offsets[0] - 200, 0.33)]
        .map(|(offset, gain)| (offset, S::from_f64(gain)));
    let mut weights = FractionalTaps::<S, 2>::new();
    weights.modulate(Scalar, &[90.3, 150.7], 3.0, &[[0.1, 0.12], [-0.9, -0.88]], GRID_FRAMES);
    let clock = core::array::from_fn(|index| S::from_index(index as i32));
    let mut now = 0;
    while now < FRAMES {
        let frames = cut.min(FRAMES - now).min(GRID_FRAMES - now % GRID_FRAMES);
        let chunk = rows(&input[now..now + frames], &mut stale);
        let mut moved = [chunk[2]; 2];
        for line in 0..2 {
            let samples: &[S; READ_FRAMES] = bank.read_long(offsets[line] - weights.oldest[line]);
            interpolate(form, samples, &weights, line, &clock, frames, &mut moved[line]);
        }
        for (offset, row) in offsets.into_iter().zip(&chunk) {
            copy(form, &row[..frames], bank.write(offset));
        }
        bank.mirror();
        let mut sum = chunk[2];
        tap(form, &bank, &taps, frames, &mut sum);
        // The clock restarts with each chunk here, so that a moving line is compared at one cut only.
        recorded.record([&sum], 0, frames);
        if cut == GRID_FRAMES {
            recorded.record(&moved, 1, frames);
        }
        bank.advance(frames);
        now += frames;
    }
    assert_eq!(TAPS, weights.start.len());
    recorded
}

fn recurring<F: Form, S: Sample>(form: F, cut: usize) -> Recorded<S> {
    let (input, mut stale, mut recorded) = (streams(5), noise(6), Recorded { streams: vec![] });
    let along =
        |from: f64, to: f64| core::array::from_fn(|line| S::from_f64(from + (to - from) * line as f64 / LINES as f64));
    let absorbers = Absorbers {
        low_direct: along(-0.9, 0.8),
        low_feed: along(0.01, -0.02),
        low_pole: along(0.97, 0.99),
        high_feed: along(-0.3, 0.1),
        high_pole: along(0.2, 0.6),
    };
    let mut states = AbsorberStates::SILENCE;
    let (filters, mut pasts) =
        ([0.997, 0.5].map(OnePole::<S>::new), [OnePoleState::<S>::SILENCE, OnePoleState::SILENCE]);
    for chunk in input.chunks(cut) {
        let frames = chunk.len();
        let from = rows(chunk, &mut stale);
        let mut out = rows(&[], &mut stale);
        absorb(form, from.each_ref(), &absorbers, &mut states, frames, &mut out);
        recorded.record(&out, 0, frames);
        for (index, (filter, past)) in filters.iter().zip(&mut pasts).enumerate() {
            copy(form, &from[index][..frames], past.input());
            past.low_pass(form, filter, frames);
            let mut rest = from[2];
            past.high_pass(form, frames, &mut rest);
            recorded.record([past.output(), &rest], LINES + 2 * index, frames);
            past.advance(frames);
        }
    }
    recorded
}

fn feedback<F: Form, S: Sample>(form: F, cut: usize) -> Recorded<S> {
    let (input, mut stale, mut recorded) = (streams(7), noise(8), Recorded { streams: vec![] });
    let gains = core::array::from_fn(|line| S::from_f64(if line % 3 == 0 { -0.25 } else { 0.25 }));
    for chunk in input.chunks(cut) {
        let frames = chunk.len();
        let (mut from, input) = (rows(chunk, &mut stale), rows(chunk, &mut stale));
        let feed = Feed { input: &input, gains: &gains };
        let mut out = [input[0], input[1]];
        transform_and_mix(form, frames, &mut from, &mut out);
        recorded.record(&out, 0, frames);
        for line in 0..LINES {
            let mut row = input[2];
            write(form, &feed, &from, line, frames, &mut row);
            recorded.record([&row], 2 + line, frames);
            let expected = row[..frames].iter().map(|x| x.to_f64().abs()).fold(0.0, f64::max);
            assert_eq!(largest_magnitude(form, &row[..frames]).to_f64(), expected);
        }
    }
    recorded
}

fn all<F: Form, S: Sample>(form: F, cut: usize) -> [Recorded<S>; 4] {
    [diffusion(form, cut), delayed(form, cut), recurring(form, cut), feedback(form, cut)]
}

fn compare<S: Sample>(cpu: Cpu, equal: fn(S, S) -> bool) {
    let scalar = [1, 7, GRID_FRAMES].map(|cut| all::<_, S>(Scalar, cut));
    let same = |a: &[Recorded<S>; 4], b: &[Recorded<S>; 4], equal: fn(S, S) -> bool, what: &str| {
        for (pass, (a, b)) in a.iter().zip(b).enumerate() {
            for (stream, (a, b)) in a.streams.iter().zip(&b.streams).enumerate() {
                assert_eq!((a.len(), b.len()), (FRAMES, FRAMES));
                let differs = a.iter().zip(b).position(|(a, b)| !equal(*a, *b));
                assert_eq!(differs, None, "{what}: pass {pass}, stream {stream}");
            }
        }
    };
    let bits = |a: S, b: S| a.bits() == b.bits();
    for cut in &scalar {
        same(cut, &scalar[2], bits, "the cut");
    }
    for (cut, scalar) in [1, 7, GRID_FRAMES].into_iter().zip(&scalar) {
        let vectors = run!(Backend::new(cpu), form => all::<_, S>(form, cut));
        same(scalar, &vectors, equal, "vectors");
    }
}

#[test]
fn vector_forms_are_the_scalar_form_bit_for_bit() {
    compare::<f32>(Cpu::Software, |a, b| a.bits() == b.bits());
    compare::<f64>(Cpu::Software, |a, b| a.bits() == b.bits());
    if fuses() {
        compare::<f32>(Cpu::Detected, |a, b| a.bits() == b.bits());
        compare::<f64>(Cpu::Detected, |a, b| a.bits() == b.bits());
        compare::<f32>(Cpu::Avx2, |a, b| a.bits() == b.bits());
    }
}

/// Difference by two roundings instead of one in a few operations on numbers of about 1, accumulated by the recursions.
const TWO_ROUNDINGS: [f64; 2] = [2e-5, 1e-13];

#[test]
fn machines_without_fma_are_close() {
    compare::<f32>(Cpu::Baseline, |a, b| (f64::from(a) - f64::from(b)).abs() < TWO_ROUNDINGS[0]);
    compare::<f64>(Cpu::Baseline, |a, b| (a - b).abs() < TWO_ROUNDINGS[1]);
}

#[test]
fn a_mix_keeps_the_energy() {
    let angle = 0.3_f64;
    let from: Rows<f64> = rows(&streams(9)[..GRID_FRAMES], &mut noise(10));
    for (lines, count) in [(4, LINES / 2), (8, LINES), (LINES, LINES)] {
        let dimensions = f64::from((lines as u32).ilog2());
        let mix = Mix { tangent: libm::tan(angle), scale: libm::pow(libm::cos(angle), dimensions), lines };
        let (mut groups, mut mixed) = (from, from);
        within(Scalar, &mix, &from.each_ref()[..count], GRID_FRAMES, &mut groups);
        for (line, mixed) in mixed[..count].iter_mut().enumerate() {
            complete(Scalar, &mix, &groups, line, GRID_FRAMES, mixed);
        }
        let energy =
            |rows: &Rows<f64>, frame: usize| rows[..count].iter().map(|row| row[frame] * row[frame]).sum::<f64>();
        for frame in 0..GRID_FRAMES {
            assert!((energy(&from, frame) - energy(&mixed, frame)).abs() < 1e-12, "{lines} {frame}");
        }
    }
}

#[test]
fn recursion_over_16_frames_equals_recursion_over_one() {
    for pole in [0.02, 0.52, 0.9974] {
        let filter = OnePole::<f64>::new(pole);
        let (mut past, mut low) = (OnePoleState::SILENCE, 0.0);
        for chunk in streams::<f64>(11).chunks(GRID_FRAMES) {
            let input: Vec<f64> = chunk.iter().map(|x| x[0]).collect();
            copy(Scalar, &input, past.input());
            past.low_pass(Scalar, &filter, input.len());
            for (x, y) in input.iter().zip(past.output()) {
                low = pole * low + (1.0 - pole) * x;
                assert!((low - y).abs() < 1e-14, "{pole}: {low} {y}");
            }
            past.advance(input.len());
        }
    }
}
