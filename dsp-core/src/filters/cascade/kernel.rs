//! Cascades of settled second-order sections: direct form II transposed in f64, one arithmetic for every lane layout.
//!
//! ```text
//! y  = b0 x + z1
//! z1 = (b1 x + z2) - a1 y      the feedback term last: it is the one that waits
//! z2 = b2 x - a2 y
//! ```
//!
//! Every multiply-add is fused, in this order, in the scalar twin too, so a channel's bits depend on nothing but its own
//! samples: not on how many neighbours share its vector, nor on where the stream is cut.
//!
//! A recursion cannot be vectorised along time. Stereo fills a vector of four by a skew instead: the lanes are left and
//! right through the first half of the cascade, and left and right through the second half two frames later, so that no
//! lane waits for the other half. The two steps at either end of a pass run masked, which leaves no latency.
//!
//! Decayed states are zeroed where a section reaches the absolute grid, inside a pass as well, so that a pass may be as
//! long as it likes: gathering states and spreading coefficients costs as much as some ten frames.

use crate::{
    filters::biquad::BiquadCoeffs,
    foundation::{
        grid::GRID_FRAMES,
        silence::{FILTER_STATE, flushed},
    },
};
use fearless_simd::{f64x2, f64x4, mask64x4, prelude::*};

/// Most sections of one pass: what a pair of half-cascades keeps in registers.
pub(crate) const MAX_SECTIONS: usize = 8;

/// State of one section over `W` lanes: z1 and z2.
pub(crate) type State<const W: usize> = [[f64; W]; 2];

/// A form of the kernel. Both methods run `coeffs.len()` (at most [`MAX_SECTIONS`]) sections in place over frames of 2
/// or 4 channels, the first `to_grid` (1..=[`GRID_FRAMES`]) of which lie before the next point of the grid.
pub(crate) trait Cascade: Copy {
    /// Two channels.
    fn two(self, frames: &mut [[f64; 2]], coeffs: &[BiquadCoeffs], states: &mut [State<2>], to_grid: usize);
    /// Four channels.
    fn four(self, frames: &mut [[f64; 4]], coeffs: &[BiquadCoeffs], states: &mut [State<4>], to_grid: usize);
}

/// The scalar twin: slow, and the same bits as hardware with fused multiply-add.
#[derive(Clone, Copy)]
pub(crate) struct Twin;

impl Cascade for Twin {
    fn two(self, frames: &mut [[f64; 2]], coeffs: &[BiquadCoeffs], states: &mut [State<2>], to_grid: usize) {
        twin(frames, coeffs, states, to_grid);
    }

    fn four(self, frames: &mut [[f64; 4]], coeffs: &[BiquadCoeffs], states: &mut [State<4>], to_grid: usize) {
        twin(frames, coeffs, states, to_grid);
    }
}

fn twin<const W: usize>(frames: &mut [[f64; W]], coeffs: &[BiquadCoeffs], states: &mut [State<W>], to_grid: usize) {
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
                    (*z1, *z2) = (flushed(*z1), flushed(*z2));
                }
            }
        }
    }
}

/// The vector form.
#[derive(Clone, Copy)]
pub(crate) struct Vector<D>(pub(crate) D);

impl<D: Simd> Cascade for Vector<D> {
    #[inline(always)]
    fn two(self, frames: &mut [[f64; 2]], coeffs: &[BiquadCoeffs], states: &mut [State<2>], to_grid: usize) {
        let paired = coeffs.len() / 2 * 2;
        let (pairs, odd) = coeffs.split_at(paired);
        let (pair_states, odd_state) = states.split_at_mut(paired);
        match paired {
            8 => skewed::<D, 4>(self.0, frames, pairs, pair_states, to_grid),
            6 => skewed::<D, 3>(self.0, frames, pairs, pair_states, to_grid),
            4 => skewed::<D, 2>(self.0, frames, pairs, pair_states, to_grid),
            2 => skewed::<D, 1>(self.0, frames, pairs, pair_states, to_grid),
            _ => {}
        }
        if let ([c], [state]) = (odd, odd_state) {
            single(self.0, frames, c, state, to_grid);
        }
    }

