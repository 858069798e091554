//! Pan of a mono source, balance of a stereo one.

use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::{choice, params},
        engine::{Compiled, Engine, compiled, engine},
        error::{Error, channels_in},
        fit::fit,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        unit::ms_to_frames,
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp},
        scale,
    },
};

/// Pan of a mono source, balance of a stereo one.
///
/// # Signal
/// - mono in: L = gL(p) x, R = gR(p) x
/// - stereo in (balance): L = min(1, gL(p)/gL(0)) L, R = min(1, gR(p)/gR(0)) R: 0 dB at the centre, and only
///   attenuation, as the balance of a mixing desk
///
/// # Parameters
/// Those of [`PanParams`].
///
/// # Contract
/// Latency 0, tail 0. 1 -> 2 or 2 -> 2 channels. Hard left leaves exactly 0 on the right. Both gains glide over 20 ms,
/// C2. Neutral for a stereo source at `pan` 0.
///
/// Memory: 0.29 kB for stereo f32 at 48 kHz.
///
/// # Source
/// θ = (p+1)π/4, gL = cosᵉ θ, gR = sinᵉ θ with e = (centre attenuation in dB)/3.0103: e = 1 keeps the power constant, e
/// = 2 the mono sum. Linear: (1-p)/2, (1+p)/2.
#[derive(Clone, Debug)]
pub struct Pan<S> {
    spec: StreamSpec,
    backend: Backend,
    gains: Ramp<2>,
    non_finite: u64,
    sample: core::marker::PhantomData<S>,
}

choice! {
    /// Level of a source between the two sides.
    PanLaw, default ConstantPower {
        /// -3 dB at the centre: the same power everywhere.
        ConstantPower = "constant_power",
        /// -4.5 dB at the centre: the compromise of large consoles.
        Minus4_5Db = "-4.5dB",
        /// -6 dB at the centre, on sine curves: the same mono sum everywhere.
        Minus6Db = "-6dB",
        /// -6 dB at the centre, on straight lines.
        Linear = "linear",
    }
}

params! {
    /// Settings of [`Pan`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, levels::PanParams};
    ///
    /// // One channel in, two out: a block has room for both.
    /// let mut pan = PanParams::default().build::<f64>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut audio = [1.0, 0.0];
    /// pan.process(&mut BlockMut::from_planar(&mut audio, 2)?);
    /// assert!(audio.iter().all(|gain| (gain - 0.5_f64.sqrt()).abs() < 1e-12), "-3.01 dB at the centre");
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    PanParams {
        pan: none, -1.0..=1.0, default 0.0, "Position, from -1 (left) to 1 (right)";
        law: choice PanLaw, "Level of a source on its way from one side to the other";
    }
}

/// Gains of a mono source to the left and the right loudspeaker.
pub(crate) fn mono_gains(pan: f64, law: PanLaw) -> [f64; 2] {
    // cos(π/2) is 6e-17 in floating point; the far side of a hard pan is exactly 0.
    if pan <= -1.0 {
        return [1.0, 0.0];
    }
    if pan >= 1.0 {
        return [0.0, 1.0];
    }
    let exponent = match law {
        PanLaw::ConstantPower => 1.0,
        PanLaw::Minus4_5Db => 1.5,
        PanLaw::Minus6Db => 2.0,
        PanLaw::Linear => return [(1.0 - pan) / 2.0, (1.0 + pan) / 2.0],
    };
    // By the cosine for both sides, so that mirrored positions give mirrored bits.
    let side = |pan: f64| libm::pow(libm::cos((1.0 + pan) * core::f64::consts::FRAC_PI_4), exponent);
    [side(pan), side(-pan)]
}

/// Gains of a stereo source's left and right channel: never above 1, and exactly 1 at the centre.
pub(crate) fn balance_gains(pan: f64, law: PanLaw) -> [f64; 2] {
    let [left, right] = mono_gains(pan, law);
    let [centre, _] = mono_gains(0.0, law);
    [if pan <= 0.0 { 1.0 } else { left / centre }, if pan >= 0.0 { 1.0 } else { right / centre }]
}

