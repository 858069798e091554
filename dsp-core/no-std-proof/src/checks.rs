//! The checks, one line each; the exit code of the program is the number of the first one that fails.

use alloc::vec::Vec;
use mixdown::{
    Block, BlockMut, Effect, Error, Meter, Mixer, Params, Processor, Sample, StreamSpec, StripParams,
    console::Metering,
    convolution::{ConvolutionParams, ImpulseResponse, LinearPhaseEqualizerParams},
    delivery::vinyl::{Groove, VinylLimits, side_level, vinyl_format},
    dynamics::{CompressorParams, LimiterParams},
    filters::{BellParams, EqualizerParams, HighPassParams},
    levels::{GainParams, PanParams},
    meters::{CorrelationParams, LevelParams, MonoFoldMeter, SpectrumParams},
    reverbs::ReverbParams,
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
    convolution_sums,
    linear_phase_is_symmetric,
    every_processor::<f32>,
    every_processor::<f64>,
    meters_read,
    strips_are_metered,
    grooves_fit,
    // With debug assertions a block that does not fit panics.
    || Ok(cfg!(debug_assertions) || every_misfit::<f32>()?),
    || Ok(cfg!(debug_assertions) || misfits_of_combinators()?),
    || Ok(cfg!(debug_assertions) || misfits_of_a_mixer()?),
];

/// The output of a freshly built processor for `input`, planar, at 48 kHz.
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

/// A side of one short sound has room for it at any level.
fn grooves_fit() -> Result<bool, Error> {
    let mut sound = [0.0_f64; 4_096];
    sound[100..124].fill(0.5);
    let (spec, limits) = (StreamSpec::new(48_000.0, 1)?, VinylLimits::default());
    let Some(format) = vinyl_format("7in45") else { return Ok(false) };
    let groove = Groove::measure(&Block::from_planar(&sound, 1)?, &spec, format.rpm, &limits)?;
    Ok(groove.excursion_um() > 1.0 && side_level(&[&groove], format, 2.0, &limits).is_some_and(|db| db > 39.0))
}

/// Whether both are equal to within a few roundings of f32.
fn near(actual: &[f32], expected: &[f32]) -> bool {
    actual.len() == expected.len() && actual.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6)
}

/// Whether meters read a steady signal of 0.5 on the left and half of it on the right.
fn meters_read() -> Result<bool, Error> {
    let spec = StreamSpec::new(48_000.0, 2)?;
    let (left, right) = ([0.5_f32; FRAMES], [0.25; FRAMES]);
    let channels = [&left[..], &right];
    let block = Block::from_slices(&channels)?;
    let mut level = LevelParams::default().build::<f32>(&spec)?;
    let mut correlation = CorrelationParams::default().build::<f32>(&spec)?;
    let mut fold = MonoFoldMeter::<f32>::new(&spec)?;
    let mut spectrum = SpectrumParams::default().build::<f32>(&spec)?;
    level.observe(&block);
    correlation.observe(&block);
    fold.observe(&block);
    spectrum.observe(&block);
    let right = [level.reading().peak_dbfs, correlation.reading().balance_db].map(|db| (db - HALF_DB).abs() < 1e-6);
    let is_read = spectrum.reading().bands.iter().all(|band| band.level_db < HALF_DB);
    // 2 (0.375)² / (0.25 + 0.0625).
    Ok(is_read
        && right == [true; 2]
        && correlation.correlation() == 1.0
        && (fold.reading().loss_db + 0.457_6).abs() < 1e-3)
}

/// Whether a mixer publishes the levels of its strips, here of 0.5 through a fader at half.
fn strips_are_metered() -> Result<bool, Error> {
    let mut mixer = Mixer::<f32>::new(&StreamSpec::new(48_000.0, 2)?)?;
    let Ok(track) = mixer.add_track("track", 2, &StripParams::default()) else { return Ok(false) };
    mixer.set_metering(Metering::All)?;
    mixer.set_value(track, "fader_db", HALF_DB.into())?;
    let mut out = [0.0; 2 * FRAMES];
    mixer.process(&[Block::from_planar(&[0.5; 2 * FRAMES], 2)?], &mut BlockMut::from_planar(&mut out, 2)?);
    let levels = mixer.meter(track).map(|meter| meter.levels());
    Ok(levels
        .is_some_and(|levels| levels.frames == FRAMES as u64 && (levels.sample_peak_dbfs - 2.0 * HALF_DB).abs() < 1e-6))
}

