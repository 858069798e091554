//! A plate reverb: bright and even, without early reflections.

use super::ring::Ring;
use crate::{
    foundation::{
        block::BlockMut,
        error::{Error, channels_in, in_range},
        fit::fit,
        grid::GRID_FRAMES,
        processor::{Params, Processor, Tail},
        sample::{Sample, Vectors},
        silence::{FILTER_STATE, REVERB_SIGNAL, flushed},
        stream::StreamSpec,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        modulated_delay::{Motion, REACH, Swings, TAPS, rotation},
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::sanitize,
    },
};
use alloc::boxed::Box;
use core::f64::consts::TAU;

/// A plate reverb: bright and even, without early reflections.
///
/// # Signal
/// (L+R)/2 -> pre-delay -> low pass -> four all passes -> tank of two halves that feed each other, each: all pass that
/// swings -> delay -> damping -> times decay -> all pass -> delay -> times decay; seven taps for each output
///
/// # Parameters
/// | name | unit | range | default |
/// |---|---|---|---|
/// | `decay` | | 0..0.99: what each half of the tank keeps, twice | 0.5 |
/// | `predelay_ms` | ms | 0..250 | 0 |
/// | `damping_hz` | Hz | 200..20 000: corner of the low pass in each half | 7000 |
/// | `mix` | | 0..1 | 1 |
///
/// # Contract
/// Latency 0. 1 -> 2 or 2 -> 2 channels; both outputs come from the sum of both inputs, so that a side alone makes no
/// sound. The tail ends: what stayed below -200 dB for as long as anything is remembered is zeroed on a grid of 64 frames.
/// Measured below the damping, a `decay` of 0.5 is 1.9 s to -60 dB, 0.8 is 6.0 s: 0.73 s take the sound round once, through
/// four decays, and the all passes hold it a little longer.
/// Changes glide over 20 ms, C2; a new pre-delay fades in, and one that comes before the last has faded in waits for it.
/// Neutral at `mix` 0.
///
/// # Source
/// J. Dattorro, "Effect design, part 1: reverberator and other filters", JAES 45(9), 1997, fig. 1 and tables 1 and 2:
/// delays, coefficients, taps and signs, with his delays in frames of 29 761 Hz as times. Own: the swinging delays are
/// interpolated by six points instead of an all pass, so that they can swing without dragging their state along.
#[derive(Clone, Debug)]
pub struct Plate<S> {
    spec: StreamSpec,
    coeffs: PlateCoeffs,
    /// Boxed: it is large beside the other effects that a chain holds.
    tank: Box<Tank<S>>,
    faults: u64,
}

/// Rate that the paper's delays are counted at.
const PAPER_HZ: f64 = 29_761.0;
/// All passes at the input: frames and coefficient.
const INPUT: [(f64, f64); 4] = [(142.0, 0.75), (107.0, 0.75), (379.0, 0.625), (277.0, 0.625)];
/// What the low pass at the input lets through of a frame at once.
const BANDWIDTH: f64 = 0.999_5;
/// All pass that swings, delay, all pass, delay: of the left and the right half of the tank.
const TANK: [[f64; 4]; 2] = [[672.0, 4_453.0, 1_800.0, 3_720.0], [908.0, 4_217.0, 2_656.0, 3_163.0]];
/// Coefficient of the all passes that swing.
const SWINGING: f64 = -0.7;
/// Peak of the swing, in frames; its rate.
const DEPTH: f64 = 8.0;
const SWING_HZ: f64 = 1.0;
/// What an output hears: half of the tank, stage 1 (delay), 2 (second all pass) or 3 (last delay), frames, sign.
const TAPPED: [[(usize, usize, f64, f64); 7]; 2] = [
    [
        (1, 1, 266.0, 1.0),
        (1, 1, 2_974.0, 1.0),
        (1, 2, 1_913.0, -1.0),
        (1, 3, 1_996.0, 1.0),
        (0, 1, 1_990.0, -1.0),
        (0, 2, 187.0, -1.0),
        (0, 3, 1_066.0, -1.0),
    ],
    [
        (0, 1, 353.0, 1.0),
        (0, 1, 3_627.0, 1.0),
        (0, 2, 1_228.0, -1.0),
        (0, 3, 2_673.0, 1.0),
        (1, 1, 2_111.0, -1.0),
        (1, 2, 335.0, -1.0),
        (1, 3, 121.0, -1.0),
    ],
];
/// Gain of each tap.
const TAP_GAIN: f64 = 0.6;
/// Range of `damping_hz`.
const DAMPING_RANGE_HZ: [f64; 2] = [200.0, 20_000.0];
const MAX_PREDELAY_MS: f64 = 250.0;
const MAX_DECAY: f64 = 0.99;

