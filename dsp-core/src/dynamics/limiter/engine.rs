//! The limiter's arithmetic: see [`Limiter`](super::Limiter). Letters as in its contract: K reach, L response, W
//! window, D latency, n the frame measured.
//!
//! An arriving frame completes the points between the frames K and K - 1 before it, so the measurement lags by K. p(n)
//! is the highest of |x(n)| and of the points on either side of it, P the largest p of the last W, and g(i) = Σ w(k)
//! q(i + K + L - 1 - k) with q = min(1, c/P) after the release. Every q in the mean g(i) is between K and K + L - 1
//! frames after i, and its window starts before i - K: it includes every peak whose interpolation reads x(i), so that
//! g(i) <= c/p for all of those.

use super::{
    params::{LimiterCoeffs, MAX_HOLD_MS},
    passes::{Floors, Shaped, apply, hold, join, quiet, rectify, shape, take},
};
use crate::{
    dynamics::{box_filter::BoxFilter, reduction_meter::ReductionMeter, release::Release, sliding_max::SlidingMax},
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
    /// The highest point after the newest measured frame.
    last_interval: S,
    hold: SlidingMax<S>,
    release: Release,
    boxes: BoxFilter,
    scratch: Scratch<S>,
    last_reduction_db: f64,
    reduction: ReductionMeter,
    clamped: u64,
    non_finite: u64,
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

/// Scratch buffers of one chunk; nothing in them outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    peaks: Vec<S>,
    /// One more than frames: the first is the last of the chunk before. Padded to whole groups.
    intervals: Vec<S>,
    floors: Vec<S>,
    ceilings: Vec<f64>,
    /// Of each frame, during a glide of the ceiling.
    thresholds: Vec<S>,
    /// q without release.
    limits: Vec<f64>,
    /// Target reduction, in octaves.
    targets: Vec<f64>,
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
        Self {
            backend: Backend::new(spec.cpu()),
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
            histories: (0..spec.channels()).map(|_| History::new(latency, CHUNK_FRAMES, GROUP)).collect(),
            last_interval: S::ZERO,
            hold: SlidingMax::new(window, window - coeffs.hold_frames + longest_hold),
            release: Release::new(coeffs.release, silence::LIMITER_REDUCTION_OCTAVES),
            boxes,
            scratch: Scratch {
                peaks: vec![S::ZERO; CHUNK_FRAMES],
                intervals: vec![S::ZERO; 1 + CHUNK_FRAMES],
                floors: vec![S::ZERO; CHUNK_FRAMES / GROUP],
                ceilings: vec![0.0; CHUNK_FRAMES],
                thresholds: vec![S::ZERO; CHUNK_FRAMES],
                limits: vec![0.0; CHUNK_FRAMES],
                targets: vec![0.0; CHUNK_FRAMES],
                gains: vec![S::ZERO; CHUNK_FRAMES],
                reductions_db: vec![0.0; CHUNK_FRAMES],
            },
            last_reduction_db: 0.0,
            reduction: ReductionMeter::default(),
            clamped: 0,
            non_finite: 0,
        }
    }

    pub(super) fn set_coeffs(&mut self, coeffs: &LimiterCoeffs) {
        self.drive.set_target([coeffs.drive]);
        self.window = coeffs.window_frames();
        self.hold.set_window(self.window);
        self.release.set_coeffs(coeffs.release);
        let [old] = self.ceiling.target();
        if coeffs.ceiling != old {
            let before = if self.settling == 0 { CeilingBounds::at(old) } else { self.bounds };
            self.bounds = before.with(coeffs.ceiling);
            self.settling = self.ramp_frames + self.latency;
            self.ceiling.set_target([coeffs.ceiling]);
        }
    }

    pub(super) fn process(&mut self, block: &mut BlockMut<'_, '_, S>, mut trace: Option<&mut [f64]>) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let settling = if self.settling == 0 { usize::MAX } else { self.settling };
            let uniform = self.drive.uniform_frames().min(self.ceiling.uniform_frames()).min(settling);
            let count = (frames - start).min(CHUNK_FRAMES).min(uniform);
            let trace = trace.as_mut().map(|trace| &mut trace[start..start + count]);
            self.chunk(&mut block.frames_mut(start, count), trace);
            self.settling = self.settling.saturating_sub(count);
            if self.settling == 0 {
                let [ceiling] = self.ceiling.target();
                self.bounds = CeilingBounds::at(ceiling);
            }
            start += count;
        }
    }

    fn chunk(&mut self, block: &mut BlockMut<'_, '_, S>, trace: Option<&mut [f64]>) {
        let count = block.frames();
        let channels = self.histories.len().min(block.channels());
        let (drive, _) = self.drive.span::<S>(count);
        for (channel, history) in self.histories.iter_mut().enumerate().take(channels) {
            self.non_finite += take(self.backend, block.channel(channel), &drive, history.append(count));
        }
        let (ceiling, _) = self.ceiling.span::<f64>(count);
        let threshold = self.measure(channels, count, &ceiling);
        if self.idle(count, threshold) {
            for (channel, history) in self.histories.iter().enumerate().take(channels) {
                block.channel_mut(channel).copy_from_slice(&history.from(count + self.latency)[..count]);
            }
            self.last_reduction_db = 0.0;
            self.reduction.skip(count);
            if let Some(trace) = trace {
                trace.fill(0.0);
            }
            return;
        }
        self.decide(count, &ceiling, threshold);
        let Scratch { limits, targets, gains, reductions_db, .. } = &mut self.scratch;
        let (targets, limits) = (&mut targets[..count], &limits[..count]);
        let (gains, reductions_db) = (&mut gains[..count], &mut reductions_db[..count]);
        let shaped = Shaped { gains: &mut *gains, reductions_db: &mut *reductions_db, meter: &mut self.reduction };
        shape(self.backend, targets, limits, &mut self.release, &mut self.boxes, shaped);
        self.last_reduction_db = f64::from(reductions_db[count - 1]);
        if let Some(trace) = trace {
            for (trace, reduction_db) in trace.iter_mut().zip(&*reductions_db) {
                *trace = f64::from(*reduction_db);
            }
        }
        let highest = S::from_f64(self.bounds.highest * self.margin);
        for (channel, history) in self.histories.iter().enumerate().take(channels) {
            let delayed = &history.from(count + self.latency)[..count];
            self.clamped += apply(self.backend, delayed, gains, highest, block.channel_mut(channel));
        }
    }

    /// Measures p for the frames K before those of the chunk; returns a threshold at or below which peaks need no
    /// reduction.
    fn measure(&mut self, channels: usize, count: usize, ceiling: &Span<f64, 1>) -> S {
        let CeilingBounds { lowest: low, highest: high } = self.bounds;
        let Scratch { peaks, intervals: points, floors, ceilings, thresholds, .. } = &mut self.scratch;
        let peaks = &mut peaks[..count];
        peaks.fill(S::ZERO);
        for history in &self.histories[..channels] {
            rectify(self.backend, &history.from(count + self.reach)[..count], peaks);
        }
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
        let Some(taps) = &self.taps else { return lowest };
        let groups = count.div_ceil(GROUP);
        let floors = &mut floors[..groups];
        floors.fill(lowest);
        if still {
            raise_floors(peaks, self.window, floors);
        }
        points[0] = self.last_interval;
        let behind = &mut points[1..=groups * GROUP];
        behind.fill(S::ZERO);
        for history in &self.histories[..channels] {
            let samples = history.from(count + taps.history());
            intervals(self.backend, taps, samples, count, floors, behind);
        }
        // Points below the threshold may or may not have been computed, depending on the chunk: they count as 0. At a
        // constant ceiling they are skipped with their frames.
        if !still {
            for (point, own) in behind.iter_mut().zip(&thresholds[..count]) {
                if *point <= *own {
                    *point = S::ZERO;
                }
            }
        }
        let newest = behind[count - 1];
        self.last_interval = if newest > lowest { newest } else { S::ZERO };
        join(self.backend, &points[..=count], peaks);
        lowest
    }

    /// Whether there is no peak to limit, and no earlier reduction left.
    fn idle(&self, count: usize, threshold: S) -> bool {
        self.hold.is_empty()
            && self.release.is_at_rest()
            && self.boxes.is_empty()
            && quiet(self.backend, &self.scratch.peaks[..count], threshold)
    }

    /// Turns peaks into limits and target reductions.
    fn decide(&mut self, count: usize, ceiling: &Span<f64, 1>, threshold: S) {
        let Scratch { peaks, ceilings, thresholds, limits, targets, .. } = &mut self.scratch;
        let (peaks, limits, targets) = (&mut peaks[..count], &mut limits[..count], &mut targets[..count]);
        match ceiling {
            Span::Still([ceiling]) => {
                hold(self.backend, Floors::Still(threshold), peaks, &mut self.hold);
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
                hold(self.backend, Floors::Moving(&thresholds[..count]), peaks, &mut self.hold);
                for (((limit, targets), peak), ceiling) in limits.iter_mut().zip(targets).zip(&*peaks).zip(ceilings) {
                    (*limit, *targets) = under(*ceiling, peak.to_f64());
                }
            }
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
            last_interval,
            hold,
            release,
            boxes,
            scratch: _,
            last_reduction_db,
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
        *last_interval = S::ZERO;
        hold.reset();
        release.reset();
        boxes.reset();
        *last_reduction_db = 0.0;
        *reduction = ReductionMeter::default();
        *clamped = 0;
        *non_finite = 0;
    }

    pub(super) fn last_reduction_db(&self) -> f64 {
        self.last_reduction_db
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
