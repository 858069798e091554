//! What is proved, one line each; the exit code of the program is the number of the first line that is wrong.

use alloc::vec::Vec;
use mixdown::{
    BlockMut, EqualizerParams, Error, GainParams, HighPassParams, PanParams, Params, Processor, Sample, StreamSpec,
};

/// Whether the result is right.
pub(crate) type Check = fn() -> Result<bool, Error>;

/// A factor of one half, in dB.
const HALF_DB: f64 = -6.020_599_913_279_624;

/// Frames of the block that every processor of the list gets.
const FRAMES: usize = 600;

pub(crate) const CHECKS: &[Check] = &[
    || Ok(near(&through(&GainParams { gain_db: HALF_DB, ..Default::default() }, 1, &[1.0_f32, -0.5])?, &[0.5, -0.25])),
    || Ok(through(&PanParams { pan: 1.0, ..Default::default() }, 1, &[0.5_f64, -1.0])? == [0.0, 0.0, 0.5, -1.0]),
    || Ok(GainParams { gain_db: 90.0, ..Default::default() }.validate(&StreamSpec::new(48_000.0, 2)?).is_err()),
    || Ok(through(&EqualizerParams::default(), 2, &[0.5_f32, -1.0])? == [0.5, -1.0]),
    || Ok(near(&through(&HighPassParams::default(), 1, &[1.0_f32; 48_000])?[47_990..], &[0.0; 10])),
    every_processor::<f32>,
    every_processor::<f64>,
];

/// What a freshly built processor makes of `input`, planar, at 48 kHz.
fn through<P: Params, S: Sample>(params: &P, channels: usize, input: &[S]) -> Result<Vec<S>, Error> {
    let mut processor = params.build::<S>(&StreamSpec::new(48_000.0, channels)?)?;
    run(&mut processor, input)
}

fn run<S: Sample>(processor: &mut impl Processor<S>, input: &[S]) -> Result<Vec<S>, Error> {
    let inputs = processor.spec().channels();
    let channels = processor.output_channels().max(inputs);
    let mut audio = input.to_vec();
    audio.resize(input.len() / inputs * channels, S::ZERO);
    processor.process(&mut BlockMut::from_planar(&mut audio, channels)?);
    Ok(audio)
}

/// Whether both are equal to within a few roundings of f32.
fn near(actual: &[f32], expected: &[f32]) -> bool {
    actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6)
}

/// Whether every processor of the one list, at its default settings, is [`steady`] in stereo.
fn every_processor<S: Sample>() -> Result<bool, Error> {
    macro_rules! every {
        ($($name:ident: $params:ty, $processor:ty;)*) => { $(steady::<$params, S>()?)&&* };
    }
    Ok(mixdown::for_each_processor!(every))
}

/// Whether the output is finite, and the same bits again after a reset.
fn steady<P: Params, S: Sample>() -> Result<bool, Error> {
    let mut processor = P::default().build::<S>(&StreamSpec::new(48_000.0, 2)?)?;
    let input: Vec<S> = (0..2 * FRAMES).map(|index| S::from_f64((index * 37 % 101) as f64 / 101.0 - 0.5)).collect();
    let first = run(&mut processor, &input)?;
    processor.reset();
    let second = run(&mut processor, &input)?;
    Ok(first.iter().zip(&second).all(|(a, b)| a.finite() && a.bits() == b.bits()))
}
