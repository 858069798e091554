//! Cascades of settled second-order sections: direct form II transposed in f64, one arithmetic for every lane layout.
//!
//! ```text
//! y  = b0 x + z1
//! z1 = (b1 x + z2) - a1 y      the feedback term last: it is the one that waits
//! z2 = b2 x - a2 y
//! ```
//!
//! Every multiply-add is fused, in this order, in the scalar form too, so a channel's bits depend on its own samples
//! alone: neither on the channels in its vector nor on the cut of the stream.
//!
//! A recursion cannot be vectorised along time. Stereo fills a vector by a skew instead: each pair of lanes is left and
//! right at one stage of the cascade, a half or a quarter of its sections, and each stage is [`SKEW`] frames behind the
//! one before, so that none waits for another. The stages run in place: a stage reads from the frames what the one before
//! has left there. At either end of a pass the stages that are ahead or behind run alone, so the skew adds no latency.
//!
//! Decayed states are zeroed where a section reaches the absolute grid, inside a pass as well, so that a pass may have
//! any length: gathering states and spreading coefficients cost as much as some ten frames.

use crate::{
    filters::biquad::BiquadCoeffs,
    foundation::{
        grid::GRID_FRAMES,
        silence::{FILTER_STATE, LONE_FILTER_STATE},
    },
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes, Pairs},
    },
};

/// Most sections of one pass: those that a pair of half-cascades keeps in registers.
pub(crate) const MAX_SECTIONS: usize = 8;

/// State of one section over `W` lanes: z1 and z2.
pub(crate) type State<const W: usize> = [[f64; W]; 2];

/// Runs `coeffs.len()` (at most [`MAX_SECTIONS`]) sections in place over frames of 2 channels. The next grid point is
/// `to_grid` frames ahead (1..=[`GRID_FRAMES`]).
pub(crate) fn two(
    backend: Backend,
    frames: &mut [[f64; 2]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<2>],
    to_grid: usize,
) {
    run!(backend, form => of_two(form, frames, coeffs, states, to_grid));
}

/// The same over frames of 4 channels.
pub(crate) fn four(
    backend: Backend,
    frames: &mut [[f64; 4]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<4>],
    to_grid: usize,
) {
    run!(backend, form => of_four(form, frames, coeffs, states, to_grid));
}

#[inline(always)]
fn of_two<F: Form>(form: F, frames: &mut [[f64; 2]], coeffs: &[BiquadCoeffs], states: &mut [State<2>], to_grid: usize) {
    let four_stages = F::Native::<f64>::LEN >= 8 && frames.len() >= LONG;
    let mut done = 0;
    while done < coeffs.len() {
        let (coeffs, states) = (&coeffs[done..], &mut states[done..]);
        // A single section waits for itself as long as two or three do: an odd one is not left alone.
        done += match coeffs.len() {
            8.. if four_stages => skewed::<F, F::F64x8, 2>(form, frames, coeffs, states, to_grid),
            8.. => skewed::<F, F::F64x4, 4>(form, frames, coeffs, states, to_grid),
            6.. => skewed::<F, F::F64x4, 3>(form, frames, coeffs, states, to_grid),
            5 => side_by_side::<F, F::F64x2, 2, 5>(form, frames, coeffs, states, to_grid),
            4.. => skewed::<F, F::F64x4, 2>(form, frames, coeffs, states, to_grid),
            3 => side_by_side::<F, F::F64x2, 2, 3>(form, frames, coeffs, states, to_grid),
            2 => side_by_side::<F, F::F64x2, 2, 2>(form, frames, coeffs, states, to_grid),
            _ => side_by_side::<F, F::F64x2, 2, 1>(form, frames, coeffs, states, to_grid),
        };
    }
}

