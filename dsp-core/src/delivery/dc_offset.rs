//! DC offset of a programme, and its removal.
//!
//! The offset is the mean of a channel under a Welch window, which does not mistake an incomplete cycle of a low tone
//! for an offset. Faulty converters add a constant; a high pass would remove it too, but also rotate the phase of the
//! bass, which raises peaks, and ring at both ends.

use crate::{
    foundation::{block::Block, sample::Sample, unit::gain_to_db},
    meters::loudness::Loudness,
};
use alloc::vec::Vec;

/// Largest DC offset left in a master, in dBFS.
pub const MAX_DC_OFFSET_DBFS: f64 = -60.0;

/// The offset of each channel; 0 if it is small before and after the gain to the target.
pub(super) fn dc_offsets<S: Sample>(programme: &Block<'_, '_, S>, target_lufs: f64, source: &Loudness) -> Vec<f64> {
    let gain_db = target_lufs - source.integrated_lufs;
    let gain_db = if gain_db.is_finite() { gain_db.max(0.0) } else { 0.0 };
    let frames = programme.frames() as f64;
    (0..programme.channels())
        .map(|channel| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for (n, sample) in programme.channel(channel).iter().enumerate() {
                let place = (2 * n + 1) as f64 / frames - 1.0;
                let weight = 1.0 - place * place;
                weights += weight;
                sum += weight * sample.to_f64();
            }
            let mean = sum / weights;
            if gain_to_db(libm::fabs(mean)) + gain_db > MAX_DC_OFFSET_DBFS { mean } else { 0.0 }
        })
        .collect()
}

/// The programme minus a constant in each channel.
pub(super) fn subtracted<S: Sample>(programme: &Block<'_, '_, S>, offsets: &[f64]) -> Vec<S> {
    let channels = offsets.iter().enumerate();
    channels
        .flat_map(|(channel, &offset)| {
            programme.channel(channel).iter().map(move |sample| S::from_f64(sample.to_f64() - offset))
        })
        .collect()
}
