//! Rooms: how large they are, how their lines are spread, where their walls are.

use super::Space;

/// What a space is at `size` 0.5.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rooms {
    /// Shortest and longest line of the network, in ms.
    pub(super) lines_ms: [f64; 2],
    /// Width, depth and height in m: where the early reflections come from.
    pub(super) walls_m: [f64; 3],
    /// Of the numbers that spread lines, signs and permutations: the best of 250 by the flatness of the tail, among those
    /// whose echoes are dense within 45 ms at all rates.
    pub(super) seed: u64,
}

impl Space {
    pub(super) fn rooms(self) -> Rooms {
        match self {
            Self::Room => Rooms { lines_ms: [30.0, 100.0], walls_m: [6.2, 4.9, 2.8], seed: 246 },
            Self::Club => Rooms { lines_ms: [32.0, 115.0], walls_m: [15.0, 11.0, 4.2], seed: 67 },
            Self::Chamber => Rooms { lines_ms: [34.0, 130.0], walls_m: [9.5, 7.1, 5.3], seed: 13 },
            Self::Hall => Rooms { lines_ms: [40.0, 160.0], walls_m: [28.0, 41.0, 17.0], seed: 98 },
            Self::Cathedral => Rooms { lines_ms: [40.0, 180.0], walls_m: [31.0, 74.0, 26.0], seed: 82 },
        }
    }
}
