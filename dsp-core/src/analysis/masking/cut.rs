//! Cuts that answer a clash: of which track, by how much, and what the report says after them.

use super::{
    clash::{Peak, Sixths, crest_db, difference_db},
    limits::MaskingLimits,
    sums::of_pair,
};
use crate::{
    analysis::{
        bands::{ERB_BANDS, erb_number},
        keyed::{KeyedBell, quantile},
        partial_loudness::Row,
        spectra::Stem,
        suggestion::{Action, Change, Confidence, Figure, Suggestion},
        tracks::Tracks,
    },
    console::Effect,
    filters::BellParams,
    foundation::{params::Params, stream::StreamSpec, unit::power_to_db},
};
use alloc::{format, string::String, vec, vec::Vec};

/// What all cuts of a report have in common.
pub(super) struct Cuts<'a> {
    pub(super) stems: &'a [Stem<'a>],
    pub(super) tracks: &'a Tracks,
    pub(super) sixths: &'a [Sixths],
    pub(super) limits: &'a MaskingLimits,
}

/// Which track yields to which one.
#[derive(Clone, Copy, Debug)]
struct Case<'a> {
    peak: &'a Peak,
    owner: usize,
    yields: usize,
    confidence: Confidence,
    before: Prediction,
}

/// Lost shares of the owner beside the track that yields, of all its loudness and near the clash; and the level that the
/// cut costs.
#[derive(Clone, Copy, Debug)]
struct Prediction {
    lost: f64,
    local_lost: f64,
    cost_lu: f64,
}

/// ERB bands within one ERB of a frequency.
pub(super) fn near(frequency_hz: f64, centres_hz: &[f64]) -> impl Fn(usize) -> bool {
    let number = erb_number(frequency_hz);
    let near: Vec<bool> = centres_hz.iter().map(|hz| libm::fabs(erb_number(*hz) - number) <= 1.0).collect();
    move |band| near[band]
}

/// Three significant figures: as exact as a clash is found.
fn rounded_hz(hz: f64) -> f64 {
    let step = libm::pow(10.0, libm::floor(libm::log10(hz)) - 2.0);
    libm::round(hz / step) * step
}

/// To steps of a hundredth.
fn hundredths(value: f64) -> f64 {
    libm::round(100.0 * value) / 100.0
}

