//! The settings of a plate.

use crate::foundation::declare::params;

params! {
    /// Settings of [`Plate`](super::Plate).
    #[derive(Clone, Copy, Debug, PartialEq)]
    PlateParams {
        decay: none, 0.0..=0.99, default 0.5, "What each half of the tank keeps, twice";
        predelay_ms: ms, 0.0..=250.0, default 0.0, "Delay of the reverb behind the input";
        damping_hz: Hz, 200.0..=20_000.0, default 7_000.0, log, "Corner of the low pass in each half of the tank";
        mix: none, 0.0..=1.0, default 1.0, "0 is the input alone, 1 the plate alone";
    }
}
