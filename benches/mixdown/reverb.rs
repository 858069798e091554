//! Reverbs, against a plain scalar network of the same shape: four steps of diffusion, 16 lines, 8 of them modulated.
//!
//! The plain one has simpler filters and no early reflections, so that its output differs and is not compared. Peers
//! are `freeverb` (eight combs and four all passes per side) and `fundsp` (32 lines), unmodified.

use crate::{
    pair::{Group, alone, pair},
    signal::{block, format, planar},
};
use criterion::Criterion;
use fundsp::prelude::{AudioUnit, BufferVec, reverb_stereo, reverb4_stereo};
use mixdown::{
    Params, Processor, Sample, StreamSpec,
    reverbs::{PlateParams, ReverbParams, Space},
};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
const LINES: usize = 16;

pub fn all(criterion: &mut Criterion) {
    reverb(&mut criterion.benchmark_group("reverb"));
    plate(&mut criterion.benchmark_group("plate"));
}

fn reverb(group: &mut Group<'_>) {
    for frames in [64, 512, 4096] {
        hall::<f32>(group, frames);
    }
    peers(group, 512);
    hall::<f64>(group, 512);
    shaped(group, 512);
    silence(group, 512);
}

fn peers(group: &mut Group<'_>, frames: usize) {
    let source = planar::<f32>(2, frames);
    for (name, mut peer) in by_peers() {
        let mut audio = source.clone();
        alone(group, &format!("hall/f32/2ch/{frames}/{name}"), 2 * frames, || {
            audio.copy_from_slice(&source);
            peer(black_box(&mut audio));
        });
    }
}

/// Reverbs of other libraries on planar stereo.
pub type Peer = Box<dyn FnMut(&mut [f32])>;

/// Each in its fastest form: `freeverb` takes single frames only, `fundsp` blocks of 64.
pub fn by_peers() -> [(&'static str, Peer); 3] {
    let mut freeverb = freeverb::Freeverb::<f32>::new(RATE_HZ as usize);
    // Wet only, as ours.
    freeverb.set_dry(0.0);
    let by_freeverb = move |audio: &mut [f32]| {
        let (left, right) = audio.split_at_mut(audio.len() / 2);
        for (left, right) in left.iter_mut().zip(right) {
            (*left, *right) = freeverb.tick((*left, *right));
        }
    };
    [
        ("freeverb", Box::new(by_freeverb)),
        ("fundsp", by_fundsp(reverb_stereo(20.0, 2.2, 0.5))),
        ("fundsp_reverb4", by_fundsp(reverb4_stereo(20.0, 2.2))),
    ]
}

/// A unit of `fundsp` in blocks of 64.
pub fn by_fundsp(mut unit: impl AudioUnit + 'static) -> Peer {
    unit.set_sample_rate(RATE_HZ);
    unit.allocate();
    let (mut input, mut output) = (BufferVec::new(2), BufferVec::new(2));
    Box::new(move |audio| {
        let frames = audio.len() / 2;
        for start in (0..frames).step_by(fundsp::MAX_BUFFER_SIZE) {
            let count = fundsp::MAX_BUFFER_SIZE.min(frames - start);
            for channel in 0..2 {
                let samples = &audio[channel * frames + start..][..count];
                input.channel_f32_mut(channel)[..count].copy_from_slice(samples);
            }
            unit.process(count, &input.buffer_ref(), &mut output.buffer_mut());
            for channel in 0..2 {
                let samples = &mut audio[channel * frames + start..][..count];
                samples.copy_from_slice(&output.channel_f32(channel)[..count]);
            }
        }
    })
}

fn plate(group: &mut Group<'_>) {
    let mut plate = PlateParams::default().build::<f32>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let (source, mut audio) = (planar::<f32>(2, 512), planar::<f32>(2, 512));
    alone(group, "default/f32/2ch/512", 2 * 512, || {
        audio.copy_from_slice(&source);
        plate.process(&mut block(black_box(&mut audio), 2));
    });
}

fn hall<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let mut reverb =
        ReverbParams::space(Space::Hall).build::<S>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let mut plain = Plain::<S>::new();
    // The output must not be the next input.
    let source = planar::<S>(2, frames);
    let (mut audio, mut other) = (source.clone(), source.clone());
    pair(
        group,
        &format!("hall/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            audio.copy_from_slice(&source);
            reverb.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(&source);
            plain.process(black_box(&mut other));
        },
    );
}

/// With both cuts and ducking, against the plain network with a plain chain behind it.
fn shaped(group: &mut Group<'_>, frames: usize) {
    let params = ReverbParams { low_cut_hz: 200.0, high_cut_hz: 6_000.0, duck_db: 9.0, ..ReverbParams::default() };
    let mut reverb = params.build::<f32>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let (mut plain, mut shape) = (Plain::<f32>::new(), PlainShape::default());
    let source = planar::<f32>(2, frames);
    let (mut audio, mut other) = (source.clone(), source.clone());
    pair(
        group,
        &format!("hall/shaped/f32/2ch/{frames}"),
        2 * frames,
        || {
            audio.copy_from_slice(&source);
            reverb.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(&source);
            plain.process(black_box(&mut other));
            shape.process(&source, &mut other);
        },
    );
}

/// Two biquads a channel and a ducker, frame by frame.
#[derive(Default)]
struct PlainShape {
    states: [[[f64; 2]; 2]; 2],
    power: f64,
    share: f64,
}

