//! Connections of a convolver.

/// A connection from an input to an output through a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) response: usize,
}

/// Counts of inputs, outputs, responses and banks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) responses: usize,
    pub(crate) banks: usize,
}
