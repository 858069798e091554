use super::*;
use crate::{
    Block, BlockMut, Params, Processor, StreamSpec,
    analysis::{Action, Spectra},
    console::Effect,
    filters::BellParams,
    primitives::random::Random,
};

const RATE_HZ: f64 = 48_000.0;

fn noise(seed: u64, seconds: f64) -> Vec<f64> {
    let mut random = Random::new(seed, 0);
    (0..(seconds * RATE_HZ) as usize).map(|_| 0.1 * random.triangular()).collect()
}

fn through(params: &impl Params, mut samples: Vec<f64>) -> Vec<f64> {
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    params.build::<f64>(&spec).unwrap().process(&mut BlockMut::from_slices(&mut [&mut samples[..]]).unwrap());
    samples
}

/// Noise between two frequencies, cut in the spectrum of the whole.
fn band(seed: u64, seconds: f64, low_hz: f64, high_hz: f64) -> Vec<f64> {
    use num_complex::Complex64;
    let samples = noise(seed, seconds);
    let count = samples.len();
    let mut planner = rustfft::FftPlanner::new();
    let mut bins: Vec<Complex64> = samples.iter().map(|sample| Complex64::new(*sample, 0.0)).collect();
    planner.plan_fft_forward(count).process(&mut bins);
    for (index, bin) in bins.iter_mut().enumerate() {
        let hz = index.min(count - index) as f64 * RATE_HZ / count as f64;
        *bin = if (low_hz..high_hz).contains(&hz) { *bin / count as f64 } else { Complex64::default() };
    }
    planner.plan_fft_inverse(count).process(&mut bins);
    bins.iter().map(|bin| bin.re).collect()
}

fn scaled(samples: &[f64], db: f64) -> Vec<f64> {
    samples.iter().map(|sample| sample * crate::db_to_gain(db)).collect()
}

fn spectra(rows: &[&[f64]], rate_hz: f64) -> Spectra {
    Spectra::measure(&Block::from_slices(rows).unwrap(), &StreamSpec::new(rate_hz, rows.len()).unwrap()).unwrap()
}

fn report(tracks: &[(&str, &[f64])], lead: Option<&str>) -> Masking {
    let measured: Vec<Spectra> = tracks.iter().map(|(_, samples)| spectra(&[samples], RATE_HZ)).collect();
    masking(&stems_of(tracks, &measured), lead, &MaskingLimits::default()).unwrap()
}

fn stems_of<'a>(tracks: &[(&'a str, &[f64])], measured: &'a [Spectra]) -> Vec<Stem<'a>> {
    tracks.iter().zip(measured).map(|((name, _), spectra)| Stem { name, spectra }).collect()
}

/// Acceptance 1: the known answers of the model.
#[test]
fn bands_of_noise_lose_what_the_model_says() {
    let (one, other) = (band(1, 6.0, 300.0, 3_000.0), band(2, 6.0, 300.0, 3_000.0));
    let lost = |db: f64| report(&[("one", &scaled(&one, db)), ("other", &other)], None).lost[1][0].unwrap();
    let found = [0.0, -6.0, -12.0, 12.0].map(lost);
    std::println!("lost at 0, -6, -12, +12 dB: {found:.3?}");
    assert!((found[0] - 0.73).abs() <= 0.05 && found[1] >= 0.97 && found[2] >= 0.99, "{found:?}");
    assert!((found[3] - 0.2).abs() <= 0.05, "{found:?}");

    let (low, high) = (band(3, 6.0, 100.0, 300.0), band(4, 6.0, 2_000.0, 5_000.0));
    let apart = report(&[("low", &low), ("high", &high)], None);
    std::println!("apart: {:?} {:?}", apart.lost[0][1], apart.lost[1][0]);
    assert!(apart.lost[0][1].unwrap() <= 0.01 && apart.lost[1][0].unwrap() <= 0.01);

    let gated = |samples: &[f64], odd: usize| -> Vec<f64> {
        let sounds = |index: usize| (index / RATE_HZ as usize) % 2 == odd;
        samples.iter().enumerate().map(|(index, sample)| if sounds(index) { *sample } else { 0.0 }).collect()
    };
    // One after the other, a second each: what is lost is in the frames across the border.
    let alternating = |frames: usize| {
        let (even, odd) = (gated(&one[..frames], 0), gated(&other[..frames], 1));
        let found = report(&[("even", &even), ("odd", &odd)], None);
        [found.lost[0][1], found.lost[1][0]].map(Option::unwrap)
    };
    let (once, on_and_on) = (alternating(96_000), alternating(288_000));
    std::println!("alternating, one border: {once:.3?}, a border every second: {on_and_on:.3?}");
    assert!(once.iter().all(|lost| *lost <= 0.08), "{once:?}");
    // With borders on both sides two frames of 12 lie across each: about twice as much.
    assert!(on_and_on.iter().all(|lost| *lost <= 0.1), "{on_and_on:?}");
}

