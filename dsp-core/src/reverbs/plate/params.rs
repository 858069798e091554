//! The settings of a plate.

use crate::foundation::declare::params;

params! {
    /// Settings of [`Plate`](super::Plate).
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, reverbs::PlateParams};
    ///
    /// // One channel in, two out.
    /// let mut plate =
    ///     PlateParams { predelay_ms: 10.0, ..Default::default() }.build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut audio = vec![0.0; 2 * 48_000];
    /// audio[0] = 1.0;
    /// plate.process(&mut BlockMut::from_planar(&mut audio, 2)?);
    /// let (left, right) = audio.split_at(48_000);
    /// assert!(left[..480].iter().chain(&right[..480]).all(|&sample| sample == 0.0), "10 ms later");
    /// assert!(left[480..].iter().any(|sample| sample.abs() > 0.01) && left != right);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    PlateParams {
        decay: none, 0.0..=0.99, default 0.5, "Gain of each half of the tank, applied twice";
        predelay_ms: ms, 0.0..=250.0, default 0.0, "Delay of the reverb behind the input";
        diffusion: none, 0.0..=1.0, default 1.0, "Factor on the gains of the all passes at the input; 0 is a delay of 39 ms";
        damping_hz: Hz, 200.0..=20_000.0, default 7_000.0, log, "Corner of the low pass in each half of the tank";
        modulation_hz: Hz, 0.0..=3.0, default 1.0, "Rate of the delay modulation in the tank";
        modulation_depth_ms: ms, 0.0..=1.0, default 0.1, "Peak deviation of these delays";
        low_cut_hz: Hz, 20.0..=1_000.0, default 20.0, log, "Corner of the low cut at the input of the plate, 12 dB per octave; 20 is off";
        width: none, 0.0..=2.0, default 1.0, "Factor on the side signal of the plate; its level is kept";
        mix: none, 0.0..=1.0, default 1.0, "0 is the input alone, 1 the plate alone";
    }
}