#[inline(always)]
fn of_four<F: Form>(
    form: F,
    frames: &mut [[f64; 4]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<4>],
    to_grid: usize,
) {
    // The state of four sections of four lanes fits in eight registers.
    for (coeffs, states) in coeffs.chunks(4).zip(states.chunks_mut(4)) {
        match coeffs.len() {
            4 => side_by_side::<F, F::F64x4, 4, 4>(form, frames, coeffs, states, to_grid),
            3 => side_by_side::<F, F::F64x4, 4, 3>(form, frames, coeffs, states, to_grid),
            2 => side_by_side::<F, F::F64x4, 4, 2>(form, frames, coeffs, states, to_grid),
            _ => side_by_side::<F, F::F64x4, 4, 1>(form, frames, coeffs, states, to_grid),
        };
    }
}

/// One section's coefficients across the lanes, the feedback terms negated.
#[derive(Clone, Copy)]
struct Section<V> {
    b0: V,
    b1: V,
    b2: V,
    minus_a1: V,
    minus_a2: V,
}

impl<V> Section<V> {
    /// The same in all lanes.
    #[inline(always)]
    fn splat<F: Form>(form: F, c: &BiquadCoeffs) -> Self
    where
        V: Lanes<F, Element = f64>,
    {
        Self {
            b0: V::splat(form, c.b0),
            b1: V::splat(form, c.b1),
            b2: V::splat(form, c.b2),
            minus_a1: V::splat(form, -c.a1),
            minus_a2: V::splat(form, -c.a2),
        }
    }

    /// Every `spacing`th section in a pair of lanes of its own, the last one in the lowest.
    #[inline(always)]
    fn staged<F: Form>(form: F, coeffs: &[BiquadCoeffs], spacing: usize) -> Self
    where
        V: Pairs<F>,
    {
        let mut spread = [[[0.0; 2]; MAX_STAGES]; 5];
        for pair in 0..V::PAIRS {
            let c = &coeffs[(V::PAIRS - 1 - pair) * spacing];
            for (term, spread) in [c.b0, c.b1, c.b2, -c.a1, -c.a2].into_iter().zip(&mut spread) {
                spread[pair] = [term; 2];
            }
        }
        Self {
            b0: V::load_pairs(form, &spread[0], 1),
            b1: V::load_pairs(form, &spread[1], 1),
            b2: V::load_pairs(form, &spread[2], 1),
            minus_a1: V::load_pairs(form, &spread[3], 1),
            minus_a2: V::load_pairs(form, &spread[4], 1),
        }
    }

    /// One frame: output and next state.
    #[inline(always)]
    fn tick<F: Form>(&self, x: V, z1: V, z2: V) -> (V, V, V)
    where
        V: Lanes<F>,
    {
        let y = self.b0.mul_add(x, z1);
        (y, self.minus_a1.mul_add(y, self.b1.mul_add(x, z2)), self.minus_a2.mul_add(y, self.b2 * x))
    }
}

/// Below which states are zeroed, lane by lane: see [`flushed_pair`](crate::foundation::silence::flushed_pair).
#[derive(Clone, Copy)]
struct Limits<V> {
    both: V,
    lone: V,
}

impl<V> Limits<V> {
    /// The states with the lanes' limits applied.
    #[inline(always)]
    fn flush<F: Form>(&self, z1: V, z2: V) -> (V, V)
    where
        V: Lanes<F>,
    {
        let (size1, size2) = (z1.abs(), z2.abs());
        let larger = size1.max(size2);
        let (z1, z2) = (z1.zero_below(larger, self.both), z2.zero_below(larger, self.both));
        (z1.zero_below(size1, self.lone), z2.zero_below(size2, self.lone))
    }
}

