//! Inaudibly small values are 0, and excessive ones do no lasting harm: subnormals slow a processor down by more than
//! ten times, and an overflowed state would be silent or NaN for ever.

use crate::common::*;
use mixdown::{filters::*, meters::*, reverbs::*, *};

/// On the grid of 64 frames, on which states are flushed.
const FRAMES: usize = 6_400;

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(44_100.0, channels).unwrap()
}

/// Every number in the state of a processor of the list, from its debug format: [`EffectProcessor`] hides it.
macro_rules! states {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        fn dump<S: Sample>(processor: &EffectProcessor<S>) -> String {
            match processor {
                $(EffectProcessor::$name(processor) => format!("{processor:?}"),)*
                EffectProcessor::Chain(chain) => chain.processors().iter().map(dump).collect(),
                _ => String::new(),
            }
        }
    };
}
for_each_processor!(states);

/// Subnormal numbers. One counts as f32 if it is written as f32 would be: f64 has more digits.
fn subnormal_states<S: Sample>(processor: &EffectProcessor<S>) -> Vec<String> {
    let is_subnormal = |token: &&str| {
        let single = |x: f32| x.is_subnormal() && format!("{x:?}") == **token;
        token.contains("e-") && (token.parse().is_ok_and(single) || token.parse().is_ok_and(f64::is_subnormal))
    };
    dump(processor)
        .split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
        .filter(is_subnormal)
        .map(String::from)
        .collect()
}

/// Signals that lead into subnormals, each as a function of the frame and channel: below the smallest normal number,
/// and down to it in every way.
fn sounds<S: Sample>(channels: usize) -> Vec<(&'static str, Vec<S>)> {
    let noise = planar_noise::<f64>(channels, FRAMES);
    let tiny = if size_of::<S>() == 4 { 1e-40 } else { 1e-310 };
    let sound = |value: &dyn Fn(usize, f64) -> f64| -> Vec<S> {
        noise.iter().enumerate().map(|(at, noise)| S::from_f64(value(at % FRAMES, *noise))).collect()
    };
    vec![
        ("impulse", sound(&|n, _| if n == 0 { 1.0 } else { 0.0 })),
        ("noise, then silence", sound(&|n, noise| if n < 1_000 { noise } else { 0.0 })),
        ("constant 0.5", sound(&|_, _| 0.5)),
        ("constant, then silence", sound(&|n, _| if n < 1_000 { 0.5 } else { 0.0 })),
        ("constant, subnormal", sound(&|_, _| tiny)),
        ("noise, subnormal", sound(&|_, noise| tiny * noise)),
        ("fade-out that sticks", sound(&|n, _| f64::max((-0.05 * n as f64).exp(), 0.01 * tiny))),
        ("fast fade-out of noise", sound(&|n, noise| noise * (-0.2 * n as f64).exp())),
        ("faint noise", sound(&|_, noise| 1e-25 * noise)),
    ]
}

