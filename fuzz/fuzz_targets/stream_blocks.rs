//! Any effect, any stream, any cut, with a key or without: never panics, stays finite, the same bits however it is cut,
//! and reset clears all state.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mixdown::{Block, BlockMut, Effect, EffectProcessor, Params, Processor, Sample, StreamSpec, Tunable};
use mixdown_fuzz::{Signal, Style, boost_db, effect, same, stream};

/// Short enough for some hundred runs per second, long enough for a glide to end.
const MAX_FRAMES: usize = 3_000;
/// Beyond this a legal stack of boosts may exceed f32, whose largest number is 770 dBFS.
const MAX_BOOST_DB: f64 = 400.0;

/// Settings that change while the stream runs.
struct Change {
    at: usize,
    effect: Effect,
}

fuzz_target!(|data: &[u8]| {
    let mut u = Unstructured::new(data);
    // A case ends when the bytes run out.
    let _ = if u.arbitrary().unwrap_or(false) { case::<f64>(&mut u) } else { case::<f32>(&mut u) };
});

fn case<S: Sample>(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = stream(u, 8)?;
    let effect = effect(u, Style::Tame, spec.sample_rate_hz(), 2)?;
    let designed = effect.design(&spec);
    let Ok(processor) = effect.build::<S>(&spec) else {
        assert!(designed.is_err(), "designed but not built: {effect:?}");
        return Ok(());
    };
    assert!(designed.is_ok(), "built but not designed: {effect:?}");
    let (inputs, outputs) = (spec.channels(), processor.output_channels());
    let rows = inputs.max(outputs) + usize::from(u.arbitrary::<bool>()?);
    let frames = u.int_in_range(1..=MAX_FRAMES)?;
    let mut signal = Signal::<S>::draw(u, rows * frames)?;
    // Channels beyond the input must not matter: only the noise of the inputs counts.
    for sample in &mut signal.samples[inputs * frames..] {
        *sample = S::ONE;
    }

    let key = match u.int_in_range(0..=2)? {
        0 => None,
        1 => Some(Signal::<S>::draw(u, frames)?.samples),
        _ => Some(Signal::<S>::draw(u, inputs * frames)?.samples),
    };
    let sound = Sound { samples: &signal.samples, rows, key: key.as_deref() };

    let mut changes = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        let at = u.int_in_range(0..=frames - 1)?;
        changes.push(Change { at, effect: altered(u, &effect, &spec)? });
    }
    changes.sort_by_key(|change| change.at);
    let cuts: Vec<usize> = (0..u.int_in_range(1..=6)?).map(|_| u.int_in_range(0..=700)).collect::<Result<_>>()?;

    let whole = run::<S>(&effect, &spec, &sound, &changes, &[usize::MAX]);
    let pieces = run::<S>(&effect, &spec, &sound, &changes, &cuts);
    assert!(same(&whole, &pieces), "cut {cuts:?} changes bits: {effect:?} {spec:?}");

    let untouched = &whole[inputs.max(outputs) * frames..];
    assert!(untouched.iter().all(|sample| *sample == S::ONE), "wrote beyond its channels: {effect:?}");
    let loudest = changes.iter().map(|change| boost_db(&change.effect)).fold(boost_db(&effect), f64::max);
    if signal.moderate && loudest <= MAX_BOOST_DB {
        assert!(whole.iter().all(|sample| sample.finite()), "not finite: {effect:?} {spec:?}");
    }
    Ok(())
}

/// Other settings; now and then of another shape, which is refused.
fn altered(u: &mut Unstructured<'_>, from: &Effect, spec: &StreamSpec) -> Result<Effect> {
    let rate_hz = spec.sample_rate_hz();
    Ok(match from {
        _ if u.ratio(1, 8)? => effect(u, Style::Wild, rate_hz, 1)?,
        Effect::Chain { effects } => Effect::Chain { effects: all_altered(u, effects, spec)? },
        Effect::Parallel { effects, gains_db } => Effect::Parallel {
            effects: all_altered(u, effects, spec)?,
            gains_db: gains_db.iter().map(|gain_db| gain_db / 2.0).collect(),
        },
        Effect::MidSide { mid, side } => {
            Effect::MidSide { mid: all_altered(u, mid, spec)?, side: all_altered(u, side, spec)? }
        }
        Effect::Bypass { effect } => Effect::Bypass { effect: Box::new(altered(u, effect, spec)?) },
        leaf => mixdown_fuzz::leaf(u, Style::Tame, rate_hz, name_of(leaf))?,
    })
}

fn all_altered(u: &mut Unstructured<'_>, effects: &[Effect], spec: &StreamSpec) -> Result<Vec<Effect>> {
    effects.iter().map(|effect| altered(u, effect, spec)).collect()
}

macro_rules! names {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        fn name_of(effect: &Effect) -> &'static str {
            match effect {
                $(Effect::$name(_) => stringify!($name),)*
                other => unreachable!("{other:?} is no leaf"),
            }
        }
    };
}
mixdown::for_each_processor!(names);

/// The input of a stream.
struct Sound<'s, S> {
    /// Planar, `rows` channels.
    samples: &'s [S],
    rows: usize,
    /// Planar, with as many frames.
    key: Option<&'s [S]>,
}

impl<S: Sample> Sound<'_, S> {
    /// Processes some frames of `audio`, which was copied from it.
    fn process(&self, processor: &mut EffectProcessor<S>, audio: &mut [S], start: usize, length: usize) {
        let mut block = BlockMut::from_planar(audio, self.rows).expect("whole frames");
        let frames = block.frames();
        let mut block = block.frames_mut(start, length);
        match self.key {
            Some(key) => {
                let key = Block::from_planar(key, key.len() / frames).expect("whole frames");
                processor.process_keyed(&mut block, &key.frames_at(start, length));
            }
            None => processor.process(&mut block),
        }
    }
}

/// Runs a stream in blocks, then checks that `reset` equals a fresh build.
fn run<S: Sample>(
    effect: &Effect,
    spec: &StreamSpec,
    sound: &Sound<'_, S>,
    changes: &[Change],
    cuts: &[usize],
) -> Vec<S> {
    let mut processor = effect.build::<S>(spec).expect("built before");
    let mut audio = sound.samples.to_vec();
    let frames = audio.len() / sound.rows;
    let (mut start, mut pending, mut current) = (0, changes, effect);
    for cut in cuts.iter().chain([&frames]).cycle() {
        while let [change, later @ ..] = pending
            && change.at == start
        {
            if processor.set_params(&change.effect).is_ok() {
                current = &change.effect;
            }
            pending = later;
        }
        let end = pending.first().map_or(frames, |change| change.at);
        let length = (*cut).min(end - start);
        sound.process(&mut processor, &mut audio, start, length);
        start += length;
        if start == frames {
            break;
        }
    }

    processor.reset();
    assert_eq!(processor.non_finite_samples(), 0, "reset keeps faults: {current:?}");
    let mut fresh = current.build::<S>(spec).expect("its coefficients were taken");
    let (mut again, mut anew) = (sound.samples.to_vec(), sound.samples.to_vec());
    sound.process(&mut processor, &mut again, 0, frames);
    sound.process(&mut fresh, &mut anew, 0, frames);
    assert!(same(&again, &anew), "reset is not a fresh build: {current:?} {spec:?}");
    audio
}
