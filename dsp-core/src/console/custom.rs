//! A host's own processor as a member of an effect.

use crate::foundation::{processor::Processor, sample::Sample};
use alloc::boxed::Box;

/// A host's own processor that an [`EffectProcessor`](crate::EffectProcessor) can hold: every [`Processor`] that is
/// `Clone` and `Sync` as well.
pub trait CustomProcessor<S: Sample>: Processor<S> + Sync {
    /// A clone of it.
    fn boxed_clone(&self) -> Box<dyn CustomProcessor<S>>;
}

impl<S: Sample, P: Processor<S> + Clone + Sync + 'static> CustomProcessor<S> for P {
    fn boxed_clone(&self) -> Box<dyn CustomProcessor<S>> {
        Box::new(self.clone())
    }
}

impl<S: Sample> Clone for Box<dyn CustomProcessor<S>> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}
