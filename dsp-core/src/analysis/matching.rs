//! Match: the equalization that leads from the spectrum of one programme to that of another.

use super::{
    error::AnalysisError,
    fit::{FitSettings, fit},
    ltas::Part,
    match_difference::{Difference, Programme, Shape},
    match_limits::{MatchLimits, MatchParams},
    match_report::{Match, MatchCurve},
    match_suggestions::{notes, suggestions},
    minimum_phase::minimum_phase,
    spectra::Spectra,
    suggestion::Confidence,
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
        unit::gain_to_db,
    },
};
use alloc::{vec, vec::Vec};

/// Taps of the convolution.
const TAPS: usize = 8_192;
/// Highest frequency of a band, beside the sample rate.
const HIGHEST_PER_RATE: f64 = 0.45;
/// Frequencies of bands in Hz, and their largest gain in dB.
const BAND_RANGE_HZ: [f64; 2] = [20.0, 20_000.0];
const BAND_MAX_DB: f64 = 18.0;

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

#[cfg(test)]
mod tests {
    use super::{
        super::{ltas::median, suggestion::Action},
        *,
    };
    use crate::{
        Block, BlockMut, Processor,
        filters::{BellParams, HighShelfParams, LowShelfParams},
        levels::GainParams,
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
