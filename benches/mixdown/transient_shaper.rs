//! Transient shaper, linked over two channels.

use crate::{
    pair::{Group, pair},
    signal::{assert_close, block, planar},
};
use criterion::Criterion;
use mixdown::{Params, Processor, StreamSpec, dynamics::TransientShaperParams};
use std::{collections::VecDeque, f64::consts::PI, hint::black_box};

const RATE_HZ: f64 = 48_000.0;
/// All passes in each chain of the quadrature envelope.
const SECTIONS: usize = 5;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("transient_shaper");
    for frames in [64, 512, 4096] {
        stereo(group, frames);
    }
}

fn settings() -> TransientShaperParams {
    TransientShaperParams { attack_db: 6.0, sustain_db: -6.0, ..Default::default() }
}

/// Coefficients of both chains: the closed form of the half-band filter.
fn quadrature() -> [[f64; SECTIONS]; 2] {
    let modulus = ((1.0 - 80.0 / RATE_HZ) * PI / 4.0).tan().powi(2);
    let root = (1.0 - modulus * modulus).sqrt().sqrt();
    let e = 0.5 * (1.0 - root) / (1.0 + root);
    let nome = e + 2.0 * e.powi(5) + 15.0 * e.powi(9) + 150.0 * e.powi(13);
    let coefficient = |index: usize| {
        let angle = PI * index as f64 / (4 * SECTIONS + 1) as f64;
        let (mut above, mut below, mut sign) = (0.0, 0.5, 1.0);
        for m in 0..12 {
            above += sign * nome.powi(m * (m + 1)) * (f64::from(2 * m + 1) * angle).sin();
            sign = -sign;
            below += sign * nome.powi((m + 1) * (m + 1)) * (f64::from(2 * (m + 1)) * angle).cos();
        }
        let square = (nome.powf(0.25) * above / below).powi(2);
        let x = ((1.0 - square * modulus) * (1.0 - square / modulus)).sqrt() / (1.0 + square);
        (1.0 - x) / (1.0 + x)
    };
    [1, 2].map(|first| std::array::from_fn(|section| coefficient(2 * section + first)))
}

/// The mean of the last values.
struct Mean {
    values: VecDeque<f64>,
    sum: f64,
}

impl Mean {
    fn new(length: usize) -> Self {
        Self { values: vec![0.0; length].into(), sum: 0.0 }
    }

    fn tick(&mut self, value: f64) -> f64 {
        self.sum += value - self.values.pop_front().unwrap_or(0.0);
        self.values.push_back(value);
        self.sum / self.values.len() as f64
    }
}

/// The last two inputs and outputs of each section of a chain.
type Chain = [[f64; 4]; SECTIONS];

struct Plain {
    coefficients: [[f64; SECTIONS]; 2],
    chains: [[Chain; 2]; 2],
    last: [f64; 2],
    poles: [f64; 3],
    envelopes: [f64; 3],
    means: [[Mean; 3]; 2],
    delays: [VecDeque<f32>; 2],
}

fn measure(power_db: f64, from_db: f64, to_db: f64) -> f64 {
    let u = ((power_db - from_db) / (to_db - from_db)).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

fn db(power: f64) -> f64 {
    10.0 * power.log10()
}

impl Plain {
    fn new() -> Self {
        // The boxes of the 97 frames of 2 ms, and 2 more.
        let means = || [40, 33, 26].map(Mean::new);
        Self {
            coefficients: quadrature(),
            chains: [[[[0.0; 4]; SECTIONS]; 2]; 2],
            last: [0.0; 2],
            poles: [1.0, 30.0, 300.0].map(|ms| (-1e3 / (ms * RATE_HZ)).exp()),
            envelopes: [1e-20; 3],
            means: [means(), means()],
            delays: [96, 96].map(|length| vec![0.0; length].into()),
        }
    }

    fn square(&mut self, channel: usize, x: f64) -> f64 {
        let inputs = [x, std::mem::replace(&mut self.last[channel], x)];
        let mut sum = 0.0;
        for ((chain, coefficients), input) in self.chains[channel].iter_mut().zip(&self.coefficients).zip(inputs) {
            let mut x = input;
            for ([x1, x2, y1, y2], a) in chain.iter_mut().zip(coefficients) {
                let y = a * (x + *y2) - *x2;
                (*x2, *x1, *y2, *y1) = (*x1, x, *y1, y);
                x = y;
            }
            sum += x * x;
        }
        sum
    }

    fn process(&mut self, params: &TransientShaperParams, samples: &mut [f32]) {
        let (left, right) = samples.split_at_mut(samples.len() / 2);
        let [rise, fall, keep] = self.poles;
        for (left, right) in left.iter_mut().zip(right) {
            let power = self.square(0, f64::from(*left)).max(self.square(1, f64::from(*right))) + 1e-20;
            let [fast, slow, held] = &mut self.envelopes;
            let pole = if power > *fast { rise } else { fall };
            *fast = pole * *fast + (1.0 - pole) * power;
            *slow = fall * *slow + (1.0 - fall) * *fast;
            *held = (keep * *held + (1.0 - keep) * *fast).max(*fast);
            let audible = measure(db(fast.max(power)), -75.0, -65.0);
            let rising = measure(db(*fast / *slow), 1.5, 4.5);
            let falling = (1.0 - rising) * measure(db(*held / *fast), 2.0, 9.0);
            let [onset, decay] = [rising, falling].map(|measure| audible * measure);
            let onset = self.means[0].iter_mut().fold(onset, |value, mean| mean.tick(value));
            let decay = self.means[1].iter_mut().fold(decay, |value, mean| mean.tick(value));
            let gain = 10_f64.powf((params.attack_db * onset + params.sustain_db * decay) / 20.0) as f32;
            for (sample, delay) in [left, right].into_iter().zip(&mut self.delays) {
                delay.push_back(*sample);
                *sample = gain * delay.pop_front().unwrap_or(0.0);
            }
        }
    }
}

/// From the source each time, whose level the gain would change.
fn stereo(group: &mut Group<'_>, frames: usize) {
    /// Logarithms and exponentials of the gain path.
    const TOLERANCE: f64 = 1e-4;
    let params = black_box(settings());
    let source = planar::<f32>(2, frames);
    let (mut audio, mut other) = (source.clone(), source.clone());
    let mut ours = params.build::<f32>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let mut plain = Plain::new();
    ours.process(&mut block(&mut audio, 2));
    plain.process(&params, &mut other);
    assert_close("transient shaper", &audio, &other, TOLERANCE);
    pair(
        group,
        &format!("linked/f32/2ch/{frames}"),
        2 * frames,
        || {
            audio.copy_from_slice(black_box(&source));
            ours.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(black_box(&source));
            plain.process(&params, black_box(&mut other));
        },
    );
}
