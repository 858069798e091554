//! Cancellation: stems that take from each other when they are added.

use super::{
    super::{
        error::AnalysisError,
        suggestion::{Action, Change, Confidence, Figure, Suggestion},
    },
    finding::{Finding, Severity, figure, finite},
    limits::CheckLimits,
    transform::PairTransform,
    watch::{Watch, scaled},
};
use crate::{
    console::Effect,
    foundation::{
        block::Block,
        sample::Sample,
        stream::Cpu,
        unit::{db_to_power, power_to_db},
    },
    levels::GainParams,
    primitives::backend::{Backend, run},
};
use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::fmt;

/// Audio of which only the mean of its channels counts.
pub trait Folded: Sync {
    /// Number of frames.
    fn frames(&self) -> usize;

    /// The mean of all channels from frame `start` on; silence after the last frame.
    fn fold(&self, start: usize, out: &mut [f64]);
}

impl<S: Sample> Folded for Block<'_, '_, S> {
    fn frames(&self) -> usize {
        Block::frames(self)
    }

    fn fold(&self, start: usize, out: &mut [f64]) {
        out.fill(0.0);
        let start = start.min(Block::frames(self));
        let count = out.len().min(Block::frames(self) - start);
        let share = 1.0 / self.channels() as f64;
        for channel in 0..self.channels() {
            let samples = &self.channel(channel)[start..start + count];
            out.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += share * sample.to_f64());
        }
    }
}

/// A stem of the mix under check.
#[derive(Clone, Copy)]
pub struct CheckStem<'a> {
    /// By which findings call it.
    pub name: &'a str,
    /// At the rate of the mix.
    pub audio: &'a dyn Folded,
}

impl fmt::Debug for CheckStem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckStem").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Frames of the transform at 44.1 and 48 kHz.
const FRAME: usize = 8_192;
/// Edges of the bands, in Hz.
const EDGES_HZ: [f64; 5] = [40.0, 120.0, 300.0, 1_000.0, 5_000.0];
const BANDS: usize = EDGES_HZ.len() - 1;
const BAND_NAMES: [&str; BANDS] =
    ["change_40_120_hz_db", "change_120_300_hz_db", "change_300_1000_hz_db", "change_1_5_khz_db"];
/// Mean square below which a band of a stem is silent.
const LEAST_POWER: f64 = 1e-12;
/// Bands of a pair in which stems of one sound correlate.
const LEAK_BANDS: usize = 2;