/// Acceptance 2: a fader on the master changes nothing.
#[test]
fn a_common_gain_changes_nothing() {
    let tracks = [noise(5, 3.0), band(6, 3.0, 80.0, 400.0), band(7, 3.0, 1_000.0, 9_000.0)];
    let at = |db: f64| {
        let tracks = tracks.clone().map(|track| scaled(&track, db));
        report(&[("a", &tracks[0]), ("b", &tracks[1]), ("c", &tracks[2])], None)
    };
    let (plain, loud, soft) = (at(0.0), at(20.0), at(-20.0));
    let figures = |report: &Masking| -> Vec<f64> {
        let matrices = report.lost.iter().chain(&report.unique).flatten();
        let rows = report.in_mix.iter().chain(&report.audibility).chain(&report.share);
        matrices.chain(rows).map(|value| value.unwrap()).collect()
    };
    let mut worst = 0.0_f64;
    for other in [&loud, &soft] {
        for (a, b) in figures(&plain).iter().zip(figures(other)) {
            worst = worst.max((a - b).abs());
        }
    }
    std::println!("common gain of 20 dB: {worst:.1e}");
    assert!(worst <= 1e-9, "{worst:e}");
}

#[test]
fn figures_fit_together() {
    let tracks = [noise(5, 3.0), band(6, 3.0, 80.0, 400.0), band(7, 3.0, 1_000.0, 9_000.0)];
    let found = report(&[("a", &tracks[0]), ("b", &tracks[1]), ("c", &tracks[2])], None);
    for masker in 0..3 {
        assert_eq!(found.lost[masker][masker], Some(0.0));
        for track in 0..3 {
            let lost = found.lost[masker][track].unwrap();
            assert!((found.profiles[masker][track].iter().sum::<f64>() - lost).abs() < 1e-12);
            assert!((0.0..=1.0).contains(&lost) && lost <= found.in_mix[track].unwrap() + 1e-9, "{found:?}");
            let unique = found.unique[masker][track].unwrap();
            assert!((-1e-9..=1.0).contains(&unique));
        }
    }
    // Of two tracks, what one takes alone is what it takes in the mix, and what the other gains without it.
    let two = report(&[("a", &tracks[0]), ("b", &tracks[1])], None);
    for (masker, track) in [(0, 1), (1, 0)] {
        let lost = two.lost[masker][track].unwrap();
        assert!((two.in_mix[track].unwrap() - lost).abs() < 1e-12);
        // Beside nothing a track is as loud as alone, but for the fast powers.
        assert!((two.unique[masker][track].unwrap() - lost).abs() < 1e-9);
    }
    assert!(found.loudness.iter().all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-12));
}

/// A bass that holds on and a drum that strikes twice a second, both of noise with energy at 40 to 160 Hz.
fn bass_and_kick() -> [Vec<f64>; 2] {
    let decay = |per_s: f64| move |n: usize| libm::exp(-per_s * (n % 24_000) as f64 / RATE_HZ);
    let shaped = |samples: Vec<f64>, shape: &dyn Fn(usize) -> f64| -> Vec<f64> {
        samples.iter().enumerate().map(|(n, sample)| sample * shape(n)).collect()
    };
    let added = |one: &[f64], other: &[f64]| -> Vec<f64> { one.iter().zip(other).map(|(a, b)| a + b).collect() };
    let bass = added(&band(8, 8.0, 40.0, 200.0), &scaled(&band(16, 8.0, 200.0, 1_500.0), -20.0));
    let body = shaped(band(17, 8.0, 40.0, 160.0), &decay(20.0));
    let stick = shaped(band(18, 8.0, 1_500.0, 9_000.0), &decay(80.0));
    [bass, added(&scaled(&body, 8.0), &scaled(&stick, -12.0))]
}

