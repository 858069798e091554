use super::*;
use crate::{
    Block, Meter, StreamSpec,
    analysis::{Action, Spectra},
    console::Effect,
    meters::{LoudnessParams, Precision},
    primitives::random::Random,
};

const RATE_HZ: f64 = 48_000.0;

fn noise(seed: u64, seconds: f64) -> Vec<f64> {
    let mut random = Random::new(seed, 0);
    (0..(seconds * RATE_HZ) as usize).map(|_| 0.1 * random.triangular()).collect()
}

/// A lead that sounds for 6 s of every 8.
fn voice(seconds: f64) -> Vec<f64> {
    let rests = |n: usize| n % (8 * RATE_HZ as usize) >= 6 * RATE_HZ as usize;
    noise(1, seconds).into_iter().enumerate().map(|(n, sample)| if rests(n) { 0.0 } else { sample }).collect()
}

fn scaled(samples: &[f64], db: f64) -> Vec<f64> {
    samples.iter().map(|sample| sample * crate::db_to_gain(db)).collect()
}

fn energies(rows: &[&[f64]], rate_hz: f64) -> BlockEnergies {
    let settings = LoudnessParams { dual_mono: true, precision: Precision::Off, ..Default::default() };
    let mut meter = settings.build::<f64>(&StreamSpec::new(rate_hz, rows.len()).unwrap()).unwrap();
    meter.observe(&Block::from_slices(rows).unwrap());
    meter.block_energies().clone()
}

fn report_at(lead: &[f64], others: [&[f64]; 2], rate_hz: f64, limits: &LeadLimits) -> LeadReport {
    let spec = StreamSpec::new(rate_hz, 1).unwrap();
    let measure = |samples: &[f64]| Spectra::measure(&Block::from_slices(&[samples]).unwrap(), &spec).unwrap();
    let spectra = [measure(lead), measure(others[0]), measure(others[1])];
    let sum: Vec<f64> = others[0].iter().zip(others[1]).map(|(one, other)| one + other).collect();
    let stems: Vec<Stem<'_>> =
        ["voice", "guitar", "keys"].into_iter().zip(&spectra).map(|(name, spectra)| Stem { name, spectra }).collect();
    lead_report(&stems, "voice", [&energies(&[lead], rate_hz), &energies(&[&sum], rate_hz)], None, limits).unwrap()
}

fn report(lead: &[f64], others: [&[f64]; 2]) -> LeadReport {
    report_at(lead, others, RATE_HZ, &LeadLimits::default())
}

/// Acceptance 4: the fader moves the level by itself, the audibility along, and is found again.
#[test]
fn the_fader_is_measured() {
    let (voice, guitar, keys) = (voice(16.0), noise(2, 16.0), scaled(&noise(3, 16.0), -6.0));
    let at = |db: f64| report(&scaled(&voice, db), [&guitar, &keys]);
    let plain = at(0.0);
    let mut last = 0.0;
    for db in [-12.0, -9.0, -6.0, -3.0, 0.0, 3.0, 6.0] {
        let found = at(db);
        std::println!(
            "{db} dB: {:?} {:?} {:?} {:?}",
            found.level_lu,
            found.audibility,
            found.verdict,
            found.fader_change_db
        );
        assert!((found.level_lu.unwrap() - plain.level_lu.unwrap() - db).abs() < 0.01);
        assert!(found.audibility.unwrap() > last);
        last = found.audibility.unwrap();
        // Each lies the same way from the level that is aimed at, but for the rounding.
        let aimed = found.fader_change_db.unwrap() + db;
        assert!((aimed - plain.fader_change_db.unwrap()).abs() <= 0.5, "{aimed}");
    }
    // Of noises alike, 1 dB of the fader is 1/30 in every band.
    assert!((plain.audibility_per_db.unwrap() - 1.0 / 30.0).abs() < 1e-3, "{plain:?}");
    let suggestion = &at(-12.0).suggestions[0];
    let Action::FaderDb(db) = suggestion.action else { panic!("{suggestion:?}") };
    let after = at(db - 12.0);
    assert!((after.audibility.unwrap() - suggestion.predicted[0].after).abs() < 1e-6, "{suggestion:?}");
    assert!((after.level_lu.unwrap() - suggestion.predicted[1].after).abs() < 0.01, "{suggestion:?}");
    assert!((after.audibility.unwrap() - 0.41).abs() < 0.02);
}

