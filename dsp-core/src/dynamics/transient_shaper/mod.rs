//! Transient shaper: attack and sustain of a sound, louder or softer by a number of dB whatever its level.

mod envelopes;

use super::{
    box_filter::BoxFilter,
    chunk::{CHUNK_FRAMES, write_trace},
    passes::{apply, gains, link, max_assign},
    quadrature::QuadratureEnvelope,
    reduction_meter::ReductionMeter,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine, traced},
        error::Error,
        fit::fit_traced,
        params::{Designed, Params, Tunable},
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
        unit::{DB_PER_OCTAVE, ms_to_frames},
    },
    primitives::{
        backend::{Backend, run},
        history::History,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};
use envelopes::{EnvelopePoles, Envelopes};

/// Transient shaper: attack and sustain of a sound, louder or softer by a number of dB whatever its level.
///
/// # Signal
/// in -> quadrature envelope -> loudest channel, by the link -> fast, slow and held envelope -> measures of onset and
/// decay, 0 to 1 -> means over the lookahead -> × `attack_db`, × `sustain_db` -> gain; in -> delay -> × gain -> out
///
/// # Parameters
/// Those of [`TransientShaperParams`].
///
/// # Contract
/// Any channel count. Latency `lookahead_ms`, to the frame; the tail is as long. The gain of an onset is `attack_db`
/// within 0.1 dB for the first 10 ms of a burst out of silence and back at 0 dB within 50 ms; both scale with `slow_ms`,
/// which says what still belongs to an onset. The gain of a decay is `sustain_db` in full where the level has fallen by
/// 9 dB below what it was, unless it falls by less than 1.4 dB per `slow_ms`. The gain is the same, within 0.1 dB, at
/// every level above -65 dBFS; below -75 dBFS it is 0 dB. A steady tone from 20 Hz up, white noise and beats faster than
/// `slow_ms` keep their level; that of pink and brown noise swings by itself, and the gain follows it. At no time does the gain leave the range between the settings and 0 dB, nor does it change
/// faster than in `lookahead_ms` (0.5 ms at least). Neutral with all three levels at 0 dB.
///
/// The link gives all channels the gain of the loudest one's envelope. Reductions are reported without `output_db`;
/// boosts are negative, and count as 0 in the statistics. Changes of levels and link glide over 20 ms; times apply at
/// once, from the envelopes as they are.
///
/// Memory: 41 kB for stereo f32 at 48 kHz.
///
/// # Source
/// The difference of two envelopes: R. Gier, P. White, "SPL Transient Designer", manual, 1999. Envelopes of power by
/// one-pole followers: U. Zölzer (ed.), "DAFX: Digital Audio Effects", 2nd edition, 2011, chapter 4. Own: the slow
/// envelope as a follower of the fast one, bounded measures, their means over the lookahead.
#[derive(Clone, Debug)]
pub struct TransientShaper<S> {
    spec: StreamSpec,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<ShaperEngine<S>>,
}

/// Least time in which the gain changes.
const LEAST_SMOOTHING_MS: f64 = 0.5;

params! {
    /// Settings of [`TransientShaper`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Dynamics, Params, Processor, StreamSpec, dynamics::TransientShaperParams};
    ///
    /// let params = TransientShaperParams { attack_db: 6.0, ..Default::default() };
    /// let mut shaper = params.build::<f64>(&StreamSpec::new(48_000.0, 1)?)?;
    /// // 5 ms after its onset a tone is 6 dB louder: a reduction of -6 dB.
    /// let mut tone: Vec<f64> = (0..240).map(|n| 0.1 * (0.2 * n as f64).sin()).collect();
    /// shaper.process(&mut BlockMut::from_planar(&mut tone, 1)?);
    /// assert!((shaper.gain_reduction_db(0) + 6.0).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    TransientShaperParams {
        attack_db: dB, -24.0..=24.0, default 0.0, "Gain of onsets";
        sustain_db: dB, -24.0..=24.0, default 0.0, "Gain of decays";
        fast_ms: ms, 0.1..=10.0, default 1.0, log, "Time in which the fast envelope rises";
        slow_ms: ms, 10.0..=300.0, default 30.0, log, "Time of the slow envelope: that of an onset";
        lookahead_ms: ms, 0.0..=10.0, default 2.0, fixed, "Time over which the gain changes, before an onset";
        link_percent: %, 0.0..=100.0, default 100.0, "Share of the common gain in every channel";
        output_db: dB, -24.0..=24.0, default 0.0, "Gain of everything";
    }
}

