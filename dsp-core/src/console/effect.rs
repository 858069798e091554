//! An effect as a value: the settings of any processor, or of a combination.
//!
//! Presets and sessions store an [`Effect`]. It builds an [`EffectProcessor`], which chains, mixers and streams hold.
//! The macro generates the enums, with one variant for each entry of the list of processors, and dispatches from a
//! variant to its contract; the contracts of the enums themselves are in `effect_design` and `effect_processor`.

use super::{
    bypass::Bypass,
    chain::Chain,
    custom::CustomProcessor,
    function::{Function, FunctionParams},
    mid_side::MidSide,
    parallel::Parallel,
};
use crate::{
    filters::{MAX_BANDS, MAX_SPLIT_BANDS},
    foundation::{
        error::Error,
        field::{Field, Value},
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::{Compound, Fields, Limit, not_set},
        tagged::tagged,
    },
};
use alloc::{boxed::Box, vec::Vec};
use num_complex::Complex64;

macro_rules! effects {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// The settings of an effect: of one processor, or of a combination.
        ///
        /// ```
        /// use mixdown::{BlockMut, Effect, Params, Processor, StreamSpec, filters::HighPassParams, levels::GainParams};
        ///
        /// let rumble = HighPassParams { frequency_hz: 80.0, ..Default::default() };
        /// let effect = Effect::Chain { effects: vec![rumble.into(), GainParams::default().into()] };
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
                /// First to last; an empty list changes nothing.
                effects: Vec<Effect>,
            },
            /// Effects in parallel, aligned in time and summed.
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
            /// An effect that is switched off: only its latency remains.
            Bypass {
                /// The bypassed effect.
                effect: Box<Effect>,
            },
            /// The place of a function of a whole signal, for offline rendering: see
            /// [`stage`](crate::console::stage).
            Function(FunctionParams),
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
                Function(FunctionParams),
            }
        }

        /// Coefficients of an [`Effect`], designed on any thread, for [`EffectProcessor::set_coeffs`] in a callback.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum EffectCoeffs {
            $(
                #[doc = concat!("Of the processor `", stringify!($name), "`.")]
                $name(<$params as Params>::Coeffs),
            )*
            /// Of the effects in series.
            Chain(Vec<Designed<EffectCoeffs>>),
            /// Of the branches, and their gains.
            Parallel(Vec<Designed<EffectCoeffs>>, Vec<f64>),
            /// Of the effects on mid and side.
            MidSide(Vec<Designed<EffectCoeffs>>, Vec<Designed<EffectCoeffs>>),
            /// Of the bypassed effect.
            Bypass(Box<Designed<EffectCoeffs>>),
            /// Of the place of a function: its latency in frames.
            Function(usize),
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
            /// In parallel.
            Parallel(Parallel<S, Self>),
            /// On mid and side.
            MidSide(MidSide<S, Self>),
            /// Switched off, or on again.
            Bypass(Box<Bypass<S, Self>>),
            /// The place of a function of a whole signal.
            Function(Function<S>),
            /// A host's own processor. It takes no [`Effect`] as new settings; in a chain that holds one, the other
            /// members are set one by one ([`Chain::processors_mut`]).
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
                    Params::design(self, spec).map(|coeffs| EffectCoeffs::$name(coeffs.into_inner()))
                }
                fn redesign(&self, spec: &StreamSpec, coeffs: &mut EffectCoeffs) -> Result<(), Error> {
                    match coeffs {
                        EffectCoeffs::$name(coeffs) => Params::redesign(self, spec, coeffs),
                        coeffs => {
                            *coeffs = Single::design(self, spec)?;
                            Ok(())
                        }
                    }
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
            pub(super) fn single(&self) -> Option<&dyn Single> {
                match self {
                    $(Self::$name(params) => Some(params),)*
                    _ => None,
                }
            }

            pub(super) fn single_mut(&mut self) -> Option<&mut dyn Single> {
                match self {
                    $(Self::$name(params) => Some(params),)*
                    _ => None,
                }
            }

            /// Takes over other settings; takes no memory if they are of the same shape and it has [room](Self::reserve).
            pub(super) fn assign(&mut self, other: &Self) {
                let all = |own: &mut [Self], other: &[Self]| own.iter_mut().zip(other).for_each(|(own, other)| own.assign(other));
                match (self, other) {
                    $((Self::$name(own), Self::$name(other)) => own.assign(other),)*
                    (Self::Chain { effects: own }, Self::Chain { effects: other }) if own.len() == other.len() => {
                        all(own, other);
                    }
                    (
                        Self::Parallel { effects: own, gains_db },
                        Self::Parallel { effects: other, gains_db: others_db },
                    ) if own.len() == other.len() => {
                        all(own, other);
                        gains_db.clone_from(others_db);
                    }
                    (Self::MidSide { mid, side }, Self::MidSide { mid: other_mid, side: other_side })
                        if (mid.len(), side.len()) == (other_mid.len(), other_side.len()) =>
                    {
                        all(mid, other_mid);
                        all(side, other_side);
                    }
                    (Self::Bypass { effect: own }, Self::Bypass { effect: other }) => own.assign(other),
                    (own, other) => *own = other.clone(),
                }
            }

            pub(super) fn build_single<S: Sample>(
                &self,
                spec: &StreamSpec,
            ) -> Option<Result<EffectProcessor<S>, Error>> {
                match self {
                    $(Self::$name(params) => Some(params.build(spec).map(EffectProcessor::$name)),)*
                    _ => None,
                }
            }
        }

        impl<S: Sample> EffectProcessor<S> {
            pub(super) fn inner(&self) -> &dyn Processor<S> {
                match self {
                    $(Self::$name(processor) => processor,)*
                    Self::Chain(chain) => chain,
                    Self::Parallel(parallel) => parallel,
                    Self::MidSide(both) => both,
                    Self::Bypass(bypass) => &**bypass,
                    Self::Function(function) => function,
                    Self::Custom(processor) => processor,
                }
            }

            pub(super) fn inner_mut(&mut self) -> &mut dyn Processor<S> {
                match self {
                    $(Self::$name(processor) => processor,)*
                    Self::Chain(chain) => chain,
                    Self::Parallel(parallel) => parallel,
                    Self::MidSide(both) => both,
                    Self::Bypass(bypass) => &mut **bypass,
                    Self::Function(function) => function,
                    Self::Custom(processor) => processor,
                }
            }

            /// Whether a single processor takes these coefficients, which may be of another kind.
            pub(super) fn fits_single(&self, coeffs: &EffectCoeffs) -> Result<(), Error> {
                match (self, coeffs) {
                    $((Self::$name(processor), EffectCoeffs::$name(coeffs)) => processor.fits(coeffs),)*
                    _ => Err(Error::OtherKind),
                }
            }

            pub(super) fn apply_single(&mut self, coeffs: &EffectCoeffs) {
                match (self, coeffs) {
                    $((Self::$name(processor), EffectCoeffs::$name(coeffs)) => processor.apply(coeffs),)*
                    _ => {}
                }
            }
        }
    };
}

