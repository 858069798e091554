//! Match: the equalization that leads from the spectrum of one programme to that of another.

use super::{
    bands::Bands,
    error::AnalysisError,
    fit::{FitSettings, fit, smoothed},
    ltas::{self, Active, Gates, Part, median},
    match_limits::{MatchLimits, MatchParams},
    minimum_phase::minimum_phase,
    spectra::{Spectra, k_weights},
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
};
use crate::{
    console::Effect,
    convolution::{ConvolutionParams, ImpulseResponse},
    filters::EqualizerParams,
    foundation::{
        error::{Error, expect_channels},
        params::Params,
        stream::StreamSpec,
        table::Fields,
        unit::{gain_to_db, power_to_db},
    },
    levels::GainParams,
};
use alloc::{format, string::String, vec, vec::Vec};

/// The curves of a match, in sixths of an octave.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MatchCurve {
    /// Reference minus programme, as measured, aligned by its median from 200 Hz to 4 kHz; `None` where not trusted.
    pub difference_db: Vec<Option<f64>>,
    /// Whether both programmes have enough there.
    pub trusted: Vec<bool>,
    /// The difference smoothed, limited, and times `amount`: what is wanted.
    pub curve_db: Vec<f64>,
    /// The response of the effect.
    pub fitted_db: Vec<f64>,
    /// Wanted minus fitted.
    pub residual_db: Vec<f64>,
}

/// A match: an effect that leads from the spectrum of one programme to that of another.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Match {
    /// The effect for the programme.
    pub effect: Effect,
    /// Midbands of sixths of an octave, in Hz.
    pub frequencies_hz: Vec<f64>,
    /// The curves of the whole programme, or of its mid.
    pub whole: MatchCurve,
    /// The curves of the side, with `mid_side`.
    pub side: Option<MatchCurve>,
    /// Loudness of the reference minus that of the programme. It is not matched.
    pub loudness_difference_lu: f64,
    /// Level of the side beside the mid in the reference minus that in the programme, with `mid_side`. It is not matched.
    pub side_difference_db: Option<f64>,
    /// Root mean square of the smoothed difference, in dB.
    pub rms_difference_db: f64,
    /// The same of the two halves of a programme, the larger of both.
    pub rms_halves_db: f64,
    /// Largest magnitude of the residual where trusted, in dB.
    pub worst_residual_db: f64,
    /// Length of what sounds of the programme and of the reference, in seconds.
    pub active_s: [f64; 2],
    /// How sure it is.
    pub confidence: Confidence,
    /// Remarks, a sentence each.
    pub notes: Vec<String>,
    /// The effect and a gain, with what they change.
    pub suggestions: Vec<Suggestion>,
}

/// Taps of the convolution.
const TAPS: usize = 8_192;
/// Bands of an octave.
const PER_OCTAVE: f64 = 6.0;
/// Bands this close above the end of the range are within it: their midbands are no round numbers.
const EDGE: f64 = 1.01;
/// Highest frequency of a band, beside the sample rate.
const HIGHEST_PER_RATE: f64 = 0.45;
/// Frequencies of bands in Hz, and their largest gain in dB.
const BAND_RANGE_HZ: [f64; 2] = [20.0, 20_000.0];
const BAND_MAX_DB: f64 = 18.0;

/// A programme and what is measured of it.
struct Programme<'a> {
    spectra: &'a Spectra,
    active: Active,
    bands: Bands,
}

impl<'a> Programme<'a> {
    fn new(spectra: &'a Spectra, argument: &'static str, limits: &MatchLimits) -> Result<Self, AnalysisError> {
        let active = Active::of(spectra, Gates { floor_lufs: limits.floor_lufs, relative_lu: limits.gate_lu });
        active.at_least(argument, limits.least_s)?;
        let Bands { centres_hz, weights } = Bands::sixths(spectra.cells());
        let range = limits.low_hz..=limits.high_hz * EDGE;
        let (centres_hz, weights) = centres_hz.into_iter().zip(weights).filter(|(hz, _)| range.contains(hz)).unzip();
        Ok(Self { spectra, active, bands: Bands { centres_hz, weights } })
    }