impl Params for TransientShaperParams {
    type Coeffs = TransientShaperCoeffs;
    type Processor<S: Sample> = TransientShaper<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<TransientShaperCoeffs>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let octaves = |level_db: f64| level_db / DB_PER_OCTAVE;
        let coeffs = TransientShaperCoeffs {
            attack_octaves: octaves(self.attack_db),
            sustain_octaves: octaves(self.sustain_db),
            output_octaves: octaves(self.output_db),
            link: self.link_percent / 100.0,
            poles: EnvelopePoles::new(self.fast_ms, self.slow_ms, rate_hz),
            lookahead_frames: ms_to_frames(self.lookahead_ms, rate_hz),
        };
        Ok(Designed::new(spec, coeffs))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<TransientShaper<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }
}

/// Coefficients of a [`TransientShaper`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransientShaperCoeffs {
    attack_octaves: f64,
    sustain_octaves: f64,
    output_octaves: f64,
    /// Share of the common gain, 0 to 1.
    link: f64,
    poles: EnvelopePoles,
    lookahead_frames: usize,
}

impl TransientShaperCoeffs {
    fn levels(&self) -> [f64; 2] {
        [self.attack_octaves, self.sustain_octaves]
    }

    /// Gain and mix of the output.
    fn output(&self) -> [f64; 2] {
        [self.output_octaves, 1.0]
    }
}

/// The detector of one channel, or of all.
#[derive(Clone, Debug)]
struct Lane {
    envelopes: Envelopes,
    onsets: BoxFilter,
    decays: BoxFilter,
}

impl Lane {
    fn new(frames: usize) -> Self {
        let means = || BoxFilter::new(frames);
        Self { envelopes: Envelopes::SILENCE, onsets: means(), decays: means() }
    }

    /// Takes over another lane's state; does not allocate.
    fn copy_from(&mut self, other: &Self) {
        self.envelopes = other.envelopes;
        self.onsets.copy_from(&other.onsets);
        self.decays.copy_from(&other.decays);
    }

    fn reset(&mut self) {
        let Self { envelopes, onsets, decays } = self;
        *envelopes = Envelopes::SILENCE;
        onsets.reset();
        decays.reset();
    }
}

/// The transient shaper without its stream.
#[derive(Clone, Debug)]
struct ShaperEngine<S> {
    backend: Backend,
    quadrature: QuadratureEnvelope,
    poles: EnvelopePoles,
    /// The common one, then those of the channels, if there are several.
    lanes: Vec<Lane>,
    levels: Ramp<2>,
    output: Ramp<2>,
    link: Ramp<1>,
    /// Whether the common gain was that of all channels in the last chunk.
    linked: bool,
    lookahead_frames: usize,
    histories: Vec<History<S>>,
    last_db: Vec<f64>,
    meter: ReductionMeter,
    non_finite: u64,
    scratch: Scratch<S>,
}

/// Scratch buffers of one chunk; nothing in them outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    /// Squares, then reductions in octaves: of the common lane, then channel after channel.
    rows: Vec<f64>,
    onsets: Vec<f64>,
    decays: Vec<f64>,
    gains: Vec<S>,
    reductions_db: Vec<f32>,
}