    #[inline(always)]
    fn four(self, frames: &mut [[f64; 4]], coeffs: &[BiquadCoeffs], states: &mut [State<4>], to_grid: usize) {
        // Four sections of four lanes keep their state in eight registers.
        for (coeffs, states) in coeffs.chunks(4).zip(states.chunks_mut(4)) {
            match coeffs.len() {
                4 => wide::<D, 4>(self.0, frames, coeffs, states, to_grid),
                3 => wide::<D, 3>(self.0, frames, coeffs, states, to_grid),
                2 => wide::<D, 2>(self.0, frames, coeffs, states, to_grid),
                _ => wide::<D, 1>(self.0, frames, coeffs, states, to_grid),
            }
        }
    }
}

/// One section's coefficients across four lanes, the feedback terms negated.
#[derive(Clone, Copy)]
struct Lanes<D: Simd> {
    b0: f64x4<D>,
    b1: f64x4<D>,
    b2: f64x4<D>,
    minus_a1: f64x4<D>,
    minus_a2: f64x4<D>,
}

impl<D: Simd> Lanes<D> {
    /// Section `a` in the lower two lanes, `b` in the upper two.
    #[inline(always)]
    fn new(simd: D, a: &BiquadCoeffs, b: &BiquadCoeffs) -> Self {
        Self {
            b0: f64x4::simd_from(simd, [a.b0, a.b0, b.b0, b.b0]),
            b1: f64x4::simd_from(simd, [a.b1, a.b1, b.b1, b.b1]),
            b2: f64x4::simd_from(simd, [a.b2, a.b2, b.b2, b.b2]),
            minus_a1: f64x4::simd_from(simd, [-a.a1, -a.a1, -b.a1, -b.a1]),
            minus_a2: f64x4::simd_from(simd, [-a.a2, -a.a2, -b.a2, -b.a2]),
        }
    }

    /// The tick: output and next state.
    #[inline(always)]
    fn tick(&self, x: f64x4<D>, z1: f64x4<D>, z2: f64x4<D>) -> (f64x4<D>, f64x4<D>, f64x4<D>) {
        let y = self.b0.mul_add(x, z1);
        (y, self.minus_a1.mul_add(y, self.b1.mul_add(x, z2)), self.minus_a2.mul_add(y, self.b2 * x))
    }
}

/// `N` sections over four channels.
#[inline(always)]
fn wide<D: Simd, const N: usize>(
    simd: D,
    frames: &mut [[f64; 4]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<4>],
    to_grid: usize,
) {
    let mut lanes = [Lanes::new(simd, &coeffs[0], &coeffs[0]); N];
    let mut z1 = [f64x4::splat(simd, 0.0); N];
    let mut z2 = z1;
    for n in 0..N {
        lanes[n] = Lanes::new(simd, &coeffs[n], &coeffs[n]);
        z1[n] = f64x4::simd_from(simd, states[n][0]);
        z2[n] = f64x4::simd_from(simd, states[n][1]);
    }
    let (mut rest, mut cell) = (frames, to_grid);
    while !rest.is_empty() {
        let (frames, later) = rest.split_at_mut(cell.min(rest.len()));
        let whole = frames.len() == cell;
        for frame in frames {
            let mut x = f64x4::from_slice(simd, frame);
            for n in 0..N {
                (x, z1[n], z2[n]) = lanes[n].tick(x, z1[n], z2[n]);
            }
            x.store_slice(frame);
        }
        if whole {
            for n in 0..N {
                (z1[n], z2[n]) = quiet(simd, z1[n], z2[n], [true; 2]);
            }
        }
        (rest, cell) = (later, GRID_FRAMES);
    }
    for n in 0..N {
        states[n] = [z1[n].into(), z2[n].into()];
    }
}

/// Zeroes the lanes that are silent, in the lower and the upper half if they are looked at.
#[inline(always)]
fn quiet<D: Simd>(simd: D, z1: f64x4<D>, z2: f64x4<D>, [lower, upper]: [bool; 2]) -> (f64x4<D>, f64x4<D>) {
    let (zero, limit) = (f64x4::splat(simd, 0.0), f64x4::splat(simd, FILTER_STATE));
    let looked_at = halves(simd, lower, upper);
    let heard = |z: f64x4<D>| (z.abs().simd_lt(limit) & looked_at).select(zero, z);
    (heard(z1), heard(z2))
}