/// Settings of [`Plate`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct PlateParams {
    /// What each half of the tank keeps, 0..0.99.
    pub decay: f64,
    /// Time before anything is heard of it, in ms, 0..250.
    pub predelay_ms: f64,
    /// Corner of the low pass in the tank, in Hz, 200..20 000.
    pub damping_hz: f64,
    /// 0 is the input alone, 1 the plate alone.
    pub mix: f64,
}

impl Default for PlateParams {
    fn default() -> Self {
        Self { decay: 0.5, predelay_ms: 0.0, damping_hz: 7_000.0, mix: 1.0 }
    }
}

impl Params for PlateParams {
    type Coeffs = PlateCoeffs;
    type Processor<S: Sample> = Plate<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        channels_in(input, 1, 2).map(|()| 2)
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.output_channels(spec.channels())?;
        in_range("decay", self.decay, 0.0, MAX_DECAY)?;
        in_range("predelay_ms", self.predelay_ms, 0.0, MAX_PREDELAY_MS)?;
        in_range("damping_hz", self.damping_hz, DAMPING_RANGE_HZ[0], DAMPING_RANGE_HZ[1])?;
        in_range("mix", self.mix, 0.0, 1.0)
    }

    fn design(&self, spec: &StreamSpec) -> Result<PlateCoeffs, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        // The second all passes follow the decay, so that short plates are not left with the ringing of theirs.
        let diffusion = (self.decay + 0.15).clamp(0.25, 0.5);
        Ok(PlateCoeffs {
            glides: [
                self.decay,
                diffusion,
                libm::exp(-TAU * self.damping_hz / rate_hz),
                1.0 - self.mix,
                self.mix * TAP_GAIN,
            ],
            predelay: ms_to_frames(self.predelay_ms, rate_hz),
            tail_frames: tail_frames(self.decay, rate_hz),
        })
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Plate<S>, Error> {
        let coeffs = self.design(spec)?;
        Ok(Plate { spec: *spec, tank: Box::new(Tank::new(spec, &coeffs)), coeffs, faults: 0 })
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }
}

/// What [`Plate`] runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateCoeffs {
    /// Decay, second diffusion, pole of the damping, gain of the input, gain of the taps.
    glides: [f64; 5],
    predelay: usize,
    tail_frames: u64,
}

/// Frames until a full-scale input has fallen below [`REVERB_SIGNAL`].
///
/// Sounds at which an all pass rings stay in it for D (1+g)/(1-g); one that has left the loop still rings by g per D.
fn tail_frames(decay: f64, rate_hz: f64) -> u64 {
    // Sums of magnitudes: each all pass (1+2g)... at most (1+g)/(1-g), and the build-up of the loop.
    let fall_db = 200.0 + 80.0 + 20.0 * libm::log10(1.0 / (1.0 - decay));
    let slow = |g: f64| (1.0 + g) / (1.0 - g);
    let mut per_db: f64 = 0.0;
    let mut round = 0.0;
    for [swinging, first, second, last] in TANK {
        round += slow(SWINGING.abs()) * (swinging + DEPTH) + first + slow(0.5) * second + last;
        per_db = per_db.max((swinging + DEPTH) / (-20.0 * libm::log10(SWINGING.abs()))).max(second / 6.02);
    }
    if decay > 0.0 {
        per_db = per_db.max(round / (-80.0 * libm::log10(decay)));
    }
    libm::ceil(1.1 * per_db * fall_db * rate_hz / PAPER_HZ) as u64
}

impl<S: Sample> Plate<S> {
    /// Glides to other settings.
    ///
    /// # Errors
    /// As [`Params::validate`]; the old setting stays.
    pub fn set_params(&mut self, params: &PlateParams) -> Result<(), Error> {
        self.set_coeffs(&params.design(&self.spec)?);
        Ok(())
    }

