//! Spaces: the kinds of rooms that a reverb models.

use crate::foundation::declare::choice;

choice! {
    /// The kind of room that a [`Reverb`](super::Reverb) models.
    Space, default Hall {
        /// A studio's live room.
        Room = "room",
        /// A club, wide and low.
        Club = "club",
        /// An echo chamber.
        Chamber = "chamber",
        /// A concert hall.
        Hall = "hall",
        /// A cathedral.
        Cathedral = "cathedral",
    }
}

/// The model of a space at `size` 0.5.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoomModel {
    /// Shortest and longest line of the network, in ms.
    pub(super) lines_ms: [f64; 2],
    /// Width, depth and height in m, for the early reflections.
    pub(super) size_m: [f64; 3],
    /// Seed of the random delays, signs and permutations: the best of some hundreds by the flatness of the tail, among
    /// those whose beginning is smooth and dense at 44.1, 48 and 96 kHz.
    pub(super) seed: u64,
}

impl Space {
    pub(super) fn model(self) -> RoomModel {
        match self {
            Self::Room => RoomModel { lines_ms: [30.0, 100.0], size_m: [6.2, 4.9, 2.8], seed: 493 },
            Self::Club => RoomModel { lines_ms: [32.0, 115.0], size_m: [15.0, 11.0, 4.2], seed: 160 },
            Self::Chamber => RoomModel { lines_ms: [34.0, 130.0], size_m: [9.5, 7.1, 5.3], seed: 54 },
            Self::Hall => RoomModel { lines_ms: [40.0, 160.0], size_m: [28.0, 41.0, 17.0], seed: 108 },
            Self::Cathedral => RoomModel { lines_ms: [40.0, 180.0], size_m: [31.0, 74.0, 26.0], seed: 263 },
        }
    }
}
