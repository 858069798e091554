//! The limiter's arithmetic: see [`Limiter`](super::Limiter). Letters as in its contract: K reach, L response, W
//! window, D latency, n the frame measured.
//!
//! An arriving frame completes the points between the frames K and K - 1 before it, so the measurement lags by K. p(n)
//! is the highest of |x(n)| and of the points on either side of it, P the largest p of the last W, and g(i) = Σ w(k)
//! q(i + K + L - 1 - k) with q = min(1, c/P) after the release. Every q in the mean g(i) is between K and K + L - 1
//! frames after i, and its window starts before i - K: it includes every peak whose interpolation reads x(i), so that
//! g(i) <= c/p for all of those.
//!
//! Linked channels have one p, the highest of all, and one gain. Others have their own; the link raises their reductions
//! before the release and the limit c/P stays their own, so g(i) <= c/p holds for each.

use super::{
    params::{LimiterCoeffs, MAX_HOLD_MS},
    passes::{Floors, Shaped, apply, hold, join, quiet, rectify, shape, take},
};
use crate::{
    dynamics::{
        box_filter::BoxFilter,
        link::{ChannelLink, ChannelState, ChunkLink, Leader},
        reduction_meter::ReductionMeter,
        release::Release,
        sliding_max::SlidingMax,
    },
    foundation::{block::BlockMut, math::Pow2, sample::Sample, silence, stream::StreamSpec, unit::ms_to_frames},
    primitives::{
        backend::Backend,
        history::History,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
    true_peak::{GROUP, Taps, intervals},
};
use alloc::{vec, vec::Vec};

/// Frames per chunk: all scratch buffers stay in the L1 cache. A whole number of groups.
const CHUNK_FRAMES: usize = 512;

/// The limiter without its settings.
#[derive(Clone, Debug)]
pub(super) struct LimiterEngine<S> {
    backend: Backend,
    taps: Option<Taps<S>>,
    /// K.
    reach: usize,
    /// D.
    latency: usize,
    /// W.
    window: usize,
    margin: f64,
    drive: Ramp<1>,
    ceiling: Ramp<1>,
    ramp_frames: usize,
    bounds: CeilingBounds,
    /// Frames until the output is limited by the newest ceiling alone.
    settling: usize,
    /// Driven samples of each channel.
    histories: Vec<History<S>>,
    link: ChannelLink,
    /// Of each channel; the first alone runs while all are the same.
    paths: Vec<GainPath<S>>,
    scratch: Scratch<S>,
    reduction: ReductionMeter,
    clamped: u64,
    non_finite: u64,
}

/// From the peaks of a channel, or of all linked ones, to their gain.
#[derive(Clone, Debug)]
struct GainPath<S> {
    /// The highest point after the newest measured frame.
    last_interval: S,
    hold: SlidingMax<S>,
    release: Release,
    boxes: BoxFilter,
    last_reduction_db: f64,
}

impl<S: Sample> GainPath<S> {
    fn is_at_rest(&self) -> bool {
        self.hold.is_empty() && self.release.is_at_rest() && self.boxes.is_empty()
    }
}

impl<S: Sample> ChannelState for GainPath<S> {
    fn matches(&self, other: &Self) -> bool {
        self.is_at_rest() && other.is_at_rest()
    }

    /// All but the newest point, which is measured before.
    fn copy_from(&mut self, other: &Self) {
        self.hold.copy_from(&other.hold);
        self.release = other.release.clone();
        self.boxes.copy_from(&other.boxes);
        self.last_reduction_db = other.last_reduction_db;
    }
}

/// Lowest and highest ceiling in force for the output.
#[derive(Clone, Copy, Debug)]
struct CeilingBounds {
    lowest: f64,
    highest: f64,
}

impl CeilingBounds {
    /// For one ceiling.
    fn at(ceiling: f64) -> Self {
        Self { lowest: ceiling, highest: ceiling }
    }

    /// With another ceiling included.
    fn with(self, ceiling: f64) -> Self {
        Self { lowest: self.lowest.min(ceiling), highest: self.highest.max(ceiling) }
    }
}

/// Scratch buffers of one chunk; nothing in them outlives the chunk. Rows of [`CHUNK_FRAMES`] for each channel in those
/// that say so.
#[derive(Clone, Debug)]
struct Scratch<S> {
    /// Of each channel.
    peaks: Vec<S>,
    /// One more than frames: the first is the last of the chunk before. Padded to whole groups.
    intervals: Vec<S>,
    floors: Vec<S>,
    ceilings: Vec<f64>,
    /// Of each frame, during a glide of the ceiling.
    thresholds: Vec<S>,
    /// q without release, of each channel.
    limits: Vec<f64>,
    /// Target reduction, in octaves, of each channel.
    targets: Vec<f64>,
    /// The largest target of all channels.
    leading: Vec<f64>,
    /// Of each channel.
    gains: Vec<S>,
    reductions_db: Vec<f32>,
}

impl<S: Sample> LimiterEngine<S> {
    pub(super) fn new(spec: &StreamSpec, coeffs: &LimiterCoeffs, taps: Option<Taps<S>>) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let longest_hold = ms_to_frames(MAX_HOLD_MS, rate_hz);
        let window = coeffs.window_frames();
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let latency = coeffs.latency_frames();
        let boxes = BoxFilter::new(coeffs.lookahead_frames);
        debug_assert_eq!(boxes.span(), coeffs.response_frames());
        let (backend, channels) = (Backend::new(spec.cpu()), spec.channels());
        let path = GainPath {
            last_interval: S::ZERO,
            hold: SlidingMax::new(window, window - coeffs.hold_frames + longest_hold),
            release: Release::new(coeffs.release, silence::LIMITER_REDUCTION_OCTAVES),
            boxes,
            last_reduction_db: 0.0,
        };
        Self {
            backend,
            taps,
            reach: coeffs.mode.reach(),
            latency,
            window,
            margin: crate::foundation::unit::db_to_gain(coeffs.mode.margin_db()),
            drive: Ramp::new([coeffs.drive], ramp_frames),
            ceiling: Ramp::new([coeffs.ceiling], ramp_frames),
            ramp_frames,
            bounds: CeilingBounds::at(coeffs.ceiling),
            settling: 0,
            histories: (0..channels).map(|_| History::new(latency, CHUNK_FRAMES, GROUP)).collect(),
            link: ChannelLink::new(backend, Leader::MostReduced, coeffs.link, ramp_frames),
            paths: vec![path; channels],
            scratch: Scratch {
                peaks: vec![S::ZERO; channels * CHUNK_FRAMES],
                intervals: vec![S::ZERO; 1 + CHUNK_FRAMES],
                floors: vec![S::ZERO; CHUNK_FRAMES / GROUP],
                ceilings: vec![0.0; CHUNK_FRAMES],
                thresholds: vec![S::ZERO; CHUNK_FRAMES],
                limits: vec![0.0; channels * CHUNK_FRAMES],
                targets: vec![0.0; channels * CHUNK_FRAMES],
                leading: vec![0.0; CHUNK_FRAMES],
                gains: vec![S::ZERO; channels * CHUNK_FRAMES],
                reductions_db: vec![0.0; CHUNK_FRAMES],
            },
            reduction: ReductionMeter::default(),
            clamped: 0,
            non_finite: 0,
        }
    }

    pub(super) fn set_coeffs(&mut self, coeffs: &LimiterCoeffs) {
        self.drive.set_target([coeffs.drive]);
        self.window = coeffs.window_frames();
        self.link.set_weight(coeffs.link);
        for path in &mut self.paths {
            path.hold.set_window(self.window);
            path.release.set_coeffs(coeffs.release);
        }
        let [old] = self.ceiling.target();
        if coeffs.ceiling != old {
            let before = if self.settling == 0 { CeilingBounds::at(old) } else { self.bounds };
            self.bounds = before.with(coeffs.ceiling);
            self.settling = self.ramp_frames + self.latency;
            self.ceiling.set_target([coeffs.ceiling]);
        }
    }

    /// Limits a block of every channel; `trace` may be shorter and have fewer channels.
    pub(super) fn process(&mut self, block: &mut BlockMut<'_, '_, S>, mut trace: Option<&mut BlockMut<'_, '_, f64>>) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let settling = if self.settling == 0 { usize::MAX } else { self.settling };
            let uniform = self.drive.uniform_frames().min(self.ceiling.uniform_frames()).min(settling);
            let count = (frames - start).min(CHUNK_FRAMES).min(uniform).min(self.link.uniform_frames());
            let mut trace = trace.as_mut().map(|trace| {
                let start = start.min(trace.frames());
                let count = count.min(trace.frames() - start);
                trace.frames_mut(start, count)
            });
            self.chunk(&mut block.frames_mut(start, count), trace.as_mut());
            self.settling = self.settling.saturating_sub(count);
            if self.settling == 0 {
                let [ceiling] = self.ceiling.target();
                self.bounds = CeilingBounds::at(ceiling);
            }
            start += count;
        }
    }

    fn chunk(&mut self, block: &mut BlockMut<'_, '_, S>, trace: Option<&mut BlockMut<'_, '_, f64>>) {
        let count = block.frames();
        let channels = self.histories.len().min(block.channels());
        let (drive, _) = self.drive.span::<S>(count);
        for (channel, history) in self.histories.iter_mut().enumerate().take(channels) {
            self.non_finite += take(self.backend, block.channel(channel), &drive, history.append(count));
        }
        let linkage = self.link.span(count, channels);
        let (ceiling, _) = self.ceiling.span::<f64>(count);
        let threshold = self.measure(channels, count, &ceiling, &linkage);
        let running = self.link.running(&linkage, &mut self.paths);
        let levels = linkage.levels(channels);
        if self.idle(count, threshold, levels) {
            for (channel, history) in self.histories.iter().enumerate().take(channels) {
                block.channel_mut(channel).copy_from_slice(&history.from(count + self.latency)[..count]);
            }
            self.paths.iter_mut().for_each(|path| path.last_reduction_db = 0.0);
            self.reduction.skip(count * channels);
            if let Some(trace) = trace {
                trace.all_channels_mut().for_each(|trace| trace.fill(0.0));
            }
            return;
        }
        self.decide(count, &ceiling, threshold, levels, running);
        let Scratch { targets, leading, .. } = &mut self.scratch;
        self.link.distribute_rows(CHUNK_FRAMES, &linkage, running, count, targets, leading);
        self.shape(count, running, trace);
        let highest = S::from_f64(self.bounds.highest * self.margin);
        for (channel, history) in self.histories.iter().enumerate().take(channels) {
            let delayed = &history.from(count + self.latency)[..count];
            let gains = &self.scratch.gains[row(if running == 1 { 0 } else { channel }, count)];
            self.clamped += apply(self.backend, delayed, gains, highest, block.channel_mut(channel));
        }
    }

    /// Measures p for the frames K before those of the chunk, of all channels together or of each; returns a threshold
    /// at or below which peaks need no reduction.
    fn measure(&mut self, channels: usize, count: usize, ceiling: &Span<f64, 1>, linkage: &ChunkLink) -> S {
        let CeilingBounds { lowest: low, highest: high } = self.bounds;
        let Scratch { peaks, intervals: points, floors, ceilings, thresholds, .. } = &mut self.scratch;
        let levels = linkage.levels(channels);
        let (lowest, still) = match ceiling {
            Span::Still([ceiling]) => (threshold(*ceiling), true),
            Span::Moving([curve]) => {
                for ((index, ceiling), own) in (0_i32..).zip(&mut ceilings[..count]).zip(&mut thresholds[..count]) {
                    // Rounding.
                    *ceiling = curve.at(index).clamp(low, high);
                    *own = threshold(*ceiling);
                }
                (threshold(low), false)
            }
        };
        if linkage.begins() {
            let highest = self.paths.iter().fold(S::ZERO, |highest, path| highest.max(path.last_interval));
            self.paths[0].last_interval = highest;
        } else if linkage.ends() {
            let joint = self.paths[0].last_interval;
            self.paths.iter_mut().for_each(|path| path.last_interval = joint);
        }
        for level in 0..levels {
            let histories = if levels == 1 { &self.histories[..channels] } else { &self.histories[level..=level] };
            let peaks = &mut peaks[row(level, count)];
            peaks.fill(S::ZERO);
            for history in histories {
                rectify(self.backend, &history.from(count + self.reach)[..count], peaks);
            }
            let Some(taps) = &self.taps else { continue };
            let groups = count.div_ceil(GROUP);
            let floors = &mut floors[..groups];
            floors.fill(lowest);
            if still {
                raise_floors(peaks, self.window, floors);
            }
            let last_interval = &mut self.paths[level].last_interval;
            points[0] = *last_interval;
            let behind = &mut points[1..=groups * GROUP];
            behind.fill(S::ZERO);
            for history in histories {
                let samples = history.from(count + taps.history());
                intervals(self.backend, taps, samples, count, floors, behind);
            }
            // Points below the threshold may or may not have been computed, depending on the chunk: they count as 0. At
            // a constant ceiling they are skipped with their frames.
            if !still {
                for (point, own) in behind.iter_mut().zip(&thresholds[..count]) {
                    if *point <= *own {
                        *point = S::ZERO;
                    }
                }
            }
            let newest = behind[count - 1];
            *last_interval = if newest > lowest { newest } else { S::ZERO };
            join(self.backend, &points[..=count], peaks);
        }
        lowest
    }

    /// Whether there is no peak to limit, and no earlier reduction left.
    fn idle(&self, count: usize, threshold: S, levels: usize) -> bool {
        let mut peaks = (0..levels).map(|level| &self.scratch.peaks[row(level, count)]);
        self.paths.iter().all(GainPath::is_at_rest) && peaks.all(|peaks| quiet(self.backend, peaks, threshold))
    }

    /// Turns the peaks of `levels` channels into limits and target reductions of `running` ones.
    fn decide(&mut self, count: usize, ceiling: &Span<f64, 1>, threshold: S, levels: usize, running: usize) {
        let Scratch { peaks, ceilings, thresholds, limits, targets, .. } = &mut self.scratch;
        for level in levels..running {
            // Linked again, but not yet in the same state.
            peaks.copy_within(..count, level * CHUNK_FRAMES);
        }
        for (channel, path) in self.paths.iter_mut().enumerate().take(running) {
            let row = row(channel, count);
            let (peaks, limits, targets) = (&mut peaks[row.clone()], &mut limits[row.clone()], &mut targets[row]);
            match ceiling {
                Span::Still([ceiling]) => {
                    hold(self.backend, Floors::Still(threshold), peaks, &mut path.hold);
                    // The maximum of a window is constant over many frames.
                    let (mut seen, mut decision) = (S::ZERO, (1.0, 0.0));
                    for ((limit, targets), peak) in limits.iter_mut().zip(targets).zip(&*peaks) {
                        if *peak != seen {
                            seen = *peak;
                            decision = under(*ceiling, seen.to_f64());
                        }
                        (*limit, *targets) = decision;
                    }
                }
                Span::Moving(_) => {
                    hold(self.backend, Floors::Moving(&thresholds[..count]), peaks, &mut path.hold);
                    let ceilings = ceilings.iter();
                    for (((limit, targets), peak), ceiling) in limits.iter_mut().zip(targets).zip(&*peaks).zip(ceilings)
                    {
                        (*limit, *targets) = under(*ceiling, peak.to_f64());
                    }
                }
            }
        }
    }

    /// Turns the target reductions of `running` channels into gains, and traces them.
    fn shape(&mut self, count: usize, running: usize, mut trace: Option<&mut BlockMut<'_, '_, f64>>) {
        let Scratch { limits, targets, gains, reductions_db, .. } = &mut self.scratch;
        let reductions_db = &mut reductions_db[..count];
        let channels = if running == 1 { self.histories.len() } else { 1 };
        for (channel, path) in self.paths.iter_mut().enumerate().take(running) {
            let row = row(channel, count);
            let (targets, limits) = (&mut targets[row.clone()], &limits[row.clone()]);
            let shaped = Shaped {
                gains: &mut gains[row],
                reductions_db: &mut *reductions_db,
                meter: &mut self.reduction,
                channels,
            };
            shape(self.backend, targets, limits, &mut path.release, &mut path.boxes, shaped);
            path.last_reduction_db = f64::from(reductions_db[count - 1]);
            let Some(trace) = trace.as_deref_mut() else { continue };
            for other in channel..(channel + channels).min(trace.channels()) {
                for (trace, reduction_db) in trace.channel_mut(other).iter_mut().zip(&*reductions_db) {
                    *trace = f64::from(*reduction_db);
                }
            }
        }
        if running == 1 {
            let (first, others) = self.paths.split_at_mut(1);
            others.iter_mut().for_each(|path| path.last_reduction_db = first[0].last_reduction_db);
        }
    }

    pub(super) fn reset(&mut self) {
        let Self {
            backend: _,
            taps: _,
            reach: _,
            latency: _,
            window: _,
            margin: _,
            drive,
            ceiling,
            ramp_frames: _,
            bounds,
            settling,
            histories,
            link,
            paths,
            scratch: _,
            reduction,
            clamped,
            non_finite,
        } = self;
        drive.jump_to(drive.target());
        ceiling.jump_to(ceiling.target());
        let [target] = ceiling.target();
        *bounds = CeilingBounds::at(target);
        *settling = 0;
        histories.iter_mut().for_each(History::reset);
        link.reset();
        for GainPath { last_interval, hold, release, boxes, last_reduction_db } in paths {
            *last_interval = S::ZERO;
            hold.reset();
            release.reset();
            boxes.reset();
            *last_reduction_db = 0.0;
        }
        *reduction = ReductionMeter::default();
        *clamped = 0;
        *non_finite = 0;
    }

    /// The last reduction of a channel; 0 for one that there is not.
    pub(super) fn last_reduction_db(&self, channel: usize) -> f64 {
        self.paths.get(channel).map_or(0.0, |path| path.last_reduction_db)
    }

    pub(super) fn reduction(&self) -> &ReductionMeter {
        &self.reduction
    }

    pub(super) fn clamped(&self) -> u64 {
        self.clamped
    }

    pub(super) fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

