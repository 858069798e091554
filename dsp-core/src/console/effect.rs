//! An effect as a value: the settings of any processor, or of several put together.
//!
//! [`Effect`] is what a preset or a session stores. It builds an [`EffectProcessor`], which is what chains, mixers and
//! streams hold. The macro makes the enums, with one variant for each entry of the list of processors, and leads from a
//! variant to its contract; everything else is ordinary code.

use super::{
    bypass::Bypass,
    chain::Chain,
    custom::CustomProcessor,
    mid_side::MidSide,
    parallel::{Parallel, check_gains, common_channels},
};
use crate::foundation::{
    block::{Block, BlockMut},
    engine::{self, Engine, compiled},
    error::{Error, expect_channels},
    field::{Field, Value},
    params::{Params, Tunable},
    processor::{Dynamics, Processor},
    sample::Sample,
    stream::StreamSpec,
    table::{Fields, not_set},
    tagged::tagged,
    tail::Tail,
    unit::db_to_gain,
};
use alloc::{boxed::Box, vec, vec::Vec};
use num_complex::Complex64;

macro_rules! effects {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// The settings of an effect: of one processor, or of several put together.
        ///
        /// ```
        /// use mixdown::{BlockMut, Effect, Params, Processor, StreamSpec, filters::HighPassParams, levels::GainParams};
        ///
        /// let effect = Effect::Chain {
        ///     effects: vec![HighPassParams { frequency_hz: 80.0, ..Default::default() }.into(), GainParams::default().into()],
        /// };
        /// let mut running = effect.build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
        /// let mut step = [1.0; 48_000];
        /// running.process(&mut BlockMut::from_planar(&mut step, 1)?);
        /// assert!(step[47_999].abs() < 1e-6);
        /// # Ok::<(), mixdown::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Effect {
            $(
                #[doc = concat!("Settings of the processor `", stringify!($name), "`.")]
                $name($params),
            )*
            /// Effects in series.
            Chain {
                /// First to last; none at all changes nothing.
                effects: Vec<Effect>,
            },
            /// Effects side by side, aligned in time and summed.
            Parallel {
                /// The branches, at least one.
                effects: Vec<Effect>,
                /// Level of each branch in dB, -inf..60; empty means 0 dB for all.
                gains_db: Vec<f64>,
            },
            /// Effects on the mid and on the side of a stereo signal, aligned in time.
            MidSide {
                /// In series on (L+R)/2.
                mid: Vec<Effect>,
                /// In series on (L-R)/2.
                side: Vec<Effect>,
            },
            /// An effect that is switched off: only its latency is left.
            Bypass {
                /// The effect passed by.
                effect: Box<Effect>,
            },
        }

        tagged! {
            Effect "Effect" {
                $($name($params),)*
                Chain {
                    effects: Vec<Effect>,
                },
                Parallel {
                    effects: Vec<Effect>,
                    #[serde(default, with = "crate::foundation::unbounded::list")]
                    gains_db: Vec<f64>,
                },
                MidSide {
                    #[serde(default)]
                    mid: Vec<Effect>,
                    #[serde(default)]
                    side: Vec<Effect>,
                },
                Bypass {
                    effect: Box<Effect>,
                },
            }
        }

        /// What an [`Effect`] designs for a stream, on any thread, for [`EffectProcessor::set_coeffs`] in a callback.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum EffectCoeffs {
            $(
                #[doc = concat!("Of the processor `", stringify!($name), "`.")]
                $name(<$params as Params>::Coeffs),
            )*
            /// Of the effects in series.
            Chain(Vec<EffectCoeffs>),
            /// Of the branches, and their gains.
            Parallel(Vec<EffectCoeffs>, Vec<f64>),
            /// Of the effects on mid and side.
            MidSide(Vec<EffectCoeffs>, Vec<EffectCoeffs>),
            /// Of the effect passed by.
            Bypass(Box<EffectCoeffs>),
        }

        /// A running effect.
        #[derive(Clone)]
        #[non_exhaustive]
        pub enum EffectProcessor<S: Sample> {
            $(
                #[doc = concat!("The processor `", stringify!($name), "`.")]
                $name($processor),
            )*
            /// In series.
            Chain(Chain<S, Self>),
            /// Side by side.
            Parallel(Parallel<S, Self>),
            /// On mid and side.
            MidSide(MidSide<S, Self>),
            /// Switched off, or on again.
            Bypass(Box<Bypass<S, Self>>),
            /// A processor of the host's own. It takes no [`Effect`] as new settings.
            Custom(Box<dyn CustomProcessor<S>>),
        }

        $(
            impl From<$params> for Effect {
                fn from(params: $params) -> Self {
                    Self::$name(params)
                }
            }

            impl Single for $params {
                fn output_channels(&self, input: usize) -> Result<usize, Error> {
                    Params::output_channels(self, input)
                }
                fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
                    Params::validate(self, spec)
                }
                fn design(&self, spec: &StreamSpec) -> Result<EffectCoeffs, Error> {
                    Params::design(self, spec).map(EffectCoeffs::$name)
                }
                fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
                    Params::transfer_curve(self, levels_db)
                }
                fn frequency_response(
                    &self,
                    spec: &StreamSpec,
                    frequencies_hz: &[f64],
                ) -> Result<Option<Vec<Complex64>>, Error> {
                    Params::frequency_response(self, spec, frequencies_hz)
                }
            }
        )*

        impl Effect {
            /// The settings of one processor.
            fn single(&self) -> Option<&dyn Single> {
                match self {
                    $(Self::$name(params) => Some(params),)*
                    _ => None,
                }
            }

            fn single_mut(&mut self) -> Option<&mut dyn Single> {
                match self {
                    $(Self::$name(params) => Some(params),)*
                    _ => None,
                }
            }

            fn build_single<S: Sample>(&self, spec: &StreamSpec) -> Option<Result<EffectProcessor<S>, Error>> {
                match self {
                    $(Self::$name(params) => Some(params.build(spec).map(EffectProcessor::$name)),)*
                    _ => None,
                }
            }
        }

        impl<S: Sample> EffectProcessor<S> {
            fn inner(&self) -> &dyn Processor<S> {
                match self {
                    $(Self::$name(processor) => processor,)*
                    Self::Chain(chain) => chain,
                    Self::Parallel(parallel) => parallel,
                    Self::MidSide(both) => both,
                    Self::Bypass(bypass) => &**bypass,
                    Self::Custom(processor) => processor,
                }
            }

            fn inner_mut(&mut self) -> &mut dyn Processor<S> {
                match self {
                    $(Self::$name(processor) => processor,)*
                    Self::Chain(chain) => chain,
                    Self::Parallel(parallel) => parallel,
                    Self::MidSide(both) => both,
                    Self::Bypass(bypass) => &mut **bypass,
                    Self::Custom(processor) => processor,
                }
            }

            /// Whether a single processor takes these coefficients, which may be of another kind.
            fn check_single(&self, coeffs: &EffectCoeffs) -> Result<(), Error> {
                match (self, coeffs) {
                    $((Self::$name(processor), EffectCoeffs::$name(coeffs)) => processor.check(coeffs),)*
                    _ => Err(OTHER_KIND),
                }
            }

            fn apply_single(&mut self, coeffs: &EffectCoeffs) {
                match (self, coeffs) {
                    $((Self::$name(processor), EffectCoeffs::$name(coeffs)) => processor.apply(coeffs),)*
                    _ => {}
                }
            }
        }
    };
}

