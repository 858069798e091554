//! One effect of the chain: its settings, and when it runs its coefficients and processor.

use alloc::{boxed::Box, vec::Vec};
use mixdown::{Complex64, Error, Fields, Params, Processor, StreamSpec, Tunable, params::Designed};

/// An effect, whatever it is.
pub(crate) trait Stage: Send {
    fn settings(&mut self) -> &mut dyn Fields;
    fn validate(&self, spec: &StreamSpec) -> Result<(), Error>;
    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Option<Vec<Complex64>>;
    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>>;

    /// Builds the processor.
    fn start(&mut self, spec: &StreamSpec) -> Result<(), Error>;
    /// Has it glide to the settings of now, designed in the memory that the coefficients have.
    fn follow(&mut self);
    fn processor(&self) -> Option<&dyn Processor<f32>>;
    fn processor_mut(&mut self) -> Option<&mut dyn Processor<f32>>;
}

pub(crate) struct Slot<P: Params> {
    params: P,
    running: Option<Running<P>>,
}

struct Running<P: Params> {
    coeffs: Designed<P::Coeffs>,
    processor: P::Processor<f32>,
}

impl<P> Slot<P>
where
    P: Params + Fields + Send + 'static,
    P::Coeffs: Send,
    P::Processor<f32>: Tunable<f32, Params = P>,
{
    pub(crate) fn of(params: P) -> Box<dyn Stage> {
        Box::new(Self { params, running: None })
    }
}

impl<P> Stage for Slot<P>
where
    P: Params + Fields + Send,
    P::Coeffs: Send,
    P::Processor<f32>: Tunable<f32, Params = P>,
{
    fn settings(&mut self) -> &mut dyn Fields {
        &mut self.params
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.params.validate(spec)
    }

    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Option<Vec<Complex64>> {
        self.params.frequency_response(spec, frequencies_hz).ok().flatten()
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        self.params.transfer_curve(levels_db)
    }

    fn start(&mut self, spec: &StreamSpec) -> Result<(), Error> {
        self.running = Some(Running { coeffs: self.params.design(spec)?, processor: self.params.build(spec)? });
        Ok(())
    }

    fn follow(&mut self) {
        if let Some(Running { coeffs, processor }) = &mut self.running {
            let spec = processor.spec();
            if coeffs.redesign(&self.params, &spec).is_ok() {
                // Settings that need another processor are refused when they are set.
                let _ = processor.set_coeffs(coeffs);
            }
        }
    }

    fn processor(&self) -> Option<&dyn Processor<f32>> {
        self.running.as_ref().map(|running| &running.processor as _)
    }

    fn processor_mut(&mut self) -> Option<&mut dyn Processor<f32>> {
        self.running.as_mut().map(|running| &mut running.processor as _)
    }
}