impl<S: Sample> ShaperEngine<S> {
    fn new(spec: &StreamSpec, coeffs: &TransientShaperCoeffs) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let glide = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let lookahead_frames = coeffs.lookahead_frames;
        // The frame itself and those ahead of it; the response of the boxes is 2 shorter than their sum.
        let window = lookahead_frames.max(ms_to_frames(LEAST_SMOOTHING_MS, rate_hz)) + 1;
        let lanes = if channels == 1 { 1 } else { 1 + channels };
        Self {
            backend,
            quadrature: QuadratureEnvelope::new(backend, channels, rate_hz),
            poles: coeffs.poles,
            lanes: (0..lanes).map(|_| Lane::new(window + 2)).collect(),
            levels: Ramp::new(coeffs.levels(), glide),
            output: Ramp::new(coeffs.output(), glide),
            link: Ramp::new([coeffs.link], glide),
            linked: true,
            lookahead_frames,
            histories: (0..channels).map(|_| History::new(lookahead_frames, CHUNK_FRAMES, 0)).collect(),
            last_db: vec![0.0; channels],
            meter: ReductionMeter::default(),
            non_finite: 0,
            scratch: Scratch {
                rows: vec![0.0; lanes * CHUNK_FRAMES],
                onsets: vec![0.0; CHUNK_FRAMES],
                decays: vec![0.0; CHUNK_FRAMES],
                gains: vec![S::ZERO; CHUNK_FRAMES],
                reductions_db: vec![0.0; CHUNK_FRAMES],
            },
        }
    }

    fn apply(&mut self, coeffs: &TransientShaperCoeffs) {
        self.poles = coeffs.poles;
        self.levels.set_target(coeffs.levels());
        self.output.set_target(coeffs.output());
        self.link.set_target([coeffs.link]);
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>, mut trace: Option<&mut BlockMut<'_, '_, f64>>) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let uniform = self.levels.uniform_frames().min(self.output.uniform_frames());
            let count = (frames - start).min(uniform).min(self.link.uniform_frames()).min(CHUNK_FRAMES);
            self.chunk(&mut block.frames_mut(start, count));
            if let Some(trace) = trace.as_deref_mut() {
                for channel in 0..self.histories.len() {
                    write_trace(trace, channel, start, &self.scratch.rows[self.row_of(channel)..][..count]);
                }
            }
            start += count;
        }
    }

    /// Where the reductions of a channel start.
    fn row_of(&self, channel: usize) -> usize {
        if self.linked { 0 } else { (1 + channel) * CHUNK_FRAMES }
    }

    fn chunk(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let (backend, count, channels) = (self.backend, block.frames(), self.histories.len());
        self.detect(block);
        let (link_weight, _) = self.link.span::<f64>(count);
        let linked = channels == 1 || matches!(link_weight, Span::Still([1.0]));
        if self.linked
            && !linked
            && let [common, others @ ..] = self.lanes.as_mut_slice()
        {
            others.iter_mut().for_each(|lane| lane.copy_from(common));
        }
        self.linked = linked;
        let (levels, _) = self.levels.span::<f64>(count);
        let Scratch { rows, onsets, decays, .. } = &mut self.scratch;
        let (onsets, decays) = (&mut onsets[..count], &mut decays[..count]);
        let running = if linked { 1 } else { self.lanes.len() };
        for (lane, row) in self.lanes.iter_mut().zip(rows.chunks_exact_mut(CHUNK_FRAMES)).take(running) {
            let row = &mut row[..count];
            lane.envelopes.measure(backend, &self.poles, row, onsets, decays);
            run!(backend, _ => lane.onsets.process(onsets));
            run!(backend, _ => lane.decays.process(decays));
            run!(backend, _ => reductions(&levels, onsets, decays, row));
        }
        let (common, own) = rows.split_at_mut(CHUNK_FRAMES);
        for row in own.chunks_exact_mut(CHUNK_FRAMES).take(running - 1) {
            link(backend, &common[..count], &link_weight, &mut row[..count]);
        }
        self.multiply(block);
    }

    /// The squares of the envelope: of the loudest channel, and of each.
    fn detect(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let (backend, count, channels) = (self.backend, block.frames(), self.histories.len());
        let (common, own) = self.scratch.rows.split_at_mut(CHUNK_FRAMES);
        let common = &mut common[..count];
        for channel in 0..channels {
            self.non_finite += clean(backend, block.channel_mut(channel));
            match own.chunks_exact_mut(CHUNK_FRAMES).nth(channel) {
                None => self.quadrature.squares(channel, block.channel(channel), common),
                Some(row) => {
                    let row = &mut row[..count];
                    self.quadrature.squares(channel, block.channel(channel), row);
                    match channel {
                        0 => common.copy_from_slice(row),
                        _ => max_assign(backend, row, common),
                    }
                }
            }
        }
        self.quadrature.advance(count, channels);
    }

    /// Delays the channels, and multiplies them by their gains.
    fn multiply(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let (backend, count, channels) = (self.backend, block.frames(), self.histories.len());
        let (output, _) = self.output.span::<S>(count);
        for channel in 0..channels {
            let row = self.row_of(channel);
            let Scratch { rows, gains: factors, reductions_db, .. } = &mut self.scratch;
            let (reductions, factors) = (&rows[row..][..count], &mut factors[..count]);
            if channel == 0 || !self.linked {
                gains(backend, reductions, &output, factors);
                let reductions_db = &mut reductions_db[..count];
                run!(backend, _ => less(reductions, reductions_db));
                self.meter.observe(reductions_db, if self.linked { channels } else { 1 });
            }
            self.last_db[channel] = DB_PER_OCTAVE * reductions.last().copied().unwrap_or(0.0);
            let history = &mut self.histories[channel];
            history.append(count).copy_from_slice(block.channel(channel));
            let samples = block.channel_mut(channel);
            samples.copy_from_slice(&history.from(count + self.lookahead_frames)[..count]);
            apply(backend, factors, samples);
        }
    }

    fn reset(&mut self) {
        let Self {
            backend: _,
            quadrature,
            poles: _,
            lanes,
            levels,
            output,
            link,
            linked,
            lookahead_frames: _,
            histories,
            last_db,
            meter,
            non_finite,
            scratch: _,
        } = self;
        quadrature.reset();
        lanes.iter_mut().for_each(Lane::reset);
        levels.jump_to(levels.target());
        output.jump_to(output.target());
        link.jump_to(link.target());
        *linked = true;
        histories.iter_mut().for_each(History::reset);
        last_db.fill(0.0);
        *meter = ReductionMeter::default();
        *non_finite = 0;
    }
}