impl Params for PanParams {
    type Coeffs = PanCoeffs;
    type Processor<S: Sample> = Pan<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        channels_in(input, 1, 2).map(|()| 2)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<PanCoeffs>, Error> {
        self.validate(spec)?;
        let gains = if spec.channels() == 1 { mono_gains } else { balance_gains };
        let [left, right] = gains(self.pan, self.law);
        Ok(Designed::new(spec, PanCoeffs { left, right }))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Pan<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }
}

/// Coefficients of a [`Pan`]: the left and the right gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanCoeffs {
    left: f64,
    right: f64,
}

impl PanCoeffs {
    /// The values of the ramp.
    fn gains(&self) -> [f64; 2] {
        [self.left, self.right]
    }
}

impl<S: Sample> Engine<S> for Pan<S> {
    type Params = PanParams;

    fn build(params: &PanParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz());
        Ok(Pan {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            gains: Ramp::new(coeffs.gains(), ramp_frames),
            non_finite: 0,
            sample: core::marker::PhantomData,
        })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, 2, |block| {
            self.non_finite += scale::stereo(self.backend, block, self.spec.channels() == 1, &mut self.gains);
        });
    }
}

compiled!(PanParams => Pan);

impl<S: Sample> Processor<S> for Pan<S> {
    engine!(PanParams);

    fn output_channels(&self) -> usize {
        2
    }

    fn reset(&mut self) {
        let Self { spec: _, backend: _, gains, non_finite, sample: _ } = self;
        gains.jump_to(gains.target());
        *non_finite = 0;
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Pan<S> {
    type Params = PanParams;

    fn apply(&mut self, coeffs: &PanCoeffs) {
        self.gains.set_target(coeffs.gains());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::unit::{gain_to_db, power_to_db};

    /// Gate P1: centre and power within ±0.001 dB, hard sides exactly 0.
    const LIMIT_DB: f64 = 0.001;

    #[test]
    fn p1_centre_level_of_every_law() {
        for (law, centre_db) in [
            (PanLaw::ConstantPower, -3.010),
            (PanLaw::Minus4_5Db, -4.515),
            (PanLaw::Minus6Db, -6.021),
            (PanLaw::Linear, -6.021),
        ] {
            let [left, right] = mono_gains(0.0, law);
            assert_eq!(left, right);
            assert!((gain_to_db(left) - centre_db).abs() <= LIMIT_DB, "{law:?} {}", gain_to_db(left));
        }
    }

    #[test]
    fn p1_power_and_mono_sum_are_constant() {
        for step in -1000..=1000 {
            let pan = f64::from(step) / 1000.0;
            let [left, right] = mono_gains(pan, PanLaw::ConstantPower);
            assert!(power_to_db(left * left + right * right).abs() <= LIMIT_DB, "{pan}");
            for law in [PanLaw::Minus6Db, PanLaw::Linear] {
                let [left, right] = mono_gains(pan, law);
                assert!(gain_to_db(left + right).abs() <= LIMIT_DB, "{law:?} {pan}");
            }
            let [mirror_right, mirror_left] = mono_gains(-pan, PanLaw::ConstantPower);
            assert_eq!([left, right], [mirror_left, mirror_right]);
        }
    }

    #[test]
    fn p1_far_side_of_a_hard_pan_is_exactly_zero() {
        for law in [PanLaw::ConstantPower, PanLaw::Minus4_5Db, PanLaw::Minus6Db, PanLaw::Linear] {
            assert_eq!(mono_gains(-1.0, law), [1.0, 0.0]);
            assert_eq!(mono_gains(1.0, law), [0.0, 1.0]);
            assert_eq!(balance_gains(1.0, law), [0.0, 1.0]);
            assert_eq!(balance_gains(0.0, law), [1.0, 1.0]);
        }
    }

    #[test]
    fn a_linear_balance_is_one_minus_pan() {
        let [left, right] = balance_gains(0.25, PanLaw::Linear);
        assert_eq!([left, right], [0.75, 1.0]);
    }
}
