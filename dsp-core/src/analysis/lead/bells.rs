//! Cuts of the strongest masker of the lead.

use super::{
    audibility::{Audibility, without},
    limits::{BELLS_HZ, LeadLimits},
    report::LeadReport,
};
use crate::{
    analysis::{
        error::AnalysisError,
        keyed::{KeyedBell, quantile},
        masking::{index_of, shown_hz},
        partial_loudness::{Row, add},
        spectra::Stem,
        suggestion::{Action, Change, Confidence, Figure, Suggestion},
        tracks::Tracks,
    },
    console::Effect,
    filters::BellParams,
    foundation::{params::Params, stream::StreamSpec, unit::power_to_db},
    primitives::threads::Threads,
};
use alloc::{format, string::String, vec, vec::Vec};

/// Cuts of the strongest masker.
pub(super) struct Bells<'a> {
    pub(super) stems: &'a [Stem<'a>],
    pub(super) tracks: &'a Tracks,
    pub(super) index: usize,
    pub(super) importance: Row,
    pub(super) audibility: &'a Audibility,
    pub(super) limits: &'a LeadLimits,
}

/// Audibility after a cut, and what it costs its track.
#[derive(Clone, Copy, Debug)]
struct After {
    audibility: f64,
    cost_lu: f64,
}

impl Bells<'_> {
    /// The best bell, and the same keyed by the lead.
    pub(super) fn best(
        &self,
        found: &LeadReport,
        threads: &Threads,
        after: &mut dyn FnMut(f64) -> Result<(), AnalysisError>,
    ) -> Result<Vec<Suggestion>, AnalysisError> {
        let Some(masker) = found.maskers.first() else { return Ok(Vec::new()) };
        let masker = index_of(self.stems, "masker", &masker.name)?;
        let rest = without(self.tracks, self.index, masker);
        let bell = |frequency_hz: f64| BellParams {
            frequency_hz,
            gain_db: -self.limits.masker_cut_db,
            q: self.limits.masker_q,
        };
        let attempt = |bell_index: usize| self.after(&bell(BELLS_HZ[bell_index]), None, masker, &rest);
        let tried = threads.try_map(BELLS_HZ.len(), attempt, after)?;
        let better = |a: &(usize, After), b: &(usize, After)| a.1.audibility.total_cmp(&b.1.audibility);
        let tried = tried.into_iter().enumerate().filter_map(|(index, after)| Some((index, after?)));
        let Some((best, fixed)) = tried.max_by(better) else { return Ok(Vec::new()) };
        let bell = bell(BELLS_HZ[best]);
        let mut suggestions = Vec::new();
        suggestions.extend(self.suggestion(found, masker, &bell, fixed, None));
        if let Some((keyed, after)) = self.keyed(&bell, masker, &rest) {
            suggestions.extend(self.suggestion(found, masker, &bell, after, Some(keyed)));
        }
        Ok(suggestions)
    }

    /// The bell keyed by the lead: whole at the median of its level while it sounds.
    fn keyed(&self, bell: &BellParams, masker: usize, rest: &[Row]) -> Option<(KeyedBell, After)> {
        let spectra = self.stems[self.index].spectra;
        let half = libm::sqrt(2.0);
        let band = spectra.cells().band(bell.frequency_hz / half, bell.frequency_hz * half);
        let powers: Vec<f64> = (0..spectra.frames()).map(|frame| band.sum(spectra.frame(frame))).collect();
        let active = &self.tracks.tracks[self.index].active;
        let sounding = powers.iter().zip(active).filter(|(_, active)| **active).map(|(power, _)| *power).collect();
        let times_ms = [self.limits.key_attack_ms, self.limits.key_release_ms];
        let keyed = KeyedBell::new(bell, &powers, quantile(sounding, 0.5), times_ms)?;
        let after = self.after(bell, Some(&keyed.shares), masker, rest)?;
        Some((keyed, after))
    }

    /// `None` if the sample rate does not take the bell.
    fn after(&self, bell: &BellParams, shares: Option<&[f64]>, masker: usize, rest: &[Row]) -> Option<After> {
        let spectra = self.stems[masker].spectra;
        let spec = StreamSpec::new(spectra.sample_rate_hz(), 2).ok()?;
        let response = bell.frequency_response(&spec, &spectra.cells().centres_hz()).ok()??;
        let gains: Vec<f64> = response.iter().map(|h| h.norm_sqr()).collect();
        let filtered = match shares {
            None => spectra.filtered(&gains),
            Some(shares) => spectra.filtered_by(&gains, shares),
        };
        let hearing = &self.tracks.hearing;
        // The level of the mix cancels.
        let excitation = hearing.excitation(&hearing.powers(&filtered, false), self.tracks.scale);
        let mut others = rest.to_vec();
        others.iter_mut().zip(excitation.values.as_chunks().0).for_each(|(sum, row)| add(sum, row));
        let audibility = Audibility::new(&self.importance, self.tracks, self.index, &others).at(0.0)?;
        let power = |k_weighted: &[f64]| k_weighted.iter().sum::<f64>();
        let cost_lu = power_to_db(power(&self.tracks.tracks[masker].k_weighted) / power(&filtered.k_weighted()));
        Some(After { audibility, cost_lu }).filter(|after| after.cost_lu.is_finite())
    }

    fn suggestion(
        &self,
        found: &LeadReport,
        masker: usize,
        bell: &BellParams,
        after: After,
        keyed: Option<KeyedBell>,
    ) -> Option<Suggestion> {
        let before = found.audibility?;
        let worth_db = self.audibility.change_to(after.audibility, self.limits.most_fader_db)?;
        if worth_db < self.limits.least_worth_db {
            return None;
        }
        let (lead, name) = (&found.lead, self.stems[masker].name);
        let while_it_sounds = if keyed.is_some() { format!(" while {lead} sounds") } else { String::new() };
        let reason = format!(
            "{name} takes most of {lead}, {:.2} of its loudness. {:.1} dB less of it at {}{while_it_sounds} take the audibility of {lead} from {before:.3} to {:.3}, as much as {worth_db:.1} dB of its fader, and cost {name} {:.1} LU.",
            found.maskers.first()?.lost,
            -bell.gain_db,
            shown_hz(bell.frequency_hz),
            after.audibility,
            after.cost_lu,
        );
        let action = match keyed {
            None => Action::Effect(Effect::Bell(*bell)),
            Some(keyed) => Action::KeyedEffect { effect: Effect::DynamicEqualizer(keyed.effect), key: lead.clone() },
        };
        Some(Suggestion {
            track: Some(name.into()),
            action,
            reason,
            evidence: vec![
                Figure { name: "lost", value: found.maskers.first()?.lost, unit: "" },
                Figure { name: "worth_db", value: worth_db, unit: "dB" },
            ],
            predicted: vec![
                Change { name: "audibility", before, after: after.audibility, unit: "" },
                Change { name: "level_change_lu", before: 0.0, after: -after.cost_lu, unit: "LU" },
            ],
            confidence: Confidence::Medium,
        })
    }
}
