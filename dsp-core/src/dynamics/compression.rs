//! Compression of a block: side-chain, make-up gain, mix, and the delay that aligns them.
//!
//! Shared by [`Compressor`](crate::dynamics::Compressor) and the bands of the multiband compressor; settings are those
//! of the former.

use super::{
    ballistics::{BallisticsCoeffs, Topology},
    chunk::{CHUNK_FRAMES, write_trace},
    detector::{Detector, DetectorCoeffs},
    gain_computer::ComputerCoeffs,
    gain_stage::{GainScratch, GainStage},
    key_filter::{Key, KeyFilterCoeffs},
    side_chain::{SideChain, SideChainCoeffs, SideChainScratch},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::{choice, params},
        error::Error,
        fit::fit_traced,
        processor::GainReduction,
        sample::Sample,
        stream::StreamSpec,
        unit::{DB_PER_OCTAVE, db_to_gain, gain_to_db, ms_to_frames},
    },
    primitives::{
        backend::Backend,
        history::History,
        mix::blend,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::vec::Vec;

choice! {
    /// Release mode of a [`Compressor`](crate::dynamics::Compressor).
    CompressorRelease, default Manual {
        /// In `release_ms`.
        Manual = "manual",
        /// In `release_ms` after short peaks, 10 times as long after sustained reduction.
        Dual = "dual",
        /// From the crest factor of the key, and the attack as well; `attack_ms` and `release_ms` have no effect.
        Auto = "auto",
    }
}

params! {
    /// Settings of a [`Compressor`](crate::dynamics::Compressor).
    ///
    /// ```
    /// use mixdown::{BlockMut, Dynamics, Params, Processor, StreamSpec, dynamics::CompressorParams};
    ///
    /// let params = CompressorParams { threshold_db: -20.0, ratio: 4.0, knee_db: 0.0, ..Default::default() };
    /// assert!((params.transfer_curve(&[0.0]).unwrap()[0] + 15.0).abs() < 1e-3);
    ///
    /// let mut compressor = params.build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut sine: Vec<f32> = (0..48_000).map(|n| (0.2 * n as f32).sin()).collect();
    /// compressor.process(&mut BlockMut::from_planar(&mut sine, 1)?);
    /// assert!((compressor.gain_reduction_db(0) - 15.0).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    CompressorParams {
        threshold_db: dBFS, -60.0..=0.0, default -18.0, "Level above which it compresses";
        ratio: none, 1.0..=inf, default 4.0, log, "dB in per dB out above the threshold";
        knee_db: dB, 0.0..=24.0, default 6.0, "Width of the knee";
        attack_ms: ms, 0.02..=250.0, default 10.0, log, "Time to 63.2 % of a rise of the reduction in dB";
        release_ms: ms, 5.0..=5_000.0, default 100.0, log, "Time to 63.2 % of a fall of the reduction";
        makeup_db: dB, -12.0..=24.0, default 0.0, "Gain of the compressed signal";
        detector: choice Detector, "Level detection";
        rms_ms: ms, 1.0..=300.0, default 10.0, log, "Time constant of the mean squares";
        lookahead_ms: ms, 0.0..=20.0, default 0.0, fixed, "Time by which the gain begins to fall before a peak";
        link_percent: %, 0.0..=100.0, default 100.0, "Share of the loudest channel's reduction in every channel";
        mix: none, 0.0..=1.0, default 1.0, "Share of the compressed signal";
        range_db: dB, 0.0..=inf, default f64::INFINITY, "Most reduction";
        key_high_pass_hz: Hz, 20.0..=500.0, default 0.0, log, off(0.0), "Corner of a high pass on the key, 12 dB per octave";
        key_low_pass_hz: Hz, 50.0..=20_000.0, default 0.0, log, off(0.0), of_rate(0.45), "Corner of a low pass on the key, 12 dB per octave";
        release_mode: choice CompressorRelease, "Release mode";
        auto_makeup: switch, default false, "Adds half of the reduction at 0 dBFS to the make-up gain";
        listen: switch, default false, "Puts out the filtered key instead of the compressed signal";
    }
}

