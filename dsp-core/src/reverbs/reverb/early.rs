//! Early reflections: two loudspeakers and two microphones in an empty box.
//!
//! # Source
//! J. Allen and D. Berkley, "Image method for efficiently simulating small-room acoustics", JASA 65(4), 1979. Each
//! image of order n has gain β^n / r; only the strongest are kept. Own: they fade towards the latest, so that they do
//! not end in a step.

use crate::foundation::unit::db_to_gain;

/// Reflections kept from one loudspeaker to one microphone.
pub(super) const REFLECTIONS: usize = 6;
/// Most bounces of a reflection.
const ORDERS: i32 = 3;
/// Latest reflection, in ms after the direct sound.
pub(super) const LATEST_MS: f64 = 80.0;
/// Reduction of a reflection at [`LATEST_MS`], in proportion to its delay.
const FADE_DB: f64 = 10.0;
/// Speed of sound at 20 °C, in m/s.
const SPEED_M_S: f64 = 343.0;
/// β: pressure reflection factor of a wall.
const WALL: f64 = 0.8;
/// Positions, as parts of width, depth and height, none a simple fraction, so that few reflections coincide.
const SPEAKERS: [[f64; 3]; 2] = [[0.31, 0.73, 0.37], [0.67, 0.73, 0.37]];
const MICROPHONES: [[f64; 3]; 2] = [[0.43, 0.29, 0.41], [0.59, 0.29, 0.41]];

/// One reflection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Reflection {
    /// After the direct sound, in ms.
    pub(super) delay_ms: f64,
    pub(super) gain: f64,
}

/// The strongest reflections from each loudspeaker to one microphone; the squares of all gains sum to 1.
pub(super) fn reflections(size_m: [f64; 3], microphone: usize) -> [[Reflection; REFLECTIONS]; 2] {
    let microphone = MICROPHONES[microphone];
    let mut all = SPEAKERS.map(|speaker| strongest(size_m, speaker, microphone));
    for reflection in all.as_flattened_mut() {
        reflection.gain *= db_to_gain(-FADE_DB * reflection.delay_ms / LATEST_MS);
    }
    let energy: f64 = all.as_flattened().iter().map(|reflection| reflection.gain * reflection.gain).sum();
    for reflection in all.as_flattened_mut() {
        reflection.gain /= libm::sqrt(energy);
    }
    all
}

fn strongest(size_m: [f64; 3], speaker: [f64; 3], microphone: [f64; 3]) -> [Reflection; REFLECTIONS] {
    let distance_m = |image: [f64; 3]| {
        let mut square = 0.0;
        for axis in 0..3 {
            let difference = size_m[axis] * (image[axis] - microphone[axis]);
            square += difference * difference;
        }
        libm::sqrt(square)
    };
    let direct_m = distance_m(speaker);
    let mut kept = [Reflection::default(); REFLECTIONS];
    let cells = |used: i32| used - ORDERS..=ORDERS - used;
    for x in cells(0) {
        for y in cells(x.abs()) {
            for z in cells(x.abs() + y.abs()) {
                let order = x.abs() + y.abs() + z.abs();
                // A cell an odd number of walls away is mirrored.
                let image = [(x, 0), (y, 1), (z, 2)].map(|(cell, axis)| {
                    f64::from(cell) + if cell % 2 == 0 { speaker[axis] } else { 1.0 - speaker[axis] }
                });
                let path_m = distance_m(image);
                let delay_ms = 1e3 * (path_m - direct_m) / SPEED_M_S;
                let gain = libm::pow(WALL, f64::from(order)) * direct_m / path_m;
                if order > 0 && delay_ms <= LATEST_MS && gain > kept[REFLECTIONS - 1].gain {
                    kept[REFLECTIONS - 1] = Reflection { delay_ms, gain };
                    kept.sort_unstable_by(|a, b| b.gain.total_cmp(&a.gain));
                }
            }
        }
    }
    kept
}