/// Findings of the pairs, and whether the stems leak into each other or do not add up to the mix.
pub(super) fn check(
    mix: Option<&dyn Folded>,
    stems: &[CheckStem<'_>],
    rate_hz: f64,
    cpu: Cpu,
    limits: &CheckLimits,
    watch: &mut Watch<'_>,
) -> Result<Vec<Finding>, AnalysisError> {
    let products = Products::measure(mix, stems, rate_hz, cpu, watch)?;
    let pairs: Vec<Pair> =
        (0..stems.len()).flat_map(|b| (0..b).map(move |a| (a, b))).map(|(a, b)| products.pair(a, b, limits)).collect();
    let is_unsure = pairs.iter().any(|pair| pair.leaks(limits))
        || products.difference_db().is_some_and(|difference_db| difference_db > limits.stems_difference_db);
    let difference = products.difference_db().filter(|difference_db| *difference_db > limits.stems_difference_db);
    let found =
        pairs.iter().filter(|pair| pair.worst().is_some_and(|(_, change_db)| change_db < limits.cancel_warning_db));
    let cancelling = found.filter_map(|pair| pair.finding(stems, &products, limits, is_unsure));
    let copies = pairs.iter().filter(|pair| pair.is_copied(limits)).map(|pair| pair.copied(stems));
    Ok(cancelling.chain(copies).chain(difference.map(|difference_db| other(difference_db, limits))).collect())
}

/// What says that the stems are not all of the mix.
fn other(difference_db: f64, limits: &CheckLimits) -> Finding {
    let message = format!(
        "The stems do not add up to the mix: what differs lies {} dB below it, whatever the level of their sum. They \
         were processed since, or one is missing; what is said of stems and lead is of the stems.",
        figure(-difference_db, 1)
    );
    Finding::new("stems", Severity::Note, message).of(difference_db, limits.stems_difference_db, "dB")
}

/// Mean products of all stems, and of the mix as the last of them, in each band.
struct Products {
    tracks: usize,
    stems: usize,
    /// Of tracks a >= b, row after row.
    bands: Vec<[f64; BANDS]>,
}

/// Two stems: their powers and that of their sum in each band.
struct Pair {
    a: usize,
    b: usize,
    powers: [[f64; 2]; BANDS],
    product: [f64; BANDS],
    /// Whether both sound at similar levels.
    is_compared: [bool; BANDS],
}

impl Products {
    fn measure(
        mix: Option<&dyn Folded>,
        stems: &[CheckStem<'_>],
        rate_hz: f64,
        cpu: Cpu,
        watch: &mut Watch<'_>,
    ) -> Result<Self, AnalysisError> {
        let tracks: Vec<&dyn Folded> = stems.iter().map(|stem| stem.audio).chain(mix).collect();
        let frame = scaled(FRAME, rate_hz);
        let frames = tracks.iter().map(|track| track.frames()).max().unwrap_or(0);
        let mut transform = PairTransform::new(frame);
        let bins: [usize; BANDS + 1] =
            EDGES_HZ.map(|hz| (libm::ceil(hz * frame as f64 / rate_hz) as usize).min(frame / 2));
        let width = bins[BANDS] - bins[0];
        // Real parts of a frame, then imaginary ones, track after track.
        let mut spectra = vec![0.0; 2 * width * tracks.len()];
        let mut rows = [vec![0.0; frame], vec![0.0; frame]];
        let mut bands = vec![[0.0; BANDS]; tracks.len() * (tracks.len() + 1) / 2];
        let backend = Backend::new(cpu);
        let mut count = 0.0_f64;
        for start in (0..frames).step_by(frame / 2) {
            for (pair, both) in tracks.chunks(2).enumerate() {
                both.iter().zip(&mut rows).for_each(|(track, row)| track.fold(start, row));
                transform.forward(&rows[0], &rows[1]);
                for bin in 0..width {
                    for (index, value) in transform.bin(bins[0] + bin).iter().enumerate().take(both.len()) {
                        let place = 2 * width * (2 * pair + index) + bin;
                        (spectra[place], spectra[place + width]) = (value.re, value.im);
                    }
                }
            }
            run!(backend, _ => accumulate(&spectra, width, &bins, &mut bands));
            count += 1.0;
            watch.pass((frame / 2).min(frames - start) * tracks.len())?;
        }
        let scale = transform.scale / count.max(1.0);
        bands.iter_mut().flatten().for_each(|sum| *sum *= scale);
        Ok(Self { tracks: tracks.len(), stems: stems.len(), bands })
    }

    fn of(&self, a: usize, b: usize) -> &[f64; BANDS] {
        let (low, high) = (a.min(b), a.max(b));
        &self.bands[high * (high + 1) / 2 + low]
    }

    fn pair(&self, a: usize, b: usize, limits: &CheckLimits) -> Pair {
        let within = db_to_power(limits.cancel_within_db);
        let powers: [[f64; 2]; BANDS] = core::array::from_fn(|band| [self.of(a, a)[band], self.of(b, b)[band]]);
        let is_near = |[a, b]: [f64; 2]| a.min(b) > LEAST_POWER && a.max(b) <= within * a.min(b);
        Pair { a, b, powers, product: *self.of(a, b), is_compared: powers.map(is_near) }
    }

    /// Level of what the sum of all stems, at its best gain, lacks of the mix; `None` without a mix.
    fn difference_db(&self) -> Option<f64> {
        (self.tracks > self.stems).then(|| {
            let total = |a: usize, b: usize| self.of(a, b).iter().sum::<f64>();
            let mix = total(self.stems, self.stems).max(LEAST_POWER);
            let with_mix: f64 = (0..self.stems).map(|stem| total(stem, self.stems)).sum();
            let explained = with_mix * with_mix / self.sum(None).max(LEAST_POWER);
            finite(power_to_db((1.0 - explained / mix).max(0.0)))
        })
    }

    /// Power of the sum of all stems, one of them inverted.
    fn sum(&self, inverted: Option<usize>) -> f64 {
        let sign = |stem: usize| if inverted == Some(stem) { -1.0 } else { 1.0 };
        let all = (0..self.stems).flat_map(|a| (0..self.stems).map(move |b| (a, b)));
        all.map(|(a, b)| sign(a) * sign(b) * self.of(a, b).iter().sum::<f64>()).sum()
    }
}

/// Adds the products of a frame.
#[inline(always)]
fn accumulate(spectra: &[f64], width: usize, bins: &[usize; BANDS + 1], bands: &mut [[f64; BANDS]]) {
    let mut sums = bands.iter_mut();
    for (a, first) in spectra.chunks_exact(2 * width).enumerate() {
        for (second, sums) in spectra.chunks_exact(2 * width).take(a + 1).zip(&mut sums) {
            for (edges, sum) in bins.windows(2).zip(sums) {
                let range = edges[0] - bins[0]..edges[1] - bins[0];
                let imaginary = width + range.start..width + range.end;
                *sum += dot(&first[range.clone()], &second[range]) + dot(&first[imaginary.clone()], &second[imaginary]);
            }
        }
    }
}

#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let ((first, first_rest), (second, second_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for index in 0..first.len().min(second.len()) {
        for lane in 0..8 {
            sums[lane] += first[index][lane] * second[index][lane];
        }
    }
    let rest: f64 = first_rest.iter().zip(second_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

impl Pair {
    /// What the sum changes in a band, one of both inverted or not.
    fn change_db(&self, band: usize, sign: f64) -> f64 {
        let both = self.powers[band][0] + self.powers[band][1];
        finite(power_to_db(((both + sign * 2.0 * self.product[band]) / both).max(0.0)))
    }

    fn compared(&self) -> impl Iterator<Item = usize> + '_ {
        (0..BANDS).filter(|band| self.is_compared[*band])
    }

    /// The band that loses most.
    fn worst(&self) -> Option<(usize, f64)> {
        self.worst_with(1.0)
    }

    fn worst_with(&self, sign: f64) -> Option<(usize, f64)> {
        self.compared().map(|band| (band, self.change_db(band, sign))).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Whether the same sound is in both.
    fn leaks(&self, limits: &CheckLimits) -> bool {
        let correlates = |band: &usize| {
            let [a, b] = self.powers[*band];
            self.product[*band] > limits.leak_correlation * libm::sqrt(a * b)
        };
        self.compared().filter(correlates).count() >= LEAK_BANDS
    }

    /// Correlation in a band.
    fn correlation(&self, band: usize) -> f64 {
        let [a, b] = self.powers[band];
        self.product[band] / libm::sqrt(a * b)
    }

    /// Whether both are one sound, in every band in which they are compared.
    fn is_copied(&self, limits: &CheckLimits) -> bool {
        self.compared().count() >= LEAK_BANDS
            && self.compared().all(|band| self.correlation(band) > limits.copy_correlation)
    }

    fn copied(&self, stems: &[CheckStem<'_>]) -> Finding {
        let names = [self.a, self.b].map(|stem| stems[stem].name);
        let least = self.compared().map(|band| self.correlation(band)).fold(1.0, f64::min);
        let message = format!(
            "{:?} and {:?} are one sound: they correlate by {} or more in every band. Their sum is 3 dB louder than what \
             masking takes for two separate sounds.",
            names[0],
            names[1],
            figure(least, 2)
        );
        let tracks = names.map(ToString::to_string).to_vec();
        Finding { tracks, ..Finding::new("stems", Severity::Note, message).of(least, 1.0, "") }
    }

    fn finding(
        &self,
        stems: &[CheckStem<'_>],
        products: &Products,
        limits: &CheckLimits,
        is_unsure: bool,
    ) -> Option<Finding> {
        let (band, change_db) = self.worst()?;
        let (severity, limit) = if change_db < limits.cancel_fault_db {
            (Severity::Fault, limits.cancel_fault_db)
        } else {
            (Severity::Warning, limits.cancel_warning_db)
        };
        let names = [self.a, self.b].map(|stem| stems[stem].name);
        let message = format!(
            "{:?} and {:?} cancel: their sum is {} dB lower between {} and {} Hz than two separate sounds would be; \
             the limit is {} dB.",
            names[0],
            names[1],
            figure(-change_db, 1),
            EDGES_HZ[band],
            EDGES_HZ[band + 1],
            -limit,
        );
        let figures = self.compared().map(|band| (BAND_NAMES[band], self.change_db(band, 1.0), "dB"));
        let ends = [("low_hz", EDGES_HZ[band], "Hz"), ("high_hz", EDGES_HZ[band + 1], "Hz")];
        let finding =
            Finding::new("cancellation", severity, message).of(change_db, limit, "dB").with(figures.chain(ends));
        let suggestion = self.inversion(stems, products, limits, is_unsure);
        Some(Finding { tracks: names.map(ToString::to_string).to_vec(), suggestion, ..finding })
    }

    /// The stem whose inversion makes the sum of all the louder, if the pair no longer cancels then.
    fn inversion(
        &self,
        stems: &[CheckStem<'_>],
        products: &Products,
        limits: &CheckLimits,
        is_unsure: bool,
    ) -> Option<Suggestion> {
        let (_, before) = self.worst()?;
        let (_, after) = self.worst_with(-1.0)?;
        let sum = |inverted| finite(power_to_db(products.sum(inverted)));
        let stem = if sum(Some(self.a)) > sum(Some(self.b)) { self.a } else { self.b };
        let (sum_before, sum_after) = (sum(None), sum(Some(stem)));
        if after < limits.cancel_warning_db || sum_after <= sum_before {
            return None;
        }
        let name = stems[stem].name;
        let restored = self.compared().map(|band| Change {
            name: BAND_NAMES[band],
            before: self.change_db(band, 1.0),
            after: self.change_db(band, -1.0),
            unit: "dB",
        });
        let all = Change { name: "sum_of_stems_db", before: sum_before, after: sum_after, unit: "dB" };
        let confidence = Confidence::High;
        Some(Suggestion {
            track: Some(String::from(name)),
            action: Action::Effect(Effect::Gain(GainParams { invert_polarity: true, ..Default::default() })),
            reason: format!(
                "With {name:?} inverted the sum of both changes by {} dB instead of {} dB in its worst band, and the \
                 sum of all stems by {} dB.",
                figure(after, 1),
                figure(before, 1),
                figure(sum_after - sum_before, 1),
            ),
            evidence: vec![
                Figure { name: "change_db", value: before, unit: "dB" },
                Figure { name: "change_inverted_db", value: after, unit: "dB" },
                Figure { name: "sum_of_stems_change_db", value: sum_after - sum_before, unit: "dB" },
            ],
            predicted: restored.chain([all]).collect(),
            confidence: if is_unsure { confidence.lowered() } else { confidence },
        })
    }
}