/// Acceptance 5, of synthetic tracks: a clash made on purpose is found, where it is.
#[test]
fn a_clash_made_on_purpose_is_found() {
    let [bass, kick] = bass_and_kick();
    let pad = band(10, 8.0, 300.0, 6_000.0);
    for frequency_hz in [60.0, 80.0, 100.0] {
        let bell = BellParams { frequency_hz, gain_db: 9.0, q: 3.0 };
        let (bass, kick) = (through(&bell, bass.clone()), through(&bell, kick.clone()));
        let found = report(&[("bass", &bass), ("kick", &kick), ("pad", &pad)], None);
        let rank = found.clashes.iter().take(3).position(|clash| {
            clash.tracks == ["bass", "kick"] && libm::fabs(libm::log2(clash.frequency_hz / frequency_hz)) < 1.0 / 6.0
        });
        std::println!("{frequency_hz} Hz: rank {rank:?} of {}", found.clashes.len());
        for clash in &found.clashes {
            std::println!("  {}", clash.message);
            for suggestion in &clash.suggestions {
                std::println!("    {:?} {}", suggestion.confidence, suggestion.reason);
            }
        }
        assert!(rank.is_some(), "{frequency_hz}: {:#?}", found.clashes);
    }
}

/// Acceptance 6: what a suggestion promises is what the report says of the processed tracks.
#[test]
fn predictions_come_true() {
    let [bass, kick] = bass_and_kick();
    let bell = BellParams { frequency_hz: 80.0, gain_db: 9.0, q: 3.0 };
    let tracks = [("bass", through(&bell, bass)), ("kick", through(&bell, kick))];
    let mut checked = [0, 0];
    for lead in [None, Some("kick")] {
        let lent = |tracks: &[(&'static str, Vec<f64>); 2]| {
            report(&[(tracks[0].0, &tracks[0].1), (tracks[1].0, &tracks[1].1)], lead)
        };
        let before = lent(&tracks);
        for clash in &before.clashes {
            for suggestion in &clash.suggestions {
                let cut = tracks.iter().position(|(name, _)| Some(*name) == suggestion.track.as_deref()).unwrap();
                let mut after = tracks.clone();
                match &suggestion.action {
                    Action::Effect(Effect::Bell(bell)) => after[cut].1 = through(bell, after[cut].1.clone()),
                    Action::KeyedEffect { effect: Effect::DynamicEqualizer(params), key } => {
                        let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
                        let keyed_by = &tracks.iter().find(|(name, _)| name == key).unwrap().1;
                        let mut running = params.build::<f64>(&spec).unwrap();
                        let rows = [keyed_by.as_slice()];
                        let key = Block::from_slices(&rows).unwrap();
                        running.process_keyed(&mut BlockMut::from_slices(&mut [&mut after[cut].1[..]]).unwrap(), &key);
                    }
                    other => panic!("{other:?}"),
                }
                let after = lent(&after);
                let owner = 1 - cut;
                let bell_hz = clash.frequency_hz;
                for change in &suggestion.predicted {
                    let found = match change.name {
                        "lost" => [&before, &after].map(|report| report.lost[cut][owner].unwrap()),
                        "local_lost" => [&before, &after].map(|report| report.local_lost(cut, owner, bell_hz).unwrap()),
                        _ => continue,
                    };
                    std::println!(
                        "{} {}: {:.4} -> {:.4}, found {found:.4?}",
                        clash.frequency_hz,
                        change.name,
                        change.before,
                        change.after
                    );
                    assert!(
                        (change.before - found[0]).abs() < 0.02 && (change.after - found[1]).abs() < 0.02,
                        "{change:?}"
                    );
                    checked[usize::from(matches!(suggestion.action, Action::KeyedEffect { .. }))] += 1;
                }
            }
        }
    }
    assert!(checked[0] >= 4 && checked[1] >= 2, "{checked:?}");
}

/// Acceptance 7: whatever it needs, the lead keeps its level.
#[test]
fn the_lead_never_yields() {
    let [bass, kick] = bass_and_kick();
    for lead in ["bass", "kick"] {
        let found = report(&[("bass", &bass), ("kick", &kick)], Some(lead));
        assert!(found.clashes.iter().any(|clash| !clash.suggestions.is_empty()), "{found:?}");
        for clash in &found.clashes {
            assert_eq!(clash.owner.as_deref(), Some(lead));
            assert!(clash.suggestions.iter().all(|suggestion| suggestion.track.as_deref() != Some(lead)));
        }
        assert!(found.notes.is_empty());
    }
    let named = report(&[("Lead Vox", &bass), ("kick", &kick)], None);
    assert!(named.notes[0].contains("Lead Vox"), "{:?}", named.notes);
}

/// Acceptance 19: threads change no bit.
#[test]
fn threads_change_no_bit() {
    let [bass, kick] = bass_and_kick();
    let pad = noise(11, 8.0);
    let tracks: [(&str, &[f64]); 3] = [("bass", &bass), ("kick", &kick), ("pad", &pad)];
    let measured: Vec<Spectra> = tracks.iter().map(|(_, samples)| spectra(&[samples], RATE_HZ)).collect();
    let stems = stems_of(&tracks, &measured);
    let on = |threads: usize| {
        let limits = MaskingLimits::default();
        masking_on(&Threads::of(threads), &stems, None, &limits, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let one = on(1);
    assert!(one == on(2) && one == on(5));
}

/// All figures of a report are finite.
fn finite(found: &Masking) -> bool {
    let optional = found
        .lost
        .iter()
        .chain(&found.unique)
        .flatten()
        .chain(&found.in_mix)
        .chain(&found.audibility)
        .chain(&found.share);
    let plain = found.profiles.iter().flatten().chain(&found.loudness).flatten();
    let clashes = found.clashes.iter().flat_map(|clash| [&clash.frequency_hz, &clash.score, &clash.ownership_db]);
    optional.flatten().chain(plain).chain(clashes).all(|value| value.is_finite())
}

/// Acceptance 18: results or refusals, and no figure that is none.
#[test]
fn odd_tracks_give_results() {
    let silence = vec![0.0; 96_000];
    let sound = noise(12, 2.0);
    let half = report(&[("a", &sound), ("b", &silence)], None);
    assert!(finite(&half) && half.words == [Audible::Fine, Audible::NotMeasurable]);
    assert_eq!(
        (half.lost[0][1], half.in_mix[1], half.in_mix[0].map(|lost| lost.abs() < 1e-9)),
        (None, None, Some(true))
    );
    let none = report(&[("a", &silence), ("b", &silence)], None);
    assert!(finite(&none) && none.audibility == [None, None] && none.clashes.is_empty());
    let empty = report(&[("a", &[]), ("b", &[])], None);
    assert!(finite(&empty) && empty.audibility == [None, None]);
    let short = report(&[("a", &sound[..14_400]), ("b", &noise(13, 0.3))], None);
    assert!(finite(&short) && short.audibility.iter().all(Option::is_some));
    // Longer ones sound on.
    let uneven = report(&[("a", &sound), ("b", &sound[..48_000])], None);
    assert!(finite(&uneven));
    for rate_hz in [8_000.0, 44_100.0, 192_000.0, 384_000.0] {
        let measured = [spectra(&[&sound, &sound], rate_hz), spectra(&[&noise(14, 2.0)], rate_hz)];
        let stems = stems_of(&[("stereo", &[]), ("mono", &[])], &measured);
        let found = masking(&stems, None, &MaskingLimits::default()).unwrap();
        assert!(finite(&found) && found.audibility.iter().all(Option::is_some), "{rate_hz}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let sound = noise(15, 0.5);
    let measured = [spectra(&[&sound], RATE_HZ), spectra(&[&sound], RATE_HZ), spectra(&[&sound], 44_100.0)];
    let stems = stems_of(&[("a", &[]), ("b", &[]), ("c", &[])], &measured);
    let limits = MaskingLimits::default();
    assert_eq!(masking(&stems[..1], None, &limits), Err(AnalysisError::Stems { min: 2, actual: 1 }));
    assert_eq!(masking(&stems, None, &limits), Err(AnalysisError::SampleRates));
    let unknown = masking(&stems[..2], Some("vox"), &limits);
    assert_eq!(unknown, Err(AnalysisError::Unknown { argument: "lead", name: "vox".into() }));
    let wrong = MaskingLimits { hidden_audibility: f64::NAN, ..limits };
    assert!(matches!(masking(&stems[..2], None, &wrong), Err(AnalysisError::Setting(_))));
    let mut calls = 0;
    let interrupted = masking_with(&stems[..2], None, &limits, &mut |_| {
        calls += 1;
        if calls > 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(interrupted, Err(AnalysisError::Interrupted));
}
