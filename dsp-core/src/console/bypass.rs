//! A processor that can be switched off and on while it runs.

use crate::{
    foundation::{
        block::{Block, BlockMut},
        fit::fit_keyed,
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::{
        backend::Backend,
        delay_line::DelayLine,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::{vec, vec::Vec};

/// A processor that can be switched off and on while it runs, without a click or a change of latency.
///
/// # Signal
/// in -> processor -> × w; in -> delay of its latency -> × (1 - w); sum -> out
///
/// # Contract
/// Latency and channels are those of the processor, bypassed or not. While bypassed, added channels are copies of the
/// first, and the output equals the delayed input bit for bit. Switching crossfades over 20 ms on a quintic.
///
/// A bypassed processor does not run. Switched on again, it starts as newly built with its current settings, and fades
/// in after its latency, so that there is neither a gap nor a trace of earlier signal.
///
/// ```
/// use mixdown::{BlockMut, Bypass, Params, Processor, StreamSpec, levels::GainParams};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let gain = GainParams { gain_db: -6.020_599_913_279_624, ..Default::default() }.build::<f64>(&spec)?;
/// let mut bypass = Bypass::new(gain, true);
/// let mut run = |bypass: &mut Bypass<_, _>| {
///     let mut audio = [1.0; 960];
///     bypass.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
///     audio[959]
/// };
/// assert_eq!(run(&mut bypass), 1.0);
/// bypass.set_bypassed(false);
/// run(&mut bypass);
/// assert!((run(&mut bypass) - 0.5).abs() < 1e-12);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bypass<S, P> {
    spec: StreamSpec,
    backend: Backend,
    processor: P,
    dry: DelayLine<S>,
    /// Share of the processor's output.
    wet: Ramp<1>,
    bypassed: bool,
    /// Frames until the output of a processor that was switched on is complete and may fade in.
    warm_up_frames: usize,
    /// One chunk of the delayed input, planar.
    chunk: Vec<S>,
    non_finite_samples: u64,
}

/// Frames per chunk.
const CHUNK_FRAMES: usize = 256;

impl<S: Sample, P: Processor<S>> Bypass<S, P> {
    /// A processor that starts bypassed or not.
    pub fn new(processor: P, bypassed: bool) -> Self {
        let spec = processor.spec();
        let channels = spec.channels().max(processor.output_channels());
        Self {
            spec,
            backend: Backend::new(spec.cpu()),
            dry: DelayLine::new(spec.channels(), processor.latency_frames()),
            wet: Ramp::new([share(bypassed)], ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz())),
            bypassed,
            warm_up_frames: 0,
            chunk: vec![S::ZERO; channels * CHUNK_FRAMES],
            processor,
            non_finite_samples: 0,
        }
    }

    /// Switches it off or on; does not allocate.
    pub fn set_bypassed(&mut self, bypassed: bool) {
        if bypassed == self.bypassed {
            return;
        }
        if self.is_idle() {
            self.processor.reset();
            self.warm_up_frames = self.processor.latency_frames();
        }
        self.bypassed = bypassed;
        if self.warm_up_frames == 0 || bypassed {
            self.wet.set_target([share(bypassed)]);
        }
    }

    /// Whether it is switched off, or fading out.
    pub fn is_bypassed(&self) -> bool {
        self.bypassed
    }

    /// The processor.
    pub fn processor(&self) -> &P {
        &self.processor
    }

    /// The processor, to change its settings, also while bypassed.
    pub fn processor_mut(&mut self) -> &mut P {
        &mut self.processor
    }

    /// Whether the processor is switched off and has faded out, so that it does not run.
    fn is_idle(&self) -> bool {
        self.bypassed && self.wet.is_at([0.0])
    }

    fn channels(&self) -> usize {
        self.spec.channels().max(self.processor.output_channels())
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>) {
        for channel in 0..self.spec.channels() {
            self.non_finite_samples += clean(self.backend, block.channel_mut(channel));
        }
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let most = (frames - start).min(CHUNK_FRAMES);
            let most = if self.warm_up_frames > 0 { most.min(self.warm_up_frames) } else { most };
            let (span, length) = self.wet.span::<S>(most);
            let mut chunk = block.frames_mut(start, length);
            if self.bypassed && matches!(span, Span::Still([share]) if share == S::ZERO) {
                self.warm_up_frames = 0;
                self.pass(&mut chunk);
            } else {
                let key = key.map(|key| key.frames_at(start, length));
                self.fade(&mut chunk, key.as_ref(), &span);
            }
            start += length;
        }
    }

    /// The delayed input.
    fn pass(&mut self, block: &mut BlockMut<'_, '_, S>) {
        self.dry.process(block);
        for channel in self.spec.channels()..self.processor.output_channels() {
            block.copy_channel(0, channel);
        }
    }

    /// The processor's output, crossfaded with the delayed input.
    fn fade(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>, wet: &Span<S, 1>) {
        let (frames, channels) = (block.frames(), self.channels());
        let mut chunk = core::mem::take(&mut self.chunk);
        if let Ok(mut dry) = BlockMut::from_planar(&mut chunk[..channels * frames], channels) {
            dry.copy_from(&block.as_block());
            self.pass(&mut dry);
            match key {
                Some(key) => self.processor.process_keyed(block, key),
                None => self.processor.process(block),
            }
            for channel in 0..self.processor.output_channels() {
                crossfade(dry.channel(channel), block.channel_mut(channel), wet);
            }
        }
        self.chunk = chunk;
        if self.warm_up_frames > 0 {
            self.warm_up_frames -= frames;
            if self.warm_up_frames == 0 && !self.bypassed {
                self.wet.set_target([1.0]);
            }
        }
    }
}