    /// Glides to coefficients designed elsewhere.
    pub fn set_coeffs(&mut self, coeffs: &PlateCoeffs) {
        self.coeffs = *coeffs;
        self.tank.glides.set_target(coeffs.glides);
        self.tank.predelay.set(coeffs.predelay);
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        self.faults += sanitize(block.channel_mut(0));
        if self.spec.channels() == 1 {
            block.copy_channel(0, 1);
        } else {
            self.faults += sanitize(block.channel_mut(1));
        }
        let frames = block.frames();
        let (left, right) = block.stereo_mut();
        let mut start = 0;
        while start < frames {
            let count = self.tank.frames_at_once().min(frames - start);
            self.tank.process(&mut left[start..start + count], &mut right[start..start + count]);
            start += count;
        }
    }
}

/// A delay that fades to another.
#[derive(Clone, Debug)]
struct Predelay {
    now: usize,
    next: usize,
    /// Asked for while `next` was fading in.
    latest: usize,
    /// 0 to 1 while `next` fades in; at 0 nothing does.
    fade: Ramp<1>,
}

impl Predelay {
    fn set(&mut self, frames: usize) {
        self.latest = frames;
        self.begin();
    }

    fn begin(&mut self) {
        if !self.is_fading() && self.latest != self.now {
            self.next = self.latest;
            self.fade.set_target([1.0]);
        }
    }

    fn is_fading(&self) -> bool {
        self.fade.target() == [1.0]
    }

    /// To be called when a fade may have ended.
    fn arrive(&mut self) {
        if self.is_fading() && self.fade.uniform_frames() == usize::MAX {
            self.now = self.next;
            self.fade.jump_to([0.0]);
            self.begin();
        }
    }

    fn reset(&mut self) {
        let Self { now, next: _, latest, fade } = self;
        *now = *latest;
        fade.jump_to([0.0]);
    }
}

/// Half of the tank.
#[derive(Clone, Debug)]
struct Half<S> {
    /// All pass that swings, delay, all pass, delay.
    rings: [Ring<S>; 4],
    delays: [usize; 4],
    motion: Motion<S>,
    damping: f64,
}

/// All of it but settings.
#[derive(Clone, Debug)]
struct Tank<S> {
    backend: Backend,
    input: Ring<S>,
    passes: [(Ring<S>, usize, S); 4],
    halves: [Half<S>; 2],
    /// Half, stage, frames and sign of each tap.
    taps: [[(usize, usize, usize, S); 7]; 2],
    glides: Ramp<5>,
    predelay: Predelay,
    swings: Swings<2>,
    swing: [f64; 2],
    depth_frames: f64,
    band_pole: f64,
    band: f64,
    /// Longest chunk: no longer than the shortest feedback.
    at_once: usize,
    in_cell: usize,
    loudest: f64,
    quiet: usize,
    memory: usize,
    scratch: Scratch<S>,
}

/// What a chunk needs; nothing in it outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    sound: [S; GRID_FRAMES],
    crossing: [[S; GRID_FRAMES]; 2],
    moved: [S; GRID_FRAMES],
    share: [S; GRID_FRAMES],
    glides: [[S; GRID_FRAMES]; 5],
    out: [[S; GRID_FRAMES]; 2],
}