crate::for_each_processor!(effects);

/// What coefficients of another kind of effect are refused with.
const OTHER_KIND: Error = Error::NeedsRebuild { param: "effect" };

/// The settings of one processor, whichever it is: [`Params`] without its types.
trait Single: Fields {
    fn output_channels(&self, input: usize) -> Result<usize, Error>;
    fn validate(&self, spec: &StreamSpec) -> Result<(), Error>;
    fn design(&self, spec: &StreamSpec) -> Result<EffectCoeffs, Error>;
    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>>;
    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error>;
}

/// In series, first to last.
impl From<Vec<Effect>> for Effect {
    fn from(effects: Vec<Effect>) -> Self {
        Self::Chain { effects }
    }
}

impl Default for Effect {
    fn default() -> Self {
        Self::Chain { effects: Vec::new() }
    }
}

impl Fields for Effect {
    fn fields(&self) -> &'static [Field] {
        self.single().map_or(&[], |params| params.fields())
    }

    fn get(&self, name: &str) -> Option<Value<'static>> {
        self.single().and_then(|params| params.get(name))
    }

    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), Error> {
        self.single_mut().map_or_else(|| Err(not_set(&[], name)), |params| params.set(name, value))
    }

    fn highest(&self, name: &str) -> f64 {
        self.single().map_or(f64::INFINITY, |params| params.highest(name))
    }
}

