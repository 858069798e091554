//! Gate: opens above a threshold, closes below it, with hysteresis and hold.

use super::{
    detector::{Detector, DetectorCoeffs},
    expansion::{Closing, Expansion, ExpansionCoeffs},
    gain_computer::{floor, range},
    gate_ballistics::GateBallisticsCoeffs,
    key_filter::KeyFilterCoeffs,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine, traced},
        error::Error,
        params::{Designed, Params, Tunable},
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
        unit::DB_PER_OCTAVE,
        unit::ms_to_frames,
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
};
use alloc::{boxed::Box, vec, vec::Vec};

/// Gate: opens above a threshold, closes below it, with hysteresis and hold.
///
/// # Signal
/// in or key -> high pass, low pass -> level in dB -> closed, open or on hold -> link -> release, attack -> gain;
/// in -> delay -> × gain -> out
///
/// # Parameters
/// Those of [`GateParams`].
///
/// # Contract
/// Any channel count, linked to the channel with the least reduction, or each by itself. Latency is the lookahead, to
/// the frame, 0 without; the tail is the latency. A key of one channel acts on all channels; a key of as many, each on
/// its own.
///
/// It opens when the level exceeds the threshold, and closes when no level has exceeded the threshold minus the
/// hysteresis for the hold. Levels are those of the quadrature envelope: a sine at full scale is 0 dB at any frequency.
/// The envelope of a tone that ends at once fades over its periods, before the hold: at -6 dBFS (threshold -40 dBFS,
/// hold 0) the gate stays open for up to 74 ms at 50 Hz, 59 at 100 Hz, 44 at 200 Hz, 13 at 1 kHz. The attack is in
/// amplitude and does not depend on the range: closed at any range, the gain is at 63.2 % within the attack, within 1
/// dB after twice that, and exactly 1, bit for bit, after 3.5 times. So the energy of the first 2 ms of a sound loses
/// the less, the slower it rises: at an attack of 1 ms a constant loses 3.8 dB, a recorded snare 4.0, a kick 4.7, a
/// hi-hat 6.1; with a lookahead of 1 ms 1.2, 1.4 and 1.7, of two attacks less than 1 dB whatever the sound, of 4 ms
/// nothing. The release is the time to 63.2 % of a closing in dB, for attacks up to it; 90 % takes 2.3 times as long.
/// The lookahead lets the gain open before the signal, and lengthens the hold by as much. A stream starts closed.
/// An infinite range is one of 240 dB. Neutral at `range_db` 0.
///
/// Changes: threshold, hysteresis, range and link glide over 20 ms before the ballistics, attack and release within
/// them, the key's filters over 50 ms; the hold changes at once.
///
/// Memory: 27.2 kB for stereo f32 at 48 kHz.
///
/// # Source
/// Own (`dynamics::gate_ballistics`); the level is that of `dynamics::quadrature`.
#[derive(Clone, Debug)]
pub struct Gate<S> {
    spec: StreamSpec,
    /// Boxed: it is large compared with the other effects of a chain.
    expansion: Box<Expansion<S, Switches>>,
}

params! {
    /// Settings of [`Gate`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Dynamics, Params, Processor, StreamSpec, dynamics::GateParams};
    ///
    /// let mut gate = GateParams::default().build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    /// assert_eq!(GateParams::default().transfer_curve(&[-30.0, -50.0]), Some(vec![-30.0, -130.0]));
    /// gate.process(&mut BlockMut::from_planar(&mut [0.5; 4_800], 1)?);
    /// assert_eq!(gate.gain_reduction_db(0), 0.0);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    GateParams {
        threshold_db: dBFS, -80.0..=0.0, default -40.0, "Level above which it opens";
        attack_ms: ms, 0.02..=250.0, default 1.0, log, "Time to 63.2 % of an opening in amplitude";
        hold_ms: ms, 0.0..=500.0, default 10.0, "Time that it stays open";
        release_ms: ms, 5.0..=5_000.0, default 100.0, log, "Time to 63.2 % of a closing in dB";
        range_db: dB, 0.0..=inf, default 80.0, "Reduction of the closed gate";
        hysteresis_db: dB, 0.0..=12.0, default 3.0, "Distance below the threshold at which it closes";
        link_percent: %, 0.0..=100.0, default 100.0, "Share of the least reduced channel's reduction in every channel";
        lookahead_ms: ms, 0.0..=10.0, default 0.0, fixed, "Time by which it opens before a sound";
        key_high_pass_hz: Hz, 20.0..=10_000.0, default 0.0, log, off(0.0), of_rate(0.45), "Corner of a high pass on the key, 12 dB per octave";
        key_low_pass_hz: Hz, 50.0..=20_000.0, default 0.0, log, off(0.0), of_rate(0.45), "Corner of a low pass on the key, 12 dB per octave";
    }
}