impl Cuts<'_> {
    /// Cuts of one track for another one, best first: a bell, and where the owner strikes, a bell keyed by it. None if
    /// they do not help.
    pub(super) fn of(&self, peak: &Peak, owner: usize, yields: usize, unsure: bool) -> Vec<Suggestion> {
        let limits = self.limits;
        let difference_db = difference_db(peak, &self.sixths[owner], &self.sixths[yields], limits);
        if difference_db < limits.least_difference_db {
            // It is far below already.
            return Vec::new();
        }
        let most_db = limits.most_cut_db.max(limits.least_cut_db);
        let wanted_db = (difference_db + limits.extra_cut_db).clamp(limits.least_cut_db, most_db);
        let bell = BellParams {
            frequency_hz: rounded_hz(peak.frequency_hz),
            gain_db: -libm::round(10.0 * wanted_db) / 10.0,
            q: hundredths(peak.q),
        };
        let confidence = if unsure { Confidence::Low } else { Confidence::Medium };
        let case = Case { peak, owner, yields, confidence, before: self.before(peak, owner, yields) };
        let fixed = self.fixed(&case, bell, difference_db);
        let crest_db = crest_db(peak, &self.sixths[owner]);
        let strikes = peak.frequency_hz < limits.percussive_below_hz && crest_db > limits.percussive_crest_db;
        let keyed = strikes.then(|| self.keyed(&case, bell, crest_db)).flatten();
        fixed.into_iter().chain(keyed).collect()
    }

    /// A static bell, halved if it costs its track too much.
    fn fixed(&self, case: &Case<'_>, mut bell: BellParams, difference_db: f64) -> Option<Suggestion> {
        let Case { peak, owner, yields, confidence, before } = *case;
        let limits = self.limits;
        let mut after = self.after(&bell, None, case)?;
        let mut halved = None;
        if after.cost_lu > limits.cost_lu {
            halved = Some((-bell.gain_db, after.cost_lu));
            bell.gain_db = libm::round(5.0 * bell.gain_db) / 10.0;
            after = self.after(&bell, None, case)?;
        }
        if before.local_lost - after.local_lost < limits.least_improvement {
            return None;
        }
        let [keeps, cut] = [owner, yields].map(|track| self.stems[track].name);
        let why = halved.map_or(String::new(), |(db, cost)| {
            format!(" A cut of {db:.1} dB would cost {cut} {cost:.1} LU, so it is halved.")
        });
        let reason = format!(
            "{cut} lies {:.1} dB {} {keeps} around {:.0} Hz while both sound. {:.1} dB less of it there {}, and costs {cut} {:.1} LU.{why}",
            libm::fabs(difference_db),
            if difference_db < 0.0 { "below" } else { "above" },
            bell.frequency_hz,
            -bell.gain_db,
            gained(keeps, before, after),
            after.cost_lu,
        );
        let mut evidence = vec![
            Figure { name: "score", value: peak.score, unit: "" },
            Figure { name: "level_difference_db", value: difference_db, unit: "dB" },
        ];
        if let Some((_, cost_lu)) = halved {
            evidence.push(Figure { name: "cost_of_whole_cut_lu", value: cost_lu, unit: "LU" });
        }
        Some(Suggestion {
            track: Some(cut.into()),
            action: Action::Effect(Effect::Bell(bell)),
            reason,
            evidence,
            predicted: changes(before, after),
            confidence,
        })
    }

    /// A bell that acts while the owner sounds.
    fn keyed(&self, case: &Case<'_>, bell: BellParams, crest_db: f64) -> Option<Suggestion> {
        let Case { peak, owner, yields, confidence, before } = *case;
        let limits = self.limits;
        let range_db = -bell.gain_db;
        let levels = self.sixths[owner].around_unweighted(peak);
        let hits = quantile(levels.clone(), STRONG_HITS);
        let keyed = KeyedBell::new(&bell, &levels, hits, [limits.key_attack_ms, limits.key_release_ms])?;
        let shares: Vec<f64> = keyed.shares.iter().map(|share| STRIKE * share).collect();
        let after = self.after(&bell, Some(&shares), case)?;
        if before.local_lost - after.local_lost < limits.least_improvement {
            return None;
        }
        let [keeps, cut] = [owner, yields].map(|track| self.stems[track].name);
        let reason = format!(
            "{keeps} sounds in bursts around {:.0} Hz, with a crest factor of {crest_db:.1} dB: up to {range_db:.1} dB less of {cut} there while it does {}, and costs {cut} {:.1} LU.",
            bell.frequency_hz,
            gained(keeps, before, after),
            after.cost_lu,
        );
        Some(Suggestion {
            track: Some(cut.into()),
            action: Action::KeyedEffect { effect: Effect::DynamicEqualizer(keyed.effect), key: keeps.into() },
            reason,
            evidence: vec![
                Figure { name: "score", value: peak.score, unit: "" },
                Figure { name: "crest_db", value: crest_db, unit: "dB" },
            ],
            predicted: changes(before, after),
            confidence,
        })
    }

    fn before(&self, peak: &Peak, owner: usize, yields: usize) -> Prediction {
        let [own, other] = [owner, yields].map(|track| &self.tracks.tracks[track]);
        let sums = of_pair(&self.tracks.constants, own.rows(), &own.active, other.rows());
        self.predicted(peak, &sums, 0.0)
    }

    /// After a bell on the track that yields; with shares of its gain in each frame, if it is keyed. `None` if the
    /// sample rate does not take it.
    fn after(&self, bell: &BellParams, shares: Option<&[f64]>, case: &Case<'_>) -> Option<Prediction> {
        let Case { peak, owner, yields, .. } = *case;
        let spectra = self.stems[yields].spectra;
        let spec = StreamSpec::new(spectra.sample_rate_hz(), 2).ok()?;
        let response = bell.frequency_response(&spec, &spectra.cells().centres_hz()).ok()??;
        let gains: Vec<f64> = response.iter().map(|h| h.norm_sqr()).collect();
        let filtered = match shares {
            None => spectra.filtered(&gains),
            Some(shares) => spectra.filtered_by(&gains, shares),
        };
        let hearing = &self.tracks.hearing;
        let mut k_weighted = filtered.k_weighted();
        k_weighted.resize(self.tracks.frames, 0.0);
        let scale = self.tracks.scale_with(yields, &k_weighted);
        let mut powers = hearing.powers(&filtered, false);
        powers.resize(ERB_BANDS * self.tracks.frames, 0.0);
        let masker = hearing.excitation(&powers, scale);
        let own = &self.tracks.tracks[owner];
        let heard = own.excitation_at(hearing, scale);
        let rows = |values: &[f64]| -> Vec<Row> { values.as_chunks().0.to_vec() };
        let sums = of_pair(&self.tracks.constants, &rows(&heard.values), &own.active, &rows(&masker.values));
        let power = |k_weighted: &[f64]| k_weighted.iter().sum::<f64>();
        let cost_lu = power_to_db(power(&self.tracks.tracks[yields].k_weighted) / power(&k_weighted));
        Some(self.predicted(peak, &sums, cost_lu)).filter(|prediction| prediction.cost_lu.is_finite())
    }

    fn predicted(&self, peak: &Peak, [alone, beside]: &[Row; 2], cost_lu: f64) -> Prediction {
        let near = near(rounded_hz(peak.frequency_hz), self.tracks.hearing.centres_hz());
        let lost = |within: &dyn Fn(usize) -> bool| {
            let sum = |row: &Row| (0..ERB_BANDS).filter(|band| within(*band)).map(|band| row[band]).sum::<f64>();
            let whole = sum(alone);
            if whole > 0.0 { 1.0 - sum(beside) / whole } else { 0.0 }
        };
        Prediction { lost: lost(&|_| true), local_lost: lost(&near), cost_lu }
    }
}

/// Frames of a drum that lie below the level at which a keyed cut is whole.
const STRONG_HITS: f64 = 0.9;

/// Part of the reduction that acts on average over a frame of 171 ms with a strike in it, whose release takes 120 ms: as
/// found with bursts of 50 ms.
const STRIKE: f64 = 0.6;

fn gained(keeps: &str, before: Prediction, after: Prediction) -> String {
    format!(
        "takes the share of loudness that {keeps} loses to it there from {:.3} to {:.3}, of all its loudness from {:.3} to {:.3}",
        before.local_lost, after.local_lost, before.lost, after.lost
    )
}

fn changes(before: Prediction, after: Prediction) -> Vec<Change> {
    vec![
        Change { name: "local_lost", before: before.local_lost, after: after.local_lost, unit: "" },
        Change { name: "lost", before: before.lost, after: after.lost, unit: "" },
        Change { name: "level_change_lu", before: 0.0, after: -after.cost_lu, unit: "LU" },
    ]
}