impl Params for Effect {
    type Coeffs = EffectCoeffs;
    type Processor<S: Sample> = EffectProcessor<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        match self {
            Self::Chain { effects } => series_channels(effects, "effects", input),
            Self::Parallel { effects, .. } => {
                let counts = each(effects, |effect| effect.output_channels(input))?;
                common_channels(&counts).map(|common| common.unwrap_or(input))
            }
            Self::MidSide { mid, side } => {
                expect_channels(2, input)?;
                for (effects, list) in [(mid, "mid"), (side, "side")] {
                    let channels = series_channels(effects, list, 1)?;
                    expect_channels(1, channels).map_err(|error| error.within(list, None))?;
                }
                Ok(2)
            }
            Self::Bypass { effect } => effect.output_channels(input).map_err(within_bypass),
            _ => self.single().map_or(Ok(input), |params| params.output_channels(input)),
        }
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.output_channels(spec.channels())?;
        match self {
            Self::Chain { effects } => validate_series(effects, "effects", spec),
            Self::Parallel { effects, gains_db } => {
                check_gains(effects.len(), gains_db)?;
                each(effects, |effect| effect.validate(spec)).map(drop)
            }
            Self::MidSide { mid, side } => {
                let mono = spec.with_channels(1)?;
                validate_series(mid, "mid", &mono)?;
                validate_series(side, "side", &mono)
            }
            Self::Bypass { effect } => effect.validate(spec).map_err(within_bypass),
            _ => self.single().map_or(Ok(()), |params| params.validate(spec)),
        }
    }

    fn design(&self, spec: &StreamSpec) -> Result<EffectCoeffs, Error> {
        self.output_channels(spec.channels())?;
        match self {
            Self::Chain { effects } => design_series(effects, "effects", spec).map(EffectCoeffs::Chain),
            Self::Parallel { effects, gains_db } => {
                check_gains(effects.len(), gains_db)?;
                let branches = each(effects, |effect| effect.design(spec))?;
                Ok(EffectCoeffs::Parallel(branches, gains_db.iter().map(|&gain_db| db_to_gain(gain_db)).collect()))
            }
            Self::MidSide { mid, side } => {
                let mono = spec.with_channels(1)?;
                Ok(EffectCoeffs::MidSide(design_series(mid, "mid", &mono)?, design_series(side, "side", &mono)?))
            }
            Self::Bypass { effect } => {
                let inner = effect.design(spec).map_err(within_bypass)?;
                Ok(EffectCoeffs::Bypass(Box::new(inner)))
            }
            _ => self.single().map_or(Ok(EffectCoeffs::Chain(Vec::new())), |params| params.design(spec)),
        }
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<EffectProcessor<S>, Error> {
        engine::build(self, spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        self.single()?.transfer_curve(levels_db)
    }

    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        self.output_channels(spec.channels())?;
        match self {
            Self::Chain { effects } => {
                let respond = |effect: &Self, stage: &StreamSpec| effect.frequency_response(stage, frequencies_hz);
                let responses = in_series(effects, "effects", spec, respond)?;
                Ok(combine(responses, vec![Complex64::ONE; frequencies_hz.len()], |so_far, own| so_far * own))
            }
            Self::Parallel { effects, gains_db } => {
                check_gains(effects.len(), gains_db)?;
                let mut responses = each(effects, |effect| effect.frequency_response(spec, frequencies_hz))?;
                for (response, &gain_db) in responses.iter_mut().flatten().zip(gains_db) {
                    response.iter_mut().for_each(|own| *own *= db_to_gain(gain_db));
                }
                Ok(combine(responses, vec![Complex64::ZERO; frequencies_hz.len()], |so_far, own| so_far + own))
            }
            Self::MidSide { .. } => self.validate(spec).map(|()| None),
            Self::Bypass { .. } => self.validate(spec).map(|()| Some(vec![Complex64::ONE; frequencies_hz.len()])),
            _ => self.single().map_or(Ok(None), |params| params.frequency_response(spec, frequencies_hz)),
        }
    }
}

