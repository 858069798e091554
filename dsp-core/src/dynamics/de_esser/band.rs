//! The band of a de-esser's detector: an elliptic high pass.

use crate::filters::{biquad::BiquadCoeffs, cookbook::bilinear, matched::prototype::Prototype};

/// Elliptic high pass of order 4, ±0.15 dB from its corner on, -60 dB below 0.36 of it: zeros, poles and their q.
///
/// A Linkwitz-Riley or Butterworth slope of the same cost takes 6 or 3 dB from a tone at the corner, 2.5 or 0.5 dB at
/// 1.3 times it, and the bilinear transform moves what it takes by 0.4 dB between 44.1 and 192 kHz.
const SECTIONS: [[f64; 3]; 2] = [
    [0.137_769_500_046_680, 1.479_576_353_329_212, 0.676_223_790_213_030],
    [0.325_062_211_286_160, 0.940_767_240_619_231, 2.824_838_741_012_457],
];
/// Gain that centres the ripple of the pass band on 0 dB: +0.15 dB over the prototype, which touches 0 dB.
const GAIN: f64 = 0.982_888_9;

/// Sections of the band from `frequency_hz` up.
pub(super) fn high_pass(frequency_hz: f64, rate_hz: f64) -> [BiquadCoeffs; 2] {
    let mut gain = GAIN;
    SECTIONS.map(|[zero, pole, q]| {
        let prototype = Prototype { num: [gain * zero * zero, 0.0, gain], den: [pole * pole, pole / q, 1.0] };
        gain = 1.0;
        bilinear(&prototype, frequency_hz, rate_hz)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_flat_from_its_corner_on_at_every_rate() {
        for rate_hz in [8_000.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0] {
            for corner_hz in [1_000.0, 3_500.0, 5_500.0, 16_000.0] {
                if corner_hz > 0.45 * rate_hz {
                    continue;
                }
                let sections = high_pass(corner_hz, rate_hz);
                let gain_db = |hz: f64| {
                    20.0 * libm::log10(sections.iter().map(|section| section.response(hz, rate_hz).norm()).product())
                };
                let mut hz = 20.0;
                while hz < 0.49 * rate_hz {
                    let gain = gain_db(hz);
                    if hz >= corner_hz {
                        assert!(gain.abs() <= 0.151, "{rate_hz} {corner_hz} {hz}: {gain}");
                    } else if hz <= 0.35 * corner_hz {
                        assert!(gain <= -59.8, "{rate_hz} {corner_hz} {hz}: {gain}");
                    }
                    hz *= 1.003;
                }
                let corner = gain_db(corner_hz);
                assert!((corner + 0.15).abs() <= 0.001, "{rate_hz} {corner_hz}: {corner}");
            }
        }
    }
}