impl Params for GateParams {
    type Coeffs = GateCoeffs;
    type Processor<S: Sample> = Gate<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<GateCoeffs>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        // The hold is in the switch.
        let times = GateBallisticsCoeffs::new(self.attack_ms, 0, self.release_ms, rate_hz);
        let lookahead_frames = ms_to_frames(self.lookahead_ms, rate_hz);
        Ok(Designed::new(
            spec,
            GateCoeffs {
                expansion: ExpansionCoeffs {
                    key_filter: KeyFilterCoeffs::new(self.key_high_pass_hz, self.key_low_pass_hz, rate_hz),
                    // The time constant is unused: there are no mean squares.
                    detector: DetectorCoeffs::new(Detector::Peak, 1.0, rate_hz),
                    lookahead_frames,
                    times,
                    link: self.link_percent / 100.0,
                },
                opens_octaves: self.threshold_db / DB_PER_OCTAVE,
                closes_octaves: (self.threshold_db - self.hysteresis_db) / DB_PER_OCTAVE,
                floor: floor(self.range_db),
                hold_frames: ms_to_frames(self.hold_ms, rate_hz) + lookahead_frames,
            },
        ))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Gate<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { range_db: 0.0, ..Self::default() })
    }

    /// For levels rising from silence: within the hysteresis the gate stays closed.
    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        let output_db =
            |&level_db: &f64| if level_db > self.threshold_db { level_db } else { level_db - self.range_db };
        Some(levels_db.iter().map(output_db).collect())
    }
}

/// Coefficients of a [`Gate`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GateCoeffs {
    expansion: ExpansionCoeffs,
    /// Level above which it opens, and below which it closes.
    opens_octaves: f64,
    closes_octaves: f64,
    /// Gain of the closed gate.
    floor: f64,
    hold_frames: usize,
}

impl GateCoeffs {
    /// Values that glide: both levels and the floor.
    fn glide(&self) -> [f64; 3] {
        [self.opens_octaves, self.closes_octaves, self.floor]
    }
}

/// Whether a channel is open, and for how many more frames after its level has fallen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Switch {
    open: bool,
    left: usize,
}

impl Switch {
    const CLOSED: Self = Self { open: false, left: 0 };

    /// The state after a frame of this level: it opens above `opens` and closes below `closes`.
    #[inline(always)]
    fn next<S: Sample>(self, level: S, opens: S, closes: S, hold_frames: usize) -> Self {
        // Without a branch on the level, which no machine foresees: `|` and `&`.
        let stays = (level > opens) | (self.open & (level >= closes));
        let left = if stays { hold_frames } else { self.left.saturating_sub(1) };
        Self { open: stays | (self.open & (self.left > 0)), left }
    }
}

/// The closing of a gate: a switch with hysteresis and hold, for each channel or for all.
#[derive(Clone, Debug)]
struct Switches {
    /// [`GateCoeffs::glide`].
    thresholds: Ramp<3>,
    hold_frames: usize,
    switches: Vec<Switch>,
}

impl<S: Sample> Closing<S> for Switches {
    fn uniform_frames(&self) -> usize {
        self.thresholds.uniform_frames()
    }

