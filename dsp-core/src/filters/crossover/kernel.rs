//! One crossover of a band splitter: a low band, and the all pass to which both bands sum.
//!
//! A section is a linear system of two states whose outputs are a low pass and an all pass with the same poles:
//!
//! ```text
//! s1' = a11 s1 + (a12 s2 + b1 x)      the state terms last, being the critical path
//! s2' = a21 s1 + (a22 s2 + b2 x)
//! low = (s2 + s2') / 2
//! all = p x + q (s1 + s1')
//! ```
//!
//! Both halves of a vector run the same crossover: one may be a lower band that takes the all pass alone, the other the
//! signal to be split. Every multiply-add is fused, in this order, in the scalar form too, so a channel's bits depend
//! on its own samples alone.

use crate::{
    foundation::sample::Sample,
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes},
    },
};

/// One section's coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Section {
    pub(crate) a: [[f64; 2]; 2],
    pub(crate) b: [f64; 2],
    pub(crate) p: f64,
    pub(crate) q: f64,
}

/// State of one section over two channels.
pub(crate) type State = [[f64; 2]; 2];

/// Most sections of a split.
pub(crate) const MAX_SECTIONS: usize = 5;

/// Order of a crossover, which determines its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// One section of two real poles.
    Second,
    /// A on x; A on its low pass.
    Fourth,
    /// A on x, B on its all pass; then B, A and B on the low pass of A.
    Eighth,
}

impl Order {
    /// Sections of the all pass; these come first among those of the split.
    pub(crate) fn all_pass_sections(self) -> usize {
        match self {
            Self::Second | Self::Fourth => 1,
            Self::Eighth => 2,
        }
    }

    /// Sections of the split.
    pub(crate) fn split_sections(self) -> usize {
        match self {
            Self::Second => 1,
            Self::Fourth => 2,
            Self::Eighth => MAX_SECTIONS,
        }
    }
}

/// The coefficients of A and B; B is unused below the eighth order.
pub(crate) type Pair = [Section; 2];

/// One section in registers.
#[derive(Clone, Copy)]
struct Running<F: Form> {
    a: [[F::F64x4; 2]; 2],
    b: [F::F64x4; 2],
    p: F::F64x4,
    q: F::F64x4,
    half: F::F64x4,
    s: [F::F64x4; 2],
}

impl<F: Form> Running<F> {
    #[inline(always)]
    fn new(form: F, section: &Section, lower: &State, upper: &State) -> Self {
        let [[a11, a12], [a21, a22]] = section.a;
        Self {
            a: [
                [F::F64x4::splat(form, a11), F::F64x4::splat(form, a12)],
                [F::F64x4::splat(form, a21), F::F64x4::splat(form, a22)],
            ],
            b: [F::F64x4::splat(form, section.b[0]), F::F64x4::splat(form, section.b[1])],
            p: F::F64x4::splat(form, section.p),
            q: F::F64x4::splat(form, section.q),
            half: F::F64x4::splat(form, 0.5),
            s: [form.load_halves(&lower[0], &upper[0]), form.load_halves(&lower[1], &upper[1])],
        }
    }

    /// Advances by a frame; returns s1 + s1' and s2 + s2'.
    #[inline(always)]
    fn tick(&mut self, x: F::F64x4) -> [F::F64x4; 2] {
        let Self { a, b, s, .. } = *self;
        let next = [
            a[0][0].mul_add(s[0], a[0][1].mul_add(s[1], b[0] * x)),
            a[1][0].mul_add(s[0], a[1][1].mul_add(s[1], b[1] * x)),
        ];
        self.s = next;
        [s[0] + next[0], s[1] + next[1]]
    }

    #[inline(always)]
    fn low(&mut self, x: F::F64x4) -> F::F64x4 {
        let [_, second] = self.tick(x);
        self.half * second
    }

    #[inline(always)]
    fn all(&mut self, x: F::F64x4) -> F::F64x4 {
        let [first, _] = self.tick(x);
        self.q.mul_add(first, self.p * x)
    }

    #[inline(always)]
    fn both(&mut self, x: F::F64x4) -> (F::F64x4, F::F64x4) {
        let [first, second] = self.tick(x);
        (self.half * second, self.q.mul_add(first, self.p * x))
    }

    #[inline(always)]
    fn lower(&self) -> State {
        let mut state = AT_REST;
        F::halves(self.s[0])[0].store(&mut state[0]);
        F::halves(self.s[1])[0].store(&mut state[1]);
        state
    }

    #[inline(always)]
    fn upper(&self) -> State {
        let mut state = AT_REST;
        F::halves(self.s[0])[1].store(&mut state[0]);
        F::halves(self.s[1])[1].store(&mut state[1]);
        state
    }
}

