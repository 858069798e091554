//! An effect as a value: the settings of any processor, or of several put together.
//!
//! [`Effect`] is what a preset or a session stores. It builds an [`EffectProcessor`], which is what chains, mixers and
//! streams hold. Both have one variant per processor, from the one list in `processors`.

use super::{
    bypass::Bypass,
    chain::Chain,
    mid_side::MidSide,
    parallel::{Parallel, check_gains},
};
use crate::foundation::{
    block::{Block, BlockMut},
    error::{Error, channels_in},
    params::{Params, Tunable},
    processor::{Dynamics, Processor},
    sample::Sample,
    stream::StreamSpec,
    tagged::tagged,
    tail::Tail,
    unit::db_to_gain,
};
use alloc::{boxed::Box, vec, vec::Vec};
use num_complex::Complex64;

macro_rules! effects {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// The settings of an effect.
        ///
        /// ```
        /// use mixdown::{BlockMut, Effect, Processor, StreamSpec, filters::HighPassParams, levels::GainParams};
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
                #[doc = concat!("Settings of [`", stringify!($name), "`](crate::console::EffectProcessor).")]
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
            /// Passes through with the latency of an effect that is not run.
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

        $(impl From<$params> for Effect {
            fn from(params: $params) -> Self {
                Self::$name(params)
            }
        })*

        /// In series, first to last.
        impl From<Vec<Effect>> for Effect {
            fn from(effects: Vec<Effect>) -> Self {
                Self::Chain { effects }
            }
        }

        /// What an [`Effect`] designs for a stream, on any thread, for [`EffectProcessor::set_coeffs`] in a callback.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum EffectCoeffs {
            $(
                #[doc = concat!("Of [`", stringify!($name), "`](crate::console::EffectProcessor).")]
                $name(<$params as Params>::Coeffs),
            )*
            /// Of the effects in series.
            Chain(Vec<EffectCoeffs>),
            /// Of the branches, and their gains.
            Parallel(Vec<EffectCoeffs>, Vec<f64>),
            /// Of the effects on mid and side.
            MidSide(Vec<EffectCoeffs>, Vec<EffectCoeffs>),
            /// What the effect passed by has.
            Bypass {
                /// Its latency.
                latency_frames: usize,
                /// Channels that come out of it.
                output_channels: usize,
            },
        }

        /// A running effect.
        #[non_exhaustive]
        pub enum EffectProcessor<S: Sample> {
            $(
                #[doc = concat!("See [`", stringify!($name), "`](crate::console::EffectProcessor).")]
                $name($processor),
            )*
            /// In series.
            Chain(Chain<S>),
            /// Side by side.
            Parallel(Parallel<S>),
            /// On mid and side.
            MidSide(MidSide<S>),
            /// Passed by.
            Bypass(Bypass<S>),
            /// Any other processor. It takes no [`Effect`] as new settings.
            Custom(Box<dyn Processor<S>>),
        }

        impl Effect {
            /// Channels that come out for `input` channels in.
            ///
            /// # Errors
            /// [`Error::Channels`] if it does not take that many.
            pub fn output_channels(&self, input: usize) -> Result<usize, Error> {
                match self {
                    $(Self::$name(params) => params.output_channels(input),)*
                    Self::Chain { effects } => series_channels(effects, "effects", input),
                    Self::Parallel { effects, .. } => {
                        let counts = each(effects, |effect| effect.output_channels(input))?;
                        common_channels(&counts).map(|common| common.unwrap_or(input))
                    }
                    Self::MidSide { mid, side } => {
                        expect_channels(2, input)?;
                        expect_channels(1, series_channels(mid, "mid", 1)?).map_err(|error| error.within("mid", None))?;
                        expect_channels(1, series_channels(side, "side", 1)?).map_err(|error| error.within("side", None))?;
                        Ok(2)
                    }
                    Self::Bypass { effect } => effect.output_channels(input).map_err(|error| error.within("effect", None)),
                }
            }

            /// The coefficients for a stream: the costly part of a change, which may run on another thread.
            ///
            /// # Errors
            /// The first parameter that is out of range, or channel counts that do not fit.
            pub fn design(&self, spec: &StreamSpec) -> Result<EffectCoeffs, Error> {
                self.output_channels(spec.channels())?;
                Ok(match self {
                    $(Self::$name(params) => EffectCoeffs::$name(params.design(spec)?),)*
                    Self::Chain { effects } => EffectCoeffs::Chain(design_series(effects, "effects", spec)?),
                    Self::Parallel { effects, gains_db } => {
                        check_gains(effects.len(), gains_db)?;
                        let branches = each(effects, |effect| effect.design(spec))?;
                        EffectCoeffs::Parallel(branches, gains_db.iter().map(|&gain_db| db_to_gain(gain_db)).collect())
                    }
                    Self::MidSide { mid, side } => {
                        let mono = spec.with_channels(1)?;
                        EffectCoeffs::MidSide(design_series(mid, "mid", &mono)?, design_series(side, "side", &mono)?)
                    }
                    Self::Bypass { effect } => {
                        // Only what was built knows its latency.
                        let built = effect.build::<f32>(spec).map_err(|error| error.within("effect", None))?;
                        let (latency_frames, output_channels) = (built.latency_frames(), built.output_channels());
                        EffectCoeffs::Bypass { latency_frames, output_channels }
                    }
                })
            }

            /// A processor for a stream; the only place that takes memory.
            ///
            /// # Errors
            /// The first parameter that is out of range, or channel counts that do not fit.
            pub fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<EffectProcessor<S>, Error> {
                self.output_channels(spec.channels())?;
                Ok(match self {
                    $(Self::$name(params) => EffectProcessor::$name(params.build(spec)?),)*
                    Self::Chain { effects } => EffectProcessor::Chain(Chain::new(spec, build_series(effects, "effects", spec)?)?),
                    Self::Parallel { effects, gains_db } => {
                        let branches = each(effects, |effect| effect.build(spec))?;
                        EffectProcessor::Parallel(Parallel::new(spec, branches, gains_db)?)
                    }
                    Self::MidSide { mid, side } => {
                        let mono = spec.with_channels(1)?;
                        let (mid, side) = (build_series(mid, "mid", &mono)?, build_series(side, "side", &mono)?);
                        EffectProcessor::MidSide(MidSide::new(spec, Chain::new(&mono, mid)?, Chain::new(&mono, side)?)?)
                    }
                    Self::Bypass { effect } => {
                        let built = effect.build::<S>(spec).map_err(|error| error.within("effect", None))?;
                        EffectProcessor::Bypass(Bypass::new(&built))
                    }
                })
            }

            /// Output level of steady sound at each level, in dB, if the gain depends on the level alone.
            #[must_use]
            pub fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
                match self {
                    $(Self::$name(params) => params.transfer_curve(levels_db),)*
                    _ => None,
                }
            }

            /// Complex gain at each frequency (0 to half the rate) with the latency taken out. `None` if one response
            /// does not describe it: it is not linear, or treats channels differently.
            ///
            /// # Errors
            /// As [`build`](Self::build).
            pub fn frequency_response(
                &self,
                spec: &StreamSpec,
                frequencies_hz: &[f64],
            ) -> Result<Option<Vec<Complex64>>, Error> {
                self.output_channels(spec.channels())?;
                match self {
                    $(Self::$name(params) => params.frequency_response(spec, frequencies_hz),)*
                    Self::Chain { effects } => {
                        let responses = in_series(effects, "effects", spec, |effect, stage| {
                            effect.frequency_response(stage, frequencies_hz)
                        })?;
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
                    Self::MidSide { .. } => self.design(spec).map(|_| None),
                    Self::Bypass { effect } => {
                        effect.design(spec).map_err(|error| error.within("effect", None))?;
                        Ok(Some(vec![Complex64::ONE; frequencies_hz.len()]))
                    }
                }
            }
        }

        impl<S: Sample> EffectProcessor<S> {
            /// Glides to coefficients designed elsewhere; takes no memory.
            ///
            /// # Errors
            /// [`Error::NeedsRebuild`] if they are of another effect, or need other memory or latency; nothing changes
            /// then.
            pub fn set_coeffs(&mut self, coeffs: &EffectCoeffs) -> Result<(), Error> {
                self.check_coeffs(coeffs, false)?;
                match (self, coeffs) {
                    $((Self::$name(processor), EffectCoeffs::$name(coeffs)) => processor.apply(coeffs),)*
                    (Self::Chain(chain), EffectCoeffs::Chain(coeffs)) => chain.set_coeffs(coeffs)?,
                    (Self::Parallel(parallel), EffectCoeffs::Parallel(coeffs, gains)) => {
                        parallel.set_coeffs(coeffs, gains)?;
                    }
                    (Self::MidSide(both), EffectCoeffs::MidSide(mid, side)) => both.set_coeffs(mid, side)?,
                    _ => {}
                }
                Ok(())
            }

            /// Whether [`set_coeffs`](Self::set_coeffs) would take them. A refusal names its place in the tree only with
            /// `placed`, which takes memory.
            pub(super) fn check_coeffs(&self, coeffs: &EffectCoeffs, placed: bool) -> Result<(), Error> {
                let all = |processors: &[Self], list: &'static str, coeffs: &[EffectCoeffs]| {
                    if processors.len() != coeffs.len() {
                        return Err(Error::NeedsRebuild { param: list });
                    }
                    processors.iter().zip(coeffs).enumerate().try_for_each(|(position, (processor, coeffs))| {
                        let checked = processor.check_coeffs(coeffs, placed);
                        if placed { checked.map_err(|error| error.within(list, position)) } else { checked }
                    })
                };
                match (self, coeffs) {
                    $((Self::$name(processor), EffectCoeffs::$name(coeffs)) => processor.check(coeffs),)*
                    (Self::Chain(chain), EffectCoeffs::Chain(coeffs)) => all(chain.processors(), "effects", coeffs),
                    (Self::Parallel(parallel), EffectCoeffs::Parallel(coeffs, _)) => all(parallel.branches(), "effects", coeffs),
                    (Self::MidSide(both), EffectCoeffs::MidSide(mid, side)) => {
                        all(both.mid().processors(), "mid", mid)?;
                        all(both.side().processors(), "side", side)
                    }
                    (Self::Bypass(bypass), EffectCoeffs::Bypass { latency_frames, output_channels }) => {
                        let same = (bypass.latency_frames(), bypass.output_channels()) == (*latency_frames, *output_channels);
                        if same { Ok(()) } else { Err(Error::NeedsRebuild { param: "effect" }) }
                    }
                    _ => Err(Error::NeedsRebuild { param: "effect" }),
                }
            }

            fn inner(&self) -> &dyn Processor<S> {
                match self {
                    $(Self::$name(processor) => processor,)*
                    Self::Chain(chain) => chain,
                    Self::Parallel(parallel) => parallel,
                    Self::MidSide(both) => both,
                    Self::Bypass(bypass) => bypass,
                    Self::Custom(processor) => &**processor,
                }
            }

            fn inner_mut(&mut self) -> &mut dyn Processor<S> {
                match self {
                    $(Self::$name(processor) => processor,)*
                    Self::Chain(chain) => chain,
                    Self::Parallel(parallel) => parallel,
                    Self::MidSide(both) => both,
                    Self::Bypass(bypass) => bypass,
                    Self::Custom(processor) => &mut **processor,
                }
            }
        }
    };
}

