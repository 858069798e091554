//! Where the code of processors is compiled: in this crate, once for `f32` and once for `f64`.
//!
//! A generic function is compiled in the crate that calls it. An app would compile every kernel again after each edit
//! of its own, and at its own optimisation level. What is costly therefore leaves generic code here: [`run`] and
//! [`build`] find out which of the two formats `S` is, and call an implementation of [`Compiled`] that names it.

use super::{
    block::{Block, BlockMut},
    error::Error,
    params::Params,
    sample::{PerFormat, Sample},
    stream::StreamSpec,
};
use core::marker::PhantomData;

/// What a processor does, written once for both sample formats.
pub(crate) trait Engine<S: Sample>: Sized {
    /// Its settings.
    type Params: Params;

    /// A processor for this stream; takes all the memory that it will ever need.
    fn build(params: &Self::Params, spec: &StreamSpec) -> Result<Self, Error>;

    /// Processes a block, by a key if there is one; `reduction_db` receives the gain reduction of each frame. What
    /// takes no key or reduces no gain leaves the two alone.
    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    );
}

/// The [`Engine`] of one format as functions without type parameters, which this crate compiles: see [`compiled!`].
pub(crate) trait Compiled<S: Sample>: Params {
    /// [`Engine::build`].
    fn build_compiled(&self, spec: &StreamSpec) -> Result<Self::Processor<S>, Error>;

    /// [`Engine::run`].
    fn run_compiled(
        processor: &mut Self::Processor<S>,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    );
}

/// Settings whose processor is compiled for both formats.
pub(crate) trait CompiledForAll: Compiled<f32> + Compiled<f64> {}

impl<P: Compiled<f32> + Compiled<f64>> CompiledForAll for P {}

/// The outcome of a build.
struct Built<P>(PhantomData<P>);

impl<P: Params> PerFormat for Built<P> {
    type Of<S: Sample> = Result<P::Processor<S>, Error>;
}

/// No arguments, and no result.
struct Nothing;

impl PerFormat for Nothing {
    type Of<S: Sample> = ();
}

/// The arguments of a run.
#[allow(clippy::type_complexity, reason = "lifetimes can only be held by references")]
struct Run<'c, 'b, 'a, 'k, 'l, 't, 'u, P>(PhantomData<(&'c (), &'b (), &'a (), &'k (), &'l (), &'t (), &'u (), P)>);

impl<'c, 'b: 'c, 'a: 'b, 'k: 'c, 'l: 'k, 't: 'c, 'u: 't, P: Params> PerFormat for Run<'c, 'b, 'a, 'k, 'l, 't, 'u, P> {
    type Of<S: Sample> = (
        &'c mut P::Processor<S>,
        &'c mut BlockMut<'b, 'a, S>,
        Option<&'c Block<'k, 'l, S>>,
        Option<&'c mut BlockMut<'t, 'u, f64>>,
    );
}

/// [`Engine::build`], compiled in this crate.
pub(crate) fn build<S: Sample, P: CompiledForAll>(params: &P, spec: &StreamSpec) -> Result<P::Processor<S>, Error> {
    S::run::<Nothing, Built<P>>(
        (),
        |()| Compiled::<f32>::build_compiled(params, spec),
        |()| Compiled::<f64>::build_compiled(params, spec),
    )
}

/// [`Engine::run`], compiled in this crate.
pub(crate) fn run<S: Sample, P: CompiledForAll>(
    processor: &mut P::Processor<S>,
    block: &mut BlockMut<'_, '_, S>,
    key: Option<&Block<'_, '_, S>>,
    reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
) {
    S::run::<Run<'_, '_, '_, '_, '_, '_, '_, P>, Nothing>(
        (processor, block, key, reduction_db),
        |(processor, block, key, trace)| <P as Compiled<f32>>::run_compiled(processor, block, key, trace),
        |(processor, block, key, trace)| <P as Compiled<f64>>::run_compiled(processor, block, key, trace),
    );
}

/// Compiles an [`Engine`] for both formats: `compiled!(GainParams => Gain)`.
macro_rules! compiled {
    ($params:ty => $processor:ident $(<$kind:ty>)?) => {
        $crate::foundation::engine::compiled!(@ f32, $params, $processor<f32 $(, $kind)?>);
        $crate::foundation::engine::compiled!(@ f64, $params, $processor<f64 $(, $kind)?>);
    };
    (@ $format:ty, $params:ty, $processor:ty) => {
        impl $crate::foundation::engine::Compiled<$format> for $params {
            #[inline(never)]
            fn build_compiled(
                &self,
                spec: &$crate::foundation::stream::StreamSpec,
            ) -> Result<$processor, $crate::foundation::error::Error> {
                $crate::foundation::engine::Engine::build(self, spec)
            }

            #[inline(never)]
            fn run_compiled(
                processor: &mut $processor,
                block: &mut $crate::foundation::block::BlockMut<'_, '_, $format>,
                key: Option<&$crate::foundation::block::Block<'_, '_, $format>>,
                reduction_db: Option<&mut $crate::foundation::block::BlockMut<'_, '_, f64>>,
            ) {
                $crate::foundation::engine::Engine::run(processor, block, key, reduction_db);
            }
        }
    };
}
pub(crate) use compiled;

/// The methods of a [`Processor`](super::processor::Processor) that lead to its [`Engine`], in the body of its `impl`:
/// `engine!(GainParams)`; `engine!(LimiterParams, dynamics)` for what also is
/// [`Dynamics`](super::processor::Dynamics); `engine!(GateParams, dynamics, key)` for what takes a key as well.
macro_rules! engine {
    ($params:ty) => {
        fn spec(&self) -> StreamSpec {
            self.spec
        }

        fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
            $crate::foundation::engine::run::<S, $params>(self, block, None, None);
        }
    };
    ($params:ty, dynamics) => {
        $crate::foundation::engine::engine!($params);

        fn dynamics(&self) -> Option<&dyn Dynamics<S>> {
            Some(self)
        }

        fn dynamics_mut(&mut self) -> Option<&mut dyn Dynamics<S>> {
            Some(self)
        }
    };
    ($params:ty, dynamics, key) => {
        $crate::foundation::engine::engine!($params, dynamics);

        fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
            $crate::foundation::engine::run::<S, $params>(self, block, Some(key), None);
        }

        fn takes_key(&self) -> bool {
            true
        }
    };
}
pub(crate) use engine;

/// The method of [`Dynamics`](super::processor::Dynamics) that leads to the [`Engine`]: `traced!(LimiterParams)`.
macro_rules! traced {
    ($params:ty) => {
        fn process_traced(
            &mut self,
            block: &mut BlockMut<'_, '_, S>,
            key: Option<&Block<'_, '_, S>>,
            reduction_db: &mut BlockMut<'_, '_, f64>,
        ) {
            $crate::foundation::engine::run::<S, $params>(self, block, key, Some(reduction_db));
        }
    };
}
pub(crate) use traced;
