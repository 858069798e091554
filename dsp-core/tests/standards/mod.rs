//! The cases of EBU Tech 3341 v4, Tech 3342 and those of ITU-R BS.2217, with the values that a meter must read.
//!
//! Played by the tests, `examples/conformance.rs` and the comparison with other meters.

mod cases;
mod signal;
pub(crate) mod weighting;

pub(crate) use cases::cases;
pub(crate) use signal::{Audio, Signal};

use mixdown::{
    Block, Meter, Sample, StreamSpec,
    meters::{Loudness, LoudnessParams, Precision, Weights},
};

/// Every case holds at each of these.
pub(crate) const RATES_HZ: [f64; 5] = [44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0];

/// A value of a meter's reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Figure {
    Integrated,
    MaxMomentary,
    MaxShortTerm,
    /// Constant from 1 s on: the value farthest from the exact one counts.
    Momentary,
    /// Constant from 3 s on.
    ShortTerm,
    Range,
    TruePeak,
}

/// One value required by a case.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) figure: Figure,
    /// The value of the standard.
    pub(crate) nominal: f64,
    /// The standard's tolerance below and above.
    pub(crate) standard: [f64; 2],
    /// The exact value of the signal: from the response of the printed filters and the durations of the steps.
    pub(crate) exact: f64,
    /// Our tolerance on either side of that.
    pub(crate) ours: f64,
}

impl Ask {
    /// The value in a reading.
    pub(crate) fn of(&self, reading: &Loudness) -> f64 {
        let farthest = |from_s: f64, curve: &[f64]| {
            let points = std::iter::zip(&reading.times_s, curve).filter(|(time_s, _)| **time_s >= from_s - 1e-9);
            let distance = |value: f64| (value - self.exact).abs();
            let farthest = points.map(|(_, value)| *value).max_by(|a, b| distance(*a).total_cmp(&distance(*b)));
            farthest.unwrap_or(f64::NAN)
        };
        match self.figure {
            Figure::Integrated => reading.integrated_lufs,
            Figure::MaxMomentary => reading.max_momentary_lufs,
            Figure::MaxShortTerm => reading.max_short_term_lufs,
            Figure::Momentary => farthest(1.0, &reading.momentary_lufs),
            Figure::ShortTerm => farthest(3.0, &reading.short_term_lufs),
            Figure::Range => reading.loudness_range_lu,
            Figure::TruePeak => reading.true_peak_dbtp.unwrap_or(f64::NAN),
        }
    }

    /// Whether the value is within the standard's tolerance.
    pub(crate) fn meets_standard(&self, value: f64) -> bool {
        let [below, above] = self.standard;
        value == self.nominal || (self.nominal - below..=self.nominal + above).contains(&value)
    }

    /// Whether the value is within ours.
    pub(crate) fn meets_ours(&self, value: f64) -> bool {
        value == self.exact || (value - self.exact).abs() <= self.ours
    }
}

/// A file, or several that are played without a reset between them.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The number in the standard. Cases of several files have several of one name.
    pub(crate) name: String,
    /// Settings of the meter: the precision of the true peak.
    pub(crate) precision: Precision,
    /// The signals, and the values required after each.
    pub(crate) sections: Vec<(Signal, Vec<Ask>)>,
}

impl Case {
    /// A reading after each section, in blocks of the lengths of `cut`.
    pub(crate) fn readings<S: Sample>(
        &self,
        rate_hz: f64,
        sections: &[Audio<S>],
        mut cut: impl FnMut() -> usize,
    ) -> Vec<Loudness> {
        let channels = sections.first().map_or(2, |audio| audio.channels().len());
        let params = LoudnessParams { weights: Weights::ByCount, precision: self.precision, ..Default::default() };
        let spec = StreamSpec::new(rate_hz, channels).expect("a rate and a count that are legal");
        let mut meter = params.build::<S>(&spec).expect("a layout of that many channels");
        let section = |audio: &Audio<S>| {
            let slices = audio.channels();
            let block = Block::from_slices(&slices).expect("channels of one length");
            let mut start = 0;
            while start < block.frames() {
                let part = block.frames_at(start, cut().min(block.frames() - start));
                meter.observe(&part);
                start += part.frames();
            }
            meter.reading()
        };
        sections.iter().map(section).collect()
    }

    /// The files.
    pub(crate) fn audio<S: Sample>(&self, rate_hz: f64) -> Vec<Audio<S>> {
        self.sections.iter().map(|(signal, _)| signal.audio(rate_hz)).collect()
    }
}