impl<S: Sample> Engine<S> for EffectProcessor<S> {
    type Params = Effect;

    fn build(params: &Effect, spec: &StreamSpec) -> Result<Self, Error> {
        params.output_channels(spec.channels())?;
        Ok(match params {
            Effect::Chain { effects } => Self::Chain(Chain::new(spec, build_series(effects, "effects", spec)?)?),
            Effect::Parallel { effects, gains_db } => {
                check_gains(effects.len(), gains_db)?;
                Self::Parallel(Parallel::new(spec, each(effects, |effect| Self::build(effect, spec))?, gains_db)?)
            }
            Effect::MidSide { mid, side } => {
                let mono = spec.with_channels(1)?;
                let mid = Chain::new(&mono, build_series(mid, "mid", &mono)?)?;
                let side = Chain::new(&mono, build_series(side, "side", &mono)?)?;
                Self::MidSide(MidSide::new(spec, mid, side)?)
            }
            Effect::Bypass { effect } => {
                let inner = Self::build(effect, spec).map_err(within_bypass)?;
                Self::Bypass(Box::new(Bypass::new(inner, true)))
            }
            _ => match params.build_single(spec) {
                Some(processor) => processor?,
                None => Self::Chain(Chain::new(spec, Vec::new())?),
            },
        })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        match key {
            Some(key) => self.inner_mut().process_keyed(block, key),
            None => self.inner_mut().process(block),
        }
    }
}

compiled!(Effect => EffectProcessor);

impl<S: Sample> EffectProcessor<S> {
    /// A processor of the host's own, as an effect.
    pub fn custom(processor: impl CustomProcessor<S> + 'static) -> Self {
        Self::Custom(Box::new(processor))
    }

    /// As [`Tunable::check`]; the refusal names its place in the tree, for which it takes memory.
    fn check_placed(&self, coeffs: &EffectCoeffs) -> Result<(), Error> {
        match (self, coeffs) {
            (Self::Chain(chain), EffectCoeffs::Chain(coeffs)) => check_list(chain.processors(), "effects", coeffs),
            (Self::Parallel(parallel), EffectCoeffs::Parallel(coeffs, _)) => {
                check_list(parallel.branches(), "effects", coeffs)
            }
            (Self::MidSide(both), EffectCoeffs::MidSide(mid, side)) => {
                check_list(both.mid().processors(), "mid", mid)?;
                check_list(both.side().processors(), "side", side)
            }
            (Self::Bypass(bypass), EffectCoeffs::Bypass(coeffs)) => {
                bypass.processor().check_placed(coeffs).map_err(within_bypass)
            }
            _ => self.check_single(coeffs),
        }
    }
}

impl<S: Sample> Tunable<S> for EffectProcessor<S> {
    type Params = Effect;

    fn check(&self, coeffs: &EffectCoeffs) -> Result<(), Error> {
        match (self, coeffs) {
            (Self::Chain(chain), EffectCoeffs::Chain(coeffs)) => chain.check(coeffs),
            (Self::Parallel(parallel), EffectCoeffs::Parallel(coeffs, _)) => parallel.check(coeffs),
            (Self::MidSide(both), EffectCoeffs::MidSide(mid, side)) => both.check(mid, side),
            (Self::Bypass(bypass), EffectCoeffs::Bypass(coeffs)) => bypass.processor().check(coeffs),
            _ => self.check_single(coeffs),
        }
    }

    fn apply(&mut self, coeffs: &EffectCoeffs) {
        match (self, coeffs) {
            (Self::Chain(chain), EffectCoeffs::Chain(coeffs)) => chain.apply(coeffs),
            (Self::Parallel(parallel), EffectCoeffs::Parallel(coeffs, gains)) => parallel.apply(coeffs, gains),
            (Self::MidSide(both), EffectCoeffs::MidSide(mid, side)) => both.apply(mid, side),
            (Self::Bypass(bypass), EffectCoeffs::Bypass(coeffs)) => bypass.processor_mut().apply(coeffs),
            (processor, coeffs) => processor.apply_single(coeffs),
        }
    }

    /// Glides to the settings of `params`, which must be of the same shape: the same kinds of effects in the same
    /// order.
    fn set_params(&mut self, params: &Effect) -> Result<(), Error> {
        let coeffs = params.design(&self.spec())?;
        self.check_placed(&coeffs)?;
        self.apply(&coeffs);
        Ok(())
    }
}