fn share(bypassed: bool) -> f64 {
    if bypassed { 0.0 } else { 1.0 }
}

/// `out` becomes `dry + wet (out - dry)`, unchanged at 1.
fn crossfade<S: Sample>(dry: &[S], out: &mut [S], wet: &Span<S, 1>) {
    match wet {
        Span::Still([share]) if *share == S::ONE => {}
        Span::Still([share]) => out.iter_mut().zip(dry).for_each(|(out, dry)| *out = *dry + *share * (*out - *dry)),
        Span::Moving([curve]) => {
            for ((index, out), dry) in (0_i32..).zip(out).zip(dry) {
                *out = (*dry + curve.at(index) * (*out - *dry)).audible();
            }
        }
    }
}

impl<S: Sample, P: Processor<S>> Processor<S> for Bypass<S, P> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn output_channels(&self) -> usize {
        self.processor.output_channels()
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        fit_keyed(block, self.channels(), None, |_, block, _| self.run(block, None));
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        fit_keyed(block, self.channels(), Some(key), |_, block, key| self.run(block, key));
    }

    /// As the processor, bypassed or not: a key for it is accepted.
    fn takes_key(&self) -> bool {
        self.processor.takes_key()
    }

    fn reset(&mut self) {
        let Self { spec: _, backend: _, processor, dry, wet, bypassed, warm_up_frames, chunk: _, non_finite_samples } =
            self;
        processor.reset();
        dry.reset();
        wet.jump_to([share(*bypassed)]);
        *warm_up_frames = 0;
        *non_finite_samples = 0;
    }

    fn latency_frames(&self) -> usize {
        self.dry.frames()
    }

    fn tail(&self) -> Tail {
        let dry = Tail::Frames(self.dry.frames() as u64);
        if self.is_idle() { dry } else { self.processor.tail().max(dry) }
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite_samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dynamics::limiter::LimiterParams, foundation::params::Params, reverbs::reverb::ReverbParams};

    /// Frames of the switches, and their states.
    const SWITCHES: [(usize, bool); 4] = [(1_000, false), (5_000, true), (5_300, false), (9_000, true)];

    fn switched(cut: usize) -> Vec<f64> {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let reverb = ReverbParams { mix: 0.5, ..Default::default() }.build::<f64>(&spec).unwrap();
        let mut bypass = Bypass::new(reverb, true);
        let mut audio: Vec<f64> = (0..2 * 12_000).map(|n| libm::sin(0.05 * f64::from(n))).collect();
        let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
        let mut start = 0;
        while start < 12_000 {
            if let Some((_, bypassed)) = SWITCHES.iter().find(|(frame, _)| *frame == start) {
                bypass.set_bypassed(*bypassed);
            }
            let next = SWITCHES.iter().map(|(frame, _)| *frame).find(|frame| *frame > start).unwrap_or(12_000);
            let length = cut.min(next - start);
            bypass.process(&mut block.frames_mut(start, length));
            start += length;
        }
        audio
    }

    #[test]
    fn switches_give_the_same_bits_for_any_cut_and_end_in_the_delayed_input() {
        let whole = switched(usize::MAX);
        for cut in [1, 7, 64, 500] {
            assert!(switched(cut) == whole, "{cut}");
        }
        assert!((9_960..12_000).all(|n| whole[n] == libm::sin(0.05 * n as f64)));
        assert!((2_000..5_000).any(|n| whole[n] != libm::sin(0.05 * n as f64)));
    }

    #[test]
    fn switching_on_fades_in_when_the_latency_has_passed() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let limiter = LimiterParams { gain_db: 6.020_599_913_279_624, ..Default::default() };
        let mut bypass = Bypass::new(limiter.build::<f64>(&spec).unwrap(), true);
        let mut audio = vec![0.25; 4_800];
        let mut block = BlockMut::from_planar(&mut audio, 1).unwrap();
        bypass.process(&mut block.frames_mut(0, 1_000));
        bypass.set_bypassed(false);
        bypass.process(&mut block.frames_mut(1_000, 3_800));
        let latency = bypass.latency_frames();
        // No dip while the limiter's own delay fills up, no step afterwards.
        assert!(audio[1_000..1_000 + latency].iter().all(|x| *x == 0.25));
        assert!(audio[1_000 + latency..].windows(2).all(|pair| (0.0..0.001).contains(&(pair[1] - pair[0]))));
        assert!((audio[4_799] - 0.5).abs() < 1e-9);
    }
}