crate::for_each_processor!(effects);

impl Default for Effect {
    fn default() -> Self {
        Self::Chain { effects: Vec::new() }
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

impl<S: Sample> EffectProcessor<S> {
    /// Glides to the settings of `effect`, which must be of the same shape: the same kinds of effects in the same order.
    ///
    /// # Errors
    /// Parameters out of range; [`Error::NeedsRebuild`] for another shape. The old settings stay.
    pub fn set_params(&mut self, effect: &Effect) -> Result<(), Error> {
        let coeffs = effect.design(&self.spec())?;
        self.check_coeffs(&coeffs, true)?;
        self.set_coeffs(&coeffs)
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
        self.inner_mut().process(block);
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        self.inner_mut().process_keyed(block, key);
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

pub(super) fn expect_channels(expected: usize, actual: usize) -> Result<(), Error> {
    channels_in(actual, expected, expected)
}

/// Channels of a sum of branches with these counts: as many as the widest; mono branches go to all of them. `None` without
/// branches.
pub(super) fn common_channels(counts: &[usize]) -> Result<Option<usize>, Error> {
    let Some(widest) = counts.iter().copied().max() else { return Ok(None) };
    for (position, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 1) {
        expect_channels(widest, count).map_err(|error| error.within("effects", position))?;
    }
    Ok(Some(widest))
}

fn series_channels(effects: &[Effect], list: &'static str, input: usize) -> Result<usize, Error> {
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
    in_series(effects, list, spec, Effect::build)
}
