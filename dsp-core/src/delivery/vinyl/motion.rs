//! Displacement, velocity and acceleration of one groove wall, at a cutting level of 0 dB.

use super::{
    differentiator::{DELAY_FRAMES, Differentiator},
    riaa::{self, BASS_S, MIDDLE_S, TREBLE_S},
    sections::Section,
};
use crate::{filters::biquad::BiquadCoeffs, foundation::unit::db_to_gain};
use alloc::{vec, vec::Vec};
use core::f64::consts::{FRAC_PI_2, PI, SQRT_2};

/// Frames by which all three come later than the sound.
pub(super) const LATENCY_FRAMES: usize = 2 * DELAY_FRAMES;
/// Frames at once.
pub(super) const CHUNK_FRAMES: usize = 1_024;
/// Level of the reference tone, in dBFS.
const REFERENCE_DBFS: f64 = -18.0;
/// Its velocity at a cutting level of 0 dB: 5 cm/s rms.
const REFERENCE_M_PER_S: f64 = 0.05 * SQRT_2;
/// Corner of the high pass of the cutter's displacement.
const CUTTER_HIGH_PASS_HZ: f64 = 20.0;
/// Taps of the correction of the integrator.
const CORRECTION: [f64; 5] = [11.0 / 720.0, -13.0 / 90.0, 151.0 / 120.0, -13.0 / 90.0, 11.0 / 720.0];
/// States below it are 0: no subnormal numbers in silence.
const SILENCE: f64 = 1e-30;

/// One channel on its way to the groove.
///
/// # Source
/// The recording characteristic is a shelf of first order, its pole matched, its gain exact at 0 and at a quarter of the
/// rate, and the treble corner x + 75 µs dx/dt. The integrator is bilinear under a high pass of second order, and
/// corrected by 1 + s/3 + 11 s²/45, s = sin²(ω/2), the first terms of x / tan x inverted: exact within 0.004 dB up to
/// 5 kHz at 44.1 kHz, 0.2 dB low at 10 kHz, where a groove hardly moves.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    shelf: [f64; 3],
    shelf_state: f64,
    last: f64,
    gain: f64,
    differentiator: Differentiator,
    integrator: Section,
    shelved: Vec<f64>,
    velocity: Vec<f64>,
    integrated: Vec<f64>,
    derivative: Vec<f64>,
}

/// A chunk of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Moved {
    /// In µm.
    pub(super) displacement: Vec<f64>,
    /// In m/s.
    pub(super) velocity: Vec<f64>,
    /// In m/s².
    pub(super) acceleration: Vec<f64>,
}

impl Motion {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        Self {
            shelf: shelf(sample_rate_hz),
            shelf_state: 0.0,
            last: 0.0,
            gain: riaa::gain() * REFERENCE_M_PER_S / db_to_gain(REFERENCE_DBFS),
            differentiator: Differentiator::new(sample_rate_hz),
            integrator: Section::new(integrator(sample_rate_hz)),
            shelved: vec![0.0; LATENCY_FRAMES + CHUNK_FRAMES],
            velocity: vec![0.0; LATENCY_FRAMES + CHUNK_FRAMES],
            integrated: vec![0.0; DELAY_FRAMES + 2 + CHUNK_FRAMES],
            derivative: vec![0.0; CHUNK_FRAMES],
        }
    }

    /// Moves by one chunk, [`CHUNK_FRAMES`] at most.
    pub(super) fn advance(&mut self, samples: &[f64], moved: &mut Moved) {
        let frames = samples.len();
        let [b0, b1, pole] = self.shelf;
        for (shelved, &sample) in self.shelved[LATENCY_FRAMES..].iter_mut().zip(samples) {
            self.shelf_state = b0 * sample + b1 * self.last + pole * self.shelf_state;
            self.last = sample;
            *shelved = self.shelf_state;
        }
        if self.shelf_state.abs() < SILENCE {
            self.shelf_state = 0.0;
        }
        let derivative = &mut self.derivative[..frames];
        self.differentiator.derive(&self.shelved[..LATENCY_FRAMES + frames], derivative);
        for ((velocity, &shelved), &slope) in
            self.velocity[LATENCY_FRAMES..].iter_mut().zip(&self.shelved[DELAY_FRAMES..]).zip(&*derivative)
        {
            *velocity = self.gain * (shelved + TREBLE_S * slope);
        }
        let fresh = &self.velocity[LATENCY_FRAMES..][..frames];
        for (integrated, &velocity) in self.integrated[DELAY_FRAMES + 2..].iter_mut().zip(fresh) {
            *integrated = self.integrator.tick(velocity);
        }
        self.integrator.rest(SILENCE);
        moved.acceleration.resize(frames, 0.0);
        self.differentiator.derive(&self.velocity[..LATENCY_FRAMES + frames], &mut moved.acceleration);
        moved.velocity.clear();
        moved.velocity.extend_from_slice(&self.velocity[DELAY_FRAMES..][..frames]);
        moved.displacement.clear();
        let around = self.integrated[..frames + CORRECTION.len() - 1].windows(CORRECTION.len());
        moved.displacement.extend(around.map(|w| {
            let [c2, c1, c0, ..] = CORRECTION;
            1e6 * (c0 * w[2] + c1 * (w[1] + w[3]) + c2 * (w[0] + w[4]))
        }));
        for buffer in [&mut self.shelved, &mut self.velocity] {
            buffer.copy_within(frames..frames + LATENCY_FRAMES, 0);
        }
        self.integrated.copy_within(frames..frames + DELAY_FRAMES + 2, 0);
    }
}