    /// Levels of one part over some frames; `None` too far under the loudest band of the whole programme.
    fn levels(&self, part: Part, frames: &[usize], limits: &MatchLimits) -> Vec<Option<f64>> {
        let nyquist_hz = ltas::nyquist_hz(self.spectra.cells());
        let of = |part: Part| {
            ltas::levels(&ltas::mean_cells(self.spectra, part, frames), &self.bands, nyquist_hz, PER_OCTAVE)
        };
        let loudest = of(Part::Sum).iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let trusted = |level: Option<f64>| level.filter(|level| *level >= loudest - limits.range_db);
        of(part).into_iter().map(trusted).collect()
    }

    /// Mean level of a part over the frames that count, in dB; `None` if it is silent.
    fn level(&self, part: Part) -> Option<f64> {
        let power: f64 = ltas::mean_cells(self.spectra, part, self.active.all()).iter().sum();
        (power > 0.0).then(|| power_to_db(power))
    }
}

/// Differences of one part of two programmes.
struct Difference {
    raw: Vec<Option<f64>>,
    smooth: Vec<f64>,
}

/// Settings of a difference.
#[derive(Clone, Copy)]
struct Shape<'a> {
    hz: &'a [f64],
    smoothing_octaves: f64,
    limits: &'a MatchLimits,
}

impl Shape<'_> {
    /// `to` minus `from`, aligned by its median, 0 where it is not trusted or too low, smoothed.
    fn difference(&self, from: &[Option<f64>], to: &[Option<f64>], lowest_hz: f64) -> Difference {
        let limits = self.limits;
        let both = self.hz.iter().zip(from).zip(to);
        let mut raw: Vec<Option<f64>> =
            both.map(|((hz, from), to)| Some((*to)? - (*from)?).filter(|_| *hz >= lowest_hz)).collect();
        let within = |low_hz: f64, high_hz: f64| -> Vec<f64> {
            let bands = self.hz.iter().zip(&raw).filter(|(hz, _)| (low_hz..=high_hz).contains(*hz));
            bands.filter_map(|(_, level)| *level).collect()
        };
        let middle =
            median(within(limits.align_low_hz, limits.align_high_hz)).or_else(|| median(within(0.0, f64::INFINITY)));
        raw.iter_mut().flatten().for_each(|level| *level -= middle.unwrap_or(0.0));
        let known: Vec<f64> = raw.iter().map(|level| level.unwrap_or(0.0)).collect();
        Difference { smooth: smoothed(&known, PER_OCTAVE * self.smoothing_octaves), raw }
    }

    /// Root mean square of a smoothed difference over the bands that are trusted in `raw`.
    fn rms(&self, smooth: &[f64], raw: &[Option<f64>]) -> f64 {
        let squares: Vec<f64> =
            smooth.iter().zip(raw).filter(|(_, raw)| raw.is_some()).map(|(level, _)| level * level).collect();
        if squares.is_empty() { 0.0 } else { libm::sqrt(squares.iter().sum::<f64>() / squares.len() as f64) }
    }

    /// The same of the halves of a programme.
    fn rms_halves(&self, programme: &Programme<'_>, part: Part, raw: &[Option<f64>]) -> f64 {
        let [first, second] = programme.active.halves();
        let levels = |frames: &[usize]| programme.levels(part, frames, self.limits);
        let halves = self.difference(&levels(first), &levels(second), 0.0);
        self.rms(&halves.smooth, raw)
    }
}