/// `N` sections over `W` channels; returns `N`.
#[inline(always)]
fn side_by_side<F: Form, V: Lanes<F, Element = f64>, const W: usize, const N: usize>(
    form: F,
    frames: &mut [[f64; W]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<W>],
    to_grid: usize,
) -> usize {
    let limits = Limits { both: V::splat(form, FILTER_STATE), lone: V::splat(form, LONE_FILTER_STATE) };
    let mut sections = [Section::splat(form, &coeffs[0]); N];
    let mut z1 = [V::splat(form, 0.0); N];
    let mut z2 = z1;
    for n in 0..N {
        sections[n] = Section::splat(form, &coeffs[n]);
        z1[n] = V::load(form, &states[n][0]);
        z2[n] = V::load(form, &states[n][1]);
    }
    let (mut rest, mut to_next) = (frames, to_grid);
    while !rest.is_empty() {
        let (frames, later) = rest.split_at_mut(to_next.min(rest.len()));
        let whole = frames.len() == to_next;
        for frame in frames {
            let mut x = V::load(form, frame);
            for n in 0..N {
                (x, z1[n], z2[n]) = sections[n].tick(x, z1[n], z2[n]);
            }
            x.store(frame);
        }
        if whole {
            for n in 0..N {
                (z1[n], z2[n]) = limits.flush(z1[n], z2[n]);
            }
        }
        (rest, to_next) = (later, GRID_FRAMES);
    }
    for n in 0..N {
        z1[n].store(&mut states[n][0]);
        z2[n].store(&mut states[n][1]);
    }
    N
}

/// Most stages of a skewed pass.
const MAX_STAGES: usize = 4;
/// Frames by which a stage lags behind the one before, whose output must have come back from memory: at 2 and 3 frames it
/// waits (measured on Zen 5).
const SKEW: usize = 4;
/// Frames from which four stages take less time than two, whose ends are shorter.
const LONG: usize = 128;

/// `H` sections at each of the stages that `V` has pairs of lanes, over two channels; returns their number.
#[inline(always)]
fn skewed<F: Form, V: Pairs<F>, const H: usize>(
    form: F,
    frames: &mut [[f64; 2]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<2>],
    to_grid: usize,
) -> usize {
    let stages = V::PAIRS;
    let lag = (stages - 1) * SKEW;
    let length = frames.len();
    // The stages that are ahead run alone at the beginning, those that are behind at the end.
    for at_end in [false, true] {
        for stage in 0..stages {
            let ahead = (lag - stage * SKEW).min(length);
            let range = if at_end { ahead.max(length.saturating_sub(stage * SKEW))..length } else { 0..ahead };
            if !range.is_empty() {
                let to_grid = ahead_of_grid(to_grid, range.start);
                let sections = stage * H..(stage + 1) * H;
                let (coeffs, states) = (&coeffs[sections.clone()], &mut states[sections]);
                side_by_side::<F, F::F64x2, 2, H>(form, &mut frames[range], coeffs, states, to_grid);
            }
        }
        if !at_end && length > lag {
            abreast::<F, V, H>(form, frames, coeffs, states, to_grid);
        }
    }
    stages * H
}
/// Frames from frame `frame` to the next point of the grid, the first of which is `to_grid` frames ahead.
#[inline(always)]
fn ahead_of_grid(to_grid: usize, frame: usize) -> usize {
    GRID_FRAMES - (frame + GRID_FRAMES - to_grid) % GRID_FRAMES
}