impl<S: Sample> Tank<S> {
    fn new(spec: &StreamSpec, coeffs: &PlateCoeffs) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let frames = |paper: f64| (libm::round(paper * rate_hz / PAPER_HZ) as usize).max(1);
        let depth_frames = DEPTH * rate_hz / PAPER_HZ;
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let longest_predelay = ms_to_frames(MAX_PREDELAY_MS, rate_hz);
        let halves = TANK.map(|delays| {
            let delays = delays.map(frames);
            let margin = libm::ceil(depth_frames) as usize + 2 * REACH;
            Half {
                rings: delays.map(|delay| Ring::new(delay + margin)),
                delays,
                motion: Motion::default(),
                damping: 0.0,
            }
        });
        let passes = INPUT.map(|(delay, gain)| (Ring::new(frames(delay)), frames(delay), S::from_f64(gain)));
        let memory = longest_predelay
            + passes.iter().map(|(_, delay, _)| delay).sum::<usize>()
            + halves.iter().flat_map(|half| half.delays).sum::<usize>();
        let mut tank = Self {
            backend: Backend::new(spec.cpu()),
            input: Ring::new(longest_predelay),
            at_once: passes.iter().map(|(_, delay, _)| *delay).min().unwrap_or(1).min(GRID_FRAMES),
            passes,
            halves,
            taps: TAPPED
                .map(|taps| taps.map(|(half, stage, delay, sign)| (half, stage, frames(delay), S::from_f64(sign)))),
            glides: Ramp::new(coeffs.glides, ramp_frames),
            predelay: Predelay {
                now: coeffs.predelay,
                next: coeffs.predelay,
                latest: coeffs.predelay,
                fade: Ramp::new([0.0], ramp_frames),
            },
            swings: Swings::new(),
            swing: rotation(SWING_HZ, rate_hz),
            depth_frames,
            band_pole: libm::pow(1.0 - BANDWIDTH, PAPER_HZ / rate_hz),
            band: 0.0,
            in_cell: 0,
            loudest: 0.0,
            quiet: 0,
            memory,
            scratch: Scratch {
                sound: [S::ZERO; GRID_FRAMES],
                crossing: [[S::ZERO; GRID_FRAMES]; 2],
                moved: [S::ZERO; GRID_FRAMES],
                share: [S::ZERO; GRID_FRAMES],
                glides: [[S::ZERO; GRID_FRAMES]; 5],
                out: [[S::ZERO; GRID_FRAMES]; 2],
            },
        };
        tank.reset();
        tank
    }

    /// Frames that may be processed at once.
    fn frames_at_once(&self) -> usize {
        let uniform = self.glides.uniform_frames().min(self.predelay.fade.uniform_frames());
        (GRID_FRAMES - self.in_cell).min(self.at_once).min(uniform)
    }

    fn process(&mut self, left: &mut [S], right: &mut [S]) {
        let frames = left.len();
        if self.in_cell == 0 {
            self.swings.advance(&[self.swing; 2]);
            for (half, ends) in self.halves.iter_mut().zip(self.swings.ends()) {
                half.motion = Motion::new(ends.map(|end| half.delays[0] as f64 + self.depth_frames * end));
            }
        }
        let still = matches!(self.glides.span::<S>(0).0, Span::Still(_)).then(|| self.glides.target());
        let (span, _) = self.glides.span::<S>(frames);
        for (index, row) in self.scratch.glides.iter_mut().enumerate() {
            fill(&span, index, &mut row[..frames]);
        }
        let fading = self.predelay.is_fading();
        if fading {
            let (span, _) = self.predelay.fade.span::<S>(frames);
            fill(&span, 0, &mut self.scratch.share[..frames]);
        }
        let silent = self.quiet >= self.memory && left.iter().chain(&*right).all(|&x| x == S::ZERO);
        if silent {
            self.rings().for_each(|ring| ring.advance(frames));
            self.scratch.out = [[S::ZERO; GRID_FRAMES]; 2];
        } else {
            // The first sound after silence ends the silence at once: the rest of the cell must not sleep through it.
            if self.quiet >= self.memory {
                self.quiet = 0;
            }
            run!(self.backend, self.sound(left, right, fading), _simd => self.sound(left, right, fading));
        }
        // With the input alone, its bits.
        let dry_only = still.is_some_and(|[.., dry, wet]| dry == 1.0 && wet == 0.0);
        if !dry_only {
            let Scratch { glides: [.., dry, wet], out, .. } = &self.scratch;
            for (samples, out) in [left, right].into_iter().zip(out) {
                for (((sample, out), dry), wet) in samples.iter_mut().zip(out).zip(dry).zip(wet) {
                    *sample = (*dry * *sample + *wet * *out).audible();
                }
            }
        }
        self.in_cell += frames;
        if self.in_cell == GRID_FRAMES {
            self.in_cell = 0;
            self.close_cell(silent);
        }
        self.predelay.arrive();
    }

    #[inline(always)]
    fn sound(&mut self, left: &[S], right: &[S], fading: bool) {
        let frames = left.len();
        let Self { input, passes, halves, taps, predelay, band_pole, band, loudest, scratch, .. } = self;
        let Scratch { sound, crossing, moved, share, glides, out } = scratch;
        let [decay, diffusion, pole, ..] = glides;

        let half = S::from_f64(0.5);
        let fresh = &mut input.fresh()[..frames];
        for ((fresh, left), right) in fresh.iter_mut().zip(left).zip(right) {
            *fresh = half * (*left + *right);
        }
        *loudest = larger(*loudest, most(fresh));
        input.advance(frames);
        *sound = *input.behind(predelay.now + frames);
        if fading {
            let next = input.behind(predelay.next + frames);
            for ((sound, next), share) in sound.iter_mut().zip(next).zip(&*share) {
                *sound += *share * (*next - *sound);
            }
        }
        let feed = 1.0 - *band_pole;
        for sample in &mut sound[..frames] {
            *band = kept(*band, *band_pole) + feed * sample.to_f64();
            *sample = S::from_f64(*band);
        }
        for (ring, delay, gain) in passes {
            let delayed = *ring.behind(*delay);
            all_pass(ring, &delayed, |_| *gain, frames, sound);
        }

        // Both halves hear what the other put out before this chunk.
        for (crossing, half) in crossing.iter_mut().zip(halves.iter().rev()) {
            crossing.copy_from_slice(half.rings[3].behind(half.delays[3]));
            for ((crossing, decay), sound) in crossing.iter_mut().zip(&*decay).zip(&*sound) {
                *crossing = *decay * *crossing + *sound;
            }
        }
        for (half, sound) in halves.iter_mut().zip(crossing) {
            let Half { rings, delays, motion, damping } = half;
            read_between(&rings[0], motion, self.in_cell, moved);
            let swinging = S::from_f64(SWINGING);
            all_pass(&mut rings[0], moved, |_| swinging, frames, sound);
            *loudest = larger(*loudest, most(&sound[..frames]));
            rings[1].fresh()[..frames].copy_from_slice(&sound[..frames]);
            rings[1].advance(frames);
            *sound = *rings[1].behind(delays[1] + frames);
            for ((sample, pole), decay) in sound[..frames].iter_mut().zip(&*pole).zip(&*decay) {
                let pole = pole.to_f64();
                *damping = kept(*damping, pole) + (1.0 - pole) * sample.to_f64();
                *sample = (*decay * S::from_f64(*damping)).audible();
            }
            let delayed = *rings[2].behind(delays[2]);
            all_pass(&mut rings[2], &delayed, |frame| diffusion[frame], frames, sound);
            *loudest = larger(*loudest, most(&sound[..frames]));
            rings[3].fresh()[..frames].copy_from_slice(&sound[..frames]);
            rings[3].advance(frames);
        }
        for (out, taps) in out.iter_mut().zip(taps) {
            *out = [S::ZERO; GRID_FRAMES];
            for (half, stage, delay, sign) in taps {
                let tap = halves[*half].rings[*stage].behind(*delay + frames);
                for (out, tap) in out.iter_mut().zip(tap) {
                    *out += *sign * *tap;
                }
            }
        }
    }

    /// On the absolute grid: what has decayed becomes 0, and so does a tank in which nothing is left to hear.
    fn close_cell(&mut self, silent: bool) {
        for state in self.halves.iter_mut().map(|half| &mut half.damping).chain([&mut self.band]) {
            *state = flushed(*state);
        }
        let loudest = core::mem::take(&mut self.loudest);
        if silent {
            return;
        }
        if loudest >= REVERB_SIGNAL {
            self.quiet = 0;
            return;
        }
        let before = self.quiet;
        self.quiet = before + GRID_FRAMES;
        if before < self.memory && self.quiet >= self.memory {
            self.rings().for_each(Ring::clear);
            self.forget();
        }
    }

    fn rings(&mut self) -> impl Iterator<Item = &mut Ring<S>> {
        let passes = self.passes.iter_mut().map(|(ring, ..)| ring);
        let halves = self.halves.iter_mut().flat_map(|half| &mut half.rings);
        core::iter::once(&mut self.input).chain(passes).chain(halves)
    }

    /// Zeroes the filters.
    fn forget(&mut self) {
        self.band = 0.0;
        for half in &mut self.halves {
            half.damping = 0.0;
        }
    }

    fn reset(&mut self) {
        self.rings().for_each(Ring::reset);
        self.forget();
        let Self {
            backend: _,
            input: _,
            passes: _,
            halves: _,
            taps: _,
            glides,
            predelay,
            swings,
            swing: _,
            depth_frames: _,
            band_pole: _,
            band: _,
            at_once: _,
            in_cell,
            loudest,
            quiet,
            memory,
            scratch: _,
        } = self;
        glides.jump_to(glides.target());
        predelay.reset();
        *swings = Swings::new();
        *in_cell = 0;
        *loudest = 0.0;
        *quiet = *memory;
    }
}

