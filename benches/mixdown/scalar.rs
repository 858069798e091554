//! Plain loops: careful code without explicit vectors.

use mixdown::Sample;
use std::f64::consts::{PI, TAU};

/// A gain that glides from one value to another on 6u⁵ - 15u⁴ + 10u³.
pub struct Ramp<S> {
    from: S,
    to: S,
    frames: usize,
    done: usize,
}

impl<S: Sample> Ramp<S> {
    pub fn new(from: f64, to: f64, frames: usize) -> Self {
        Self { from: S::from_f64(from), to: S::from_f64(to), frames, done: 0 }
    }

    /// Glides back to the previous value.
    pub fn turn(&mut self) {
        std::mem::swap(&mut self.from, &mut self.to);
        self.done = 0;
    }

    /// The gain of the next frame.
    #[inline]
    pub fn next(&mut self) -> S {
        if self.done >= self.frames {
            return self.to;
        }
        self.done += 1;
        let u = S::from_index(self.done as i32) / S::from_index(self.frames as i32);
        let [six, ten, fifteen] = [6, 10, 15].map(S::from_index);
        self.from + (self.to - self.from) * (u * u * u * (ten + u * (six * u - fifteen)))
    }
}

/// A second-order section, transposed direct form II.
#[derive(Clone, Copy)]
pub struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    z: [f64; 2],
}

impl Biquad {
    pub fn new(b: [f64; 3], a: [f64; 3]) -> Self {
        Self { b: b.map(|b| b / a[0]), a: [a[1] / a[0], a[2] / a[0]], z: [0.0; 2] }
    }

    /// Boost or cut by the Audio EQ Cookbook.
    pub fn bell(frequency_hz: f64, gain_db: f64, q: f64, rate_hz: f64) -> Self {
        let (sin, cos) = (TAU * frequency_hz / rate_hz).sin_cos();
        let (alpha, root) = (sin / (2.0 * q), 10_f64.powf(gain_db / 40.0));
        let middle = -2.0 * cos;
        Self::new([1.0 + alpha * root, middle, 1.0 - alpha * root], [1.0 + alpha / root, middle, 1.0 - alpha / root])
    }

    /// All pass by the Audio EQ Cookbook.
    pub fn all_pass(frequency_hz: f64, q: f64, rate_hz: f64) -> Self {
        let (sin, cos) = (TAU * frequency_hz / rate_hz).sin_cos();
        let (alpha, middle) = (sin / (2.0 * q), -2.0 * cos);
        Self::new([1.0 - alpha, middle, 1.0 + alpha], [1.0 + alpha, middle, 1.0 - alpha])
    }