/// Leads the long-term spectrum of a programme towards that of a reference.
///
/// Loudness is not matched: the difference is aligned by its median, and the loudness difference reported.
///
/// # Errors
/// [`AnalysisError::TooShort`] for less than 3 s of sound in either; settings and limits out of range; `mid_side` of
/// mono.
pub fn match_to(
    programme: &Spectra,
    reference: &Spectra,
    params: &MatchParams,
    limits: &MatchLimits,
) -> Result<Match, AnalysisError> {
    let rate_hz = programme.sample_rate_hz();
    params.check_fields(rate_hz)?;
    limits.check_fields(rate_hz)?;
    if params.mid_side {
        for spectra in [programme, reference] {
            expect_channels(2, if spectra.is_mono() { 1 } else { 2 })?;
        }
    }
    let (own, other) = (Programme::new(programme, "audio", limits)?, Programme::new(reference, "reference", limits)?);
    let hz = own.bands.centres_hz.clone();
    let shape = Shape { hz: &hz, smoothing_octaves: params.smoothing_octaves, limits };
    let difference = |part: Part, lowest_hz: f64| {
        let [from, to] = [&own, &other].map(|programme| programme.levels(part, programme.active.all(), limits));
        shape.difference(&from, &to, lowest_hz)
    };
    let part = if params.mid_side { Part::Mid } else { Part::Sum };
    let whole = difference(part, 0.0);
    let side = params.mid_side.then(|| difference(Part::Side, limits.side_from_hz));
    let designer = Designer { shape, params, rate_hz };
    let (effect, curve) = designer.design(&whole, None)?;
    let made = side.as_ref().map(|side| designer.design(side, Some(&whole))).transpose()?;
    let side_difference_db = made.as_ref().and_then(|_| {
        let beside = |programme: &Programme<'_>| Some(programme.level(Part::Side)? - programme.level(Part::Mid)?);
        Some(beside(&other)? - beside(&own)?)
    });
    let (effect, side_curve) = match made {
        None => (effect, None),
        Some((side, curve)) => (Effect::MidSide { mid: vec![effect], side: vec![side] }, Some(curve)),
    };
    let parts = [(part, Some(&whole)), (Part::Side, side.as_ref())];
    let known = || parts.iter().filter_map(|(part, difference)| Some((*part, (*difference)?)));
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let rms_difference_db = largest(&mut known().map(|(_, made)| shape.rms(&made.smooth, &made.raw)));
    let rms_halves_db = largest(&mut [&own, &other].iter().flat_map(|programme| {
        known().map(|(part, made)| shape.rms_halves(programme, part, &made.raw)).collect::<Vec<_>>()
    }));
    let active_s = [own.active.active_s, other.active.active_s];
    let sure = rms_difference_db > limits.sure_ratio * rms_halves_db && active_s.iter().all(|s| *s >= limits.sure_s);
    let loudness = |programme: &Programme<'_>| programme.active.loudness_lufs.unwrap_or(limits.floor_lufs);
    let mut report = Match {
        effect,
        worst_residual_db: curve
            .worst_residual_db()
            .max(side_curve.as_ref().map_or(0.0, MatchCurve::worst_residual_db)),
        whole: curve,
        side: side_curve,
        loudness_difference_lu: loudness(&other) - loudness(&own),
        side_difference_db,
        rms_difference_db,
        rms_halves_db,
        active_s,
        confidence: if sure { Confidence::High } else { Confidence::Low },
        notes: Vec::new(),
        suggestions: Vec::new(),
        frequencies_hz: hz.clone(),
    };
    report.notes = notes(&report, limits);
    report.suggestions = suggestions(&report, &own, &other, shape, params)?;
    Ok(report)
}

impl MatchCurve {
    fn worst_residual_db(&self) -> f64 {
        let trusted = self.residual_db.iter().zip(&self.trusted).filter(|(_, trusted)| **trusted);
        trusted.map(|(residual, _)| residual.abs()).fold(0.0, f64::max)
    }
}

/// Makes the wanted curve and the effect of a part.
#[derive(Clone, Copy)]
struct Designer<'a> {
    shape: Shape<'a>,
    params: &'a MatchParams,
    rate_hz: f64,
}

