//! Tonal balance: the spectrum of a programme beside that of others.

use super::{
    error::AnalysisError,
    fit::{FitSettings, fit, smoothed},
    ltas::Active,
    spectra::Spectra,
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
    tonal_limits::TonalLimits,
    tonal_target::{TonalTarget, aligned_median, region_means, slope, thirds},
    tone_curves::REGIONS,
};
use crate::{
    filters::EqualizerParams,
    foundation::{error::Error, params::Params, stream::StreamSpec, table::Fields},
};
use alloc::{format, string::String, vec::Vec};

/// A region of the spectrum beside the target.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TonalRegion {
    /// Its name.
    pub name: &'static str,
    /// Where it begins, in Hz.
    pub low_hz: f64,
    /// Where it ends, in Hz; half the rate at most.
    pub high_hz: f64,
    /// Mean deviation of its bands from the target; `None` if none is measurable.
    pub deviation_db: Option<f64>,
    /// Share of programmes with less of it, in percent; `None` without a spread.
    pub percentile: Option<f64>,
    /// `more`, `less` or `usual`; `None` if it is not measurable.
    pub word: Option<&'static str>,
}

/// The tonal balance of a programme.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TonalBalance {
    /// What it is compared with.
    pub target: TonalTarget,
    /// Midbands of thirds of an octave, in Hz.
    pub frequencies_hz: Vec<f64>,
    /// Levels of the programme, aligned with the target; `None` where not measurable.
    pub level_db: Vec<Option<f64>>,
    /// Level minus target.
    pub deviation_db: Vec<Option<f64>>,
    /// Share of programmes with a lower level, in percent; `None` without a spread.
    pub percentiles: Vec<Option<f64>>,
    /// Slope of the levels from 100 Hz to 10 kHz; `None` where not measurable.
    pub slope_db_per_octave: Option<f64>,
    /// Share of programmes whose slope is steeper, in percent: low is darker.
    pub slope_percentile: Option<f64>,
    /// The regions.
    pub regions: Vec<TonalRegion>,
    /// Root mean square of the deviations from 40 Hz to 12.5 kHz, in dB.
    pub rms_db: Option<f64>,
    /// How long it sounds, in seconds.
    pub active_s: f64,
    /// How sure it is.
    pub confidence: Confidence,
    /// What differs from most, a sentence each.
    pub notes: Vec<String>,
    /// Corrections; none against a generic curve.
    pub suggestions: Vec<Suggestion>,
}

/// Compares the long-term spectrum of a programme with a target.
///
/// Levels are aligned by their median difference, so that loudness does not matter. Only a target made of references
/// leads to suggestions.
///
/// # Errors
/// [`AnalysisError::TooShort`] for less than 3 s of sound, and for limits out of range.
pub fn tonal_balance(
    programme: &Spectra,
    target: &TonalTarget,
    limits: &TonalLimits,
) -> Result<TonalBalance, AnalysisError> {
    limits.check_fields(programme.sample_rate_hz())?;
    let bands = target.frequencies_hz.len();
    for list in [&target.level_db, &target.spread_db] {
        if list.len() != bands {
            return Err(Error::Length { expected: bands, actual: list.len() }.into());
        }
    }
    let mut report = measure(programme, target, limits)?;
    report.suggestions = correction(programme, &report, limits)?.into_iter().collect();
    Ok(report)
}

fn measure(programme: &Spectra, target: &TonalTarget, limits: &TonalLimits) -> Result<TonalBalance, AnalysisError> {
    let (mut level_db, active) = thirds(programme, limits, "audio")?;
    let hz = target.frequencies_hz.clone();
    if hz.len() != level_db.len() {
        return Err(Error::Length { expected: level_db.len(), actual: hz.len() }.into());
    }
    let beside = |levels: &[Option<f64>]| -> Vec<Option<f64>> {
        levels.iter().zip(&target.level_db).map(|(own, target)| Some((*own)? - (*target)?)).collect()
    };
    let offset = aligned_median(&hz, &beside(&level_db), limits).unwrap_or(0.0);
    level_db.iter_mut().flatten().for_each(|level| *level -= offset);
    let deviation_db = beside(&level_db);
    let percentiles: Vec<Option<f64>> = deviation_db
        .iter()
        .zip(&target.spread_db)
        .map(|(deviation, spread)| percentile((*deviation)?, *spread))
        .collect();
    let slope_db_per_octave = slope(&hz, &level_db, limits);
    let slope_percentile = match (slope_db_per_octave, target.slope_db_per_octave) {
        (Some(own), Some(target_slope)) => percentile(own - target_slope, target.slope_spread_db_per_octave),
        _ => None,
    };
    let regions = regions(programme, &hz, &deviation_db, target, limits);
    let mut report = TonalBalance {
        target: target.clone(),
        rms_db: rms(&hz, &deviation_db, limits),
        frequencies_hz: hz,
        level_db,
        deviation_db,
        percentiles,
        slope_db_per_octave,
        slope_percentile,
        regions,
        active_s: active.active_s,
        confidence: confidence(target, &active, limits),
        notes: Vec::new(),
        suggestions: Vec::new(),
    };
    report.notes = notes(&report, limits);
    Ok(report)
}