/// One half of the lanes: its frames, in place, and the states of its sections.
pub(crate) type Lane<'a> = (&'a mut [[f64; 2]], &'a mut [State]);

/// Splits the upper half into `low` and, in place, the band above. The lower half takes the all pass alone.
#[inline(always)]
pub(crate) fn split<F: Form>(
    form: F,
    order: Order,
    [a, b]: &Pair,
    (lower, lower_states): Lane<'_>,
    (upper, upper_states): Lane<'_>,
    low: &mut [[f64; 2]],
) {
    let frames = lower.iter_mut().zip(upper).zip(low);
    let mut first = Running::new(form, a, &lower_states[0], &upper_states[0]);
    match order {
        Order::Second => {
            for ((lower, upper), low) in frames {
                let (below, all) = first.both(form.load_halves(lower, upper));
                finish::<F>(below, all, [lower, upper, low]);
            }
        }
        Order::Fourth => {
            // The lower lanes of sections for the low pass alone are computed and discarded.
            let mut second = Running::new(form, a, &AT_REST, &upper_states[1]);
            for ((lower, upper), low) in frames {
                let (below, all) = first.both(form.load_halves(lower, upper));
                finish::<F>(second.low(below), all, [lower, upper, low]);
            }
            upper_states[1] = second.upper();
        }
        Order::Eighth => {
            let mut all_b = Running::new(form, b, &lower_states[1], &upper_states[1]);
            let mut second = Running::new(form, b, &AT_REST, &upper_states[2]);
            let mut third = Running::new(form, a, &AT_REST, &upper_states[3]);
            let mut fourth = Running::new(form, b, &AT_REST, &upper_states[4]);
            for ((lower, upper), low) in frames {
                let (below, all) = first.both(form.load_halves(lower, upper));
                let below = fourth.low(third.low(second.low(below)));
                finish::<F>(below, all_b.all(all), [lower, upper, low]);
            }
            (lower_states[1], upper_states[1]) = (all_b.lower(), all_b.upper());
            upper_states[2..5].copy_from_slice(&[second.upper(), third.upper(), fourth.upper()]);
        }
    }
    (lower_states[0], upper_states[0]) = (first.lower(), first.upper());
}

#[inline(always)]
fn finish<F: Form>(below: F::F64x4, all: F::F64x4, [lower, upper, low]: [&mut [f64; 2]; 3]) {
    F::halves(all)[0].store(lower);
    F::halves(all - below)[1].store(upper);
    F::halves(below)[1].store(low);
}

/// Runs both halves through the all pass, in place.
#[inline(always)]
pub(crate) fn all_pass<F: Form>(
    form: F,
    order: Order,
    [a, b]: &Pair,
    (lower, lower_states): Lane<'_>,
    (upper, upper_states): Lane<'_>,
) {
    let frames = lower.iter_mut().zip(upper);
    let mut a = Running::new(form, a, &lower_states[0], &upper_states[0]);
    if order == Order::Eighth {
        let mut b = Running::new(form, b, &lower_states[1], &upper_states[1]);
        for (lower, upper) in frames {
            let all = b.all(a.all(form.load_halves(lower, upper)));
            F::store_halves(all, lower, upper);
        }
        (lower_states[1], upper_states[1]) = (b.lower(), b.upper());
    } else {
        for (lower, upper) in frames {
            let all = a.all(form.load_halves(lower, upper));
            F::store_halves(all, lower, upper);
        }
    }
    (lower_states[0], upper_states[0]) = (a.lower(), a.upper());
}

/// Initial state of unused lanes.
const AT_REST: State = [[0.0; 2]; 2];

/// Frames summed together.
const GROUP: usize = 32;

/// Sums signals of `out.len()` samples that are `stride` samples apart; in f64, rounded once.
pub(crate) fn sum<S: Sample>(backend: Backend, signals: &[S], stride: usize, out: &mut [S]) {
    run!(backend, _ => sum_all(signals, stride, out));
}

#[inline(always)]
fn sum_all<S: Sample>(signals: &[S], stride: usize, out: &mut [S]) {
    for (group, out) in out.chunks_mut(GROUP).enumerate() {
        let mut sums = [0.0; GROUP];
        for signal in signals.chunks(stride) {
            for (sum, sample) in sums.iter_mut().zip(&signal[group * GROUP..][..out.len()]) {
                *sum += sample.to_f64();
            }
        }
        for (out, sum) in out.iter_mut().zip(&sums) {
            *out = S::from_f64(*sum);
        }
    }
}