/// The steps in which all stages run: the lowest pair of lanes is the last stage, at its first frame.
#[inline(always)]
fn abreast<F: Form, V: Pairs<F>, const H: usize>(
    form: F,
    frames: &mut [[f64; 2]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<2>],
    to_grid: usize,
) {
    let (pairs, lag) = (V::PAIRS, (V::PAIRS - 1) * SKEW);
    let mut sections = [Section::staged(form, coeffs, H); H];
    let mut z1 = [V::splat(form, 0.0); H];
    let mut z2 = z1;
    for n in 0..H {
        sections[n] = Section::staged(form, &coeffs[n..], H);
        let mut spread = [[[0.0; 2]; MAX_STAGES]; 2];
        for pair in 0..pairs {
            [spread[0][pair], spread[1][pair]] = states[(pairs - 1 - pair) * H + n];
        }
        z1[n] = V::load_pairs(form, &spread[0], 1);
        z2[n] = V::load_pairs(form, &spread[1], 1);
    }
    // A stage at the grid: the limits of the others are 0.
    let mut limits = [Limits { both: V::splat(form, 0.0), lone: V::splat(form, 0.0) }; MAX_STAGES];
    for pair in 0..pairs {
        let mut spread = [[[0.0; 2]; MAX_STAGES]; 2];
        (spread[0][pair], spread[1][pair]) = ([FILTER_STATE; 2], [LONE_FILTER_STATE; 2]);
        limits[pair] = Limits { both: V::load_pairs(form, &spread[0], 1), lone: V::load_pairs(form, &spread[1], 1) };
    }

    let end = frames.len() - lag;
    let mut start = 0;
    while start < end {
        // Until a stage reaches the grid: one at a time, as all lags are shorter than its cells.
        let (mut steps, mut reaching) = (end - start, None);
        for pair in 0..pairs {
            let to_next = ahead_of_grid(to_grid, start + pair * SKEW);
            if to_next <= steps {
                (steps, reaching) = (to_next, Some(pair));
            }
        }
        let run = &mut frames[start..start + steps + lag];
        for step in 0..steps {
            let window = &mut run[step..=step + lag];
            let mut x = V::load_pairs(form, window, SKEW);
            for n in 0..H {
                (x, z1[n], z2[n]) = sections[n].tick(x, z1[n], z2[n]);
            }
            x.store_pairs(window, SKEW);
        }
        if let Some(pair) = reaching {
            for n in 0..H {
                (z1[n], z2[n]) = limits[pair].flush(z1[n], z2[n]);
            }
        }
        start += steps;
    }

    for n in 0..H {
        let mut spread = [[[0.0; 2]; MAX_STAGES]; 2];
        z1[n].store_pairs(&mut spread[0], 1);
        z2[n].store_pairs(&mut spread[1], 1);
        for pair in 0..pairs {
            states[(pairs - 1 - pair) * H + n] = [spread[0][pair], spread[1][pair]];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::{silence::flushed_pair, stream::Cpu},
        primitives::backend::{Backend, fuses},
    };
    use alloc::vec::Vec;

    fn noise(seed: u64) -> impl Iterator<Item = f64> {
        let mut state = seed;
        core::iter::repeat_with(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
    }

    fn sections(count: usize) -> Vec<BiquadCoeffs> {
        (0..count)
            .map(|n| {
                // Poles at radius 0.9..0.98, all different.
                let (radius, angle) = (0.9 + 0.01 * n as f64, 0.1 + 0.35 * n as f64);
                BiquadCoeffs {
                    b0: 1.1,
                    b1: -0.3 - 0.1 * n as f64,
                    b2: 0.2,
                    a1: -2.0 * radius * libm::cos(angle),
                    a2: radius * radius,
                }
            })
            .collect()
    }

    /// Section by section, channel by channel.
    fn plain<const W: usize>(
        frames: &mut [[f64; W]],
        coeffs: &[BiquadCoeffs],
        states: &mut [State<W>],
        to_grid: usize,
    ) {
        for (c, [z1, z2]) in coeffs.iter().zip(states) {
            for (index, frame) in frames.iter_mut().enumerate() {
                for ((x, z1), z2) in frame.iter_mut().zip(&mut *z1).zip(&mut *z2) {
                    let y = libm::fma(c.b0, *x, *z1);
                    *z1 = libm::fma(-c.a1, y, libm::fma(c.b1, *x, *z2));
                    *z2 = libm::fma(-c.a2, y, c.b2 * *x);
                    *x = y;
                }
                if (index + 1) % GRID_FRAMES == to_grid % GRID_FRAMES {
                    for (z1, z2) in z1.iter_mut().zip(&mut *z2) {
                        [*z1, *z2] = flushed_pair([*z1, *z2]);
                    }
                }
            }
        }
    }

    type Run<const W: usize> = fn(Option<Backend>, &mut [[f64; W]], &[BiquadCoeffs], &mut [State<W>], usize);

    fn compare<const W: usize>(process: Run<W>, equal: fn(f64, f64) -> bool, cpu: Cpu) {
        for count in 1..=MAX_SECTIONS {
            let coeffs = sections(count);
            let mut source = noise(count as u64);
            // Decays in the first lane, so that the sections fall silent one after the other, and then excites them
            // again.
            let level = |frame: i32, lane: usize| match lane {
                0 if frame < 700 => libm::exp(-0.1 * f64::from(frame)),
                _ => 1.0,
            };
            let input: Vec<[f64; W]> = (0..800)
                .map(|frame| core::array::from_fn(|lane| level(frame, lane) * source.next().unwrap()))
                .collect();
            let mut results = Vec::new();
            let backend = Some(Backend::new(cpu));
            for (backend, cut) in
                [(None, 800), (backend, 800), (backend, 64), (backend, 63), (backend, 7), (backend, 2), (backend, 1)]
            {
                let mut frames = input.clone();
                let mut states = [[[0.0; W]; 2]; MAX_SECTIONS];
                // Between grid points.
                let mut phase = 21;
                for chunk in frames.chunks_mut(cut) {
                    process(backend, chunk, &coeffs, &mut states[..count], GRID_FRAMES - phase);
                    phase = (phase + chunk.len()) % GRID_FRAMES;
                }
                results.push((frames, states));
            }
            for (frames, states) in &results[1..] {
                for (a, b) in frames.iter().flatten().zip(results[0].0.iter().flatten()) {
                    assert!(equal(*a, *b), "{count} sections: {a} {b}");
                }
                for (a, b) in states.iter().flatten().flatten().zip(results[0].1.iter().flatten().flatten()) {
                    assert!(equal(*a, *b), "{count} sections, state: {a} {b}");
                }
            }
        }
    }

    /// [`two`], or the plain loop.
    fn two_channels(
        backend: Option<Backend>,
        frames: &mut [[f64; 2]],
        coeffs: &[BiquadCoeffs],
        states: &mut [State<2>],
        to_grid: usize,
    ) {
        let Some(backend) = backend else { return plain(frames, coeffs, states, to_grid) };
        two(backend, frames, coeffs, states, to_grid);
    }

    /// [`four`], or the plain loop.
    fn four_channels(
        backend: Option<Backend>,
        frames: &mut [[f64; 4]],
        coeffs: &[BiquadCoeffs],
        states: &mut [State<4>],
        to_grid: usize,
    ) {
        let Some(backend) = backend else { return plain(frames, coeffs, states, to_grid) };
        four(backend, frames, coeffs, states, to_grid);
    }

    #[test]
    fn the_scalar_and_the_exact_form_are_the_plain_loop_bit_for_bit() {
        for cpu in [Cpu::Scalar, Cpu::Software] {
            compare(two_channels, |a, b| a.to_bits() == b.to_bits(), cpu);
            compare(four_channels, |a, b| a.to_bits() == b.to_bits(), cpu);
        }
    }

    #[test]
    fn vector_forms_are_the_plain_loop_bit_for_bit_on_fma() {
        if !fuses() {
            std::eprintln!("SKIPPED: this CPU has no fused multiply-add");
            return;
        }
        for cpu in [Cpu::Detected, Cpu::Avx2] {
            compare(two_channels, |a, b| a.to_bits() == b.to_bits(), cpu);
            compare(four_channels, |a, b| a.to_bits() == b.to_bits(), cpu);
        }
    }

    #[test]
    fn the_baseline_nulls_with_the_plain_loop() {
        // Two roundings per multiply-add instead of one, behind eight resonances: invariant 2 requires -140 dB.
        const BASELINE_LIMIT: f64 = 1e-10;
        compare(two_channels, |a, b| (a - b).abs() <= BASELINE_LIMIT * (1.0 + b.abs()), Cpu::Baseline);
        compare(four_channels, |a, b| (a - b).abs() <= BASELINE_LIMIT * (1.0 + b.abs()), Cpu::Baseline);
    }
}
