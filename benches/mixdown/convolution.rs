//! Convolutions: rooms of 2, 6 and 10 s, against plain uniform partitions and against a crate.

use crate::{
    pair::{Group, alone, pair},
    signal::{assert_close, block, pink},
};
use criterion::Criterion;
use fft_convolver::TwoStageFFTConvolver;
use mixdown::{
    Params, Processor, StreamSpec,
    convolution::{Convolution, ConvolutionParams, ImpulseResponse, LinearPhaseEqualizerParams},
    filters::BellParams,
};
use rustfft::{Fft, FftPlanner, num_complex::Complex};
use std::{hint::black_box, sync::Arc};

const RATE_HZ: f64 = 48_000.0;
/// Partitions of the plain form: the block length of this bench.
const BLOCK: usize = 512;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("convolution");
    for seconds in [2, 6, 10] {
        stereo(group, seconds, BLOCK);
    }
    for frames in [64, 4096] {
        let (mut convolution, mut source) = (room(2), Source::new(frames));
        alone(group, &format!("2_s/f32/2ch/{frames}"), 2 * frames, || {
            convolution.process(&mut block(black_box(source.next()), 2));
        });
    }
    on_silence(group, BLOCK);
    linear_phase(group, BLOCK);
}

/// Fresh noise for every block, as a recirculated buffer would decay to silence.
struct Source {
    noise: Vec<f32>,
    at: usize,
    samples: Vec<f32>,
}

impl Source {
    fn new(frames: usize) -> Self {
        Self { noise: pink(1, 2 * frames * 37), at: 0, samples: vec![0.0; 2 * frames] }
    }

    fn next(&mut self) -> &mut [f32] {
        self.at = (self.at + self.samples.len()) % self.noise.len();
        let length = self.samples.len();
        self.samples.copy_from_slice(&self.noise[self.at..][..length]);
        &mut self.samples
    }
}

/// A response of decaying noise, at unit energy, so that a buffer processed repeatedly keeps its level.
pub fn decay(seed: usize, seconds: usize) -> Vec<f32> {
    let frames = seconds * RATE_HZ as usize;
    let noise = pink::<f32>(seed, frames);
    let mut taps: Vec<f32> =
        noise.iter().enumerate().map(|(n, x)| x * (-6.9 * n as f32 / frames as f32).exp()).collect();
    let energy: f32 = taps.iter().map(|x| x * x).sum();
    taps.iter_mut().for_each(|x| *x /= energy.sqrt() * 2.0);
    taps
}

/// A stereo room of so many seconds.
pub fn room(seconds: usize) -> Convolution<f32> {
    let rows = [decay(11, seconds), decay(12, seconds)];
    let impulse_response = ImpulseResponse::from_rows(&[&rows[0], &rows[1]]).expect("legal");
    let params = ConvolutionParams { impulse_response, ..Default::default() };
    params.build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal")
}

/// The same room by the `fft-convolver` crate, one for each side, with its own choice of the second length.
pub fn peers(seconds: usize) -> [TwoStageFFTConvolver<f32>; 2] {
    [11, 12].map(|seed| {
        let mut peer = TwoStageFFTConvolver::default();
        peer.init_default(BLOCK, &decay(seed, seconds)).expect("legal");
        peer
    })
}

/// Overlap-save in uniform partitions, real samples as complex ones: the straightforward form. Without latency for
/// blocks as long as the partitions.
struct Uniform {
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    filter: Vec<Vec<Complex<f32>>>,
    spectra: Vec<Vec<Complex<f32>>>,
    sums: Vec<Complex<f32>>,
    newest: usize,
}