/// Whether a response long enough for transforms gives the direct sum, as loud as its input.
fn convolution_sums() -> Result<bool, Error> {
    const LAST: usize = 5_000;
    let mut response = Vec::from([0.0; LAST + 1]);
    (response[0], response[1_500], response[LAST]) = (0.5, -0.25, 0.125);
    let impulse_response = ImpulseResponse::from_rows(&[&response[..]])?;
    let of =
        |normalize| ConvolutionParams { impulse_response: impulse_response.clone(), normalize, ..Default::default() };
    let mut impulse = Vec::from([0.0; LAST + 1]);
    impulse[0] = 1.0;
    let (plain, loud) = (through(&of(false), 1, &impulse)?, through(&of(true), 1, &impulse)?);
    let gain = loud[0] / plain[0];
    let same = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
    // Their powers add: 1 / sqrt(1/4 + 1/16 + 1/64), apart from the effect of the echoes on the weighted spectrum.
    Ok(plain.iter().zip(&response).all(same)
        && loud.iter().zip(&plain).all(|(loud, plain)| (loud - gain * plain).abs() < 1e-12)
        && (gain - 1.745_743_121_887_94).abs() < 0.01)
}

/// Whether an impulse comes back symmetric about the latency, with the gain of the bell in the middle of its band.
fn linear_phase_is_symmetric() -> Result<bool, Error> {
    const LENGTH: usize = 2_048;
    // Rounded up to a power of two.
    const LENGTH_MS: f64 = 42.0;
    let bell = BellParams { frequency_hz: 12_000.0, gain_db: HALF_DB, q: 1.0 };
    let params = LinearPhaseEqualizerParams { bands: Vec::from([bell.into()]), length_ms: LENGTH_MS };
    let mut impulse = Vec::from([0.0_f64; LENGTH + 1]);
    impulse[0] = 1.0;
    let taps = through(&params, 1, &impulse)?;
    // A quarter of the rate: the cosine is 1, 0, -1, 0 about the middle.
    let quarter: f64 = taps.iter().step_by(2).enumerate().map(|(n, tap)| if n % 2 == 0 { *tap } else { -*tap }).sum();
    Ok(taps.iter().zip(taps.iter().rev()).all(|(a, b)| (a - b).abs() < 1e-12) && (quarter - 0.5).abs() < 1e-3)
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

/// Whether every processor of the one list takes [missing](misfits) channels and frames for silence.
fn every_misfit<S: Sample>() -> Result<bool, Error> {
    macro_rules! every {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            $(misfits(|| <$params>::default().build::<S>(&StreamSpec::new(48_000.0, 2)?))?)&&*
        };
    }
    Ok(mixdown::for_each_processor!(every))
}

fn misfits_of_combinators() -> Result<bool, Error> {
    let limiter = || Effect::from(LimiterParams::default());
    let compressor = || Effect::from(CompressorParams { threshold_db: -40.0, ..Default::default() });
    let both = || Vec::from([limiter(), compressor()]);
    let combinators = [
        Effect::Chain { effects: both() },
        Effect::Parallel { effects: both(), gains_db: Vec::new() },
        Effect::MidSide { mid: both(), side: both() },
        Effect::Bypass { effect: limiter().into() },
    ];
    for effect in combinators {
        if !misfits(|| effect.build::<f32>(&StreamSpec::new(48_000.0, 2)?))? {
            return Ok(false);
        }
    }
    // Mono in, stereo out, into a block of one channel.
    let mut reverb = ReverbParams::default().build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    let mut mono = sound::<f32>(1);
    reverb.process(&mut BlockMut::from_planar(&mut mono, 1)?);
    reverb.reset();
    let mut stereo = sound::<f32>(1);
    stereo.resize(2 * FRAMES, 0.0);
    reverb.process(&mut BlockMut::from_planar(&mut stereo, 2)?);
    Ok(mono == stereo[..FRAMES])
}

