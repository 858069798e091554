//! Polarity and mono fold: what the channels do to each other.

use super::{
    super::{
        error::AnalysisError,
        suggestion::{Action, Change, Confidence, Figure, Suggestion},
    },
    finding::{Finding, Severity, Spans, counted, figure, finite},
    watch::{Programme, Watch},
};
use crate::{
    console::Effect,
    foundation::{
        block::{Block, BlockMut},
        error::Error,
        params::Params,
        processor::Processor,
        sample::Sample,
        unit::{db_to_power, power_to_db},
    },
    levels::{GainParams, PanParams, WidthParams},
    meters::{CorrelationParams, FoldBand, MonoFold, MonoFoldMeter},
};
use alloc::{format, string::String, vec, vec::Vec};

/// Findings; correlation and loss in mono of two channels that both sound.
pub(super) struct Stereo {
    pub(super) findings: Vec<Finding>,
    pub(super) correlation: Option<f64>,
    pub(super) mono_change_db: Option<f64>,
}

/// Widths that are tried, the mildest first, and the frequency below which the bass is made mono, in Hz.
const WIDTHS: [f64; 3] = [0.8, 0.6, 0.4];
const BASS_MONO_HZ: f64 = 120.0;
/// Windows of correlation in a second.
const WINDOWS_PER_S: f64 = 10.0;

pub(super) fn check<S: Sample>(programme: &Programme<'_, S>, watch: &mut Watch<'_>) -> Result<Stereo, AnalysisError> {
    let mut stereo = Stereo { findings: Vec::new(), correlation: None, mono_change_db: None };
    if programme.channels() != 2 {
        watch.pass(2 * programme.frames())?;
        return Ok(stereo);
    }
    let limits = programme.limits;
    let mut meter = CorrelationParams::default().build::<S>(programme.spec)?;
    let mut spans = Spans::new(programme.rate_hz(), limits);
    let hop = libm::round(programme.rate_hz() / WINDOWS_PER_S) as usize;
    programme.chunks(hop, watch, |start, length| {
        crate::Meter::observe(&mut meter, &programme.audio.frames_at(start, length));
        if crate::Meter::reading(&meter).correlation < limits.polarity_warning {
            spans.push(start, start + length);
        }
    })?;
    let reading = crate::Meter::reading(&meter);
    let fold = measure_fold(programme, watch)?;
    // Of one channel alone there is no correlation: the check of silence has it.
    if !reading.balance_db.is_finite()
        || libm::fabs(reading.balance_db) > limits.channel_below_db
        || fold.bands.is_empty()
    {
        return Ok(stereo);
    }
    let correlation = reading.overall;
    stereo.correlation = Some(correlation);
    stereo.mono_change_db = Some(finite(fold.loss_db));
    let is_inverted = correlation < limits.polarity_warning;
    if is_inverted {
        let (severity, limit) = if correlation < limits.polarity_fault {
            (Severity::Fault, limits.polarity_fault)
        } else {
            (Severity::Warning, limits.polarity_warning)
        };
        let message = format!(
            "The channels have a correlation of {}, below {limit}: one of them may have inverted polarity. Their mono \
             sum is {} dB lower.",
            figure(correlation, 2),
            figure(-finite(fold.loss_db), 1),
        );
        let finding = Finding::new("polarity", severity, message)
            .of(correlation, limit, "")
            .with([("mono_change_db", finite(fold.loss_db), "dB")])
            .at(spans);
        let suggestion = Some(inverted(correlation, &fold, severity));
        stereo.findings.push(Finding { suggestion, ..finding });
    }
    let flagged = |bands: &[FoldBand]| -> Vec<usize> {
        let highest = bands.iter().map(|band| band.level_db).fold(f64::NEG_INFINITY, f64::max);
        let is_flagged =
            |band: &FoldBand| band.loss_db < limits.fold_loss_db && band.level_db >= highest - limits.fold_within_db;
        (0..bands.len()).filter(|band| is_flagged(&bands[*band])).collect()
    };
    let lost = flagged(&fold.bands);
    let Some((&first, &last)) = lost.first().zip(lost.last()) else { return Ok(stereo) };
    let (severity, limit) = if lost.len() as f64 >= limits.fold_fault_bands {
        (Severity::Fault, limits.fold_fault_bands)
    } else {
        (Severity::Warning, 1.0)
    };
    let worst = lost.iter().map(|band| fold.bands[*band].loss_db).fold(0.0, f64::min);
    let (low_hz, high_hz) = (fold.bands[first].centre_hz, fold.bands[last].centre_hz);
    let message = format!(
        "In mono {} between {} and {} Hz lose more than {} dB, up to {} dB; the whole loses {} dB. Plain stereo loses \
         3 dB.",
        counted(lost.len(), "third of an octave", "thirds of an octave"),
        figure(low_hz, 0),
        figure(high_hz, 0),
        -limits.fold_loss_db,
        figure(-finite(worst), 1),
        figure(-finite(fold.loss_db), 1),
    );
    let suggestion = narrowed(programme, &fold, is_inverted, &lost, flagged)?;
    let finding = Finding::new("mono_fold", severity, message).of(lost.len() as f64, limit, "bands").with([
        ("low_hz", low_hz, "Hz"),
        ("high_hz", high_hz, "Hz"),
        ("worst_band_db", finite(worst), "dB"),
        ("mono_change_db", finite(fold.loss_db), "dB"),
    ]);
    stereo.findings.push(Finding { suggestion, ..finding });
    Ok(stereo)
}