impl Uniform {
    fn new(taps: &[f32]) -> Self {
        let mut planner = FftPlanner::new();
        let (forward, inverse) = (planner.plan_fft_forward(2 * BLOCK), planner.plan_fft_inverse(2 * BLOCK));
        let filter: Vec<Vec<Complex<f32>>> = taps
            .chunks(BLOCK)
            .map(|taps| {
                let mut points = vec![Complex::default(); 2 * BLOCK];
                for (point, tap) in points.iter_mut().zip(taps) {
                    point.re = tap / (2 * BLOCK) as f32;
                }
                forward.process(&mut points);
                points
            })
            .collect();
        Self {
            window: vec![0.0; 2 * BLOCK],
            spectra: vec![vec![Complex::default(); 2 * BLOCK]; filter.len()],
            sums: vec![Complex::default(); 2 * BLOCK],
            newest: 0,
            forward,
            inverse,
            filter,
        }
    }

    fn process(&mut self, samples: &mut [f32]) {
        self.window.copy_within(BLOCK.., 0);
        self.window[BLOCK..].copy_from_slice(samples);
        self.newest = (self.newest + 1) % self.filter.len();
        for (point, sample) in self.spectra[self.newest].iter_mut().zip(&self.window) {
            *point = Complex { re: *sample, im: 0.0 };
        }
        self.forward.process(&mut self.spectra[self.newest]);
        self.sums.fill(Complex::default());
        for (partition, filter) in self.filter.iter().enumerate() {
            let spectrum = &self.spectra[(self.newest + self.filter.len() - partition) % self.filter.len()];
            // The upper half mirrors the lower.
            for ((sum, x), h) in self.sums[..=BLOCK].iter_mut().zip(spectrum).zip(filter) {
                *sum += x * h;
            }
        }
        for bin in 1..BLOCK {
            self.sums[2 * BLOCK - bin] = self.sums[bin].conj();
        }
        self.inverse.process(&mut self.sums);
        for (sample, sum) in samples.iter_mut().zip(&self.sums[BLOCK..]) {
            *sample = sum.re;
        }
    }
}

fn stereo(group: &mut Group<'_>, seconds: usize, frames: usize) {
    let rows = [decay(11, seconds), decay(12, seconds)];
    let mut audio = [pink::<f32>(1, frames), pink(2, frames)].concat();
    let mut other = audio.clone();
    let (mut convolution, mut plain) = (room(seconds), rows.each_ref().map(|row| Uniform::new(row)));
    convolution.process(&mut block(&mut audio, 2));
    other.chunks_mut(frames).zip(&mut plain).for_each(|(samples, plain)| plain.process(samples));
    assert_close("convolution", &audio, &other, 1e-4);

    let (mut source, mut plain_source, mut peer_source) =
        (Source::new(frames), Source::new(frames), Source::new(frames));
    pair(
        group,
        &format!("{seconds}_s/f32/2ch/{frames}"),
        2 * frames,
        || convolution.process(&mut block(black_box(source.next()), 2)),
        || {
            let samples = black_box(plain_source.next()).chunks_mut(frames);
            samples.zip(&mut plain).for_each(|(samples, plain)| plain.process(samples));
        },
    );
    let mut peers = peers(seconds);
    let mut output = vec![0.0; frames];
    alone(group, &format!("{seconds}_s/f32/2ch/{frames}/fft_convolver"), 2 * frames, || {
        for (input, peer) in peer_source.next().chunks(frames).zip(&mut peers) {
            peer.process(black_box(input), black_box(&mut output)).expect("legal");
        }
    });
}

fn on_silence(group: &mut Group<'_>, frames: usize) {
    let mut convolution = room(2);
    let mut silence = vec![0.0_f32; 2 * frames];
    alone(group, &format!("2_s_on_silence/f32/2ch/{frames}"), 2 * frames, || {
        convolution.process(&mut block(black_box(&mut silence), 2));
    });
}

fn linear_phase(group: &mut Group<'_>, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let bands = vec![BellParams { frequency_hz: 300.0, gain_db: -6.0, q: 1.0 }.into()];
    let params = LinearPhaseEqualizerParams { bands, ..Default::default() };
    let mut equalizer = params.build::<f32>(&spec).expect("legal");
    let mut source = Source::new(frames);
    alone(group, &format!("linear_phase/f32/2ch/{frames}"), 2 * frames, || {
        equalizer.process(&mut block(black_box(source.next()), 2));
    });
}