/// One glide's values over a chunk.
#[inline(always)]
fn fill<S: Sample, const N: usize>(span: &Span<S, N>, index: usize, row: &mut [S]) {
    match span {
        Span::Still(values) => row.fill(values[index]),
        Span::Moving(curves) => {
            for (frame, value) in (0_i32..).zip(row) {
                *value = curves[index].at(frame);
            }
        }
    }
}

/// The lattice all pass: w = x - g w', y = w' + g w, with w' a delay before w.
#[inline(always)]
fn all_pass<S: Sample>(
    ring: &mut Ring<S>,
    delayed: &[S; GRID_FRAMES],
    gain: impl Fn(usize) -> S,
    frames: usize,
    sound: &mut [S; GRID_FRAMES],
) {
    let silent = S::from_f64(FILTER_STATE);
    for (frame, ((fresh, delayed), sound)) in ring.fresh().iter_mut().zip(delayed).zip(sound).enumerate().take(frames) {
        let gain = gain(frame);
        let written = *sound - gain * *delayed;
        *sound = *delayed + gain * written;
        // What rings on in silence ends before it becomes subnormal.
        let heard = written > silent || written < -silent;
        *fresh = if heard { written } else { S::ZERO };
    }
    ring.advance(frames);
}

/// Reads a delay that moves, `first` frames into the cell. Nothing is fused, so that all forms agree.
#[inline(always)]
fn read_between<S: Sample>(ring: &Ring<S>, motion: &Motion<S>, first: usize, out: &mut [S; GRID_FRAMES]) {
    let samples = ring.long_behind(motion.furthest);
    for (frame, out) in out.iter_mut().enumerate() {
        let clock = S::from_index((first + frame) as i32);
        let mut sum = S::ZERO;
        for tap in 0..TAPS {
            sum += (motion.start[tap] + clock * motion.slope[tap]) * samples[frame + tap];
        }
        *out = sum;
    }
}

