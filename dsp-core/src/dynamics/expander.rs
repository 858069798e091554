//! Downward expander: reduces the level below a threshold by a ratio.

use super::{
    detector::{Detector, DetectorCoeffs},
    expansion::{Closing, Expansion, ExpansionCoeffs},
    gain_computer::{ComputerCoeffs, GainComputer},
    gate_ballistics::GateBallisticsCoeffs,
    key_filter::KeyFilterCoeffs,
    passes::reduce,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::{choice, params},
        engine::{Compiled, Engine, compiled, engine, traced},
        error::Error,
        params::{Designed, Params, Tunable},
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        silence,
        stream::StreamSpec,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::{backend::Backend, ramp::GAIN_RAMP_MS},
};
use alloc::{boxed::Box, vec::Vec};

/// Downward expander: reduces the level below a threshold by a ratio.
///
/// # Signal
/// in or key -> high pass, low pass -> level in dB -> static curve -> link -> hold, release, attack -> gain;
/// in -> delay -> × gain -> out
///
/// # Parameters
/// Those of [`ExpanderParams`].
///
/// # Contract
/// Any channel count, linked to the channel with the least reduction, or each by itself. Latency is the lookahead, to
/// the frame, 0 without; the tail is the latency. A key of one channel acts on all channels; a key of as many, each on
/// its own.
///
/// The attack is the time to 63.2 % of an opening in amplitude and does not depend on the range; the release is the
/// time to 63.2 % of a closing in dB, for attacks up to it, after the hold, which bridges the ripple of low notes: 15
/// ms that of 34 Hz and more; 90 % takes 2.3 times as long. Levels are mean squares over 10 ms (`rms`; a sine at full
/// scale is -3.01 dB) or the quadrature envelope (`peak`; it is 0 dB), which opens faster. Both fade before the hold: a
/// tone at -6 dBFS that ends at once (threshold -40 dBFS, knee and hold 0) keeps it open for 76 ms with `rms`, with
/// `peak` for up to 71 ms at 50 Hz, 56 at 100 Hz, 41 at 200 Hz, 13 at 1 kHz. The lookahead lets the gain open before
/// the signal, and lengthens the hold by as much. A stream starts closed, as after long silence. An infinite range is
/// one of 240 dB. Signal above the knee passes bit for bit from 3.5 attacks after the opening. Neutral at `ratio` 1.
///
/// Changes: threshold, ratio, knee, range, link and detector glide over 20 ms before the ballistics, attack and release
/// within them, the key's filters over 50 ms; the hold changes at once.
///
/// Memory: 27.3 kB for stereo f32 at 48 kHz.
///
/// # Source
/// The compressor's curve, mirrored: D. Giannoulis, M. Massberg, J. Reiss, JAES 60(6), 2012. Ballistics: own
/// (`dynamics::gate_ballistics`).
#[derive(Clone, Debug)]
pub struct Expander<S> {
    spec: StreamSpec,
    /// Boxed: it is large compared with the other effects of a chain.
    expansion: Box<Expansion<S, Slope>>,
}

choice! {
    /// Level detection of an [`Expander`].
    ExpanderDetector, default Rms {
        /// The mean square, over 10 ms.
        Rms = "rms",
        /// The quadrature envelope.
        Peak = "peak",
    }
}

/// Time constant of the mean squares.
const RMS_MS: f64 = 10.0;

params! {
    /// Settings of [`Expander`].
    ///
    /// ```
    /// use mixdown::{Params, dynamics::ExpanderParams};
    ///
    /// let params = ExpanderParams { threshold_db: -40.0, ratio: 2.0, knee_db: 0.0, ..Default::default() };
    /// let levels_db = params.transfer_curve(&[-20.0, -50.0]).unwrap();
    /// assert!(levels_db[0] == -20.0 && (levels_db[1] + 60.0).abs() < 1e-3);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    ExpanderParams {
        threshold_db: dBFS, -80.0..=0.0, default -40.0, "Level below which it expands";
        ratio: none, 1.0..=100.0, default 2.0, log, "dB out per dB in below the threshold";
        knee_db: dB, 0.0..=24.0, default 6.0, "Width of the knee";
        attack_ms: ms, 0.02..=250.0, default 5.0, log, "Time to 63.2 % of an opening in amplitude";
        hold_ms: ms, 0.0..=500.0, default 15.0, "Time that it stays open after a crest";
        release_ms: ms, 5.0..=5_000.0, default 100.0, log, "Time to 63.2 % of a closing in dB";
        range_db: dB, 0.0..=inf, default 40.0, "Most reduction";
        link_percent: %, 0.0..=100.0, default 100.0, "Share of the least reduced channel's reduction in every channel";
        lookahead_ms: ms, 0.0..=10.0, default 0.0, fixed, "Time by which it opens before a sound";
        detector: choice ExpanderDetector, "Level detection";
        key_high_pass_hz: Hz, 20.0..=10_000.0, default 0.0, log, off(0.0), of_rate(0.45), "Corner of a high pass on the key, 12 dB per octave";
        key_low_pass_hz: Hz, 50.0..=20_000.0, default 0.0, log, off(0.0), of_rate(0.45), "Corner of a low pass on the key, 12 dB per octave";
    }
}