    /// High pass by the Audio EQ Cookbook.
    pub fn high_pass(frequency_hz: f64, q: f64, rate_hz: f64) -> Self {
        let (sin, cos) = (TAU * frequency_hz / rate_hz).sin_cos();
        let (alpha, edge) = (sin / (2.0 * q), (1.0 + cos) / 2.0);
        Self::new([edge, -2.0 * edge, edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// Low pass by the Audio EQ Cookbook.
    pub fn low_pass(frequency_hz: f64, q: f64, rate_hz: f64) -> Self {
        let (sin, cos) = (TAU * frequency_hz / rate_hz).sin_cos();
        let (alpha, edge) = (sin / (2.0 * q), (1.0 - cos) / 2.0);
        Self::new([edge, 2.0 * edge, edge], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// Band pass of 0 dB at its centre by the Audio EQ Cookbook.
    pub fn band_pass(frequency_hz: f64, q: f64, rate_hz: f64) -> Self {
        let (sin, cos) = (TAU * frequency_hz / rate_hz).sin_cos();
        let alpha = sin / (2.0 * q);
        Self::new([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// Takes other coefficients; the state stays.
    pub fn become_like(&mut self, other: &Self) {
        (self.b, self.a) = (other.b, other.a);
    }

    /// One sample.
    #[inline]
    pub fn tick(&mut self, x: f64) -> f64 {
        let y = self.b[0] * x + self.z[0];
        self.z[0] = self.b[1] * x - self.a[0] * y + self.z[1];
        self.z[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// Runs every channel through its own copy of the sections, sample by sample.
pub fn filter<S: Sample>(samples: &mut [S], filters: &mut [Vec<Biquad>]) {
    let frames = samples.len() / filters.len();
    for (channel, sections) in samples.chunks_exact_mut(frames).zip(filters) {
        for sample in channel {
            let mut x = sample.to_f64();
            for section in &mut *sections {
                x = section.tick(x);
            }
            *sample = S::from_f64(x);
        }
    }
}

/// The two sections of the K-weighting at 48 kHz, as printed in ITU-R BS.1770.
pub fn k_weighting() -> [Biquad; 2] {
    [
        Biquad::new(
            [1.535_124_859_586_97, -2.691_696_189_406_38, 1.198_392_810_852_85],
            [1.0, -1.690_659_293_182_41, 0.732_480_774_215_85],
        ),
        Biquad::new([1.0, -2.0, 1.0], [1.0, -1.990_047_454_833_98, 0.990_072_250_366_21]),
    ]
}

/// Loudness of channels of weight 1: energies of 100 ms, gated in blocks of 400 ms.
pub struct Loudness {
    filters: Vec<[Biquad; 2]>,
    hop_frames: usize,
    filled: usize,
    energy: f64,
    pub hops: Vec<f64>,
}

impl Loudness {
    pub fn new(channels: usize, hop_frames: usize) -> Self {
        Self { filters: vec![k_weighting(); channels], hop_frames, filled: 0, energy: 0.0, hops: Vec::new() }
    }

    pub fn observe<S: Sample>(&mut self, samples: &[S]) {
        let frames = samples.len() / self.filters.len();
        for frame in 0..frames {
            for (channel, [shelf, pass]) in self.filters.iter_mut().enumerate() {
                let weighted = pass.tick(shelf.tick(samples[channel * frames + frame].to_f64()));
                self.energy += weighted * weighted;
            }
            self.filled += 1;
            if self.filled == self.hop_frames {
                self.hops.push(self.energy / self.hop_frames as f64);
                (self.filled, self.energy) = (0, 0.0);
            }
        }
    }

    pub fn integrated_lufs(&self) -> f64 {
        let lufs = |energy: f64| -0.691 + 10.0 * energy.log10();
        let blocks: Vec<f64> = self.hops.windows(4).map(|hops| hops.iter().sum::<f64>() / 4.0).collect();
        let mean_above = |gate: f64| {
            let loud: Vec<f64> = blocks.iter().copied().filter(|&block| lufs(block) > gate).collect();
            loud.iter().sum::<f64>() / loud.len() as f64
        };
        lufs(mean_above(lufs(mean_above(-70.0)) - 10.0))
    }
}

/// True peak by interpolation with a windowed sinc (Kaiser), `points` per sample.
pub struct TruePeak<S> {
    /// `points - 1` filters of `2 * half` taps; the samples themselves are the missing one.
    phases: Vec<Vec<S>>,
    history: Vec<S>,
    pub peak: S,
}

impl<S: Sample> TruePeak<S> {
    pub fn new(points: usize, half: usize, beta: f64) -> Self {
        let bessel = |x: f64| {
            (1..60)
                .fold((1.0, 1.0), |(sum, term), k| {
                    let term = term * (x / (2.0 * f64::from(k))).powi(2);
                    (sum + term, term)
                })
                .0
        };
        let tap = |distance: f64| {
            let window = bessel(beta * (1.0 - (distance / half as f64).powi(2)).max(0.0).sqrt()) / bessel(beta);
            if distance == 0.0 { 1.0 } else { (PI * distance).sin() / (PI * distance) * window }
        };
        let phases = (1..points).map(|phase| {
            let taps: Vec<f64> =
                (0..2 * half).map(|k| tap(k as f64 - (half as f64 - 1.0) - phase as f64 / points as f64)).collect();
            let sum: f64 = taps.iter().sum();
            taps.iter().map(|tap| S::from_f64(tap / sum)).collect()
        });
        Self { phases: phases.collect(), history: vec![S::ZERO; 2 * half - 1], peak: S::ZERO }
    }

    pub fn observe(&mut self, samples: &[S]) {
        let past = self.history.len();
        self.history.extend_from_slice(samples);
        for window in self.history.windows(past + 1) {
            self.peak = larger(self.peak, window[past]);
            for taps in &self.phases {
                let mut point = S::ZERO;
                for (tap, sample) in taps.iter().zip(window) {
                    point += *tap * *sample;
                }
                self.peak = larger(self.peak, point);
            }
        }
        self.history.drain(..samples.len());
    }
}

/// A compressor with a quadratic knee, all channels linked by their envelopes: frame by frame, with the C library's logarithm and power.
pub struct Compressor {
    threshold_db: f32,
    slope: f32,
    knee_db: f32,
    attack: f32,
    release: f32,
    smooth: f32,
    /// One per channel.
    envelopes: Vec<Envelope>,
}

/// The envelope by two chains of all passes, 90 degrees apart at 48 kHz.
#[derive(Clone, Default)]
struct Envelope {
    last: f64,
    in_phase: [[f64; 2]; 6],
    quadrature: [[f64; 2]; 6],
}

impl Envelope {
    const IN_PHASE: [f64; 5] = [0.112627729, 0.609632873, 0.885297268, 0.970516888, 0.993478139];
    const QUADRATURE: [f64; 5] = [0.363921122, 0.782527220, 0.941287588, 0.985562248, 0.998136296];

    #[inline]
    fn tick(&mut self, x: f64) -> f64 {
        let i = Self::chain(&Self::IN_PHASE, &mut self.in_phase, x);
        let q = Self::chain(&Self::QUADRATURE, &mut self.quadrature, self.last);
        self.last = x;
        (i * i + q * q).sqrt()
    }

    /// The last two inputs of every section, and outputs of the last.
    #[inline]
    fn chain(factors: &[f64; 5], signals: &mut [[f64; 2]; 6], mut x: f64) -> f64 {
        for (n, factor) in factors.iter().enumerate() {
            let y = factor * (x + signals[n + 1][1]) - signals[n][1];
            signals[n] = [x, signals[n][0]];
            x = y;
        }
        signals[5] = [x, signals[5][0]];
        x
    }
}

impl Compressor {
    /// 10 ms of attack, 100 ms of release.
    pub fn new(threshold_db: f32, ratio: f32, knee_db: f32, rate_hz: f64) -> Self {
        let pole = |time_s: f64| (-1.0 / (time_s * rate_hz)).exp() as f32;
        let (attack, release) = (pole(0.01), pole(0.1));
        Self { threshold_db, slope: 1.0 - 1.0 / ratio, knee_db, attack, release, smooth: 0.0, envelopes: Vec::new() }
    }

    pub fn process(&mut self, samples: &mut [f32], channels: usize) {
        let frames = samples.len() / channels;
        self.envelopes.resize(channels, Envelope::default());
        for frame in 0..frames {
            let mut peak = 1e-7_f32;
            for (channel, envelope) in self.envelopes.iter_mut().enumerate() {
                peak = peak.max(envelope.tick(f64::from(samples[channel * frames + frame])) as f32);
            }
            let over = 20.0 * peak.log10() - self.threshold_db;
            let wanted = if 2.0 * over <= -self.knee_db {
                0.0
            } else if 2.0 * over < self.knee_db {
                self.slope * (over + self.knee_db / 2.0).powi(2) / (2.0 * self.knee_db)
            } else {
                self.slope * over
            };
            let pole = if wanted > self.smooth { self.attack } else { self.release };
            self.smooth = pole * self.smooth + (1.0 - pole) * wanted;
            let gain = 10_f32.powf(-self.smooth / 20.0);
            for channel in 0..channels {
                samples[channel * frames + frame] *= gain;
            }
        }
    }
}

#[inline]
fn larger<S: Sample>(peak: S, value: S) -> S {
    let magnitude = if value < S::ZERO { -value } else { value };
    if magnitude > peak { magnitude } else { peak }
}

/// Three bands of one channel by Linkwitz-Riley filters of 24 dB per octave, the lowest through the all pass of the
/// upper crossover.
pub struct Split {
    low: [[Biquad; 2]; 2],
    high: [[Biquad; 2]; 2],
    turn: Biquad,
}

impl Split {
    pub fn new(crossovers_hz: [f64; 2], rate_hz: f64) -> Self {
        let q = std::f64::consts::FRAC_1_SQRT_2;
        Self {
            low: crossovers_hz.map(|hz| [Biquad::low_pass(hz, q, rate_hz); 2]),
            high: crossovers_hz.map(|hz| [Biquad::high_pass(hz, q, rate_hz); 2]),
            turn: Biquad::all_pass(crossovers_hz[1], q, rate_hz),
        }
    }

    #[inline]
    pub fn tick(&mut self, x: f64) -> [f64; 3] {
        let through = |sections: &mut [Biquad; 2], x: f64| {
            let y = sections[0].tick(x);
            sections[1].tick(y)
        };
        let below = through(&mut self.low[0], x);
        let above = through(&mut self.high[0], x);
        [self.turn.tick(below), through(&mut self.low[1], above), through(&mut self.high[1], above)]
    }
}

/// A linked stereo compressor in each of three bands.
pub struct Multiband {
    splits: [Split; 2],
    compressors: Vec<Compressor>,
    bands: [Vec<f32>; 3],
}

impl Multiband {
    pub fn new(crossovers_hz: [f64; 2], threshold_db: f32, rate_hz: f64) -> Self {
        Self {
            splits: [(); 2].map(|()| Split::new(crossovers_hz, rate_hz)),
            compressors: (0..3).map(|_| Compressor::new(threshold_db, 4.0, 6.0, rate_hz)).collect(),
            bands: [const { Vec::new() }; 3],
        }
    }

    pub fn process(&mut self, samples: &mut [f32]) {
        let frames = samples.len() / 2;
        self.bands.iter_mut().for_each(|band| band.resize(samples.len(), 0.0));
        for (channel, split) in self.splits.iter_mut().enumerate() {
            for frame in channel * frames..(channel + 1) * frames {
                for (band, sample) in self.bands.iter_mut().zip(split.tick(f64::from(samples[frame]))) {
                    band[frame] = sample as f32;
                }
            }
        }
        for (compressor, band) in self.compressors.iter_mut().zip(&mut self.bands) {
            compressor.process(band, 2);
        }
        for (frame, sample) in samples.iter_mut().enumerate() {
            *sample = self.bands.iter().map(|band| band[frame]).sum();
        }
    }
}

/// Attack and release on a reduction in dB.
struct Follower {
    attack: f64,
    release: f64,
    held: f64,
    smooth: f64,
}

impl Follower {
    fn new(attack_s: f64, release_s: f64, rate_hz: f64) -> Self {
        let pole = |time_s: f64| (-1.0 / (time_s * rate_hz)).exp();
        Self { attack: pole(attack_s), release: pole(release_s), held: 0.0, smooth: 0.0 }
    }

    #[inline]
    fn tick(&mut self, target_db: f64) -> f64 {
        self.held = target_db.max(self.release * self.held + (1.0 - self.release) * target_db);
        self.smooth = self.attack * self.smooth + (1.0 - self.attack) * self.held;
        self.smooth
    }
}

/// Bells in series that each follow the level of their own band, designed anew for every frame.
pub struct DynamicBells {
    threshold_db: f64,
    rate_hz: f64,
    frequencies_hz: Vec<f64>,
    followers: Vec<Follower>,
    /// Band pass and bell of each band and channel.
    detectors: Vec<[Biquad; 2]>,
    bells: Vec<[Biquad; 2]>,
}

impl DynamicBells {
    pub fn new(frequencies_hz: &[f64], threshold_db: f64, rate_hz: f64) -> Self {
        Self {
            threshold_db,
            rate_hz,
            frequencies_hz: frequencies_hz.to_vec(),
            followers: frequencies_hz.iter().map(|_| Follower::new(0.01, 0.1, rate_hz)).collect(),
            detectors: frequencies_hz.iter().map(|&hz| [Biquad::band_pass(hz, 1.0, rate_hz); 2]).collect(),
            bells: frequencies_hz.iter().map(|&hz| [Biquad::bell(hz, 0.0, 1.0, rate_hz); 2]).collect(),
        }
    }

    pub fn process(&mut self, samples: &mut [f32]) {
        let (left, right) = samples.split_at_mut(samples.len() / 2);
        for (left, right) in left.iter_mut().zip(right) {
            let sound = [f64::from(*left), f64::from(*right)];
            let mut out = sound;
            for (band, follower) in self.followers.iter_mut().enumerate() {
                let [a, b] = &mut self.detectors[band];
                let peak = a.tick(sound[0]).abs().max(b.tick(sound[1]).abs()).max(1e-7);
                let over_db = (20.0 * peak.log10() - self.threshold_db).max(0.0);
                let reduction_db = follower.tick((0.5 * over_db).min(12.0));
                let [a, b] = &mut self.bells[band];
                if reduction_db > 1e-6 {
                    let now = Biquad::bell(self.frequencies_hz[band], -reduction_db, 1.0, self.rate_hz);
                    a.become_like(&now);
                    b.become_like(&now);
                }
                out = [a.tick(out[0]), b.tick(out[1])];
            }
            (*left, *right) = (out[0] as f32, out[1] as f32);
        }
    }
}

/// Reduces the upper of two bands while it dominates the signal; 6 dB at most.
pub struct DeEsser {
    threshold_db: f64,
    follower: Follower,
    pole: f64,
    powers: [f64; 2],
    low: [[Biquad; 2]; 2],
    high: [[Biquad; 2]; 2],
}

impl DeEsser {
    pub fn new(frequency_hz: f64, threshold_db: f64, rate_hz: f64) -> Self {
        let q = std::f64::consts::FRAC_1_SQRT_2;
        Self {
            threshold_db,
            follower: Follower::new(0.0005, 0.04, rate_hz),
            pole: (-1.0 / (0.001 * rate_hz)).exp(),
            powers: [0.0; 2],
            low: [[Biquad::low_pass(frequency_hz, q, rate_hz); 2]; 2],
            high: [[Biquad::high_pass(frequency_hz, q, rate_hz); 2]; 2],
        }
    }

    pub fn process(&mut self, samples: &mut [f32]) {
        let (left, right) = samples.split_at_mut(samples.len() / 2);
        for (left, right) in left.iter_mut().zip(right) {
            let sound = [f64::from(*left), f64::from(*right)];
            let (mut low, mut high) = (sound, sound);
            for channel in 0..2 {
                for section in 0..2 {
                    low[channel] = self.low[channel][section].tick(low[channel]);
                    high[channel] = self.high[channel][section].tick(high[channel]);
                }
            }
            for (power, [a, b]) in self.powers.iter_mut().zip([high, sound]) {
                *power = self.pole * *power + (1.0 - self.pole) * (a * a + b * b);
            }
            let share_db = 10.0 * ((self.powers[0] + 1e-30) / (self.powers[1] + 1e-8)).log10();
            let u = ((share_db - self.threshold_db) / 3.0).clamp(0.0, 1.0);
            let gain = 10_f64.powf(-self.follower.tick(6.0 * u * u * (3.0 - 2.0 * u)) / 20.0);
            (*left, *right) = ((low[0] + gain * high[0]) as f32, (low[1] + gain * high[1]) as f32);
        }
    }
}
