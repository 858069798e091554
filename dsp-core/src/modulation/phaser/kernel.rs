//! The hot loop of a phaser: first-order all passes as normalised ladders, with feedback without a delay.
//!
//! Each stage turns its input and its state, as a rotation does, by an angle of its own frame:
//!
//! ```text
//! y  = a x + c t      a² + c² = 1
//! t' = c x - a t
//! ```
//!
//! Energy neither enters nor leaves, however `a` moves: y² + t'² = x² + t². So what the feedback returns, less than it
//! got, decays under any sweep.
//!
//! All stages of a frame turn by the same angle. The output of the chain is linear in its input u: aᴺ u + s, where s
//! comes of the states alone, by Horner's scheme. With u = x + f y that gives
//!
//! ```text
//! u = (x + f s) / (1 - f aᴺ)
//! w = y - f u
//! ```
//!
//! w is an all pass of x again. Every multiply-add is fused, in this order, so a channel's bits depend on its own
//! samples alone: neither on the channels in its vector nor on the cut of the stream.

use crate::{
    foundation::{
        grid::GRID_FRAMES,
        math::{Pow2, smaller},
        silence::flushed,
    },
    modulation::lfo::sine,
    primitives::lanes::{Form, Lanes},
};

/// Most stages.
pub(super) const MAX_STAGES: usize = 12;
/// Channels of a group: of the first side, the second, the first, the second.
pub(super) const GROUP: usize = 4;
/// Frames between two exact coefficients.
pub(super) const STEP: usize = 8;
/// Exact coefficients from one grid point to the next, both included.
pub(super) const POINTS: usize = GRID_FRAMES / STEP + 1;

/// The states of a group of channels.
pub(super) type States = [[f64; GROUP]; MAX_STAGES];

/// What every frame from one grid point to the next is processed with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    /// a, c and 1 / (1 - f aᴺ) of each side, as often as a group has channels of it.
    turn: [[f64; GROUP]; GRID_FRAMES],
    pass: [[f64; GROUP]; GRID_FRAMES],
    closed: [[f64; GROUP]; GRID_FRAMES],
    pub(super) feedback: [f64; GRID_FRAMES],
    pub(super) mix: [f64; GRID_FRAMES],
}

impl Cell {
    pub(super) fn new() -> Self {
        Self {
            turn: [[0.0; GROUP]; GRID_FRAMES],
            pass: [[1.0; GROUP]; GRID_FRAMES],
            closed: [[1.0; GROUP]; GRID_FRAMES],
            feedback: [0.0; GRID_FRAMES],
            mix: [0.0; GRID_FRAMES],
        }
    }
}

/// The sweep at each point: of the corner in octaves of 1 Hz, of its deviation, and of the phase of the LFO.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    pub(super) centre: [f64; POINTS],
    pub(super) depth: [f64; POINTS],
    /// In periods, of each side.
    pub(super) phase: [[f64; POINTS]; 2],
    /// Octaves of the highest corner.
    pub(super) highest: f64,
    /// Half a period of the sample rate.
    pub(super) half_period_s: f64,
}

/// Points of both sides, and up to whole vectors.
const ALL_POINTS: usize = 24;