crate::for_each_processor!(effects);

impl Effect {
    /// Takes memory for every setting that a running effect may change to.
    pub(super) fn reserve(&mut self) {
        fn up_to<T>(list: &mut Vec<T>, most: usize) {
            list.reserve(most.saturating_sub(list.len()));
        }
        match self {
            Self::Equalizer(params) => up_to(&mut params.bands, MAX_BANDS),
            Self::DynamicEqualizer(params) => up_to(&mut params.bands, MAX_BANDS),
            Self::LinearPhaseEqualizer(params) => up_to(&mut params.bands, MAX_BANDS),
            Self::MultibandCompressor(params) => up_to(&mut params.bypassed, MAX_SPLIT_BANDS),
            Self::Chain { effects } => effects.iter_mut().for_each(Self::reserve),
            Self::Parallel { effects, gains_db } => {
                effects.iter_mut().for_each(Self::reserve);
                up_to(gains_db, effects.len());
            }
            Self::MidSide { mid, side } => mid.iter_mut().chain(side).for_each(Self::reserve),
            Self::Bypass { effect } => effect.reserve(),
            _ => {}
        }
    }
}

/// The settings of one processor of any kind: [`Params`] without its associated types.
pub(super) trait Single: Fields {
    fn output_channels(&self, input: usize) -> Result<usize, Error>;
    fn validate(&self, spec: &StreamSpec) -> Result<(), Error>;
    fn design(&self, spec: &StreamSpec) -> Result<EffectCoeffs, Error>;
    fn redesign(&self, spec: &StreamSpec, coeffs: &mut EffectCoeffs) -> Result<(), Error>;
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
        self.single_mut().map_or_else(|| Err(not_set(&[], name, value)), |params| params.set(name, value))
    }

    fn limit(&self, name: &str) -> Option<Limit> {
        self.single().and_then(|params| params.limit(name))
    }

    fn part(&mut self, name: &str, index: Option<usize>) -> Option<&mut dyn Fields> {
        match (self, name) {
            (Self::Chain { effects } | Self::Parallel { effects, .. }, "effects") => effects.part(index),
            (Self::MidSide { mid, .. }, "mid") => mid.part(index),
            (Self::MidSide { side, .. }, "side") => side.part(index),
            (Self::Bypass { effect }, "effect") => Compound::part(&mut **effect, index),
            (effect, name) => effect.single_mut()?.part(name, index),
        }
    }

    fn entry(&mut self, list: &str, index: usize) -> Option<&mut f64> {
        match (self, list) {
            (Self::Parallel { gains_db, .. }, "gains_db") => gains_db.entry(Some(index)),
            (effect, list) => effect.single_mut()?.entry(list, index),
        }
    }
}

impl Compound for Effect {
    fn part(&mut self, index: Option<usize>) -> Option<&mut dyn Fields> {
        if index.is_none() { Some(self) } else { None }
    }
}
