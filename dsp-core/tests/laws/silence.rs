//! Laws 5 and 6: silence after the tail, no subnormal numbers, no non-finite ones.

use super::*;
use mixdown::{filters::*, reverbs::*};
use std::cell::Cell;

#[test]
fn law_5_silence_is_exactly_zero_after_the_tail() {
    /// Longer tails belong to resonances that a second of audio cannot show.
    const LONGEST: u64 = 60_000;
    let checked = Cell::new(0);
    for_all(12, |entry, effect| {
        let channels = channel_counts(&effect)[0];
        let mut processor = effect.build::<f32>(&spec(channels)).unwrap();
        let Tail::Frames(tail) = processor.tail() else {
            assert!(matches!(effect, Effect::Reverb(ReverbParams { freeze: true, .. })), "{}: no end", entry.name);
            return;
        };
        if tail > LONGEST {
            return;
        }
        checked.set(checked.get() + 1);
        let loud: Vec<f32> = planar_noise::<f32>(channels, 1_000).iter().map(|x| 4.0 * x).collect();
        let mut audio = room_for(&processor, loud);
        run(&mut processor, &mut audio, &Cut::whole(), vec![]);
        let mut silence = room_for(&processor, vec![0.0_f32; channels * (tail as usize + 500)]);
        run(&mut processor, &mut silence, &Cut(vec![480]), vec![]);
        let frames = tail as usize + 500;
        for samples in silence.chunks(frames) {
            assert!(samples[tail as usize..].iter().all(|&x| x == 0.0), "{} {effect:?}", entry.name);
        }
    });
    assert!(checked.get() > 100, "only {} settings had a tail short enough", checked.get());
}

/// Filters of every kind whose slower pole is far from the faster one, down to the lowest frequency and q.
fn overdamped() -> Vec<(&'static str, Effect)> {
    let mut effects = Vec::new();
    let places = [20.0, 47.654, 150.0].map(|frequency_hz| [0.1, 0.3816, 0.5].map(|q| (frequency_hz, q)));
    for (frequency_hz, q) in places.into_iter().flatten() {
        macro_rules! placed {
            ($($name:ident: $params:ty, $processor:ty;)*) => {
                $({
                    let mut params = <$params>::default();
                    let placed = ["frequency_hz", "q"].map(|name| params.fields().iter().any(|field| field.name == name));
                    if placed == [true, true] {
                        params.set("frequency_hz", frequency_hz.into()).unwrap();
                        params.set("q", q.into()).unwrap();
                        let _ = params.set("gain_db", 12.0.into());
                        effects.push((stringify!($name), params.into()));
                    }
                })*
            };
        }
        for_each_processor!(placed);
        let bell = BellParams { frequency_hz, q, gain_db: 12.0 };
        let band = BandPassParams { frequency_hz, q };
        effects.push(("Equalizer", EqualizerParams { bands: vec![bell.into(); 5], ..Default::default() }.into()));
        effects.push(("Equalizer", EqualizerParams { bands: vec![band.into(); 2], ..Default::default() }.into()));
    }
    effects
}

#[test]
fn law_5_slow_modes_end_with_the_tail() {
    let effects = overdamped();
    assert!(effects.len() > 40, "{}", effects.len());
    for (name, effect) in effects {
        let spec = StreamSpec::new(22_050.0, 2).unwrap();
        let mut processor = effect.build::<f64>(&spec).unwrap();
        let Tail::Frames(tail) = processor.tail() else { panic!("{name}: no end") };
        // The states reach the threshold at another position of the grid for every burst.
        for burst in [3, 64, 257, 1_000] {
            let mut audio = planar_noise::<f64>(2, burst);
            run(&mut processor, &mut audio, &Cut::whole(), vec![]);
            let frames = tail as usize + 2_000;
            let mut silence = vec![0.0; 2 * frames];
            run(&mut processor, &mut silence, &Cut(vec![480]), vec![]);
            let last = silence.chunks(frames).filter_map(|samples| samples.iter().rposition(|&x| x != 0.0)).max();
            assert!(last.is_none_or(|last| (last as u64) < tail), "{name} {effect:?}: {last:?} of {tail}");
        }
    }
}

#[test]
fn law_5_no_output_is_subnormal_while_it_decays() {
    for_all(12, |entry, effect| {
        let channels = channel_counts(&effect)[0];
        let mut processor = effect.build::<f64>(&spec(channels)).unwrap();
        let mut audio = room_for(&processor, vec![0.0_f64; channels * 20_000]);
        audio[0] = 1.0;
        run(&mut processor, &mut audio, &Cut(vec![64]), vec![]);
        // f64 output is f64 state: states are checked every 64 frames, so the bound is the decay of a state in between.
        assert!(audio.iter().all(|x| !x.is_subnormal()), "{}", entry.name);
    });
}

#[test]
fn law_6_non_finite_samples_count_as_zero() {
    for_all(12, |entry, effect| {
        for channels in channel_counts(&effect) {
            let mut dirty = planar_noise::<f32>(channels, FRAMES);
            let mut clean = dirty.clone();
            for (n, bad) in
                [(0, f32::NAN), (1_234, f32::INFINITY), (1_235, f32::NEG_INFINITY), (FRAMES * channels - 1, f32::NAN)]
            {
                dirty[n] = bad;
                clean[n] = 0.0;
            }
            let mut processor = effect.build::<f32>(&spec(channels)).unwrap();
            let mut dirty = room_for(&processor, dirty);
            run(&mut processor, &mut dirty, &Cut(vec![256]), vec![]);
            assert_eq!(processor.non_finite_samples(), 4, "{}", entry.name);
            processor.reset();
            let mut clean = room_for(&processor, clean);
            run(&mut processor, &mut clean, &Cut(vec![256]), vec![]);
            assert!(same_bits(&dirty, &clean), "{}", entry.name);
        }
    });
}

#[test]
fn law_6_output_stays_finite_for_40_dbfs() {
    for_all(12, |entry, effect| {
        for channels in channel_counts(&effect) {
            let mut processor = effect.build::<f32>(&spec(channels)).unwrap();
            let mut audio = room_for(&processor, planar_noise(channels, FRAMES));
            audio.iter_mut().for_each(|x| *x = (*x * 1e6).clamp(-100.0, 100.0));
            run(&mut processor, &mut audio, &Cut(vec![256]), vec![]);
            assert!(audio.iter().all(|x| x.is_finite()), "{}", entry.name);
        }
    });
}