/// What a one-pole low pass keeps of its state: nothing of one that is too faint, so that none becomes subnormal. The
/// comparison runs beside the product, which the recursion waits for.
#[inline(always)]
fn kept(state: f64, pole: f64) -> f64 {
    let product = pole * state;
    if state.abs() < f64::FAINTEST { 0.0 } else { product }
}

#[inline(always)]
fn most<S: Sample>(samples: &[S]) -> f64 {
    let mut most = S::ZERO;
    for sample in samples {
        let magnitude = if *sample < S::ZERO { -*sample } else { *sample };
        most = if magnitude > most { magnitude } else { most };
    }
    most.to_f64()
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

impl<S: Sample> Processor<S> for Plate<S> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn output_channels(&self) -> usize {
        2
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        fit(block, 2, |block| self.run(block));
    }

    fn reset(&mut self) {
        let Self { spec: _, coeffs: _, tank, faults } = self;
        tank.reset();
        *faults = 0;
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.coeffs.tail_frames + (2 * self.tank.memory + 2 * GRID_FRAMES) as u64)
    }

    fn faults(&self) -> u64 {
        self.faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_those_of_the_paper_at_its_rate() {
        let spec = StreamSpec::new(PAPER_HZ, 2).unwrap();
        let tank = PlateParams::default().build::<f64>(&spec).unwrap().tank;
        assert_eq!(tank.halves[1].delays, [908, 4_217, 2_656, 3_163]);
        assert!((tank.band_pole - 0.000_5).abs() < 1e-12);
        // Times that others print: 149.625 ms, 106.28 ms; 8.937 872 ms for the first tap.
        assert!((TANK[0][1] / PAPER_HZ - 0.149_625_349).abs() < 1e-9);
        assert!((TAPPED[0][0].2 / PAPER_HZ - 0.008_937_872).abs() < 1e-9);
    }

    #[test]
    fn an_all_pass_keeps_the_energy() {
        let (mut ring, mut energy) = (Ring::<f64>::new(100), 0.0);
        for cell in 0..200 {
            let mut sound = [0.0; GRID_FRAMES];
            sound[3] = if cell == 0 { 1.0 } else { 0.0 };
            let delayed = *ring.behind(100);
            all_pass(&mut ring, &delayed, |_| 0.7, GRID_FRAMES, &mut sound);
            energy += sound.iter().map(|x| x * x).sum::<f64>();
        }
        assert!((energy - 1.0).abs() < 1e-9, "{energy}");
    }
}