/// Acceptance 6: a cut of the strongest masker does what it promises, and the lead keeps its level.
#[test]
fn a_cut_of_the_masker_comes_true() {
    use crate::{BlockMut, Params, Processor};
    let (voice, guitar, keys) = (scaled(&voice(16.0), -9.0), noise(2, 16.0), scaled(&noise(3, 16.0), -6.0));
    let before = report(&voice, [&guitar, &keys]);
    assert_eq!(before.maskers[0].name, "guitar");
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    let mut kinds = [0, 0];
    for suggestion in &before.suggestions {
        std::println!("{}", suggestion.reason);
        let mut cut = guitar.clone();
        let mut rows = [&mut cut[..]];
        let mut block = BlockMut::from_slices(&mut rows).unwrap();
        match &suggestion.action {
            Action::FaderDb(_) => continue,
            Action::Effect(Effect::Bell(bell)) => {
                kinds[0] += 1;
                bell.build::<f64>(&spec).unwrap().process(&mut block);
            }
            Action::KeyedEffect { effect: Effect::DynamicEqualizer(params), key } => {
                kinds[1] += 1;
                assert_eq!(key, "voice");
                let rows = [&voice[..]];
                params.build::<f64>(&spec).unwrap().process_keyed(&mut block, &Block::from_slices(&rows).unwrap());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(suggestion.track.as_deref(), Some("guitar"));
        let after = report(&voice, [&cut, &keys]);
        let promised = &suggestion.predicted[0];
        std::println!("  promised {:.4}, found {:.4}", promised.after, after.audibility.unwrap());
        assert!((promised.after - after.audibility.unwrap()).abs() < 0.02, "{promised:?}");
        assert!(after.audibility > before.audibility && after.level_lu > before.level_lu);
    }
    assert_eq!(kinds, [1, 1]);
}

#[test]
fn a_dip_is_a_span() {
    let (mut voice, guitar, keys) = (noise(1, 20.0), noise(2, 20.0), scaled(&noise(3, 20.0), -10.0));
    let second = RATE_HZ as usize;
    voice[8 * second..12 * second].iter_mut().for_each(|sample| *sample *= crate::db_to_gain(-9.0));
    let found = report(&voice, [&guitar, &keys]);
    std::println!("{:?} {}", found.spans, found.message);
    assert_eq!(found.spans.len(), 1, "{:?}", found.spans);
    let span = found.spans[0];
    assert!((7.0..9.5).contains(&span.start_s) && (10.5..13.0).contains(&span.end_s), "{span:?}");
    assert!(span.least_audibility < 0.22 && found.audibility.unwrap() > 0.32);
}

fn finite(found: &LeadReport) -> bool {
    let figures = [found.level_lu, found.audibility, found.fader_change_db, found.audibility_per_db];
    let curves = found.running_audibility.iter().chain(&found.block_levels_lu);
    figures.iter().chain(curves).flatten().all(|value| value.is_finite())
        && found.maskers.iter().all(|masker| masker.lost.is_finite())
}

/// Acceptance 18: results or refusals, and no figure that is none.
#[test]
fn odd_tracks_give_results() {
    let (silence, sound, other) = (vec![0.0; 96_000], noise(1, 2.0), noise(2, 2.0));
    let silent = report(&silence, [&sound, &other]);
    assert_eq!((silent.verdict, silent.level_lu, silent.audibility), (LeadVerdict::NotMeasurable, None, None));
    assert!(silent.message.contains("not measurable") && silent.suggestions.is_empty() && finite(&silent));
    let alone = report(&sound, [&silence, &silence]);
    assert!(alone.level_lu.is_none() && (alone.audibility.unwrap() - 1.0).abs() < 1e-6, "{alone:?}");
    assert!(finite(&alone) && alone.fader_change_db.is_none() && alone.verdict == LeadVerdict::VeryForward);
    let short = report(&sound[..14_400], [&other[..14_400], &silence[..14_400]]);
    assert!(finite(&short) && short.level_lu.is_none() && short.audibility.is_some());
    assert!(finite(&report(&[], [&[], &[]])));
    for rate_hz in [8_000.0, 192_000.0] {
        let found = report_at(&sound, [&other, &silence], rate_hz, &LeadLimits::default());
        assert!(finite(&found) && found.audibility.is_some() && found.level_lu.is_some(), "{rate_hz}");
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let sound = noise(1, 0.5);
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    let spectra = Spectra::measure(&Block::from_slices(&[&sound[..]]).unwrap(), &spec).unwrap();
    let stems = [Stem { name: "a", spectra: &spectra }, Stem { name: "b", spectra: &spectra }];
    let blocks = energies(&[&sound], RATE_HZ);
    let limits = LeadLimits::default();
    let of = |stems: &[Stem<'_>], lead, target| lead_report(stems, lead, [&blocks, &blocks], target, &limits);
    assert_eq!(of(&stems, "c", None), Err(AnalysisError::Unknown { argument: "lead", name: "c".into() }));
    assert_eq!(of(&stems[..1], "a", None), Err(AnalysisError::Stems { min: 2, actual: 1 }));
    assert!(matches!(of(&stems, "a", Some(1.5)), Err(AnalysisError::Setting(_))));
    let stop = &mut |_| ControlFlow::Break(());
    let stopped = lead_report_with(&stems, "a", [&blocks, &blocks], None, &limits, stop);
    assert_eq!(stopped, Err(AnalysisError::Interrupted));
}