impl<S: Sample> Processor<S> for EffectProcessor<S> {
    fn spec(&self) -> StreamSpec {
        self.inner().spec()
    }

    fn output_channels(&self) -> usize {
        self.inner().output_channels()
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        engine::run::<S, Effect>(self, block, None, None);
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        engine::run::<S, Effect>(self, block, Some(key), None);
    }

    fn takes_key(&self) -> bool {
        self.inner().takes_key()
    }

    fn reset(&mut self) {
        self.inner_mut().reset();
    }

    fn latency_frames(&self) -> usize {
        self.inner().latency_frames()
    }

    fn tail(&self) -> Tail {
        self.inner().tail()
    }

    fn non_finite_samples(&self) -> u64 {
        self.inner().non_finite_samples()
    }

    fn dynamics(&self) -> Option<&dyn Dynamics<S>> {
        self.inner().dynamics()
    }

    fn dynamics_mut(&mut self) -> Option<&mut dyn Dynamics<S>> {
        self.inner_mut().dynamics_mut()
    }
}

impl<S: Sample> core::fmt::Debug for EffectProcessor<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let inner = self.inner();
        f.debug_struct("EffectProcessor")
            .field("spec", &inner.spec())
            .field("latency_frames", &inner.latency_frames())
            .finish_non_exhaustive()
    }
}

fn within_bypass(error: Error) -> Error {
    error.within("effect", None)
}

fn check_list<S: Sample>(
    processors: &[EffectProcessor<S>],
    list: &'static str,
    coeffs: &[EffectCoeffs],
) -> Result<(), Error> {
    if processors.len() != coeffs.len() {
        return Err(Error::NeedsRebuild { param: list });
    }
    processors.iter().zip(coeffs).enumerate().try_for_each(|(position, (processor, coeffs))| {
        processor.check_placed(coeffs).map_err(|error| error.within(list, position))
    })
}

pub(super) fn series_channels(effects: &[Effect], list: &'static str, input: usize) -> Result<usize, Error> {
    effects.iter().enumerate().try_fold(input, |channels, (position, effect)| {
        effect.output_channels(channels).map_err(|error| error.within(list, position))
    })
}

/// Runs `work` on each of several `effects` side by side.
fn each<T>(effects: &[Effect], work: impl Fn(&Effect) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    let placed = |(position, effect)| work(effect).map_err(|error| error.within("effects", position));
    effects.iter().enumerate().map(placed).collect()
}

/// Runs `each` with the stream that each effect of a series sees.
fn in_series<T>(
    effects: &[Effect],
    list: &'static str,
    spec: &StreamSpec,
    each: impl Fn(&Effect, &StreamSpec) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut stage = *spec;
    let mut results = Vec::with_capacity(effects.len());
    for (position, effect) in effects.iter().enumerate() {
        results.push(each(effect, &stage).map_err(|error| error.within(list, position))?);
        stage = stage.with_channels(effect.output_channels(stage.channels())?)?;
    }
    Ok(results)
}

/// Folds responses point by point; one that is missing leaves none.
fn combine(
    responses: Vec<Option<Vec<Complex64>>>,
    start: Vec<Complex64>,
    fold: impl Fn(Complex64, Complex64) -> Complex64,
) -> Option<Vec<Complex64>> {
    responses.into_iter().try_fold(start, |so_far, own| {
        own.map(|own| so_far.into_iter().zip(own).map(|(so_far, own)| fold(so_far, own)).collect())
    })
}

pub(super) fn validate_series(effects: &[Effect], list: &'static str, spec: &StreamSpec) -> Result<(), Error> {
    in_series(effects, list, spec, Effect::validate).map(drop)
}

pub(super) fn design_series(
    effects: &[Effect],
    list: &'static str,
    spec: &StreamSpec,
) -> Result<Vec<EffectCoeffs>, Error> {
    in_series(effects, list, spec, Effect::design)
}

pub(super) fn build_series<S: Sample>(
    effects: &[Effect],
    list: &'static str,
    spec: &StreamSpec,
) -> Result<Vec<EffectProcessor<S>>, Error> {
    in_series(effects, list, spec, EffectProcessor::build)
}
