//! The running effect: one processor, or a combination.

use super::{
    bypass::Bypass,
    chain::Chain,
    custom::CustomProcessor,
    effect::{Effect, EffectCoeffs, EffectProcessor},
    function::Function,
    mid_side::MidSide,
    parallel::{Parallel, check_gains},
    series::{build_series, each, within_bypass},
};
use crate::foundation::{
    block::{Block, BlockMut},
    engine::{Compiled, Engine, compiled},
    error::{Error, count_in},
    params::{Designed, Params, Tunable},
    processor::{Dynamics, Processor},
    sample::Sample,
    stream::StreamSpec,
    tail::Tail,
};
use alloc::{boxed::Box, vec::Vec};

impl<S: Sample> Engine<S> for EffectProcessor<S> {
    type Params = Effect;

    fn build(params: &Effect, spec: &StreamSpec) -> Result<Self, Error> {
        params.output_channels(spec.channels())?;
        Ok(match params {
            Effect::Chain { effects } => Self::Chain(Chain::new(spec, build_series(effects, "effects", spec)?)?),
            Effect::Parallel { effects, gains_db } => {
                check_gains("effects", effects.len(), gains_db)?;
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
            Effect::Function(params) => Self::Function(Function::new(params, spec)?),
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
    /// A host's own processor as an effect.
    pub fn custom(processor: impl CustomProcessor<S> + 'static) -> Self {
        Self::Custom(Box::new(processor))
    }

    /// As [`Tunable::check`]; the error carries its path in the tree, which allocates.
    fn check_placed(&self, coeffs: &Designed<EffectCoeffs>) -> Result<(), Error> {
        coeffs.check_spec(&self.spec())?;
        match (self, &**coeffs) {
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
            _ => self.fits(coeffs),
        }
    }
}

/// An error of `check` and `set_coeffs` names the parameter without its path in the tree, which would allocate; that of
/// `set_params` names both.
impl<S: Sample> Tunable<S> for EffectProcessor<S> {
    type Params = Effect;

    fn fits(&self, coeffs: &EffectCoeffs) -> Result<(), Error> {
        match (self, coeffs) {
            (Self::Chain(chain), EffectCoeffs::Chain(coeffs)) => chain.check(coeffs),
            (Self::Parallel(parallel), EffectCoeffs::Parallel(coeffs, _)) => parallel.check(coeffs),
            (Self::MidSide(both), EffectCoeffs::MidSide(mid, side)) => both.check(mid, side),
            (Self::Bypass(bypass), EffectCoeffs::Bypass(coeffs)) => bypass.processor().check(coeffs),
            (Self::Function(function), &EffectCoeffs::Function(latency_frames)) => {
                if function.latency_frames() == latency_frames {
                    return Ok(());
                }
                Err(Error::NeedsRebuild { param: "latency_frames" })
            }
            _ => self.fits_single(coeffs),
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
        Effect::run_compiled(self, block, None, None);
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        Effect::run_compiled(self, block, Some(key), None);
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

fn check_list<S: Sample>(
    processors: &[EffectProcessor<S>],
    list: &'static str,
    coeffs: &[Designed<EffectCoeffs>],
) -> Result<(), Error> {
    count_in(list, coeffs.len(), processors.len(), processors.len())?;
    processors.iter().zip(coeffs).enumerate().try_for_each(|(position, (processor, coeffs))| {
        processor.check_placed(coeffs).map_err(|error| error.within(list, position))
    })
}