impl ExpanderParams {
    fn computer(&self) -> ComputerCoeffs {
        ComputerCoeffs::expander(self.threshold_db, self.ratio, self.knee_db, self.range_db)
    }
}

impl Params for ExpanderParams {
    type Coeffs = ExpanderCoeffs;
    type Processor<S: Sample> = Expander<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<ExpanderCoeffs>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let lookahead_frames = ms_to_frames(self.lookahead_ms, rate_hz);
        let hold_frames = ms_to_frames(self.hold_ms, rate_hz) + lookahead_frames;
        let detector = match self.detector {
            ExpanderDetector::Rms => Detector::Rms,
            ExpanderDetector::Peak => Detector::Peak,
        };
        let times = GateBallisticsCoeffs::new(self.attack_ms, hold_frames, self.release_ms, rate_hz);
        let expansion = ExpansionCoeffs {
            key_filter: KeyFilterCoeffs::new(self.key_high_pass_hz, self.key_low_pass_hz, rate_hz),
            detector: DetectorCoeffs::new(detector, RMS_MS, rate_hz),
            lookahead_frames,
            times,
            link: self.link_percent / 100.0,
        };
        Ok(Designed::new(spec, ExpanderCoeffs { expansion, computer: self.computer() }))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Expander<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { ratio: 1.0, ..Self::default() })
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        let computer = self.computer();
        Some(levels_db.iter().map(|&level_db| level_db - computer.reduction_db(level_db)).collect())
    }
}

/// Coefficients of an [`Expander`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpanderCoeffs {
    expansion: ExpansionCoeffs,
    computer: ComputerCoeffs,
}

/// The static curve of an expander; it has no state, so all channels share it.
#[derive(Clone, Debug)]
struct Slope {
    computer: GainComputer,
}

impl<S: Sample> Closing<S> for Slope {
    fn uniform_frames(&self) -> usize {
        self.computer.uniform_frames()
    }

    fn decide<'c>(&mut self, backend: Backend, frames: usize, lanes: impl Iterator<Item = (&'c [S], &'c mut [f64])>)
    where
        S: 'c,
    {
        let knees = self.computer.span::<S>(frames);
        for (levels, reductions) in lanes {
            reduce(backend, levels, &knees, reductions);
        }
    }

    fn link(&mut self) {}

    fn unlink(&mut self) {}

    fn at_silence(&self) -> f64 {
        self.computer.target_reduction(libm::log2(silence::DETECTOR_LEVEL))
    }

    fn reset(&mut self) {
        self.computer.reset();
    }
}

impl<S: Sample> Engine<S> for Expander<S> {
    type Params = ExpanderParams;

    fn build(params: &ExpanderParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let glide = ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz());
        let slope = Slope { computer: GainComputer::new(&coeffs.computer, glide) };
        Ok(Expander { spec: *spec, expansion: Box::new(Expansion::new(spec, &coeffs.expansion, slope)) })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        self.expansion.process(block, key, reduction_db);
    }
}

compiled!(ExpanderParams => Expander);

impl<S: Sample> Processor<S> for Expander<S> {
    engine!(ExpanderParams, dynamics, key);

    fn reset(&mut self) {
        let Self { spec: _, expansion } = self;
        expansion.reset();
    }

    fn latency_frames(&self) -> usize {
        self.expansion.latency_frames()
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.latency_frames() as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.expansion.non_finite_samples()
    }
}

impl<S: Sample> Tunable<S> for Expander<S> {
    type Params = ExpanderParams;

    fn fits(&self, coeffs: &ExpanderCoeffs) -> Result<(), Error> {
        self.expansion.check(&coeffs.expansion)
    }

    fn apply(&mut self, coeffs: &ExpanderCoeffs) {
        self.expansion.set_coeffs(&coeffs.expansion);
        self.expansion.closing_mut().computer.set_coeffs(&coeffs.computer);
    }
}

impl<S: Sample> Dynamics<S> for Expander<S> {
    traced!(ExpanderParams);

    fn gain_reduction_db(&self, trace: usize) -> f64 {
        self.expansion.gain_reduction_db(trace)
    }

    fn gain_reduction(&self) -> GainReduction {
        self.expansion.gain_reduction()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_begins_as_after_long_silence() {
        let mut expander = ExpanderParams::default().build::<f64>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let mut impulse = [0.5, 0.0];
        expander.process(&mut BlockMut::from_planar(&mut impulse, 1).unwrap());
        let mut after = [0.5, 0.0];
        let mut other = ExpanderParams::default().build::<f64>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        other.process(&mut BlockMut::from_planar(&mut [0.0; 48_000], 1).unwrap());
        other.process(&mut BlockMut::from_planar(&mut after, 1).unwrap());
        assert!((impulse[0] / after[0] - 1.0).abs() < 1e-6);
    }
}