fn is_subnormal<S: Sample>(sample: S) -> bool {
    let smallest = if size_of::<S>() == 4 { f64::from(f32::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
    sample.to_f64() != 0.0 && sample.to_f64().abs() < smallest
}

/// The subnormals found after signals that end on the grid, where states are flushed.
fn subnormals<S: Sample>() -> Vec<String> {
    let found = std::cell::RefCell::new(Vec::new());
    for_all(2, |entry, effect| {
        let channels = channel_counts(&effect)[0];
        for (name, sound) in sounds::<S>(channels) {
            let mut processor = effect.build::<S>(&spec(channels)).unwrap();
            let before = subnormal_states(&processor);
            let mut audio = room_for(&processor, sound);
            run(&mut processor, &mut audio, &Cut(vec![64]), vec![]);
            let outputs = audio.iter().filter(|x| is_subnormal(**x)).count();
            let states = subnormal_states(&processor);
            if outputs > 0 || states != before {
                found.borrow_mut().push(format!(
                    "{}, {name}: {outputs} outputs, {} states {:?}",
                    entry.name,
                    states.len(),
                    &states[..states.len().min(3)]
                ));
            }
        }
    });
    found.into_inner()
}

#[test]
fn no_state_or_output_is_subnormal_whatever_comes_in() {
    let found = [subnormals::<f32>(), subnormals::<f64>()].concat();
    assert!(found.is_empty(), "{}:\n{}", found.len(), found.join("\n"));
}

/// Longer than the signals above: the lines of a short room decay through the whole range of f32 before they are
/// zeroed.
#[test]
fn a_decaying_room_has_no_subnormals() {
    let params = ReverbParams {
        t60_s: 0.1,
        t60_low_ratio: 0.2,
        t60_high_ratio: 0.1,
        early_db: f64::NEG_INFINITY,
        ..ReverbParams::space(Space::Room)
    };
    for effect in [params.into()] {
        let effect: Effect = effect;
        let mut processor = effect.build::<f32>(&StreamSpec::new(8_000.0, 2).unwrap()).unwrap();
        for look in 0..40 {
            let mut audio = vec![0.0_f32; 2 * 320];
            if look == 0 {
                (audio[0], audio[320]) = (1.0, 1.0);
            }
            run(&mut processor, &mut audio, &Cut::whole(), vec![]);
            let found = subnormal_states(&processor);
            assert!(found.is_empty(), "{} states at look {look}: {effect:?}", found.len());
        }
    }
}

/// The output after the largest numbers.
fn recovers<S: Sample>(largest: f64) {
    const LOUD: std::ops::Range<usize> = 500..700;
    for_all(3, |entry, effect| {
        for channels in channel_counts(&effect) {
            let mut processor = effect.build::<S>(&spec(channels)).unwrap();
            let frames = 4 * FRAMES;
            let mut audio = planar_noise::<f64>(channels, frames);
            for samples in audio.chunks_exact_mut(frames) {
                for sample in &mut samples[LOUD] {
                    *sample = largest * sample.signum() * (1.0 - sample.abs());
                }
            }
            let audio: Vec<S> = audio.into_iter().map(S::from_f64).collect();
            let mut audio = room_for(&processor, audio);
            let (rows, tail) = (audio.len() / frames, processor.tail());
            run(&mut processor, &mut audio, &Cut(vec![480]), vec![]);
            assert_eq!(processor.non_finite_samples(), 0, "{}: finite numbers are no faults", entry.name);
            assert!(audio.iter().all(|x| x.finite()), "{} {channels}: {effect:?}", entry.name);
            // Resonances have ended with the tail; reduced gains have recovered, or are recovering.
            let Tail::Frames(tail) = tail else { continue };
            let mut silence = room_for(&processor, vec![S::ZERO; channels * (tail.min(6_000_000) as usize + 64)]);
            run(&mut processor, &mut silence, &Cut(vec![480]), vec![]);
            let mut again = room_for(&processor, planar_noise::<S>(channels, frames));
            run(&mut processor, &mut again, &Cut(vec![480]), vec![]);
            let loudest = again.iter().fold(0.0, |peak: f64, x| peak.max(x.to_f64().abs()));
            assert!(loudest <= 1e6, "{} of {rows} rows: {loudest}", entry.name);
        }
    });
}

#[test]
fn the_largest_numbers_leave_nothing_behind() {
    recovers::<f32>(f64::from(f32::MAX));
    recovers::<f64>(f64::MAX);
}

#[test]
fn meters_and_mixers_recover_from_the_largest_numbers() {
    let stereo = spec(2);
    let mut mixer = Mixer::<f64>::new(&stereo).unwrap();
    mixer
        .add_track("a", 2, &StripParams { inserts: vec![EqualizerParams::default().into()], ..Default::default() })
        .unwrap();
    mixer.add_track("b", 1, &StripParams { pan: -1.0, ..Default::default() }).unwrap();
    let mut out = vec![0.0; 2 * 512];
    for value in [f64::MAX, -f64::MAX, 0.5, 0.5] {
        let source = vec![value; 2 * 512];
        let sources = [Block::from_planar(&source, 2).unwrap(), Block::from_planar(&source[..512], 1).unwrap()];
        mixer.process(&sources, &mut BlockMut::from_planar(&mut out, 2).unwrap());
        assert!(out.iter().all(|x| x.is_finite()), "{value}");
    }
    assert!(out.iter().all(|x| x.abs() <= 2.0), "the mixer has recovered");
    assert_eq!(mixer.non_finite_samples(), 0);

    let mut meter = LoudnessParams::default().build::<f64>(&stereo).unwrap();
    let mut source = vec![0.1; 2 * 48_000];
    source[1_000] = f64::MAX;
    source[2_000] = 1e-310;
    meter.observe(&Block::from_planar(&source, 2).unwrap());
    let loudness = meter.reading();
    assert!(
        loudness.true_peak_dbtp.is_some_and(f64::is_finite) && loudness.integrated_lufs.is_finite(),
        "{loudness:?}"
    );
}

/// A network that has become silent is cleared only if its input is silent as well: cleared under a constant, its high
/// pass would answer the step again.
#[test]
fn a_constant_input_does_not_start_a_reverb_again() {
    const RATE_HZ: f64 = 8_000.0;
    /// -120 dBFS; the step itself reads about -50.
    const LIMIT: f64 = 1e-6;
    let room = ReverbParams { t60_s: 0.3, ..ReverbParams::space(Space::Room) };
    let effects: [Effect; 2] = [room.into(), PlateParams { decay: 0.3, ..Default::default() }.into()];
    for effect in effects {
        let mut processor = effect.build::<f64>(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
        let frames = 20 * RATE_HZ as usize;
        let mut audio = vec![0.003; 2 * frames];
        audio[frames..].fill(0.0);
        run(&mut processor, &mut audio, &Cut(vec![480]), vec![]);
        for side in audio.chunks_exact(frames) {
            let late = side[5 * RATE_HZ as usize..].iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
            assert!(late <= LIMIT, "{effect:?}: {late:e}");
        }
    }
}
