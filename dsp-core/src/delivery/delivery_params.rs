//! Settings of [`deliver`](super::deliver()).

use super::{
    dither_seed::content_seed,
    drive_search::Clip,
    quantizer::{Dither, NoiseShaping, QuantizerParams},
    targets::DeliveryTarget,
};
use crate::foundation::{
    block::Block,
    declare::{choice, params},
    error::Error,
    sample::Sample,
    table::Fields,
};

choice! {
    /// The use of the soft clip before the limiter.
    #[non_exhaustive]
    ClipMode, default Auto {
        /// Where the gain reduction of the limiter would exceed 3 dB.
        Auto = "auto",
        /// As many dB as `clip_db` says; 0 for none.
        Fixed = "fixed",
    }
}

params! {
    /// Settings of [`deliver`](super::deliver()).
    #[derive(Clone, Copy, Debug, PartialEq)]
    DeliveryParams {
        target_lufs: LUFS, -50.0..=0.0, default -14.0, "Integrated loudness of the target";
        ceiling_dbtp: dBTP, -12.0..=0.0, default -1.0, "Highest true peak allowed";
        clip_mode: choice ClipMode, "The use of the soft clip before the limiter";
        clip_db: dB, 0.0..=24.0, default 0.0, "Clipping of the highest peak with the mode fixed; none below the ceiling";
        bits: bits as u32, 8.0..=24.0, default 24, multiples(1.0, "a whole number"), off(0.0),
            "Word length to round to; 0 leaves the samples as they are";
        dither: choice Dither, "The noise added before rounding";
        noise_shaping: choice NoiseShaping, "The spectrum of the rounding error";
        seed: compound u64, default 0, "Seed of the noise beside that of the programme: the `name_seed` of the file";
        dual_mono: switch, default false,
            "Whether a programme of one channel counts as if two loudspeakers played it: 3.01 LU louder";
        remove_dc: switch, default true, "Removes a measurable DC offset";
    }
}

/// Loudness and ceiling of a target; a ceiling of 0 dBTP where there is none, the limit of integers.
impl From<DeliveryTarget> for DeliveryParams {
    fn from(target: DeliveryTarget) -> Self {
        let ceiling_dbtp = target.ceiling_at(target.integrated_lufs).unwrap_or(0.0);
        Self { target_lufs: target.integrated_lufs, ceiling_dbtp, ..Self::default() }
    }
}

impl DeliveryParams {
    /// Checks every parameter; never clamps.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; [`Error::NotAllowed`] for noise shaping where it does nothing.
    pub fn validate(&self) -> Result<(), Error> {
        // No range here depends on the rate.
        self.check_fields(f64::INFINITY)?;
        self.noise_shaping.check_bits(self.bits)
    }

    /// The rounding, if there is one.
    pub(super) fn word<S: Sample>(&self, programme: &Block<'_, '_, S>) -> Option<QuantizerParams> {
        let Self { bits, dither, noise_shaping, .. } = *self;
        let seed = content_seed(programme, self.seed);
        (bits != 0).then_some(QuantizerParams { bits, dither, noise_shaping, seed })
    }

    /// The clip of the search.
    pub(super) fn clip(&self) -> Clip {
        match self.clip_mode {
            ClipMode::Auto => Clip::Auto,
            ClipMode::Fixed => Clip::Depth(self.clip_db),
        }
    }
}
