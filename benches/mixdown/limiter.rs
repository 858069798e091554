//! The limiter on pink noise at -18 dBFS with 12 dB of drive, nearly always in reduction.

use crate::{
    pair::{Group, alone, pair},
    signal::{block, format, planar},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, Sample, StreamSpec,
    dynamics::{Limiter, LimiterMode, LimiterParams},
};
use std::{collections::VecDeque, hint::black_box};

const RATE_HZ: f64 = 48_000.0;
const DRIVE_DB: f64 = 12.0;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("limiter");
    for frames in [64, 512, 4096] {
        sample_peak::<f32>(group, frames);
        true_peak::<f32>(group, "standard", LimiterMode::Standard, DRIVE_DB, frames);
        true_peak::<f32>(group, "master", LimiterMode::Master, DRIVE_DB, frames);
        true_peak::<f32>(group, "idle", LimiterMode::Standard, 0.0, frames);
    }
    sample_peak::<f64>(group, 512);
    true_peak::<f64>(group, "standard", LimiterMode::Standard, DRIVE_DB, 512);
    true_peak::<f64>(group, "master", LimiterMode::Master, DRIVE_DB, 512);
}

/// A limiter in stereo.
pub fn driven<S: Sample>(mode: LimiterMode, gain_db: f64) -> Limiter<S> {
    let params = LimiterParams { gain_db, mode, ..Default::default() };
    params.build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal")
}

/// Audio is limited from a constant source: limiting the same block repeatedly would leave nothing to limit.
fn limit<S: Sample>(limiter: &mut Limiter<S>, source: &[S], out: &mut [S]) {
    out.copy_from_slice(black_box(source));
    limiter.process(&mut block(out, 2));
}

fn true_peak<S: Sample>(group: &mut Group<'_>, name: &str, mode: LimiterMode, gain_db: f64, frames: usize) {
    let source = planar::<S>(2, frames);
    let mut out = source.clone();
    let mut limiter = driven::<S>(mode, gain_db);
    let id = format!("{name}/{}/2ch/{frames}", format::<S>());
    alone(group, &id, 2 * frames, || limit(&mut limiter, &source, &mut out));
}

fn sample_peak<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let source = planar::<S>(2, frames);
    let (mut out, mut plain_out) = (source.clone(), source.clone());
    let mut limiter = driven::<S>(LimiterMode::SamplePeak, DRIVE_DB);
    let mut plain = Plain::new();
    let id = format!("sample_peak/{}/2ch/{frames}", format::<S>());
    pair(
        group,
        &id,
        2 * frames,
        || limit(&mut limiter, &source, &mut out),
        || {
            plain_out.copy_from_slice(black_box(&source));
            plain.process(&mut plain_out);
        },
    );
}

/// The same algorithm in its straightforward form: frame by frame, a queue of minima, running sums.
struct Plain {
    queue: VecDeque<(f64, usize)>,
    boxes: [(VecDeque<f64>, f64); 3],
    delay: VecDeque<[f64; 2]>,
    reduction_db: f64,
    frame: usize,
}

impl Plain {
    /// 1.5 ms of boxes and 8 ms of hold at 48 kHz.
    const BOXES: [usize; 3] = [29, 24, 19];
    const RESPONSE: usize = 70;
    const WINDOW: usize = Self::RESPONSE + 384;

    fn new() -> Self {
        Self {
            queue: VecDeque::with_capacity(Self::WINDOW + 1),
            boxes: Self::BOXES.map(|length| (VecDeque::from(vec![0.0; length]), 0.0)),
            delay: VecDeque::from(vec![[0.0; 2]; Self::RESPONSE - 1]),
            reduction_db: 0.0,
            frame: 0,
        }
    }

    fn process<S: Sample>(&mut self, planar: &mut [S]) {
        let drive = 10_f64.powf(DRIVE_DB / 20.0);
        let ceiling = 10_f64.powf(-1.0 / 20.0);
        let fall = (-1.0 / (0.06 * RATE_HZ)).exp();
        let (left, right) = planar.split_at_mut(planar.len() / 2);
        for (left, right) in left.iter_mut().zip(right) {
            let driven = [left.to_f64() * drive, right.to_f64() * drive];
            let limit = (ceiling / driven[0].abs().max(driven[1].abs())).min(1.0);
            while self.queue.back().is_some_and(|(held, _)| *held >= limit) {
                self.queue.pop_back();
            }
            self.queue.push_back((limit, self.frame));
            if self.queue[0].1 + Self::WINDOW <= self.frame {
                self.queue.pop_front();
            }
            self.frame += 1;
            let wanted_db = -20.0 * self.queue[0].0.log10();
            self.reduction_db = wanted_db.max(fall * self.reduction_db + (1.0 - fall) * wanted_db);
            let mut value = 1.0 - 10_f64.powf(-self.reduction_db / 20.0);
            for (held, sum) in &mut self.boxes {
                let length = held.len() as f64;
                held.push_back(value);
                *sum += value - held.pop_front().unwrap_or(0.0);
                value = *sum / length;
            }
            self.delay.push_back(driven);
            let delayed = self.delay.pop_front().unwrap_or_default();
            *left = S::from_f64(delayed[0] * (1.0 - value));
            *right = S::from_f64(delayed[1] * (1.0 - value));
        }
    }
}