fn confidence(target: &TonalTarget, active: &Active, limits: &TonalLimits) -> Confidence {
    let short = active.active_s < limits.sure_s;
    let few = f64::from(target.references) < limits.sure_references;
    if short || few { Confidence::Low } else { Confidence::Medium }
}

/// Smallest spread that a percentile is made with, in dB: fewer references than there are differ by chance.
const LEAST_SPREAD_DB: f64 = 0.5;

/// Share of a normal distribution below a deviation, in percent.
fn percentile(deviation_db: f64, spread_db: Option<f64>) -> Option<f64> {
    let spread_db = spread_db?.max(LEAST_SPREAD_DB);
    Some(50.0 * (1.0 + libm::erf(deviation_db / spread_db * core::f64::consts::FRAC_1_SQRT_2)))
}

fn regions(
    programme: &Spectra,
    hz: &[f64],
    deviation_db: &[Option<f64>],
    target: &TonalTarget,
    limits: &TonalLimits,
) -> Vec<TonalRegion> {
    let nyquist_hz = 0.5 * programme.sample_rate_hz();
    let mut low_hz = 0.0;
    let means = region_means(hz, deviation_db);
    let region = |(index, (name, end_hz)): (usize, &(&'static str, f64))| {
        let deviation_db = means[index];
        let spread_db = target.region_spread_db.get(index).copied().flatten();
        let percentile = deviation_db.and_then(|deviation| percentile(deviation, spread_db));
        let word = deviation_db.map(|deviation| match percentile {
            Some(percentile) if percentile >= limits.more_percentile => "more",
            Some(percentile) if percentile <= limits.less_percentile => "less",
            None if deviation >= limits.correct_from_db => "more",
            None if deviation <= -limits.correct_from_db => "less",
            _ => "usual",
        });
        let region =
            TonalRegion { name, low_hz, high_hz: end_hz.min(nyquist_hz).max(low_hz), deviation_db, percentile, word };
        low_hz = *end_hz;
        region
    };
    REGIONS.iter().enumerate().map(region).collect()
}

/// Whether a band may be corrected.
fn correctable(hz: f64, limits: &TonalLimits) -> bool {
    let near = libm::exp2(1.0 / 12.0);
    (limits.correct_low_hz / near..=limits.correct_high_hz * near).contains(&hz)
}

fn rms(hz: &[f64], deviation_db: &[Option<f64>], limits: &TonalLimits) -> Option<f64> {
    let bands = hz.iter().zip(deviation_db).filter(|(hz, _)| correctable(**hz, limits));
    let squares: Vec<f64> = bands.filter_map(|(_, deviation)| Some((*deviation)? * (*deviation)?)).collect();
    (!squares.is_empty()).then(|| libm::sqrt(squares.iter().sum::<f64>() / squares.len() as f64))
}

/// Sentences on slope and regions that are not usual, in the order of the spectrum.
fn notes(report: &TonalBalance, limits: &TonalLimits) -> Vec<String> {
    slope_note(report, limits)
        .into_iter()
        .chain(report.regions.iter().filter_map(|region| region_note(report, region)))
        .collect()
}

fn slope_note(report: &TonalBalance, limits: &TonalLimits) -> Option<String> {
    let target = &report.target;
    let (own, theirs) = (report.slope_db_per_octave?, target.slope_db_per_octave?);
    let (word, share, steeper) = match report.slope_percentile? {
        percentile if percentile <= limits.less_percentile => ("Darker", 100.0 - percentile, "flatter"),
        percentile if percentile >= limits.more_percentile => ("Brighter", percentile, "steeper"),
        _ => return None,
    };
    let beside = if target.references > 0 {
        format!("with a spread of {:.1}", target.slope_spread_db_per_octave?)
    } else {
        format!("and {} of programmes are {steeper}", share_of(share))
    };
    Some(format!(
        "{word} than most: the levels change by {own:+.1} dB per octave from {:.0} Hz to {:.0} Hz, those of {} by \
         {theirs:+.1}, {beside}.",
        limits.slope_low_hz, limits.slope_high_hz, target.name
    ))
}

fn region_note(report: &TonalBalance, region: &TonalRegion) -> Option<String> {
    let (deviation, word) = (region.deviation_db?, region.word.filter(|word| *word != "usual")?);
    let (target, size) = (&report.target, deviation.abs());
    let index = REGIONS.iter().position(|(name, _)| *name == region.name)?;
    let range = if index + 1 == REGIONS.len() {
        format!("from {:.0} Hz", region.low_hz)
    } else if index == 0 {
        format!("to {:.0} Hz", region.high_hz)
    } else {
        format!("{:.0} to {:.0} Hz", region.low_hz, region.high_hz)
    };
    let beside = match region.percentile {
        Some(_) if target.references > 0 => {
            format!(", whose spread is {:.1} dB", target.region_spread_db.get(index).copied().flatten()?)
        }
        Some(percentile) => {
            let (share, have) = if word == "more" { (percentile, "less") } else { (100.0 - percentile, "more") };
            format!("; {} of programmes have {have}", share_of(share))
        }
        None => String::new(),
    };
    let most = if region.percentile.is_some() { format!("{word} than most, ") } else { String::new() };
    Some(format!("{}, {range}: {most}{size:.1} dB {word} than {}{beside}.", capital(region.name), target.name))
}

/// A share of programmes in words: the ends of a normal distribution are not known so well.
fn share_of(percent: f64) -> String {
    if percent > 99.0 { String::from("over 99 %") } else { format!("about {percent:.0} %") }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// An equalizer towards the references, where the programme lies outside what they do.
fn correction(
    programme: &Spectra,
    report: &TonalBalance,
    limits: &TonalLimits,
) -> Result<Option<Suggestion>, AnalysisError> {
    let target = &report.target;
    if target.references == 0 {
        return Ok(None);
    }
    let hz = &report.frequencies_hz;
    let wanted = |(band, deviation): (usize, &Option<f64>)| {
        let limit = limits.correct_from_db.max(target.spread_db[band].unwrap_or(0.0));
        let outside = |deviation: f64| correctable(hz[band], limits) && deviation.abs() > limit;
        deviation.filter(|deviation| outside(*deviation)).map_or(0.0, |deviation| -deviation)
    };
    let wanted: Vec<f64> = report.deviation_db.iter().enumerate().map(wanted).collect();
    let most = limits.correct_most_db;
    let smooth: Vec<f64> = smoothed(&wanted, 3.0 * limits.correct_smoothing_octaves)
        .into_iter()
        .map(|level| level.clamp(-most, most))
        .collect();
    let weights: Vec<f64> = report.deviation_db.iter().map(|band| if band.is_some() { 1.0 } else { 0.0 }).collect();
    let rate_hz = programme.sample_rate_hz();
    let settings = FitSettings {
        bands: limits.correct_bands as usize,
        range_hz: [limits.correct_low_hz, limits.correct_high_hz.min(0.4 * rate_hz)],
        max_gain_db: most,
        max_q: limits.correct_q,
        enough_db: 0.0,
        least_gain_db: LEAST_GAIN_DB,
    };
    let bands = fit(hz, &smooth, &weights, &settings);
    if bands.is_empty() {
        return Ok(None);
    }
    let count = bands.len();
    let equalizer = EqualizerParams { bands: bands.into_iter().map(Into::into).collect(), ..Default::default() };
    let spec = StreamSpec::new(rate_hz, 1)?;
    let centres_hz = programme.cells().centres_hz();
    let response = equalizer.frequency_response(&spec, &centres_hz)?.unwrap_or_default();
    let gains: Vec<f64> = response.iter().map(|h| h.norm_sqr()).collect();
    let after = measure(&programme.filtered(&gains), target, limits)?;
    let (Some(before_db), Some(after_db)) = (report.rms_db, after.rms_db) else { return Ok(None) };
    let Some(worst) = worst(report, limits).filter(|_| after_db < before_db) else { return Ok(None) };
    let (deviation, spread) = (report.deviation_db[worst].unwrap_or(0.0), target.spread_db[worst]);
    let beyond = spread.map_or_else(
        || format!("the limit is {:.1} dB", limits.correct_from_db),
        |spread| {
            format!("they differ by {spread:.1} dB there, and the limit is at least {:.1} dB", limits.correct_from_db)
        },
    );
    let worst_after = after.deviation_db[worst].unwrap_or(0.0);
    let reason = format!(
        "At {:.0} Hz the programme has {:.1} dB {} than {}; {beyond}. {count} bands of at most {most:.0} dB lower the \
         deviation there to {worst_after:+.1} dB, and over all bands from {before_db:.1} to {after_db:.1} dB rms.",
        hz[worst],
        deviation.abs(),
        if deviation > 0.0 { "more" } else { "less" },
        target.name,
    );
    let mut evidence = alloc::vec![
        Figure { name: "frequency_hz", value: hz[worst], unit: "Hz" },
        Figure { name: "deviation_db", value: deviation, unit: "dB" },
    ];
    evidence.extend(spread.map(|value| Figure { name: "spread_db", value, unit: "dB" }));
    let mut predicted = alloc::vec![
        Change { name: "rms_db", before: before_db, after: after_db, unit: "dB" },
        Change { name: "deviation_db", before: deviation, after: worst_after, unit: "dB" },
    ];
    if let (Some(before), Some(after)) = (report.slope_db_per_octave, after.slope_db_per_octave) {
        predicted.push(Change { name: "slope_db_per_octave", before, after, unit: "dB/octave" });
    }
    let action = Action::Effect(equalizer.into());
    Ok(Some(Suggestion { track: None, action, reason, evidence, predicted, confidence: report.confidence }))
}

/// Bands of a correction below are dropped, in dB.
const LEAST_GAIN_DB: f64 = 0.3;

/// The band furthest outside what the references do.
fn worst(report: &TonalBalance, limits: &TonalLimits) -> Option<usize> {
    let beyond = |band: usize| -> Option<f64> {
        let spread = report.target.spread_db[band].unwrap_or(0.0);
        let beyond = report.deviation_db[band]?.abs() - limits.correct_from_db.max(spread);
        (beyond > 0.0 && correctable(report.frequencies_hz[band], limits)).then_some(beyond)
    };
    let bands = (0..report.deviation_db.len()).filter_map(|band| Some((band, beyond(band)?)));
    bands.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(band, _)| band)
}

#[cfg(test)]
mod tests {
    use super::{super::tonal_target::tonal_target, *};
    use crate::{Block, BlockMut, Processor, filters::TiltParams, primitives::random::Random};

    const RATE_HZ: f64 = 48_000.0;

    /// Noise of about -4.5 dB per octave of density, mono.
    fn noise(seed: u64, seconds: f64, rate_hz: f64) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        let (mut slow, mut state) = (0.0, 0.0);
        let mut next = || {
            state += 0.12 * (random.triangular() - state);
            slow += 0.02 * (state - slow);
            0.2 * (state + 2.0 * slow)
        };
        (0..(seconds * rate_hz) as usize).map(|_| next()).collect()
    }

    fn spectra(samples: &[f64], rate_hz: f64) -> Spectra {
        Spectra::measure(&Block::from_slices(&[samples]).unwrap(), &StreamSpec::new(rate_hz, 1).unwrap()).unwrap()
    }

    fn filtered(samples: &[f64], params: &impl Params) -> Vec<f64> {
        let mut samples = samples.to_vec();
        let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
        params.build::<f64>(&spec).unwrap().process(&mut BlockMut::from_slices(&mut [&mut samples[..]]).unwrap());
        samples
    }

    /// Acceptance 13: an exact tilt of 2 dB per octave changes the slope by that within 0.15.
    #[test]
    fn a_tilt_is_the_change_of_slope() {
        let spectra = spectra(&noise(1, 20.0, RATE_HZ), RATE_HZ);
        let (target, limits) = (TonalTarget::hits(0.0).unwrap(), TonalLimits::default());
        let before = tonal_balance(&spectra, &target, &limits).unwrap().slope_db_per_octave.unwrap();
        for tilt in [-2.0, -1.0, 1.0, 2.0] {
            let gain = |hz: &f64| libm::pow(10.0, tilt / 10.0 * libm::log2(hz.max(10.0) / 1_000.0));
            let gains: Vec<f64> = spectra.cells().centres_hz().iter().map(gain).collect();
            let after =
                tonal_balance(&spectra.filtered(&gains), &target, &limits).unwrap().slope_db_per_octave.unwrap();
            assert!((after - before - tilt).abs() < 0.15, "{tilt}: {before} {after}");
        }
    }

    /// Acceptance 6: what a suggestion predicts is what the report says of the processed audio.
    #[test]
    fn a_correction_does_what_it_predicts() {
        let limits = TonalLimits::default();
        let references: Vec<Spectra> = (2..5).map(|seed| spectra(&noise(seed, 12.0, RATE_HZ), RATE_HZ)).collect();
        let target = tonal_target(&references.iter().collect::<Vec<_>>(), &limits).unwrap();
        let dark = filtered(&noise(6, 12.0, RATE_HZ), &TiltParams { frequency_hz: 700.0, gain_db: 6.0 });
        let report = tonal_balance(&spectra(&dark, RATE_HZ), &target, &limits).unwrap();
        assert!(report.notes.iter().any(|note| note.starts_with("Darker than most")), "{:?}", report.notes);
        let [suggestion] = &report.suggestions[..] else { panic!("{report:?}") };
        let Action::Effect(crate::Effect::Equalizer(equalizer)) = &suggestion.action else { panic!() };
        assert!(equalizer.bands.len() <= 4);
        let after = tonal_balance(&spectra(&filtered(&dark, equalizer), RATE_HZ), &target, &limits).unwrap();
        let [rms, ..] = &suggestion.predicted[..] else { panic!() };
        assert!(
            rms.after < rms.before && (rms.after - after.rms_db.unwrap()).abs() < 0.02,
            "{rms:?} {:?}",
            after.rms_db
        );
        // Against a generic curve nothing is suggested.
        let hits = TonalTarget::hits(0.0).unwrap();
        assert!(tonal_balance(&spectra(&dark, RATE_HZ), &hits, &limits).unwrap().suggestions.is_empty());
    }

    #[test]
    fn a_programme_beside_itself_deviates_nowhere() {
        let limits = TonalLimits::default();
        let spectra = spectra(&noise(7, 12.0, RATE_HZ), RATE_HZ);
        let target = tonal_target(&[&spectra], &limits).unwrap();
        let report = tonal_balance(&spectra, &target, &limits).unwrap();
        assert!(report.deviation_db.iter().flatten().all(|deviation| deviation.abs() < 1e-9));
        assert!(report.notes.is_empty() && report.suggestions.is_empty() && report.confidence == Confidence::Low);
    }

    #[test]
    fn percussion_lifts_both_ends_of_the_target() {
        let (sparse, heavy) = (TonalTarget::hits(-1.0).unwrap(), TonalTarget::hits(1.0).unwrap());
        let change = |band: usize| heavy.level_db[band].unwrap() - sparse.level_db[band].unwrap();
        // 50 Hz, 1 kHz and 10 kHz: +6, 0 and +10 dB about their median.
        assert!(
            change(4) - change(17) > 5.0 && change(27) - change(17) > 9.0,
            "{} {} {}",
            change(4),
            change(17),
            change(27)
        );
        assert!(TonalTarget::hits(1.5).is_err());
    }

    #[test]
    fn curves_are_refused_where_they_mean_nothing() {
        let hz: Vec<f64> = (0..10).map(|k| 50.0 * libm::exp2(f64::from(k))).collect();
        let flat = [0.0; 10];
        assert!(TonalTarget::of_curve("flat", &hz, &flat, None).is_ok());
        assert!(TonalTarget::of_curve("flat", &hz[..7], &flat[..7], None).is_err());
        let mut falling = hz.clone();
        falling.swap(3, 4);
        assert!(TonalTarget::of_curve("flat", &falling, &flat, None).is_err());
        assert!(TonalTarget::of_curve("flat", &hz, &[f64::NAN; 10], None).is_err());
        assert!(TonalTarget::of_curve("flat", &hz, &flat[..9], None).is_err());
    }

    /// Acceptance 18: silence and too little are refused, other rates give figures.
    #[test]
    fn other_rates_give_figures_and_silence_a_refusal() {
        let (target, limits) = (TonalTarget::hits(0.0).unwrap(), TonalLimits::default());
        for (samples, rate_hz) in [(alloc::vec![0.0; 480_000], RATE_HZ), (noise(8, 0.3, RATE_HZ), RATE_HZ)] {
            let refused = tonal_balance(&spectra(&samples, rate_hz), &target, &limits);
            assert!(matches!(refused, Err(AnalysisError::TooShort { .. })), "{refused:?}");
        }
        for rate_hz in [8_000.0, 192_000.0] {
            let report = tonal_balance(&spectra(&noise(9, 5.0, rate_hz), rate_hz), &target, &limits).unwrap();
            assert!(report.deviation_db.iter().flatten().all(|deviation| deviation.is_finite()));
            assert_eq!(report.deviation_db[29].is_none(), rate_hz == 8_000.0);
            assert_eq!(report.confidence, Confidence::Low);
        }
    }
}