impl PlainShape {
    fn process(&mut self, input: &[f32], wet: &mut [f32]) {
        // Some low cut and high cut; the figures do not matter.
        const SECTIONS: [[f64; 5]; 2] = [[0.98, -1.96, 0.98, -1.96, 0.963], [0.1, 0.2, 0.1, -0.9, 0.3]];
        let frames = wet.len() / 2;
        for frame in 0..frames {
            let (left, right) = (f64::from(input[frame]), f64::from(input[frames + frame]));
            self.power += 0.002 * (0.5 * (left * left + right * right) - self.power);
            let wanted = ((10.0 * (self.power + 1e-30).log10() + 40.0) / 20.0).clamp(0.0, 1.0);
            self.share += if wanted > self.share { 0.002 } else { 0.000_08 } * (wanted - self.share);
            let gain = 10_f64.powf(-9.0 * self.share / 20.0);
            for (channel, states) in self.states.iter_mut().enumerate() {
                let sample = &mut wet[channel * frames + frame];
                let mut value = f64::from(*sample);
                for ([b0, b1, b2, a1, a2], [s1, s2]) in SECTIONS.into_iter().zip(states) {
                    let out = b0 * value + *s1;
                    (*s1, *s2) = (b1 * value - a1 * out + *s2, b2 * value - a2 * out);
                    value = out;
                }
                *sample = (gain * value) as f32;
            }
        }
    }
}

/// Silence after the tail.
fn silence(group: &mut Group<'_>, frames: usize) {
    let mut reverb = ReverbParams::default().build::<f32>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let mut audio = vec![0.0; 2 * frames];
    alone(group, &format!("hall/silence/f32/2ch/{frames}"), 2 * frames, || {
        reverb.process(&mut block(black_box(&mut audio), 2));
    });
}

struct Line<S> {
    samples: Vec<S>,
    position: usize,
}

impl<S: Sample> Line<S> {
    fn new(frames: usize) -> Self {
        Self { samples: vec![S::ZERO; frames + 8], position: 0 }
    }

    fn read(&self, delay: usize) -> S {
        let length = self.samples.len();
        self.samples[(self.position + length - delay) % length]
    }

    fn write(&mut self, sample: S) {
        self.samples[self.position] = sample;
        self.position = (self.position + 1) % self.samples.len();
    }
}

/// Sample by sample, the straightforward form.
struct Plain<S> {
    steps: Vec<Vec<(Line<S>, usize)>>,
    lines: Vec<(Line<S>, usize)>,
    low: [S; LINES],
    phase: f64,
}

impl<S: Sample> Plain<S> {
    fn new() -> Self {
        let steps = (0..4)
            .map(|step| {
                let longest = (2_100 >> (3 - step)) / LINES;
                (0..LINES)
                    .map(move |line| (Line::new(longest * (line + 1)), longest * line + line * 7 % longest.max(1) + 1))
            })
            .map(Iterator::collect)
            .collect();
        let lines = (0..LINES)
            .map(|line| {
                let frames = (2_112.0 * 4_f64.powf(line as f64 / 15.0)) as usize | 1;
                (Line::new(frames + 16), frames)
            })
            .collect();
        Self { steps, lines, low: [S::ZERO; LINES], phase: 0.0 }
    }

    fn hadamard(values: &mut [S; LINES]) {
        let mut span = 1;
        while span < LINES {
            for line in 0..LINES {
                if line & span == 0 {
                    let (a, b) = (values[line], values[line | span]);
                    values[line] = a + b;
                    values[line | span] = a - b;
                }
            }
            span *= 2;
        }
        let quarter = S::from_f64(0.25);
        values.iter_mut().for_each(|value| *value *= quarter);
    }

    fn process(&mut self, samples: &mut [S]) {
        let (left, right) = samples.split_at_mut(samples.len() / 2);
        let (gain, damping, share) = (S::from_f64(0.85), S::from_f64(0.4), S::from_f64(0.35));
        for (left, right) in left.iter_mut().zip(right) {
            let mut values = [*left; LINES];
            values[8..].fill(*right);
            for step in &mut self.steps {
                for (value, (line, delay)) in values.iter_mut().zip(step) {
                    line.write(*value * share);
                    *value = line.read(*delay);
                }
                Self::hadamard(&mut values);
            }
            self.phase += 0.7 / RATE_HZ;
            if self.phase >= 1.0 {
                self.phase -= 1.0;
            }
            let mut heard = [S::ZERO; LINES];
            for (index, (value, (line, delay))) in heard.iter_mut().zip(&self.lines).enumerate() {
                *value = if index % 2 == 0 {
                    let swing = 8.0 * (std::f64::consts::TAU * (self.phase + index as f64 / 16.0)).sin() + 8.0;
                    let (whole, part) = (swing as usize, S::from_f64(swing.fract()));
                    let (near, far) = (line.read(delay - whole), line.read(delay - whole - 1));
                    near + part * (far - near)
                } else {
                    line.read(*delay)
                };
                self.low[index] += damping * (*value - self.low[index]);
                *value = gain * self.low[index];
            }
            Self::hadamard(&mut heard);
            *left = heard[0];
            *right = heard[1];
            for ((line, _), (heard, value)) in self.lines.iter_mut().zip(heard.iter().zip(&values)) {
                line.write(*heard + *value);
            }
        }
    }
}