impl CompressorParams {
    /// Output level of a steady signal at each input level, in dB, make-up and mix included.
    pub(crate) fn output_levels_db(&self, levels_db: &[f64]) -> Vec<f64> {
        let (computer, makeup_db) = (self.computer(), self.total_makeup_db());
        let output_db = |&level_db: &f64| {
            let gain_db = makeup_db - computer.reduction_db(level_db);
            level_db + self.mixed_db(gain_db)
        };
        levels_db.iter().map(output_db).collect()
    }

    /// The coefficients of legal settings.
    pub(crate) fn coeffs(&self, sample_rate_hz: f64) -> CompressorCoeffs {
        let (attack_ms, release_ms) = (self.attack_ms, self.release_ms);
        // A level without ripple needs no hold between crests.
        let topology = if self.detector == Detector::Peak { Topology::Branching } else { Topology::Decoupled };
        let ballistics = match self.release_mode {
            CompressorRelease::Manual => BallisticsCoeffs::manual(topology, attack_ms, release_ms, sample_rate_hz),
            CompressorRelease::Dual => BallisticsCoeffs::dual(topology, attack_ms, release_ms, sample_rate_hz),
            CompressorRelease::Auto => BallisticsCoeffs::auto(topology, sample_rate_hz),
        };
        CompressorCoeffs {
            side_chain: SideChainCoeffs {
                key_filter: KeyFilterCoeffs::new(self.key_high_pass_hz, self.key_low_pass_hz, sample_rate_hz),
                detector: DetectorCoeffs::new(self.detector, self.rms_ms, sample_rate_hz),
                computer: self.computer(),
                link: self.link_percent / 100.0,
                ballistics,
                lookahead_frames: ms_to_frames(self.lookahead_ms, sample_rate_hz),
            },
            makeup_octaves: self.total_makeup_db() / DB_PER_OCTAVE,
            mix: self.mix,
            listen: if self.listen { 1.0 } else { 0.0 },
            acts: 1.0,
        }
    }

    fn computer(&self) -> ComputerCoeffs {
        ComputerCoeffs::compressor(self.threshold_db, self.ratio, self.knee_db, self.range_db)
    }

    fn total_makeup_db(&self) -> f64 {
        self.makeup_db + if self.auto_makeup { 0.5 * self.computer().reduction_db(0.0) } else { 0.0 }
    }

    /// Gain with the mix, in dB; exactly `gain_db` without.
    fn mixed_db(&self, gain_db: f64) -> f64 {
        if self.mix == 1.0 { gain_db } else { gain_to_db((1.0 - self.mix) + self.mix * db_to_gain(gain_db)) }
    }
}

/// Coefficients of a [`Compressor`](crate::dynamics::Compressor).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CompressorCoeffs {
    side_chain: SideChainCoeffs,
    makeup_octaves: f64,
    mix: f64,
    /// Share of the filtered key in the output: 0 or 1.
    listen: f64,
    /// Share of the reduction that is reported: 0 or 1.
    acts: f64,
}

impl CompressorCoeffs {
    /// Values that glide behind the side-chain: make-up gain and mix.
    fn output(&self) -> [f64; 2] {
        [self.makeup_octaves, self.mix]
    }

    /// Gains of the output and of what is listened to.
    fn listening(&self) -> [f64; 2] {
        [1.0 - self.listen, self.listen]
    }

    /// The same with the input as output.
    pub(crate) fn bypassed(self) -> Self {
        Self { mix: 0.0, listen: 0.0, ..self.unheard() }
    }

    /// The same for an output that is not put out: it reports no reduction.
    pub(crate) fn unheard(self) -> Self {
        Self { acts: 0.0, ..self }
    }
}