impl Designer<'_> {
    fn design(&self, made: &Difference, mid: Option<&Difference>) -> Result<(Effect, MatchCurve), AnalysisError> {
        let (params, limits, hz) = (self.params, self.shape.limits, self.shape.hz);
        let clamp = |level: f64| level.clamp(-params.max_db, params.max_db);
        let wanted = |(band, level): (usize, &f64)| {
            let Some(mid) = mid else { return params.amount * clamp(*level) };
            if hz[band] < limits.side_from_hz {
                return 0.0;
            }
            let mid = clamp(mid.smooth[band]);
            params.amount * clamp(*level).clamp(mid - limits.side_most_db, mid + limits.side_most_db)
        };
        let curve_db: Vec<f64> = made.smooth.iter().enumerate().map(wanted).collect();
        let trusted: Vec<bool> = made.raw.iter().map(Option::is_some).collect();
        let effect = if params.bands == 0 {
            self.convolution(&curve_db)?
        } else {
            self.equalizer(&curve_db, &trusted, mid.is_some())
        };
        let below = hz.iter().filter(|hz| **hz < 0.5 * self.rate_hz).count();
        let spec = StreamSpec::new(self.rate_hz, 1)?;
        let response = effect.frequency_response(&spec, &hz[..below])?.unwrap_or_default();
        let mut fitted_db: Vec<f64> = response.iter().map(|h| gain_to_db(h.norm())).collect();
        fitted_db.resize(hz.len(), 0.0);
        let residual_db = curve_db.iter().zip(&fitted_db).map(|(wanted, fitted)| wanted - fitted).collect();
        Ok((effect, MatchCurve { difference_db: made.raw.clone(), trusted, curve_db, fitted_db, residual_db }))
    }

    fn equalizer(&self, curve_db: &[f64], trusted: &[bool], side: bool) -> Effect {
        let limits = self.shape.limits;
        let weight = |(trusted, hz): (&bool, &f64)| {
            // The side below its lowest frequency is to stay as it is.
            let untouched = side && *hz < limits.side_from_hz;
            if *trusted || untouched { 1.0 } else { 0.0 }
        };
        let weights: Vec<f64> = trusted.iter().zip(self.shape.hz).map(weight).collect();
        let [low_hz, high_hz] = BAND_RANGE_HZ;
        let settings = FitSettings {
            bands: self.params.bands as usize,
            range_hz: [low_hz, high_hz.min(HIGHEST_PER_RATE * self.rate_hz)],
            max_gain_db: BAND_MAX_DB,
            max_q: limits.max_q,
            enough_db: limits.enough_db,
            least_gain_db: limits.least_gain_db,
        };
        let bands = fit(self.shape.hz, curve_db, &weights, &settings);
        EqualizerParams { bands: bands.into_iter().map(Into::into).collect(), ..Default::default() }.into()
    }

    fn convolution(&self, curve_db: &[f64]) -> Result<Effect, Error> {
        let points: Vec<(f64, f64)> = self.shape.hz.iter().copied().zip(curve_db.iter().copied()).collect();
        let response = minimum_phase(&points, self.rate_hz, TAPS);
        let impulse_response = ImpulseResponse::from_planar(1, response)?;
        Ok(ConvolutionParams { impulse_response, ..Default::default() }.into())
    }
}

fn notes(report: &Match, limits: &MatchLimits) -> Vec<String> {
    let mut notes = Vec::new();
    if report.rms_difference_db < limits.same_db {
        notes.push(format!("Both have the same spectrum, within {} dB: there is nothing to match.", limits.same_db));
        return notes;
    }
    if report.confidence == Confidence::Low {
        let short = report.active_s.iter().copied().fold(f64::INFINITY, f64::min);
        notes.push(if short < limits.sure_s {
            format!("Confidence is low: only {short:.1} s sound, {:.0} s are wanted.", limits.sure_s)
        } else {
            format!(
                "Confidence is low: the programmes differ by {:.1} dB rms, and the halves of one of them by {:.1} dB.",
                report.rms_difference_db, report.rms_halves_db
            )
        });
    }
    let untrusted: Vec<f64> = report
        .frequencies_hz
        .iter()
        .zip(&report.whole.trusted)
        .filter(|(_, trusted)| !**trusted)
        .map(|(hz, _)| *hz)
        .collect();
    if !untrusted.is_empty() {
        notes.push(format!(
            "Not measurable in {} of the bands between {:.0} and {:.0} Hz: one of the programmes has nothing there.",
            untrusted.len(),
            untrusted[0],
            untrusted[untrusted.len() - 1]
        ));
    }
    if let Some(side_db) = report.side_difference_db
        && side_db.abs() >= limits.least_loudness_lu
    {
        notes.push(format!(
            "The side of the reference lies {:.1} dB {} beside its mid: that is not matched.",
            side_db.abs(),
            if side_db > 0.0 { "higher" } else { "lower" }
        ));
    }
    notes
}