/// Coefficients of every frame, for two channels or for four: exact at the points, in straight lines between them. The
/// chord of a circle lies within it: a² + c² is never above 1.
#[inline(always)]
pub(super) fn design<F: Form>(form: F, sweep: &Sweep, stages: usize, four: bool, cell: &mut Cell) {
    let Sweep { centre, depth, phase, highest, half_period_s } = sweep;
    // Both sides in one loop: short ones do not vectorise.
    let (mut octaves, mut depths, mut phases) = ([0.0; ALL_POINTS], [0.0; ALL_POINTS], [0.0; ALL_POINTS]);
    for (side, phase) in phase.iter().enumerate() {
        let own = side * POINTS..(side + 1) * POINTS;
        octaves[own.clone()].copy_from_slice(centre);
        depths[own.clone()].copy_from_slice(depth);
        phases[own].copy_from_slice(phase);
    }
    let (mut turn, mut pass) = ([0.0; ALL_POINTS], [0.0; ALL_POINTS]);
    for ((octaves, depth), phase) in octaves.iter_mut().zip(&depths).zip(&phases) {
        *octaves = smaller(*octaves + *depth * sine(*phase), *highest);
    }
    for ((a, c), octaves) in turn.iter_mut().zip(&mut pass).zip(&octaves) {
        // a = tan(πf/fs - π/4), as a quotient of sines of periods.
        let angle = octaves.exp2_fast() * *half_period_s - 0.125;
        *a = sine(angle) / sine(angle + 0.25);
        // A square root: the fast one is good to 1e-8, one step of Newton's method makes it exact.
        let square = 1.0 - *a * *a;
        let root = (0.5 * square.log2_fast()).exp2_fast();
        *c = 0.5 * (root + square / root);
    }
    let one = F::F64x2::splat(form, 1.0);
    let Cell { turn: turns, pass: passes, closed, feedback, mix: _ } = &mut *cell;
    let steps = turns.as_chunks_mut::<STEP>().0.iter_mut().zip(passes.as_chunks_mut::<STEP>().0);
    let steps = steps.zip(closed.as_chunks_mut::<STEP>().0).zip(feedback.as_chunks::<STEP>().0);
    for (point, (((turns, passes), closed), feedback)) in steps.enumerate() {
        let (a, a_slope) = line::<F>(form, &turn, point);
        let (c, c_slope) = line::<F>(form, &pass, point);
        for index in 0..STEP {
            let u = F::F64x2::splat(form, index as f64 * (1.0 / STEP as f64));
            let (a, c) = (a + u * a_slope, c + u * c_slope);
            let square = a * a;
            let mut power = square;
            for _ in 1..stages / 2 {
                power = power * square;
            }
            a.store(&mut turns[index]);
            c.store(&mut passes[index]);
            (one / (one - F::F64x2::splat(form, feedback[index]) * power)).store(&mut closed[index]);
        }
    }
    if four {
        for rows in [&mut cell.turn, &mut cell.pass, &mut cell.closed] {
            for [left, right, third, fourth] in rows {
                (*third, *fourth) = (*left, *right);
            }
        }
    }
}

/// Start and slope of both sides' straight lines from a point to the next.
#[inline(always)]
fn line<F: Form>(form: F, values: &[f64; ALL_POINTS], point: usize) -> (F::F64x2, F::F64x2) {
    let from = F::F64x2::load(form, &[values[point], values[POINTS + point]]);
    (from, F::F64x2::load(form, &[values[point + 1], values[POINTS + point + 1]]) - from)
}

/// Processes frames of a group of `W` channels in place, from frame `from` of the cell on, by as many stages, 4 to
/// [`MAX_STAGES`], even.
#[inline(always)]
pub(super) fn run_stages<F: Form, V: Lanes<F, Element = f64>, const W: usize>(
    form: F,
    stages: usize,
    cell: &Cell,
    from: usize,
    frames: &mut [[f64; W]],
    states: &mut States,
) {
    match stages {
        4 => chain::<F, V, W, 4>(form, cell, from, frames, states),
        6 => chain::<F, V, W, 6>(form, cell, from, frames, states),
        8 => chain::<F, V, W, 8>(form, cell, from, frames, states),
        10 => chain::<F, V, W, 10>(form, cell, from, frames, states),
        _ => chain::<F, V, W, 12>(form, cell, from, frames, states),
    }
}

#[inline(always)]
fn chain<F: Form, V: Lanes<F, Element = f64>, const W: usize, const N: usize>(
    form: F,
    cell: &Cell,
    from: usize,
    frames: &mut [[f64; W]],
    states: &mut States,
) {
    let mut t = [V::splat(form, 0.0); N];
    for (t, state) in t.iter_mut().zip(&*states) {
        *t = V::load(form, state);
    }
    let (turns, passes, closed) = (&cell.turn[from..], &cell.pass[from..], &cell.closed[from..]);
    let settings = cell.feedback[from..].iter().zip(&cell.mix[from..]);
    for ((((frame, turn), pass), closed), (feedback, mix)) in
        frames.iter_mut().zip(turns).zip(passes).zip(closed).zip(settings)
    {
        let (a, c, closed) = (V::load(form, turn), V::load(form, pass), V::load(form, closed));
        let (f, minus_a) = (V::splat(form, *feedback), -a);
        let x = V::load(form, frame);
        // The last state comes last: it is the one that waits.
        let mut sum = t[0];
        for t in &t[1..] {
            sum = a.mul_add(sum, *t);
        }
        let u = (f * c * closed).mul_add(sum, x * closed);
        let mut y = u;
        for t in &mut t {
            let (own, rest) = (c * *t, minus_a * *t);
            *t = c.mul_add(y, rest);
            y = a.mul_add(y, own);
        }
        let wet = (-f).mul_add(u, y);
        V::splat(form, *mix).mul_add(wet - x, x).store(frame);
    }
    for (t, state) in t.iter().zip(states) {
        t.store(state);
    }
}

/// Zeroes decayed states, on the grid.
pub(super) fn flush(states: &mut States) {
    for state in states.iter_mut().flatten() {
        *state = flushed(*state);
    }
}
