//! Coefficients of a convolution: its response, and how its rows connect the channels.

use super::response::ImpulseResponse;
use crate::{
    convolution::route::Route,
    foundation::{math::cis, sample::Sample},
};
use alloc::{vec, vec::Vec};
use core::f64::consts::PI;
use num_complex::Complex64;

/// Coefficients of a [`Convolution`](super::Convolution).
#[derive(Clone, Debug, PartialEq)]
pub struct ConvolutionCoeffs {
    pub(super) impulse_response: ImpulseResponse,
    /// What the response and its gain were made from.
    pub(super) origin: Origin,
    /// On the response, of its normalisation.
    pub(super) gain: f64,
    pub(super) predelay_frames: usize,
    /// Gains of dry and wet.
    pub(super) levels: [f64; 2],
}

/// What a response and its gain are made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Origin {
    pub(super) digest: u64,
    pub(super) trim_frames: usize,
    pub(super) decay: f64,
    /// Normalised at this rate.
    pub(super) normalized_at_hz: Option<f64>,
}

/// What tells one set of taps from another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Identity {
    digest: u64,
    frames: usize,
    gain: f64,
}

impl ConvolutionCoeffs {
    /// Complex gain of one row at a frequency in cycles per frame.
    pub(super) fn response(&self, cycles: f64) -> Complex64 {
        let delay = |frames: f64| {
            let cycles = cycles * frames;
            cis(-2.0 * PI * (cycles - libm::floor(cycles)))
        };
        let z1 = delay(1.0);
        let taps = self.impulse_response.row(0).iter().rev();
        let response = taps.fold(Complex64::ZERO, |sum, tap| sum * z1 + tap);
        let [dry, wet] = self.levels;
        dry + wet * self.gain * delay(self.predelay_frames as f64) * response
    }

    pub(super) fn identity(&self) -> Identity {
        Identity { digest: self.impulse_response.digest(), frames: self.impulse_response.frames(), gain: self.gain }
    }

    /// The taps that sound: silence at the end would only add cost.
    pub(super) fn length(&self) -> usize {
        let rows = (0..self.impulse_response.rows()).map(|row| self.impulse_response.row(row));
        rows.map(|taps| taps.iter().rposition(|tap| *tap != 0.0).map_or(1, |last| last + 1)).max().unwrap_or(1)
    }

    /// Writes the taps of each response of a stream, as many frames of each as fit.
    pub(super) fn write_taps<S: Sample>(&self, responses: usize, taps: &mut [S]) {
        let length = taps.len() / responses;
        let Self { impulse_response: rows, gain, .. } = self;
        for (response, taps) in taps.chunks_exact_mut(length).enumerate() {
            taps.fill(S::ZERO);
            // An input of both sides is convolved with the sums of both paths.
            if rows.rows() == 4 && responses == 2 {
                for (tap, (one, other)) in taps.iter_mut().zip(rows.row(response).iter().zip(rows.row(response + 2))) {
                    *tap = S::from_f64((one + other) * gain);
                }
            } else {
                taps.iter_mut().zip(rows.row(response)).for_each(|(tap, row)| *tap = S::from_f64(row * gain));
            }
        }
    }
}

/// Connections of a stream with 1, 2 or, for one row, any channels, and the number of responses.
pub(super) fn routes(rows: usize, channels: usize) -> (Vec<Route>, usize) {
    let straight = |input, output, response| Route { input, output, response };
    let routes = match (rows, channels) {
        // Each output adds its own side first: swapped sides give the same bits.
        (4, 2) => vec![straight(0, 0, 0), straight(1, 0, 2), straight(1, 1, 3), straight(0, 1, 1)],
        (2 | 4, 1) => vec![straight(0, 0, 0), straight(0, 1, 1)],
        (2, _) => vec![straight(0, 0, 0), straight(1, 1, 1)],
        (_, channels) => (0..channels).map(|channel| straight(channel, channel, 0)).collect(),
    };
    (routes, if (rows, channels) == (4, 1) { 2 } else { rows })
}