/// Power gains of an effect in the middle of cells; none where it has no response.
fn power_gains(effect: &Effect, spectra: &Spectra) -> Result<Vec<f64>, Error> {
    let spec = StreamSpec::new(spectra.sample_rate_hz(), 1)?;
    let response = effect.frequency_response(&spec, &spectra.cells().centres_hz())?;
    Ok(response.unwrap_or_default().iter().map(|h| h.norm_sqr()).collect())
}

fn suggestions(
    report: &Match,
    own: &Programme<'_>,
    other: &Programme<'_>,
    shape: Shape<'_>,
    params: &MatchParams,
) -> Result<Vec<Suggestion>, AnalysisError> {
    let limits = shape.limits;
    let mut made = Vec::new();
    if report.rms_difference_db >= limits.same_db {
        made.extend(equalization(report, own, other, shape, params)?);
    }
    let louder_lu = report.loudness_difference_lu;
    if louder_lu.abs() >= limits.least_loudness_lu {
        let gain_db = libm::round(10.0 * louder_lu) / 10.0;
        made.push(Suggestion {
            track: None,
            action: Action::Effect(GainParams { gain_db, ..Default::default() }.into()),
            reason: format!(
                "The reference is {:.1} LU {} than the programme, which the match leaves as it is: a gain of {gain_db:+.1} \
                 dB makes them equally loud.",
                louder_lu.abs(),
                if louder_lu > 0.0 { "louder" } else { "quieter" }
            ),
            evidence: vec![Figure { name: "loudness_difference_lu", value: louder_lu, unit: "LU" }],
            predicted: vec![Change {
                name: "loudness_difference_lu",
                before: louder_lu,
                after: louder_lu - gain_db,
                unit: "LU",
            }],
            confidence: Confidence::High,
        });
    }
    Ok(made)
}

/// The effect as a suggestion, if the difference is smaller after it.
fn equalization(
    report: &Match,
    own: &Programme<'_>,
    other: &Programme<'_>,
    shape: Shape<'_>,
    params: &MatchParams,
) -> Result<Option<Suggestion>, AnalysisError> {
    let limits = shape.limits;
    let spectra = own.spectra;
    let nyquist_hz = ltas::nyquist_hz(spectra.cells());
    // What the effect makes of a part.
    let filtered = |part: Part, effect: &Effect| -> Result<Vec<Option<f64>>, Error> {
        let mut cells = ltas::mean_cells(spectra, part, own.active.all());
        for (power, gain) in cells.iter_mut().zip(power_gains(effect, spectra)?) {
            *power *= gain;
        }
        let trusted = own.levels(part, own.active.all(), limits);
        let levels = ltas::levels(&cells, &own.bands, nyquist_hz, PER_OCTAVE);
        Ok(levels.into_iter().zip(trusted).map(|(level, trusted)| level.filter(|_| trusted.is_some())).collect())
    };
    let after = |part: Part, effect: &Effect, lowest_hz: f64| -> Result<f64, Error> {
        let to = other.levels(part, other.active.all(), limits);
        let after = shape.difference(&filtered(part, effect)?, &to, lowest_hz);
        Ok(shape.rms(&after.smooth, &after.raw))
    };
    let after_db = match &report.effect {
        Effect::MidSide { mid, side } => {
            after(Part::Mid, &mid[0], 0.0)?.max(after(Part::Side, &side[0], limits.side_from_hz)?)
        }
        effect => after(Part::Sum, effect, 0.0)?,
    };
    if after_db >= report.rms_difference_db {
        return Ok(None);
    }
    let mut predicted =
        vec![Change { name: "rms_difference_db", before: report.rms_difference_db, after: after_db, unit: "dB" }];
    if !matches!(report.effect, Effect::MidSide { .. }) {
        let change_lu = loudness_change_lu(own, &power_gains(&report.effect, spectra)?);
        predicted.push(Change {
            name: "loudness_difference_lu",
            before: report.loudness_difference_lu,
            after: report.loudness_difference_lu - change_lu,
            unit: "LU",
        });
    }
    Ok(Some(Suggestion {
        track: None,
        action: Action::Effect(report.effect.clone()),
        reason: format!(
            "The reference differs by {:.1} dB rms, the halves of one programme by {:.1} dB; with {:.0} % of the curve \
             {after_db:.1} dB are left.",
            report.rms_difference_db,
            report.rms_halves_db,
            100.0 * params.amount,
        ),
        evidence: vec![
            Figure { name: "rms_difference_db", value: report.rms_difference_db, unit: "dB" },
            Figure { name: "rms_halves_db", value: report.rms_halves_db, unit: "dB" },
            Figure { name: "worst_residual_db", value: report.worst_residual_db, unit: "dB" },
        ],
        predicted,
        confidence: report.confidence,
    }))
}

