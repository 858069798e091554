//! Spectra of a whole track, in parts on all threads: the same bits as from one pass.

use super::{
    cells::Cells,
    error::AnalysisError,
    spectra::{Spectra, SpectraMeter},
};
use crate::{
    console::offline::Progress,
    foundation::{block::Block, sample::Sample, stream::StreamSpec},
    primitives::threads::Threads,
};
use alloc::vec::Vec;
use core::ops::ControlFlow;

/// Frames of a part: 11 s at 48 kHz.
const FRAMES: usize = 128;

impl Spectra {
    /// As [`measure`](Self::measure), on all threads; `progress` is called with the share done, and may end it.
    ///
    /// # Errors
    /// [`AnalysisError::Setting`] for another count of channels than one or two, [`AnalysisError::Interrupted`].
    pub fn measure_with<S: Sample>(
        track: &Block<'_, '_, S>,
        spec: &StreamSpec,
        progress: Progress<'_>,
    ) -> Result<Self, AnalysisError> {
        let meter = || SpectraMeter::<S>::new(spec);
        let mut whole = meter()?.finish();
        let hop = Cells::new(spec.sample_rate_hz()).frame() / 2;
        let samples = track.frames();
        let parts = samples.div_ceil(hop).div_ceil(FRAMES);
        let part = |index: usize| {
            let start = index * FRAMES * hop;
            // The last frame of a part reaches into the next.
            let length = ((FRAMES + 1) * hop).min(samples - start);
            let mut meter = meter()?;
            meter.observe(&track.frames_at(start, length));
            Ok(meter.finish_at(FRAMES))
        };
        let go_on = |share: f64| match progress(share) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AnalysisError::Interrupted),
        };
        let measured: Vec<Result<Self, AnalysisError>> = match parts {
            0 | 1 => (0..parts).map(part).collect(),
            _ => Threads::new().try_map(parts, part, go_on)?,
        };
        for part in measured {
            whole.append(&part?, samples as u64);
        }
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    #[test]
    fn parts_have_the_bits_of_one_pass() {
        let mut random = Random::new(1, 0);
        let samples: [Vec<f32>; 2] =
            core::array::from_fn(|_| (0..700_000).map(|_| random.triangular() as f32).collect());
        for rate_hz in [8_000.0, 48_000.0] {
            let hop = Cells::new(rate_hz).frame() / 2;
            for length in [0, 1, hop, FRAMES * hop, (FRAMES + 1) * hop, (FRAMES + 1) * hop + 1, 2 * FRAMES * hop - 1] {
                let length = length.min(700_000);
                let rows = [&samples[0][..length], &samples[1][..length]];
                for rows in [&rows[..1], &rows[..]] {
                    let block = Block::from_slices(rows).unwrap();
                    let spec = StreamSpec::new(rate_hz, rows.len()).unwrap();
                    let whole = Spectra::measure(&block, &spec).unwrap();
                    let parts = Spectra::measure_with(&block, &spec, &mut |_| ControlFlow::Continue(())).unwrap();
                    assert!(whole == parts, "{rate_hz} {length} {}", rows.len());
                }
            }
        }
    }
}