/// Selects half-cascades.
#[inline(always)]
fn halves<D: Simd>(simd: D, lower: bool, upper: bool) -> mask64x4<D> {
    let on = |half: bool| -i64::from(half);
    mask64x4::simd_from(simd, [on(lower), on(lower), on(upper), on(upper)])
}

/// One section over two channels.
#[inline(always)]
fn single<D: Simd>(simd: D, frames: &mut [[f64; 2]], c: &BiquadCoeffs, state: &mut State<2>, to_grid: usize) {
    let (b0, b1, b2) = (f64x2::splat(simd, c.b0), f64x2::splat(simd, c.b1), f64x2::splat(simd, c.b2));
    let (minus_a1, minus_a2) = (f64x2::splat(simd, -c.a1), f64x2::splat(simd, -c.a2));
    let (mut z1, mut z2) = (f64x2::simd_from(simd, state[0]), f64x2::simd_from(simd, state[1]));
    let (zero, limit) = (f64x2::splat(simd, 0.0), f64x2::splat(simd, FILTER_STATE));
    let (mut rest, mut cell) = (frames, to_grid);
    while !rest.is_empty() {
        let (frames, later) = rest.split_at_mut(cell.min(rest.len()));
        let whole = frames.len() == cell;
        for frame in frames {
            let x = f64x2::from_slice(simd, frame);
            let y = b0.mul_add(x, z1);
            z1 = minus_a1.mul_add(y, b1.mul_add(x, z2));
            z2 = minus_a2.mul_add(y, b2 * x);
            y.store_slice(frame);
        }
        if whole {
            let heard = |z: f64x2<D>| z.abs().simd_lt(limit).select(zero, z);
            (z1, z2) = (heard(z1), heard(z2));
        }
        (rest, cell) = (later, GRID_FRAMES);
    }
    *state = [z1.into(), z2.into()];
}

/// Frames by which the second half-cascade runs behind the first: the first half's output is then ready without waiting.
const SKEW: usize = 2;

