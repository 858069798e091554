//! Any numbers as settings of anything in the one list: all checks agree, and accepted settings are sound.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mixdown::{BlockMut, Effect, Error, Params, Processor, StreamSpec, Tail};
use mixdown_fuzz::{Signal, Style, boost_db, leaf, leaves, stream};

/// Tails up to this many frames are rendered.
const LONGEST_TAIL: u64 = 20_000;
/// Frames of noise.
const FRAMES: usize = 300;
/// A legal stack of 32 boosts may exceed f32, whose largest number is 770 dBFS.
const MAX_BOOST_DB: f64 = 400.0;

fuzz_target!(|data: &[u8]| {
    let mut u = Unstructured::new(data);
    // A case ends when the bytes run out.
    let _ = case(&mut u);
});

fn case(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = stream(u, 8)?;
    let name = u.choose(leaves())?;
    let effect = leaf(u, Style::Wild, spec.sample_rate_hz(), name)?;

    let frequencies_hz = [0.0, 1.0, 1_000.0, 0.25 * spec.sample_rate_hz(), 0.5 * spec.sample_rate_hz()];
    let response = effect.frequency_response(&spec, &frequencies_hz);
    // As text: an error may hold a NaN, which does not equal itself.
    let told = |error: Error| error.to_string();
    let verdicts = [
        effect.validate(&spec).map_err(told),
        effect.design(&spec).map(drop).map_err(told),
        effect.build::<f32>(&spec).map(drop).map_err(told),
        effect.build::<f64>(&spec).map(drop).map_err(told),
    ];
    // A channel count that does not fit may be found before or after a number that does not.
    let fits = effect.output_channels(spec.channels()).is_ok();
    for verdict in &verdicts {
        assert_eq!(verdict.is_ok(), verdicts[0].is_ok(), "{verdicts:?} {effect:?} {spec:?}");
        assert!(!fits || *verdict == verdicts[0], "{verdicts:?} {effect:?} {spec:?}");
    }
    assert_eq!(response.is_ok(), verdicts[0].is_ok(), "{response:?} {effect:?} {spec:?}");
    if verdicts[0].is_err() {
        return Ok(());
    }
    if let Ok(Some(response)) = response {
        assert!(response.iter().all(|gain| gain.is_finite()), "{response:?} {effect:?} {spec:?}");
    }
    render(u, &effect, &spec)
}

/// Noise in, and silence after it: finite, and silent after the stated tail, unlike an unstable filter.
fn render(u: &mut Unstructured<'_>, effect: &Effect, spec: &StreamSpec) -> Result<()> {
    let mut processor = effect.build::<f32>(spec).expect("built before");
    let rows = spec.channels().max(processor.output_channels());
    let mut signal = Signal::<f32>::draw(u, rows * FRAMES)?;
    processor.process(&mut BlockMut::from_planar(&mut signal.samples, rows).expect("whole frames"));
    if !signal.moderate || boost_db(effect) > MAX_BOOST_DB {
        return Ok(());
    }
    assert!(signal.samples.iter().all(|sample| sample.is_finite()), "{effect:?} {spec:?}");

    let Tail::Frames(tail) = processor.tail() else { return Ok(()) };
    let wait = tail.min(LONGEST_TAIL) as usize;
    let mut silence = vec![0.0_f32; rows * wait];
    processor.process(&mut BlockMut::from_planar(&mut silence, rows).expect("whole frames"));
    assert!(silence.iter().all(|sample| sample.is_finite()), "grows: {effect:?} {spec:?}");
    // The tail holds for inputs up to full scale, 40 dB below the loudest noise drawn here.
    if tail <= LONGEST_TAIL && signal.quiet {
        let mut after = vec![0.0_f32; rows * 100];
        processor.process(&mut BlockMut::from_planar(&mut after, rows).expect("whole frames"));
        assert!(after.iter().all(|sample| *sample == 0.0), "still sounds after {tail} frames: {effect:?} {spec:?}");
    }
    Ok(())
}