/// Reductions in octaves: negative for boosts, and never a negative zero.
#[inline(always)]
fn reductions(levels: &Span<f64, 2>, onsets: &[f64], decays: &[f64], reductions: &mut [f64]) {
    match levels {
        Span::Still([attack, sustain]) => {
            for ((reduction, onset), decay) in reductions.iter_mut().zip(onsets).zip(decays) {
                *reduction = 0.0 - (*attack * *onset + *sustain * *decay);
            }
        }
        Span::Moving([attack, sustain]) => {
            for (((index, reduction), onset), decay) in (0_i32..).zip(reductions).zip(onsets).zip(decays) {
                *reduction = 0.0 - (attack.at(index) * *onset + sustain.at(index) * *decay);
            }
        }
    }
}

/// Reductions in dB, boosts as 0.
#[inline(always)]
fn less(reductions: &[f64], reductions_db: &mut [f32]) {
    for (reduction_db, reduction) in reductions_db.iter_mut().zip(reductions) {
        *reduction_db = (DB_PER_OCTAVE * *reduction).max(0.0) as f32;
    }
}

impl<S: Sample> Engine<S> for TransientShaper<S> {
    type Params = TransientShaperParams;

    fn build(params: &TransientShaperParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        Ok(Self { spec: *spec, engine: Box::new(ShaperEngine::new(spec, &coeffs)) })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        let channels = self.spec.channels();
        fit_traced(block, channels, None, reduction_db, |block, _, trace| self.engine.run(block, trace));
    }
}

compiled!(TransientShaperParams => TransientShaper);

impl<S: Sample> Processor<S> for TransientShaper<S> {
    engine!(TransientShaperParams, dynamics);

    fn reset(&mut self) {
        let Self { spec: _, engine } = self;
        engine.reset();
    }

    fn latency_frames(&self) -> usize {
        self.engine.lookahead_frames
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.latency_frames() as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.engine.non_finite
    }
}

impl<S: Sample> Tunable<S> for TransientShaper<S> {
    type Params = TransientShaperParams;

    fn fits(&self, coeffs: &TransientShaperCoeffs) -> Result<(), Error> {
        if coeffs.lookahead_frames == self.engine.lookahead_frames {
            Ok(())
        } else {
            Err(Error::NeedsRebuild { param: "lookahead_ms" })
        }
    }

    fn apply(&mut self, coeffs: &TransientShaperCoeffs) {
        self.engine.apply(coeffs);
    }
}

impl<S: Sample> Dynamics<S> for TransientShaper<S> {
    traced!(TransientShaperParams);

    fn gain_reduction_db(&self, trace: usize) -> f64 {
        self.engine.last_db.get(trace).copied().unwrap_or(0.0)
    }

    fn gain_reduction(&self) -> GainReduction {
        self.engine.meter.reading()
    }
}