/// `2 H` sections over two channels: sections `0..H` in the lower lanes, `H..2H` in the upper, [`SKEW`] frames behind.
#[inline(always)]
fn skewed<D: Simd, const H: usize>(
    simd: D,
    frames: &mut [[f64; 2]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<2>],
    to_grid: usize,
) {
    let mut lanes = [Lanes::new(simd, &coeffs[0], &coeffs[H]); H];
    let mut z1 = [f64x4::splat(simd, 0.0); H];
    let mut z2 = z1;
    for n in 0..H {
        lanes[n] = Lanes::new(simd, &coeffs[n], &coeffs[H + n]);
        let (lower, upper) = (states[n], states[H + n]);
        z1[n] = f64x4::simd_from(simd, [lower[0][0], lower[0][1], upper[0][0], upper[0][1]]);
        z2[n] = f64x4::simd_from(simd, [lower[1][0], lower[1][1], upper[1][0], upper[1][1]]);
    }

    // What the first half put out one and two steps ago.
    let mut last = f64x2::splat(simd, 0.0);
    let mut before_last = last;
    let length = frames.len();
    // Frames that lie before frame `frame` in its cell of the grid.
    let phase = |frame: usize| (frame + GRID_FRAMES - to_grid) % GRID_FRAMES;
    let mut step = 0;
    while step < length + SKEW {
        if (SKEW..length).contains(&step) {
            // Until one half reaches the grid.
            let cell = (GRID_FRAMES - phase(step)).min(GRID_FRAMES - phase(step - SKEW));
            let end = length.min(step + cell);
            for at in step..end {
                let mut x: f64x4<D> = f64x2::from_slice(simd, &frames[at]).combine(before_last);
                for n in 0..H {
                    (x, z1[n], z2[n]) = lanes[n].tick(x, z1[n], z2[n]);
                }
                let (lower, upper): (f64x2<D>, f64x2<D>) = x.split();
                upper.store_slice(&mut frames[at - SKEW]);
                (before_last, last) = (last, lower);
            }
            step = end;
        } else {
            // At the ends only one half, or in passes of one frame none, has a frame to work on.
            let (lower, upper) = (step < length, step >= SKEW);
            let x = if lower { f64x2::from_slice(simd, &frames[step]) } else { f64x2::splat(simd, 0.0) };
            let mut x: f64x4<D> = x.combine(before_last);
            let mask = halves(simd, lower, upper);
            for n in 0..H {
                let (y, next1, next2) = lanes[n].tick(x, z1[n], z2[n]);
                z1[n] = mask.select(next1, z1[n]);
                z2[n] = mask.select(next2, z2[n]);
                x = y;
            }
            let (y_lower, y_upper): (f64x2<D>, f64x2<D>) = x.split();
            if upper {
                y_upper.store_slice(&mut frames[step - SKEW]);
            }
            (before_last, last) = (last, y_lower);
            step += 1;
        }
        let lower = step <= length && phase(step) == 0;
        let upper = step > SKEW && phase(step - SKEW) == 0;
        if lower || upper {
            for n in 0..H {
                (z1[n], z2[n]) = quiet(simd, z1[n], z2[n], [lower, upper]);
            }
        }
    }

    for n in 0..H {
        let (z1, z2): ([f64; 4], [f64; 4]) = (z1[n].into(), z2[n].into());
        states[n] = [[z1[0], z1[1]], [z2[0], z2[1]]];
        states[H + n] = [[z1[2], z1[3]], [z2[2], z2[3]]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        primitives::backend::{Backend, fuses, run},
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

    type Run<const W: usize> = fn(Backend, &mut [[f64; W]], &[BiquadCoeffs], &mut [State<W>], usize);

    fn compare<const W: usize>(process: Run<W>, equal: fn(f64, f64) -> bool, cpu: Cpu) {
        for count in 1..=MAX_SECTIONS {
            let coeffs = sections(count);
            let mut source = noise(count as u64);
            // Dies away in the first lane, so that sections fall silent one after the other, and wakes them up again.
            let level = |frame: i32, lane: usize| match lane {
                0 if frame < 700 => libm::exp(-0.1 * f64::from(frame)),
                _ => 1.0,
            };
            let input: Vec<[f64; W]> = (0..800)
                .map(|frame| core::array::from_fn(|lane| level(frame, lane) * source.next().unwrap()))
                .collect();
            let mut results = Vec::new();
            for (cpu, cut) in [(Cpu::Reproducible, 800), (cpu, 800), (cpu, 64), (cpu, 63), (cpu, 7), (cpu, 2), (cpu, 1)]
            {
                let mut frames = input.clone();
                let mut states = [[[0.0; W]; 2]; MAX_SECTIONS];
                // On no point of the grid.
                let mut phase = 21;
                for chunk in frames.chunks_mut(cut) {
                    process(Backend::new(cpu), chunk, &coeffs, &mut states[..count], GRID_FRAMES - phase);
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

    fn two(
        backend: Backend,
        frames: &mut [[f64; 2]],
        coeffs: &[BiquadCoeffs],
        states: &mut [State<2>],
        to_grid: usize,
    ) {
        run!(backend, Twin.two(frames, coeffs, states, to_grid), simd => Vector(simd).two(frames, coeffs, states, to_grid));
    }

    fn four(
        backend: Backend,
        frames: &mut [[f64; 4]],
        coeffs: &[BiquadCoeffs],
        states: &mut [State<4>],
        to_grid: usize,
    ) {
        run!(backend, Twin.four(frames, coeffs, states, to_grid), simd => Vector(simd).four(frames, coeffs, states, to_grid));
    }

    #[test]
    fn vector_forms_equal_the_scalar_twin_bit_for_bit_on_fma() {
        if !fuses() {
            std::eprintln!("SKIPPED: this CPU has no fused multiply-add");
            return;
        }
        for cpu in [Cpu::Detected, Cpu::Avx2] {
            compare(two, |a, b| a.to_bits() == b.to_bits(), cpu);
            compare(four, |a, b| a.to_bits() == b.to_bits(), cpu);
        }
    }

    #[test]
    fn the_baseline_nulls_with_the_scalar_twin() {
        // Two roundings for one per multiply-add, behind eight resonances: law 2 asks for -140 dB.
        const BASELINE_LIMIT: f64 = 1e-10;
        compare(two, |a, b| (a - b).abs() <= BASELINE_LIMIT * (1.0 + b.abs()), Cpu::Baseline);
        compare(four, |a, b| (a - b).abs() <= BASELINE_LIMIT * (1.0 + b.abs()), Cpu::Baseline);
    }
}