fn measure_fold<S: Sample>(programme: &Programme<'_, S>, watch: &mut Watch<'_>) -> Result<MonoFold, AnalysisError> {
    let mut meter = MonoFoldMeter::<S>::new(programme.spec)?;
    let chunk = programme.scaled(super::watch::CHUNK_FRAMES);
    programme.chunks(chunk, watch, |start, length| {
        crate::Meter::observe(&mut meter, &programme.audio.frames_at(start, length));
    })?;
    Ok(crate::Meter::reading(&meter))
}

/// The effect that inverts the right channel alone.
pub(super) fn invert_right() -> Effect {
    let left = PanParams { pan: -1.0, ..Default::default() };
    let right = PanParams { pan: 1.0, ..Default::default() };
    let invert = GainParams { invert_polarity: true, ..Default::default() };
    let right = Effect::Chain { effects: vec![right.into(), invert.into()] };
    Effect::Parallel { effects: vec![left.into(), right], gains_db: Vec::new() }
}

/// The change of a level in mono with one channel inverted: |L - R|² = 2 |L|² + 2 |R|² - |L + R|².
fn inverted_db(loss_db: f64) -> f64 {
    finite(power_to_db((1.0 - db_to_power(loss_db)).max(0.0)))
}

/// The change of a level in mono with a factor on the side.
fn narrowed_db(loss_db: f64, width: f64) -> f64 {
    let mid = db_to_power(loss_db);
    finite(power_to_db(mid / (mid + width * width * (1.0 - mid)).max(f64::MIN_POSITIVE)).min(0.0))
}

fn inverted(correlation: f64, fold: &MonoFold, severity: Severity) -> Suggestion {
    let (before, after) = (finite(fold.loss_db), inverted_db(fold.loss_db));
    Suggestion {
        track: None,
        action: Action::Effect(invert_right()),
        reason: format!(
            "With the right channel inverted the correlation is {} instead of {}, and the mono sum loses {} instead of \
             {} dB.",
            figure(-correlation, 2),
            figure(correlation, 2),
            figure(-after, 1),
            figure(-before, 1),
        ),
        evidence: vec![Figure { name: "correlation", value: correlation, unit: "" }],
        predicted: vec![
            Change { name: "correlation", before: correlation, after: -correlation, unit: "" },
            Change { name: "mono_change_db", before, after, unit: "dB" },
        ],
        confidence: if severity == Severity::Fault { Confidence::High } else { Confidence::Medium },
    }
}

/// What brings the flagged bands back: the mildest effect that leaves the fewest of them.
fn narrowed<S: Sample>(
    programme: &Programme<'_, S>,
    fold: &MonoFold,
    is_inverted: bool,
    lost: &[usize],
    flagged: impl Fn(&[FoldBand]) -> Vec<usize>,
) -> Result<Option<Suggestion>, AnalysisError> {
    let with = |change: &dyn Fn(f64) -> f64| {
        let bands = fold.bands.iter().map(|band| FoldBand { loss_db: change(band.loss_db), ..*band });
        MonoFold { loss_db: change(fold.loss_db), bands: bands.collect() }
    };
    let mut tried: Vec<(Effect, String, MonoFold)> = Vec::new();
    if is_inverted {
        tried.push((invert_right(), String::from("The right channel inverted"), with(&inverted_db)));
    } else {
        if lost.iter().all(|band| fold.bands[*band].centre_hz < BASS_MONO_HZ) {
            let width = WidthParams { bass_mono_hz: BASS_MONO_HZ, ..Default::default() };
            let what = format!("A mono bass below {BASS_MONO_HZ} Hz");
            tried.push((width.into(), what, fold_after(programme, &width)?));
        }
        for width in WIDTHS {
            let effect = WidthParams { width, ..Default::default() };
            tried.push((effect.into(), format!("A width of {width}"), with(&|loss_db| narrowed_db(loss_db, width))));
        }
    }
    let Some((effect, what, after)) = tried.into_iter().min_by_key(|(.., after)| flagged(&after.bands).len()) else {
        return Ok(None);
    };
    let left = flagged(&after.bands).len();
    if left >= lost.len() {
        return Ok(None);
    }
    let (before_db, after_db) = (finite(fold.loss_db), finite(after.loss_db));
    Ok(Some(Suggestion {
        track: None,
        action: Action::Effect(effect),
        reason: format!(
            "{what} leaves {left} of {} bands that lose more than {} dB in mono.",
            lost.len(),
            -programme.limits.fold_loss_db
        ),
        evidence: vec![Figure { name: "lost_bands", value: lost.len() as f64, unit: "bands" }],
        predicted: vec![
            Change { name: "lost_bands", before: lost.len() as f64, after: left as f64, unit: "bands" },
            Change { name: "mono_change_db", before: before_db, after: after_db, unit: "dB" },
        ],
        confidence: if left == 0 { Confidence::High } else { Confidence::Medium },
    }))
}

/// The fold measured after the effect.
fn fold_after<S: Sample>(programme: &Programme<'_, S>, params: &WidthParams) -> Result<MonoFold, Error> {
    let mut width = params.build::<S>(programme.spec)?;
    let mut meter = MonoFoldMeter::<S>::new(programme.spec)?;
    let chunk = super::watch::CHUNK_FRAMES;
    for start in (0..programme.frames()).step_by(chunk) {
        let part = programme.audio.frames_at(start, chunk.min(programme.frames() - start));
        let mut rows = [part.channel(0).to_vec(), part.channel(1).to_vec()];
        let [left, right] = &mut rows;
        width.process(&mut BlockMut::from_slices(&mut [&mut left[..], &mut right[..]])?);
        crate::Meter::observe(&mut meter, &Block::from_slices(&[&rows[0][..], &rows[1][..]])?);
    }
    Ok(crate::Meter::reading(&meter))
}
