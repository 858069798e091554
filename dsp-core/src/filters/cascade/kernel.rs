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
//! A recursion cannot be vectorised along time. Stereo fills a vector of four by a skew instead: two lanes are left and
//! right in the first half of the cascade, the other two are left and right in the second half, two frames later, so
//! that neither half waits for the other. The two steps at either end of a pass are masked, so the skew adds no
//! latency.
//!
//! Decayed states are zeroed where a section reaches the absolute grid, inside a pass as well, so that a pass may have
//! any length: gathering states and spreading coefficients cost as much as some ten frames.

use crate::{
    filters::biquad::BiquadCoeffs,
    foundation::{
        grid::GRID_FRAMES,
        silence::{FILTER_STATE, LONE_FILTER_STATE},
    },
    primitives::lanes::{Form, Lanes},
};

/// Most sections of one pass: those that a pair of half-cascades keeps in registers.
pub(crate) const MAX_SECTIONS: usize = 8;

/// State of one section over `W` lanes: z1 and z2.
pub(crate) type State<const W: usize> = [[f64; W]; 2];

/// Runs `coeffs.len()` (at most [`MAX_SECTIONS`]) sections in place over frames of 2 channels. The next grid point is
/// `to_grid` frames ahead (1..=[`GRID_FRAMES`]).
#[inline(always)]
pub(crate) fn two<F: Form>(
    form: F,
    frames: &mut [[f64; 2]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<2>],
    to_grid: usize,
) {
    let paired = coeffs.len() / 2 * 2;
    let (pairs, odd) = coeffs.split_at(paired);
    let (pair_states, odd_state) = states.split_at_mut(paired);
    match paired {
        8 => skewed::<F, 4>(form, frames, pairs, pair_states, to_grid),
        6 => skewed::<F, 3>(form, frames, pairs, pair_states, to_grid),
        4 => skewed::<F, 2>(form, frames, pairs, pair_states, to_grid),
        2 => skewed::<F, 1>(form, frames, pairs, pair_states, to_grid),
        _ => {}
    }
    if let ([c], [state]) = (odd, odd_state) {
        side_by_side::<F, F::F64x2, 2, 1>(form, frames, &[*c], core::slice::from_mut(state), to_grid);
    }
}

/// The same over frames of 4 channels.
#[inline(always)]
pub(crate) fn four<F: Form>(
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
        }
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

    /// Section `a` in the lower two lanes, `b` in the upper two.
    #[inline(always)]
    fn halves<F: Form<F64x4 = V>>(form: F, a: &BiquadCoeffs, b: &BiquadCoeffs) -> Self {
        Self {
            b0: form.splat_halves(a.b0, b.b0),
            b1: form.splat_halves(a.b1, b.b1),
            b2: form.splat_halves(a.b2, b.b2),
            minus_a1: form.splat_halves(-a.a1, -b.a1),
            minus_a2: form.splat_halves(-a.a2, -b.a2),
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

/// [`flushed_pair`](crate::foundation::silence::flushed_pair) in every lane.
#[inline(always)]
fn flushed<F: Form, V: Lanes<F, Element = f64>>(z1: V, z2: V) -> (V, V) {
    let (size1, size2) = (z1.abs(), z2.abs());
    let larger = size1.max(size2);
    let (z1, z2) = (z1.zero_where(larger, FILTER_STATE), z2.zero_where(larger, FILTER_STATE));
    (z1.zero_where(size1, LONE_FILTER_STATE), z2.zero_where(size2, LONE_FILTER_STATE))
}

/// `N` sections over `W` channels.
#[inline(always)]
fn side_by_side<F: Form, V: Lanes<F, Element = f64>, const W: usize, const N: usize>(
    form: F,
    frames: &mut [[f64; W]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<W>],
    to_grid: usize,
) {
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
                (z1[n], z2[n]) = flushed(z1[n], z2[n]);
            }
        }
        (rest, to_next) = (later, GRID_FRAMES);
    }
    for n in 0..N {
        z1[n].store(&mut states[n][0]);
        z2[n].store(&mut states[n][1]);
    }
}