fn sound<S: Sample>(channels: usize) -> Vec<S> {
    (0..channels * FRAMES).map(|index| S::from_f64((index * 37 % 101) as f64 / 101.0 - 0.5)).collect()
}

/// Whether blocks of too few channels and keys of too few frames give the same bits as with silence in their place.
fn misfits<S: Sample, P: Processor<S>>(build: impl Fn() -> Result<P, Error>) -> Result<bool, Error> {
    const KEY_FRAMES: usize = FRAMES / 3;
    let mut right = true;
    for keyed in [false, true] {
        let (mut whole, mut short) = (build()?, build()?);
        let key = sound::<S>(1);
        let mut padded_key = key.clone();
        padded_key[KEY_FRAMES..].fill(S::ZERO);
        // Twice, so that the state after the first block shows.
        for _ in 0..2 {
            let mut padded = sound::<S>(2);
            padded[FRAMES..].fill(S::ZERO);
            let mut mono = padded[..FRAMES].to_vec();
            let mut padded_block = BlockMut::from_planar(&mut padded, 2)?;
            let mut mono_block = BlockMut::from_planar(&mut mono, 1)?;
            if keyed {
                whole.process_keyed(&mut padded_block, &Block::from_planar(&padded_key, 1)?);
                short.process_keyed(&mut mono_block, &Block::from_planar(&key[..KEY_FRAMES], 1)?);
            } else {
                whole.process(&mut padded_block);
                short.process(&mut mono_block);
            }
            right &= padded[..FRAMES].iter().zip(&mono).all(|(a, b)| a.bits() == b.bits());
        }
        if let Some(dynamics) = short.dynamics_mut() {
            let (mut mono, mut trace) = (sound::<S>(1), [0.0; 10]);
            let key = Block::from_planar(&key[..KEY_FRAMES], 1)?;
            let mut trace = BlockMut::from_planar(&mut trace, 1)?;
            dynamics.process_traced(&mut BlockMut::from_planar(&mut mono, 1)?, Some(&key), &mut trace);
            right &= mono.iter().all(|x| x.finite());
        }
    }
    Ok(right)
}

/// Whether inputs and outputs of too few channels and frames are silence to a mixer, whatever was in its memory before.
fn misfits_of_a_mixer() -> Result<bool, Error> {
    let spec = StreamSpec::new(48_000.0, 2)?;
    let louder = GainParams { gain_db: 6.0, ..Default::default() };
    for inserts in [Vec::new(), Vec::from([louder.into()])] {
        let params = StripParams { trim_db: 6.0, inserts, ..Default::default() };
        let mut mixers = [Mixer::<f32>::new(&spec)?, Mixer::<f32>::new(&spec)?];
        for mixer in &mut mixers {
            if mixer.add_track("track", 2, &params).is_err() {
                return Ok(false);
            }
        }
        let [whole, short] = &mut mixers;
        let input = sound::<f32>(2);
        let silence = [0.0; 2 * FRAMES];
        for (channels, frames) in [(2, FRAMES), (1, FRAMES), (1, FRAMES), (2, 100), (1, 50), (2, 0)] {
            // The same with silence for missing channels and frames.
            let mut padded = silence;
            for channel in 0..channels {
                padded[channel * FRAMES..][..frames].copy_from_slice(&input[channel * FRAMES..][..frames]);
            }
            let rows = [&input[..frames], &input[FRAMES..][..frames]];
            let (mut expected, mut out) = (silence, silence);
            whole.process(&[Block::from_planar(&padded, 2)?], &mut BlockMut::from_planar(&mut expected, 2)?);
            short.process(&[Block::from_slices(&rows[..channels])?], &mut BlockMut::from_planar(&mut out, 2)?);
            if out != expected {
                return Ok(false);
            }
        }
        // No input at all, and a mono output.
        let (mut expected, mut out) = (silence, [0.0; FRAMES]);
        whole.process(&[], &mut BlockMut::from_planar(&mut expected, 2)?);
        short.process(&[], &mut BlockMut::from_planar(&mut out, 1)?);
        if out != expected[..FRAMES] {
            return Ok(false);
        }
    }
    Ok(true)
}
