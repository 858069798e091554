//! The chain while it runs, with the meters behind it.

use crate::{
    program::{COMPRESSOR, LIMITER},
    strip::Strip,
};
use alloc::boxed::Box;
use mixdown::{
    Block, BlockMut, Bypass, Dynamics, Error, Meter, Processor, StreamSpec,
    meters::{LoudnessMeter, LoudnessParams, Memory},
};

/// What [`Running::readings`] returns, in this order.
pub(crate) const READINGS: [&str; 9] = [
    "momentary_lufs",
    "short_term_lufs",
    "integrated_lufs",
    "loudness_range_lu",
    "true_peak_dbtp",
    "sample_peak_dbfs",
    "compressor_reduction_db",
    "limiter_reduction_db",
    "non_finite_samples",
];

pub(crate) struct Running {
    /// The strip, and the dry sound beside it, delayed by its latency.
    strip: Bypass<f32, Strip>,
    meter: Box<LoudnessMeter<f32>>,
    /// The largest reductions of compressor and limiter at the ends of blocks since they were last read, in dB.
    reductions_db: [f64; 2],
}

impl Running {
    /// Takes the memory of a strip; from here on nothing takes any.
    pub(crate) fn new(mut strip: Strip, spec: &StreamSpec) -> Result<Self, Error> {
        strip.start()?;
        let meter = LoudnessParams { memory: Memory::Constant, ..Default::default() }.build(spec)?;
        Ok(Self { strip: Bypass::new(strip, false), meter: Box::new(meter), reductions_db: [0.0; 2] })
    }

    pub(crate) fn strip_mut(&mut self) -> &mut Strip {
        self.strip.processor_mut()
    }

    pub(crate) fn set_bypassed(&mut self, bypassed: bool) {
        self.strip.set_bypassed(bypassed);
    }

    /// Processes a block of two channels in place and measures it.
    pub(crate) fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        self.strip_mut().follow();
        if let Ok(mut block) = BlockMut::from_slices(&mut [&mut *left, &mut *right]) {
            self.strip.process(&mut block);
        }
        if let Ok(block) = Block::from_slices(&[&*left, &*right]) {
            self.meter.observe(&block);
        }
        for (largest, stage) in self.reductions_db.iter_mut().zip([COMPRESSOR, LIMITER]) {
            let dynamics = self.strip.processor().stages[stage].processor().and_then(Processor::dynamics);
            *largest = dynamics.map_or(0.0, reduction_db).max(*largest);
        }
    }

    pub(crate) fn latency_frames(&self) -> usize {
        self.strip.latency_frames()
    }

    /// The meters now; the reductions start anew.
    pub(crate) fn readings(&mut self) -> [f64; READINGS.len()] {
        let reading = self.meter.reading();
        let [compressor_db, limiter_db] = core::mem::take(&mut self.reductions_db);
        [
            self.meter.momentary_lufs(),
            self.meter.short_term_lufs(),
            reading.integrated_lufs,
            reading.loudness_range_lu,
            reading.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY),
            reading.sample_peak_dbfs,
            compressor_db,
            limiter_db,
            self.strip.non_finite_samples() as f64,
        ]
    }

    pub(crate) fn reset_meters(&mut self) {
        self.meter.reset();
        self.reductions_db = [0.0; 2];
    }
}

/// The largest of all channels at the last frame.
fn reduction_db(dynamics: &dyn Dynamics<f32>) -> f64 {
    (0..dynamics.traces()).map(|trace| dynamics.gain_reduction_db(trace)).fold(0.0, f64::max)
}