/// (1 + 3180 µs s) / (1 + 318 µs s): b0, b1 and the pole.
fn shelf(sample_rate_hz: f64) -> [f64; 3] {
    let pole = libm::exp(-1.0 / (sample_rate_hz * MIDDLE_S));
    let omega = FRAC_PI_2 * sample_rate_hz;
    let squared = |time_s: f64| 1.0 + omega * time_s * (omega * time_s);
    let wanted = squared(BASS_S) / squared(MIDDLE_S) * (1.0 + pole * pole);
    let sum = 1.0 - pole;
    let b0 = 0.5 * (sum + libm::sqrt(2.0 * wanted - sum * sum));
    [b0, sum - b0, pole]
}

/// s / (s² + √2 ω s + ω²) by the bilinear transform.
fn integrator(sample_rate_hz: f64) -> BiquadCoeffs {
    let (c, omega) = (2.0 * sample_rate_hz, 2.0 * PI * CUTTER_HIGH_PASS_HZ);
    let (square, middle, corner) = (c * c, SQRT_2 * omega * c, omega * omega);
    let a0 = square + middle + corner;
    BiquadCoeffs {
        b0: c / a0,
        b1: 0.0,
        b2: -c / a0,
        a1: 2.0 * (corner - square) / a0,
        a2: (square - middle + corner) / a0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{delivery::vinyl::riaa_record_db, foundation::unit::gain_to_db};

    /// What the shelf and the ripple of the differentiator leave: at 192 kHz the ripple reaches down to 2 kHz.
    const VELOCITY_DB: f64 = 0.003;
    /// The same of the acceleration.
    const ACCELERATION_DB: f64 = 0.01;

    /// Largest displacement in µm, velocity and acceleration of a settled sine at the level of the reference.
    fn peaks(frequency_hz: f64, rate_hz: f64) -> [f64; 3] {
        let omega = 2.0 * PI * frequency_hz / rate_hz;
        let (mut motion, mut moved) = (Motion::new(rate_hz), Moved::default());
        // Amplitudes by their quadrature, under a Hann window: at any phase of the samples.
        let (mut sums, mut weights) = ([[0.0; 2]; 3], 0.0);
        let chunks = 200;
        let hann = |frame: usize| {
            let part = frame as f64 / (chunks / 2 * CHUNK_FRAMES) as f64;
            0.5 - 0.5 * libm::cos(2.0 * PI * part)
        };
        for chunk in 0..chunks {
            let at = |frame: usize| omega * (chunk * CHUNK_FRAMES + frame) as f64;
            let samples: Vec<f64> =
                (0..CHUNK_FRAMES).map(|frame| db_to_gain(REFERENCE_DBFS) * libm::sin(at(frame))).collect();
            motion.advance(&samples, &mut moved);
            if chunk < chunks / 2 {
                continue;
            }
            for (sums, values) in sums.iter_mut().zip([&moved.displacement, &moved.velocity, &moved.acceleration]) {
                for (frame, value) in values.iter().enumerate() {
                    let value = value * hann(chunk * CHUNK_FRAMES + frame);
                    sums[0] += value * libm::sin(at(frame));
                    sums[1] += value * libm::cos(at(frame));
                }
            }
            weights += (0..CHUNK_FRAMES).map(|frame| hann(chunk * CHUNK_FRAMES + frame)).sum::<f64>();
        }
        sums.map(|[sine, cosine]| 2.0 / weights * libm::hypot(sine, cosine))
    }

    #[test]
    fn the_reference_tone_moves_by_11_um_at_7_cm_per_s() {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
            let [displacement_um, velocity, acceleration] = peaks(1_000.0, rate_hz);
            assert!((displacement_um - 11.254).abs() < 0.002, "{displacement_um}");
            assert!((velocity - 0.070_711).abs() < 2e-5, "{velocity}");
            assert!((acceleration - 444.29).abs() < 0.5, "{acceleration}");
        }
    }

    #[test]
    fn velocity_follows_the_characteristic_at_every_rate() {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0, 192_000.0] {
            for frequency_hz in [50.0, 100.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 15_000.0, 19_500.0] {
                let [_, velocity, acceleration] = peaks(frequency_hz, rate_hz);
                let omega = 2.0 * PI * frequency_hz;
                let error_db = gain_to_db(velocity / REFERENCE_M_PER_S) - riaa_record_db(frequency_hz);
                assert!(error_db.abs() < VELOCITY_DB, "{frequency_hz} at {rate_hz}: {error_db}");
                let error_db = gain_to_db(acceleration / (velocity * omega));
                let low = frequency_hz < 2_000.0;
                assert!(error_db.abs() < if low { 0.03 } else { ACCELERATION_DB }, "{frequency_hz}: {error_db}");
            }
        }
    }
}
