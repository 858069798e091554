//! Loudness of pink noise after an impulse response, relative to its input.

use super::response::ImpulseResponse;
use crate::{convolution::fft::design::Fourier, filters::k_weighting::Weighting, foundation::stream::StreamSpec};
use alloc::vec;
use num_complex::Complex64;

/// Range of the noise, in Hz.
const RANGE_HZ: [f64; 2] = [20.0, 20_000.0];
/// Coarsest step between frequencies, in Hz.
const COARSEST_HZ: f64 = 5.0;

/// The gain for equal loudness of pink noise before and after the response, K-weighted (ITU-R BS.1770-5) and averaged
/// over the sides, with uncorrelated noise left and right. 1 for silence.
pub(super) fn equal_loudness(response: &ImpulseResponse, spec: &StreamSpec) -> f64 {
    let rate_hz = spec.sample_rate_hz();
    let points = response.frames().max((rate_hz / COARSEST_HZ) as usize).next_power_of_two();
    let transform = Fourier::new(points);
    let weighting = Weighting::new(rate_hz);
    let step_hz = rate_hz / points as f64;
    let bins = (RANGE_HZ[0] / step_hz) as usize + 1..(RANGE_HZ[1].min(0.5 * rate_hz) / step_hz) as usize;
    let weight = |bin: usize| weighting.power(bin as f64 * step_hz, rate_hz) / bin as f64;
    let mut powers = [0.0; 4];
    for (row, power) in powers.iter_mut().take(response.rows()).enumerate() {
        let mut spectrum = vec![Complex64::ZERO; points];
        for (point, tap) in spectrum.iter_mut().zip(response.row(row)) {
            point.re = *tap;
        }
        transform.forward(&mut spectrum);
        *power = bins.clone().map(|bin| weight(bin) * spectrum[bin].norm_sqr()).sum();
    }
    // The same sum for swapped sides: LL LR RL RR is RR RL LR LL then, L R is R L.
    let [ll, lr, rl, rr] = powers;
    let power = if response.rows() == 2 { ll + lr } else { (ll + rr) + (lr + rl) };
    let sides = response.rows().min(2) as f64;
    let dry = sides * bins.map(weight).sum::<f64>();
    if power > 0.0 { libm::sqrt(dry / power) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compensates_gains_with_k_weighting() {
        let spec = StreamSpec::new(48_000.0, 2).unwrap();
        let factor = |rows: &[&[f64]]| equal_loudness(&ImpulseResponse::from_rows(rows).unwrap(), &spec);
        assert!((factor(&[&[0.0, -0.25]]) - 4.0).abs() < 1e-12);
        assert!((factor(&[&[0.5], &[0.5]]) - 2.0).abs() < 1e-12);
        assert!((factor(&[&[0.5], &[0.5], &[0.5], &[0.5]]) - core::f64::consts::SQRT_2).abs() < 1e-12);
        assert_eq!(factor(&[&[0.0, 0.0]]), 1.0);
        // Removes the treble, to which the ear is more sensitive than the energy of pink noise suggests.
        let energy = (0.5_f64 * 0.5 + 0.5 * 0.5).sqrt();
        assert!(factor(&[&[0.5, 0.5]]) < 1.0 / energy && factor(&[&[0.5, 0.5]]) > 1.0);
    }
}