/// Loudness after a filter minus that before, over the frames that count.
fn loudness_change_lu(programme: &Programme<'_>, gains: &[f64]) -> f64 {
    let mean = ltas::mean_cells(programme.spectra, Part::Sum, programme.active.all());
    let weights = k_weights(programme.spectra.cells());
    let weighted = mean.iter().zip(&weights).map(|(power, weight)| power * weight);
    let before: f64 = weighted.clone().sum();
    let after: f64 = weighted.zip(gains).map(|(power, gain)| power * gain).sum();
    if before > 0.0 && after > 0.0 { power_to_db(after / before) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Block, BlockMut, Processor,
        filters::{BellParams, HighShelfParams, LowShelfParams},
        primitives::random::Random,
    };

    const RATE_HZ: f64 = 48_000.0;

    fn noise(seed: u64, seconds: f64, rate_hz: f64) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        let mut state = 0.0;
        let mut next = || {
            let white = random.triangular();
            state += 0.05 * (white - state);
            0.2 * (state + 0.02 * white)
        };
        (0..(seconds * rate_hz) as usize).map(|_| next()).collect()
    }

    fn spectra(rows: &[&[f64]], rate_hz: f64) -> Spectra {
        Spectra::measure(&Block::from_slices(rows).unwrap(), &StreamSpec::new(rate_hz, rows.len()).unwrap()).unwrap()
    }

    fn equalizer() -> EqualizerParams {
        let bands = vec![
            LowShelfParams { frequency_hz: 120.0, gain_db: -4.0, q: 0.7 }.into(),
            BellParams { frequency_hz: 250.0, gain_db: 3.0, q: 1.0 }.into(),
            BellParams { frequency_hz: 1_200.0, gain_db: -3.0, q: 1.5 }.into(),
            BellParams { frequency_hz: 3_500.0, gain_db: 4.0, q: 1.0 }.into(),
            HighShelfParams { frequency_hz: 8_000.0, gain_db: -3.0, q: 0.7 }.into(),
        ];
        EqualizerParams { bands, ..Default::default() }
    }

    fn filtered(samples: &[f64], effect: &impl Params) -> Vec<f64> {
        let mut samples = samples.to_vec();
        let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
        effect.build::<f64>(&spec).unwrap().process(&mut BlockMut::from_slices(&mut [&mut samples[..]]).unwrap());
        samples
    }

    fn effect_applied(samples: &[f64], effect: &Effect) -> Vec<f64> {
        match effect {
            Effect::Equalizer(equalizer) => filtered(samples, equalizer),
            Effect::Convolution(convolution) => filtered(samples, convolution),
            other => panic!("{other:?}"),
        }
    }

    const WHOLE: MatchParams =
        MatchParams { amount: 1.0, smoothing_octaves: 0.0, bands: 8, max_db: 12.0, mid_side: false };

    fn matched(own: &[f64], other: &[f64], params: &MatchParams) -> Match {
        match_to(&spectra(&[own], RATE_HZ), &spectra(&[other], RATE_HZ), params, &MatchLimits::default()).unwrap()
    }

    /// Acceptance 14, first part: a programme matched to itself gives nothing, and says so.
    #[test]
    fn a_match_to_itself_is_nothing() {
        let samples = noise(1, 12.0, RATE_HZ);
        for bands in [8, 0] {
            let report = matched(&samples, &samples, &MatchParams { bands, ..Default::default() });
            assert!(report.whole.curve_db.iter().all(|level| level.abs() <= 0.01));
            assert!(report.whole.fitted_db.iter().all(|level| level.abs() <= 0.01));
            assert!(report.notes[0].starts_with("Both have the same spectrum") && report.suggestions.is_empty());
            assert!(report.loudness_difference_lu.abs() < 1e-9);
        }
    }

    /// Acceptance 14, second part, on noise: a known equalizer comes back, as curve and as bands.
    #[test]
    fn a_known_equalizer_comes_back() {
        let samples = noise(2, 20.0, RATE_HZ);
        let other = filtered(&samples, &equalizer());
        for bands in [8, 0] {
            let report = matched(&samples, &other, &MatchParams { bands, ..WHOLE });
            let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
            let response = equalizer().frequency_response(&spec, &report.frequencies_hz).unwrap().unwrap();
            let truth: Vec<f64> = response.iter().map(|h| gain_to_db(h.norm())).collect();
            let within = |low: f64, high: f64| -> Vec<usize> {
                (0..truth.len()).filter(|band| (low..=high).contains(&report.frequencies_hz[*band])).collect()
            };
            let middle = median(within(200.0, 4_000.0).into_iter().map(|band| truth[band]).collect()).unwrap();
            for band in within(60.0, 14_000.0) {
                let [curve, fitted] = [&report.whole.curve_db, &report.whole.fitted_db].map(|levels| levels[band]);
                let expected = truth[band] - middle;
                assert!((curve - expected).abs() < 0.4, "{} Hz: {curve} {expected}", report.frequencies_hz[band]);
                assert!((fitted - expected).abs() < 0.6, "{} Hz: {fitted} {expected}", report.frequencies_hz[band]);
            }
            assert_eq!(report.confidence, Confidence::High);
        }
    }

    /// Acceptance 15: matched by half, then wholly, the rest falls each time; and 6: as predicted.
    #[test]
    fn the_rest_falls_with_each_match() {
        let (samples, other) = (noise(3, 12.0, RATE_HZ), filtered(&noise(4, 12.0, RATE_HZ), &equalizer()));
        let first = matched(&samples, &other, &MatchParams::default());
        let after_first = effect_applied(&samples, &first.effect);
        let second = matched(&after_first, &other, &MatchParams { amount: 1.0, ..Default::default() });
        let after_second = effect_applied(&after_first, &second.effect);
        let third = matched(&after_second, &other, &MatchParams::default());
        let rest = [first.rms_difference_db, second.rms_difference_db, third.rms_difference_db];
        assert!(rest[1] < 0.7 * rest[0] && rest[2] < 0.5 * rest[1], "{rest:?}");
        for (report, measured) in [(&first, rest[1]), (&second, rest[2])] {
            let predicted = &report.suggestions[0].predicted[0];
            assert!((predicted.after - measured).abs() < 0.02, "{predicted:?} {measured}");
        }
        let predicted = &first.suggestions[0].predicted[1];
        assert!((predicted.after - second.loudness_difference_lu).abs() < 0.05, "{predicted:?}");
    }

    #[test]
    fn loudness_is_reported_and_not_matched() {
        let samples = noise(5, 12.0, RATE_HZ);
        let louder: Vec<f64> = samples.iter().map(|sample| 2.0 * sample).collect();
        let report = matched(&samples, &louder, &MatchParams::default());
        assert!(
            (report.loudness_difference_lu - 6.02).abs() < 0.01
                && report.whole.curve_db.iter().all(|db| db.abs() < 1e-6)
        );
        let [gain] = &report.suggestions[..] else { panic!("{:?}", report.suggestions) };
        assert_eq!(gain.action, Action::Effect(GainParams { gain_db: 6.0, ..Default::default() }.into()));
    }

    #[test]
    fn mid_and_side_are_matched_by_themselves() {
        let (mid, side) = (noise(6, 12.0, RATE_HZ), noise(7, 12.0, RATE_HZ));
        let bell = EqualizerParams {
            bands: vec![BellParams { frequency_hz: 2_000.0, gain_db: 5.0, q: 1.0 }.into()],
            ..Default::default()
        };
        let stereo = |side: &[f64]| -> [Vec<f64>; 2] {
            let both = || mid.iter().zip(side);
            [both().map(|(m, s)| m + 0.3 * s).collect(), both().map(|(m, s)| m - 0.3 * s).collect()]
        };
        let (own, other) = (stereo(&side), stereo(&filtered(&side, &bell)));
        let [own, other] = [own, other].map(|[left, right]| spectra(&[&left, &right], RATE_HZ));
        let params = MatchParams { mid_side: true, amount: 1.0, ..Default::default() };
        let report = match_to(&own, &other, &params, &MatchLimits::default()).unwrap();
        let curve = report.side.as_ref().unwrap();
        let band = report.frequencies_hz.iter().position(|hz| (hz / 2_000.0 - 1.0).abs() < 1e-9).unwrap();
        assert!(curve.curve_db[band] > 3.0 && report.whole.curve_db[band].abs() < 0.05, "{report:?}");
        for (hz, level) in report.frequencies_hz.iter().zip(&curve.curve_db) {
            assert!(*hz >= 150.0 || *level == 0.0);
        }
        assert!(matches!(report.effect, Effect::MidSide { .. }));
        // Mono has no side.
        let mono = spectra(&[&mid], RATE_HZ);
        assert!(match_to(&mono, &other, &params, &MatchLimits::default()).is_err());
    }

    /// Acceptance 18: silence and too little are refused, other rates and an empty band give figures.
    #[test]
    fn what_has_no_sound_is_refused_and_what_has_no_band_not_trusted() {
        let samples = noise(8, 5.0, RATE_HZ);
        let sounding = spectra(&[&samples], RATE_HZ);
        let (params, limits) = (MatchParams::default(), MatchLimits::default());
        for quiet in [spectra(&[&[0.0; 480_000]], RATE_HZ), spectra(&[&samples[..14_400]], RATE_HZ)] {
            for refused in
                [match_to(&quiet, &sounding, &params, &limits), match_to(&sounding, &quiet, &params, &limits)]
            {
                assert!(matches!(refused, Err(AnalysisError::TooShort { .. })), "{refused:?}");
            }
        }
        for (rate_hz, other_hz) in [(8_000.0, 48_000.0), (48_000.0, 8_000.0), (192_000.0, 44_100.0)] {
            let [own, other] = [(9, rate_hz), (10, other_hz)].map(|(seed, hz)| spectra(&[&noise(seed, 5.0, hz)], hz));
            for bands in [8, 0] {
                let report = match_to(&own, &other, &MatchParams { bands, ..params }, &limits).unwrap();
                let curve = &report.whole;
                for levels in [&curve.curve_db, &curve.fitted_db, &curve.residual_db] {
                    assert!(levels.iter().all(|level| level.is_finite()), "{rate_hz} {other_hz}");
                }
                let known = rate_hz.min(other_hz) > 40_000.0;
                let top = report.frequencies_hz.iter().position(|hz| *hz > 5_000.0).unwrap();
                assert_eq!(curve.trusted[top], known, "{rate_hz} {other_hz}");
                assert_eq!(report.confidence, Confidence::Low);
            }
        }
        assert!(match_to(&sounding, &sounding, &MatchParams { amount: 2.0, ..params }, &limits).is_err());
    }
}