/// The frames of a channel in a buffer of rows.
#[inline(always)]
fn row(channel: usize, count: usize) -> core::ops::Range<usize> {
    channel * CHUNK_FRAMES..channel * CHUNK_FRAMES + count
}

/// Threshold of the peaks to limit under `ceiling`: just below it, whichever way f32 rounds.
#[inline(always)]
fn threshold<S: Sample>(ceiling: f64) -> S {
    S::from_f64(ceiling * (1.0 - f64::from(f32::EPSILON)))
}

/// The gain that brings `peak` under `ceiling`, and its reduction in octaves.
#[inline(always)]
fn under(ceiling: f64, peak: f64) -> (f64, f64) {
    if peak > ceiling { (ceiling / peak, (peak / ceiling).log2_fast()) } else { (1.0, 0.0) }
}

/// Raises the floor of each group to the lower of the largest samples of the groups before and after it.
///
/// A peak between an earlier and a later one that are at least as high, and no further apart than the window, is never
/// the maximum of a window: every window that includes it includes one of those.
fn raise_floors<S: Sample>(peaks: &[S], window: usize, floors: &mut [S]) {
    // From the first frame of the first group to the last of the last one, in frames: no more than the window.
    let far = (window / GROUP).saturating_sub(1) / 2;
    let mut largest = [S::ZERO; CHUNK_FRAMES / GROUP];
    for (largest, group) in largest.iter_mut().zip(peaks.chunks(GROUP)) {
        *largest = group.iter().fold(S::ZERO, |a, &b| if a > b { a } else { b });
    }
    let largest = &largest[..floors.len()];
    let highest = |groups: &[S]| groups.iter().fold(S::ZERO, |a, &b| if a > b { a } else { b });
    for (group, floor) in floors.iter_mut().enumerate() {
        let before = highest(&largest[group.saturating_sub(far)..group]);
        let behind = highest(&largest[group + 1..(group + 1 + far).min(largest.len())]);
        let needless = if before < behind { before } else { behind };
        if needless > *floor {
            *floor = needless;
        }
    }
}