/// The chosen halves of `after`, the other ones of `before`.
#[inline(always)]
fn choose<F: Form>([lower, upper]: [bool; 2], after: F::F64x4, before: F::F64x4) -> F::F64x4 {
    let ([after_lower, after_upper], [before_lower, before_upper]) = (F::halves(after), F::halves(before));
    F::join(if lower { after_lower } else { before_lower }, if upper { after_upper } else { before_upper })
}

/// Frames by which the second half-cascade lags: the output of the first half is then ready without waiting.
const SKEW: usize = 2;

/// `2 H` sections over two channels: sections `0..H` in the lower lanes, `H..2H` in the upper, [`SKEW`] frames behind.
#[inline(always)]
fn skewed<F: Form, const H: usize>(
    form: F,
    frames: &mut [[f64; 2]],
    coeffs: &[BiquadCoeffs],
    states: &mut [State<2>],
    to_grid: usize,
) {
    let mut sections = [Section::halves(form, &coeffs[0], &coeffs[H]); H];
    let mut z1 = [F::F64x4::splat(form, 0.0); H];
    let mut z2 = z1;
    for n in 0..H {
        sections[n] = Section::halves(form, &coeffs[n], &coeffs[H + n]);
        let (lower, upper) = (states[n], states[H + n]);
        z1[n] = form.load_halves(&lower[0], &upper[0]);
        z2[n] = form.load_halves(&lower[1], &upper[1]);
    }

    // Output of the first half one and two steps ago.
    let mut last = F::F64x2::splat(form, 0.0);
    let mut before_last = last;
    let length = frames.len();
    // Frames between the last grid point and frame `frame`.
    let phase = |frame: usize| (frame + GRID_FRAMES - to_grid) % GRID_FRAMES;
    let mut step = 0;
    while step < length + SKEW {
        if (SKEW..length).contains(&step) {
            // Until one half reaches the grid.
            let to_next = (GRID_FRAMES - phase(step)).min(GRID_FRAMES - phase(step - SKEW));
            let end = length.min(step + to_next);
            for at in step..end {
                let mut x = F::join(F::F64x2::load(form, &frames[at]), before_last);
                for n in 0..H {
                    (x, z1[n], z2[n]) = sections[n].tick(x, z1[n], z2[n]);
                }
                let [lower, upper] = F::halves(x);
                upper.store(&mut frames[at - SKEW]);
                (before_last, last) = (last, lower);
            }
            step = end;
        } else {
            // At the ends of a pass only one half is active; none in some steps of a one-frame pass.
            let (lower, upper) = (step < length, step >= SKEW);
            let x = if lower { F::F64x2::load(form, &frames[step]) } else { F::F64x2::splat(form, 0.0) };
            let mut x = F::join(x, before_last);
            for n in 0..H {
                let (y, next1, next2) = sections[n].tick(x, z1[n], z2[n]);
                z1[n] = choose::<F>([lower, upper], next1, z1[n]);
                z2[n] = choose::<F>([lower, upper], next2, z2[n]);
                x = y;
            }
            let [y_lower, y_upper] = F::halves(x);
            if upper {
                y_upper.store(&mut frames[step - SKEW]);
            }
            (before_last, last) = (last, y_lower);
            step += 1;
        }
        let lower = step <= length && phase(step) == 0;
        let upper = step > SKEW && phase(step - SKEW) == 0;
        if lower || upper {
            for n in 0..H {
                let (flushed1, flushed2) = flushed(z1[n], z2[n]);
                z1[n] = choose::<F>([lower, upper], flushed1, z1[n]);
                z2[n] = choose::<F>([lower, upper], flushed2, z2[n]);
            }
        }
    }

    for n in 0..H {
        let (lower, upper) = states.split_at_mut(H);
        F::store_halves(z1[n], &mut lower[n][0], &mut upper[n][0]);
        F::store_halves(z2[n], &mut lower[n][1], &mut upper[n][1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::{silence::flushed_pair, stream::Cpu},
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
        run!(backend, form => two(form, frames, coeffs, states, to_grid));
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
        run!(backend, form => four(form, frames, coeffs, states, to_grid));
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