/// Gains of the output and of what is listened to, without listening.
const OUTPUT_ALONE: [f64; 2] = [1.0, 0.0];

/// Scratch buffers of one chunk; nothing in them outlives the chunk, so that several bands share them.
#[derive(Clone, Debug)]
pub(crate) struct CompressionScratch<S> {
    side_chain: SideChainScratch<S>,
    gains: GainScratch<S>,
}

impl<S: Sample> CompressionScratch<S> {
    pub(crate) fn new(channels: usize) -> Self {
        Self { side_chain: SideChainScratch::new(channels), gains: GainScratch::new() }
    }
}

/// The compression of a stream: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Compression<S> {
    backend: Backend,
    coeffs: CompressorCoeffs,
    side_chain: SideChain,
    /// [`CompressorCoeffs::output`].
    output: Ramp<2>,
    /// Gains of the output and of what is listened to.
    listen: Ramp<2>,
    /// [`CompressorCoeffs::acts`].
    acts: Ramp<1>,
    /// One per channel; none without lookahead.
    histories: Vec<History<S>>,
    /// The same of the filtered key.
    key_histories: Vec<History<S>>,
    stage: GainStage,
    non_finite: u64,
}

impl<S: Sample> Compression<S> {
    /// At rest at `coeffs`.
    pub(crate) fn new(spec: &StreamSpec, coeffs: &CompressorCoeffs) -> Self {
        let (channels, latency) = (spec.channels(), coeffs.side_chain.lookahead_frames);
        let delayed = if latency == 0 { 0 } else { channels };
        let histories = || (0..delayed).map(|_| History::new(latency, CHUNK_FRAMES, 0)).collect();
        let glide = ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz());
        Self {
            backend: Backend::new(spec.cpu()),
            coeffs: *coeffs,
            side_chain: SideChain::new(spec, &coeffs.side_chain),
            output: Ramp::new(coeffs.output(), glide),
            listen: Ramp::new(coeffs.listening(), glide),
            acts: Ramp::new([coeffs.acts], glide),
            histories: histories(),
            key_histories: histories(),
            stage: GainStage::new(Backend::new(spec.cpu()), channels),
            non_finite: 0,
        }
    }

    /// Checks that it takes these coefficients while it runs.
    pub(crate) fn check(&self, coeffs: &CompressorCoeffs) -> Result<(), Error> {
        if coeffs.side_chain.lookahead_frames == self.latency_frames() {
            Ok(())
        } else {
            Err(Error::NeedsRebuild { param: "lookahead_ms" })
        }
    }

    /// Glides to other coefficients; those of another lookahead change nothing.
    pub(crate) fn set_coeffs(&mut self, coeffs: &CompressorCoeffs) {
        if self.check(coeffs).is_ok() {
            self.side_chain.set_coeffs(&coeffs.side_chain);
            self.output.set_target(coeffs.output());
            self.listen.set_target(coeffs.listening());
            self.acts.set_target([coeffs.acts]);
            self.coeffs = *coeffs;
        }
    }

    /// Delay from input to output, in frames.
    pub(crate) fn latency_frames(&self) -> usize {
        self.side_chain.latency_frames()
    }

    /// Frames after which silence is put out: while the key is listened to, those of its filter too.
    pub(crate) fn tail_frames(&self) -> u64 {
        let key = if self.listen.is_at(OUTPUT_ALONE) { 0 } else { self.side_chain.key_tail_frames() };
        self.latency_frames() as u64 + key
    }

    /// Compresses a block, with a key if there is one; writes the reduction of each output frame, in dB, into the trace
    /// if there is one. A trace of another length is filled as far as it goes.
    pub(crate) fn process(
        &mut self,
        scratch: &mut CompressionScratch<S>,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        trace: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit_traced(block, self.stage.channels(), key, trace, |block, key, trace| self.run(scratch, block, key, trace));
    }

    fn run(
        &mut self,
        scratch: &mut CompressionScratch<S>,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        mut trace: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let uniform = self.side_chain.uniform_frames().min(self.output.uniform_frames());
            let uniform = uniform.min(self.listen.uniform_frames()).min(self.acts.uniform_frames());
            let count = (frames - start).min(uniform);
            let key = key.map(|key| key.frames_at(start, count));
            let mut chunk = block.frames_mut(start, count);
            self.chunk(scratch, &mut chunk, key.as_ref());
            if let Some(trace) = trace.as_deref_mut() {
                for channel in 0..self.stage.channels() {
                    let reductions = self.side_chain.reductions(&scratch.side_chain, channel, count);
                    write_trace(trace, channel, start, reductions);
                }
            }
            start += count;
        }
    }

    fn chunk(
        &mut self,
        scratch: &mut CompressionScratch<S>,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
    ) {
        let CompressionScratch { side_chain: listening, gains } = scratch;
        let (backend, count) = (self.backend, block.frames());
        let channels = self.stage.channels();
        for channel in 0..channels {
            self.non_finite += clean(backend, block.channel_mut(channel));
        }
        let (listen, _) = self.listen.span::<S>(count);
        let listens = !matches!(listen, Span::Still([_, heard]) if heard == S::ZERO);
        // A lookahead's key is kept, to be heard from a change on.
        let keeps = listens || !self.key_histories.is_empty();
        let (found, sources) = match key {
            Some(key) => {
                let key = Key::Other(key);
                (self.side_chain.process(listening, key, keeps), key.sources(channels))
            }
            None => (self.side_chain.process(listening, Key::Own(block.as_block()), keeps), channels),
        };
        self.non_finite += found;
        for (channel, history) in self.key_histories.iter_mut().enumerate().take(channels) {
            history.append(count).copy_from_slice(self.side_chain.heard(listening, channel, sources, count));
        }
        for (channel, history) in self.histories.iter_mut().enumerate().take(channels) {
            history.append(count).copy_from_slice(block.channel(channel));
            block
                .channel_mut(channel)
                .copy_from_slice(&history.from(count + self.coeffs.side_chain.lookahead_frames)[..count]);
        }
        let (output, _) = self.output.span::<S>(count);
        let shared = self.side_chain.is_shared();
        self.stage.apply(gains, block, shared, |of| self.side_chain.reductions(listening, of, count), &output);
        if !self.acts.is_at([1.0]) {
            // What is reported is what acts on the sound.
            let (acts, _) = self.acts.span::<f64>(count);
            self.side_chain.scale(listening, count, &acts);
        }
        let side_chain = &self.side_chain;
        self.stage.observe(gains, shared, |of| side_chain.reductions(listening, of, count));
        if listens {
            for channel in 0..channels {
                let heard = match self.key_histories.get(channel) {
                    Some(history) => &history.from(count + self.coeffs.side_chain.lookahead_frames)[..count],
                    None => side_chain.heard(listening, channel, sources, count),
                };
                blend(backend, block.channel_mut(channel), heard, &listen);
            }
        }
    }

    /// Reduction of the last output frame of a channel, in dB.
    pub(crate) fn gain_reduction_db(&self, channel: usize) -> f64 {
        self.stage.last_db(channel)
    }

    /// Reduction since the build or the last reset.
    pub(crate) fn gain_reduction(&self) -> GainReduction {
        self.stage.gain_reduction()
    }

    /// Non-finite samples replaced, the key's included.
    pub(crate) fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// As newly built with the current coefficients.
    pub(crate) fn reset(&mut self) {
        let Self {
            backend: _,
            coeffs: _,
            side_chain,
            output,
            listen,
            acts,
            histories,
            key_histories,
            stage,
            non_finite,
        } = self;
        side_chain.reset();
        output.jump_to(output.target());
        listen.jump_to(listen.target());
        acts.jump_to(acts.target());
        histories.iter_mut().chain(key_histories).for_each(History::reset);
        stage.reset();
        *non_finite = 0;
    }
}
