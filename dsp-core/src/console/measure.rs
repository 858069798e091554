//! Measuring a mix offline: the level, loudness, correlation and gain reduction of every strip over a whole rendering.

use super::{
    chunk::CHUNK_FRAMES,
    meter_reader::{Snapshot, StripLevels},
    mixer::Mixer,
    offline::{AutoTail, Interrupted, KeepTail, Progress, auto_step, longest},
    strip_meter::{Metering, StripMeter},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        sample::Sample,
    },
    meters::loudness::Memory,
};
use alloc::{string::String, vec::Vec};

/// A strip over a whole rendering, after fader, pan and mute. `-inf` for silence, never NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StripReading {
    /// Largest sample, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub peak_dbfs: f64,
    /// RMS level of both sides, dBFS: a full-scale sine in both reads -3.01.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub rms_dbfs: f64,
    /// Integrated loudness, gated, LUFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub integrated_lufs: f64,
    /// Correlation of left and right, -1 to 1; 0 if one of them lies below -90 dBFS.
    pub correlation: f64,
    /// Largest gain reduction of an insert, dB, 0 or more.
    pub gain_reduction_db: f64,
    /// Samples at or beyond full scale.
    pub clipped_samples: u64,
}

impl StripReading {
    fn new((snapshot, integrated_lufs): (Snapshot, f64)) -> Self {
        let levels: StripLevels = snapshot.levels();
        Self {
            peak_dbfs: levels.sample_peak_dbfs,
            rms_dbfs: levels.overall_rms_dbfs,
            integrated_lufs,
            correlation: levels.overall_correlation,
            gain_reduction_db: levels.max_gain_reduction_db,
            clipped_samples: levels.clipped_samples,
        }
    }
}

/// Runs a mix as [`render_mix`](super::render_mix) does, and measures every strip by its name, the master last.
///
/// ```
/// use core::ops::ControlFlow;
/// use mixdown::{Block, Mixer, StreamSpec, StripParams, console::{KeepTail, measure_mix}};
///
/// let mut mixer = Mixer::<f32>::new(&StreamSpec::new(48_000.0, 2)?)?;
/// mixer.add_track("left", 1, &StripParams { pan: -1.0, ..Default::default() })?;
/// mixer.add_track("right", 1, &StripParams { pan: 1.0, fader_db: -6.0206, ..Default::default() })?;
/// let audio = [0.5; 48_000];
/// let inputs = [Block::from_planar(&audio, 1)?, Block::from_planar(&audio, 1)?];
/// let all = |_| ControlFlow::Continue(());
/// let readings = measure_mix(&mut mixer, &inputs, KeepTail::None, &mut { all })?;
/// let (name, master) = &readings[2];
/// assert_eq!((name.as_str(), master.correlation), ("master", 1.0));
/// assert!((master.peak_dbfs + 6.0206).abs() < 1e-3 && (readings[1].1.peak_dbfs + 12.0412).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Interrupted`] if `progress` interrupts it.
pub fn measure_mix<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    keep: KeepTail,
    progress: Progress<'_>,
) -> Result<Vec<(String, StripReading)>, Interrupted> {
    let live = (core::mem::replace(&mut mixer.metering, Metering::All), core::mem::take(&mut mixer.meters));
    let rate_hz = mixer.spec().sample_rate_hz();
    let input_frames = longest(inputs);
    let tail_frames = keep.frames(mixer.tail(), rate_hz);
    // The tail is as long as that of a rendering: where it ends is known afterwards.
    let step = if keep == KeepTail::Auto { auto_step(rate_hz) } else { 0 };
    let first = if keep == KeepTail::Auto { input_frames } else { input_frames + tail_frames };
    // Exact gates, unlike those of live meters.
    let exact = mixer.ids.iter().filter_map(|&id| StripMeter::new(id, &mixer.spec, Memory::Exact).ok());
    mixer.meters = exact.collect();
    mixer.route_meters();
    for meter in &mut mixer.meters {
        meter.start_marks(first as u64, step as u64);
    }
    let kept = run(mixer, inputs, [input_frames, tail_frames], keep == KeepTail::Auto, progress);
    let meters = core::mem::take(&mut mixer.meters);
    (mixer.metering, mixer.meters) = live;
    mixer.route_meters();
    let kept = kept?;
    let names = (0..meters.len()).map(|index| mixer.params.name(index).into());
    let readings = meters.iter().map(|meter| {
        let last = meter.marks.readings.len().saturating_sub(1);
        StripReading::new(meter.marks.readings.get(kept.min(last)).copied().unwrap_or_else(|| meter.reading()))
    });
    Ok(names.zip(readings).collect())
}

/// Runs the whole mix. Returns how many steps of the tail are kept.
fn run<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    [input_frames, tail_frames]: [usize; 2],
    keeps_auto: bool,
    progress: Progress<'_>,
) -> Result<usize, Interrupted> {
    let latency = mixer.latency_frames();
    let total = input_frames + tail_frames + latency;
    let mut tail = AutoTail::new(latency + input_frames, mixer.spec().sample_rate_hz());
    let mut mixed = [S::ZERO; 2 * CHUNK_FRAMES];
    for start in (0..total).step_by(CHUNK_FRAMES) {
        if progress(start as f64 / total as f64).is_break() {
            return Err(Interrupted);
        }
        let length = CHUNK_FRAMES.min(total - start);
        let Ok(mut block) = BlockMut::from_planar(&mut mixed[..2 * length], 2) else { continue };
        mixer.process_from(inputs, start, &mut block);
        tail.hear(start, &mixed[..2 * length], length);
    }
    if progress(1.0).is_break() {
        return Err(Interrupted);
    }
    Ok(if keeps_auto { tail.steps() } else { 0 })
}
