//! A response without its start, and with a shorter reverberation time.
//!
//! The reverberation time of a response is measured on its energy decay curve, all rows together, from its loudest
//! frame on: the slope from -5 to -25 dB by least squares, extrapolated to 60 dB. A constant noise floor, the mean of
//! the last tenth, is subtracted before.
//!
//! # Source
//! M. R. Schroeder, "New method of measuring reverberation time", JASA 37, 1965: backward integration. Range and fit:
//! ISO 3382-1.

use super::response::ImpulseResponse;
use alloc::vec::Vec;
use core::f64::consts::LN_10;

/// Range of the decay curve that is fitted, in dB.
const FITTED_DB: [f64; 2] = [-25.0, -5.0];
/// Fewest frames in that range: shorter ones are not a decay.
const LEAST_FRAMES: usize = 8;
/// Part of the response at its end that is taken for its noise floor.
const FLOOR_PART: usize = 10;
/// What is left of a shortened response below this share of its energy, -140 dB, is dropped.
const NEGLIGIBLE: f64 = 1e-14;

/// The response from frame `trim` on, one of its frames, with `decay` times its reverberation time: unchanged at 0 and 1.
pub(super) fn shortened(response: &ImpulseResponse, trim: usize, decay: f64) -> ImpulseResponse {
    if trim == 0 && decay == 1.0 {
        return response.clone();
    }
    let mut rows: Vec<Vec<f64>> = (0..response.rows()).map(|row| response.row(row)[trim..].to_vec()).collect();
    if let (true, Some((onset, t60))) = (decay < 1.0, reverberation(&rows)) {
        let per_frame = -3.0 * LN_10 / t60 * (1.0 / decay - 1.0);
        for row in &mut rows {
            for (n, sample) in row[onset..].iter_mut().enumerate() {
                *sample *= libm::exp(per_frame * n as f64);
            }
        }
        let left = remaining(&energies(&rows));
        let end = left.iter().rposition(|energy| *energy > NEGLIGIBLE * left[0]).map_or(1, |last| last + 1);
        rows.iter_mut().for_each(|row| row.truncate(end));
    }
    let rows: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    // Legal samples times factors of at most 1.
    ImpulseResponse::from_rows(&rows).unwrap_or_else(|_| response.clone())
}

/// The energy of each frame, all rows together.
fn energies(rows: &[Vec<f64>]) -> Vec<f64> {
    (0..rows[0].len()).map(|n| rows.iter().map(|row| row[n] * row[n]).sum()).collect()
}

/// The energy from each frame to the end.
fn remaining(energies: &[f64]) -> Vec<f64> {
    let mut left: Vec<f64> = energies
        .iter()
        .rev()
        .scan(0.0, |sum, energy| {
            *sum += energy;
            Some(*sum)
        })
        .collect();
    left.reverse();
    left
}

/// The loudest frame, and the reverberation time from there on in frames; `None` without a decay.
fn reverberation(rows: &[Vec<f64>]) -> Option<(usize, f64)> {
    let energies = energies(rows);
    let onset = energies.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?.0;
    let tail = &energies[onset..];
    let last = &tail[tail.len() - tail.len() / FLOOR_PART..];
    let floor = if last.is_empty() { 0.0 } else { last.iter().sum::<f64>() / last.len() as f64 };
    let left = remaining(tail);
    let level_db = |n: usize| {
        let sound = left[n] - floor * (tail.len() - n) as f64;
        10.0 * libm::log10((sound / (left[0] - floor * tail.len() as f64)).max(1e-30))
    };
    let (mut count, mut sum, mut frames, mut squares, mut products) = (0_usize, 0.0, 0.0, 0.0, 0.0);
    // Ends at the first frame below the range: further on only the floor is left.
    for (n, level_db) in (0..tail.len()).map(|n| (n as f64, level_db(n))).take_while(|(_, db)| *db >= FITTED_DB[0]) {
        if level_db <= FITTED_DB[1] {
            count += 1;
            (sum, frames) = (sum + level_db, frames + n);
            (squares, products) = (squares + n * n, products + n * level_db);
        }
    }
    let length = count as f64;
    let slope = (length * products - frames * sum) / (length * squares - frames * frames);
    (count >= LEAST_FRAMES && slope < 0.0).then_some((onset, -60.0 / slope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    const RATE_HZ: f64 = 48_000.0;
    /// A decay of noise is known no better.
    const TOLERANCE: f64 = 0.04;

    fn room(t60_s: f64, floor: f64) -> ImpulseResponse {
        let mut random = Random::new(7, 0);
        let mut sample = |n: usize| {
            let decay = libm::exp(-3.0 * LN_10 * n as f64 / (t60_s * RATE_HZ));
            random.triangular() * decay + floor * random.triangular()
        };
        let rows: [Vec<f64>; 2] = [(); 2].map(|()| (0..(1.5 * t60_s * RATE_HZ) as usize).map(&mut sample).collect());
        ImpulseResponse::from_rows(&[&rows[0], &rows[1]]).unwrap()
    }

    fn t60_s(response: &ImpulseResponse) -> f64 {
        let rows: Vec<Vec<f64>> = (0..response.rows()).map(|row| response.row(row).to_vec()).collect();
        reverberation(&rows).unwrap().1 / RATE_HZ
    }

    #[test]
    fn the_reverberation_time_is_that_of_the_decay() {
        for t60 in [0.3, 1.2, 3.0] {
            for floor in [0.0, 0.003] {
                let measured = t60_s(&room(t60, floor));
                assert!((measured / t60 - 1.0).abs() < TOLERANCE, "{t60} {floor}: {measured}");
            }
        }
    }

    #[test]
    fn decay_shortens_by_its_factor_and_drops_what_is_left() {
        let long = room(2.0, 0.0);
        for decay in [0.1, 0.5, 0.9] {
            let short = shortened(&long, 0, decay);
            assert!((t60_s(&short) / (2.0 * decay) - 1.0).abs() < TOLERANCE, "{decay}: {}", t60_s(&short));
            assert!(short.frames() as f64 <= (2.5 * 2.0 * decay * RATE_HZ).min(long.frames() as f64), "{decay}");
        }
        assert_eq!(shortened(&long, 0, 1.0), long);
    }

    #[test]
    fn trim_drops_the_start() {
        let response = ImpulseResponse::from_rows(&[&[0.0, 0.0, 1.0, 0.5][..]]).unwrap();
        assert_eq!(shortened(&response, 2, 1.0).row(0), &[1.0, 0.5]);
        // No decay to shorten.
        assert_eq!(shortened(&response, 0, 0.5), response);
    }
}