    fn decide<'c>(&mut self, _form: Backend, frames: usize, lanes: impl Iterator<Item = (&'c [S], &'c mut [f64])>)
    where
        S: 'c,
    {
        let (span, _) = self.thresholds.span::<f64>(frames);
        for (switch, (levels, reductions)) in self.switches.iter_mut().zip(lanes) {
            let mut state = *switch;
            match &span {
                Span::Still([opens, closes, floor]) => {
                    let [opens, closes] = [*opens, *closes].map(S::from_f64);
                    let closed = range(*floor);
                    for (level, reduction) in levels.iter().zip(reductions) {
                        state = state.next(*level, opens, closes, self.hold_frames);
                        *reduction = if state.open { 0.0 } else { closed };
                    }
                }
                Span::Moving([opens, closes, floor]) => {
                    for ((index, level), reduction) in (0_i32..).zip(levels).zip(reductions) {
                        let [opens, closes] = [opens.at(index), closes.at(index)].map(S::from_f64);
                        state = state.next(*level, opens, closes, self.hold_frames);
                        *reduction = if state.open { 0.0 } else { range(floor.at(index)) };
                    }
                }
            }
            *switch = state;
        }
    }

    fn link(&mut self) {
        let open = self.switches.iter().any(|switch| switch.open);
        let left = self.switches.iter().filter(|switch| switch.open).map(|switch| switch.left).max().unwrap_or(0);
        if let Some(first) = self.switches.first_mut() {
            *first = Switch { open, left };
        }
    }

    fn unlink(&mut self) {
        if let [first, others @ ..] = self.switches.as_mut_slice() {
            others.fill(*first);
        }
    }

    fn at_silence(&self) -> f64 {
        let [_, _, floor] = self.thresholds.target();
        range(floor)
    }

    fn reset(&mut self) {
        let Self { thresholds, hold_frames: _, switches } = self;
        thresholds.jump_to(thresholds.target());
        switches.fill(Switch::CLOSED);
    }
}

impl<S: Sample> Engine<S> for Gate<S> {
    type Params = GateParams;

    fn build(params: &GateParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let switches = Switches {
            thresholds: Ramp::new(coeffs.glide(), ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz())),
            hold_frames: coeffs.hold_frames,
            switches: vec![Switch::CLOSED; spec.channels()],
        };
        Ok(Gate { spec: *spec, expansion: Box::new(Expansion::new(spec, &coeffs.expansion, switches)) })
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

compiled!(GateParams => Gate);

impl<S: Sample> Processor<S> for Gate<S> {
    engine!(GateParams, dynamics, key);

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

impl<S: Sample> Tunable<S> for Gate<S> {
    type Params = GateParams;

    fn fits(&self, coeffs: &GateCoeffs) -> Result<(), Error> {
        self.expansion.check(&coeffs.expansion)
    }

    fn apply(&mut self, coeffs: &GateCoeffs) {
        self.expansion.set_coeffs(&coeffs.expansion);
        let switches = self.expansion.closing_mut();
        switches.thresholds.set_target(coeffs.glide());
        switches.hold_frames = coeffs.hold_frames;
    }
}

impl<S: Sample> Dynamics<S> for Gate<S> {
    traced!(GateParams);

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
    fn the_switch_opens_above_holds_within_and_closes_below() {
        let mut switch = Switch::CLOSED;
        let mut after = |level: f64| {
            switch = switch.next(level, -6.0, -7.0, 2);
            switch.open
        };
        assert_eq!([-6.5, -6.0, -5.9, -6.9, -7.0].map(&mut after), [false, false, true, true, true]);
        assert_eq!([-7.1, -8.0, -9.0, -6.5].map(&mut after), [true, true, false, false]);
        assert_eq!(
            [-5.0, -9.0, -9.0, -7.0, -9.0, -9.0, -9.0].map(&mut after),
            [true, true, true, true, true, true, false]
        );
    }
}
