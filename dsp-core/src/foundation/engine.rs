//! Engines: the code of the processors, written once for both sample formats and compiled in this crate for each (see
//! [`per_format!`](super::per_format::per_format)).

use super::{
    block::{Block, BlockMut},
    error::Error,
    params::Params,
    sample::Sample,
    stream::StreamSpec,
};

/// The code of one processor, generic over the sample format.
pub(crate) trait Engine<S: Sample>: Sized {
    /// Its settings.
    type Params: Params;

    /// A processor for this stream; allocates all its memory.
    fn build(params: &Self::Params, spec: &StreamSpec) -> Result<Self, Error>;

    /// Processes a block, with a key if there is one; `reduction_db` receives the gain reduction of each frame.
    /// Processors without a key input or a gain reduction ignore the two.
    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    );
}

/// The [`Engine`] of a set of settings, called through functions compiled in this crate: see [`compiled!`].
pub(crate) trait Compiled: Params {
    /// [`Engine::build`].
    fn build_compiled<S: Sample>(&self, spec: &StreamSpec) -> Result<Self::Processor<S>, Error>;

    /// [`Engine::run`].
    fn run_compiled<S: Sample>(
        processor: &mut Self::Processor<S>,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    );
}

/// Compiles an [`Engine`] for both formats: `compiled!(GainParams => Gain)`.
macro_rules! compiled {
    ($params:ty => $processor:ident $(<$kind:ty>)?) => {
        impl $crate::foundation::engine::Compiled for $params {
            fn build_compiled<S: $crate::foundation::sample::Sample>(
                &self,
                spec: &$crate::foundation::stream::StreamSpec,
            ) -> Result<$processor<S $(, $kind)?>, $crate::foundation::error::Error> {
                let params = self;
                $crate::foundation::per_format::per_format!(
                    S,
                    ['p],
                    (params: &'p $params, spec: &'p $crate::foundation::stream::StreamSpec)
                        -> Result<$processor<S $(, $kind)?>, $crate::foundation::error::Error>
                    { $crate::foundation::engine::Engine::build(params, spec) }
                )
            }

            fn run_compiled<S: $crate::foundation::sample::Sample>(
                processor: &mut $processor<S $(, $kind)?>,
                block: &mut $crate::foundation::block::BlockMut<'_, '_, S>,
                key: Option<&$crate::foundation::block::Block<'_, '_, S>>,
                reduction_db: Option<&mut $crate::foundation::block::BlockMut<'_, '_, f64>>,
            ) {
                $crate::foundation::per_format::per_format!(
                    S,
                    ['c, 'b: 'c, 'a: 'b, 'k: 'c, 'l: 'k, 't: 'c, 'u: 't],
                    (
                        processor: &'c mut $processor<S $(, $kind)?>,
                        block: &'c mut $crate::foundation::block::BlockMut<'b, 'a, S>,
                        key: Option<&'c $crate::foundation::block::Block<'k, 'l, S>>,
                        reduction_db: Option<&'c mut $crate::foundation::block::BlockMut<'t, 'u, f64>>,
                    )
                    { $crate::foundation::engine::Engine::run(processor, block, key, reduction_db) }
                );
            }
        }
    };
}
pub(crate) use compiled;

/// The methods of a [`Processor`](super::processor::Processor) that forward to its [`Engine`], in the body of its
/// `impl`: `engine!(GainParams)`; `engine!(LimiterParams, dynamics)` for a processor that is also
/// [`Dynamics`](super::processor::Dynamics); `engine!(GateParams, dynamics, key)` for one with a key input as well.
macro_rules! engine {
    ($params:ty) => {
        fn spec(&self) -> StreamSpec {
            self.spec
        }

        fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
            <$params as $crate::foundation::engine::Compiled>::run_compiled(self, block, None, None);
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
            <$params as $crate::foundation::engine::Compiled>::run_compiled(self, block, Some(key), None);
        }

        fn takes_key(&self) -> bool {
            true
        }
    };
}
pub(crate) use engine;

/// The method of [`Dynamics`](super::processor::Dynamics) that forwards to the [`Engine`]: `traced!(LimiterParams)`.
macro_rules! traced {
    ($params:ty) => {
        fn process_traced(
            &mut self,
            block: &mut BlockMut<'_, '_, S>,
            key: Option<&Block<'_, '_, S>>,
            reduction_db: &mut BlockMut<'_, '_, f64>,
        ) {
            <$params as $crate::foundation::engine::Compiled>::run_compiled(self, block, key, Some(reduction_db));
        }
    };
}
pub(crate) use traced;
