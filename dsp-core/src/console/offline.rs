//! Offline rendering: whole signals through a processor or a mixer, without the latency and with the tail.

use super::mixer::Mixer;
use crate::foundation::{
    block::{Block, BlockMut},
    processor::Processor,
    sample::Sample,
    tail::Tail,
};
use alloc::{vec, vec::Vec};
use core::{fmt, ops::ControlFlow};

/// Most frames rendered between two reports of progress.
const CHUNK_FRAMES: usize = 4_096;
/// Time grid for the end of a tail of [`KeepTail::Auto`], in s.
pub const AUTO_TAIL_STEP_S: f64 = 0.1;
/// The tail ends where all further samples are below this: -120 dBFS.
pub const AUTO_TAIL_FLOOR: f64 = 1e-6;
/// Longest tail of [`KeepTail::Auto`], in s.
pub const MAX_AUTO_TAIL_S: f64 = 60.0;

/// The part of the tail that a rendering keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeepTail {
    /// Nothing: the output is as long as the input.
    None,
    /// All that is above [`AUTO_TAIL_FLOOR`], up to [`MAX_AUTO_TAIL_S`]. A pause within the tail, such as that of a
    /// pre-delay, does not end it.
    #[default]
    Auto,
    /// This many frames.
    Frames(usize),
}

impl KeepTail {
    /// Frames to render after the input for this part of a tail; those of [`Auto`](Self::Auto) are cut afterwards.
    ///
    /// ```
    /// use mixdown::{Tail, console::KeepTail};
    ///
    /// // Steps of 100 ms, up to 60 s.
    /// assert_eq!(KeepTail::Auto.frames(Tail::Frames(4_801), 48_000.0), 9_600);
    /// assert_eq!(KeepTail::Auto.frames(Tail::Infinite, 48_000.0), 2_880_000);
    /// assert_eq!(KeepTail::Frames(5).frames(Tail::Infinite, 48_000.0), 5);
    /// ```
    #[must_use]
    pub fn frames(self, tail: Tail, sample_rate_hz: f64) -> usize {
        let (step, longest) = (auto_step(sample_rate_hz), libm::round(MAX_AUTO_TAIL_S / AUTO_TAIL_STEP_S) as usize);
        match (self, tail) {
            (Self::None, _) => 0,
            (Self::Frames(frames), _) => frames,
            (Self::Auto, Tail::Frames(frames)) => step * frames.div_ceil(step as u64).min(longest as u64) as usize,
            (Self::Auto, Tail::Infinite) => step * longest,
        }
    }

    /// Frames of `rendering`, of `input_frames` frames and [`frames`](Self::frames) of tail, that belong to the result.
    #[must_use]
    pub fn cut<S: Sample>(self, rendering: &Block<'_, '_, S>, input_frames: usize, sample_rate_hz: f64) -> usize {
        if self != Self::Auto {
            return rendering.frames();
        }
        let mut tail = AutoTail::new(input_frames, sample_rate_hz);
        for channel in 0..rendering.channels() {
            tail.hear(0, rendering.channel(channel), rendering.frames());
        }
        tail.frames(input_frames, rendering.frames())
    }
}

/// The rendering was interrupted by its progress callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rendering was interrupted")
    }
}

impl core::error::Error for Interrupted {}

/// Called with the share of the work done, rising from 0 to 1; it may interrupt the work.
pub type Progress<'p> = &'p mut dyn FnMut(f64) -> ControlFlow<()>;

/// A rendered signal, aligned with the input: frame 0 is frame 0 of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendering<S> {
    /// The samples, channel after channel.
    pub samples: Vec<S>,
    /// Channels.
    pub channels: usize,
    /// Frames of each channel.
    pub frames: usize,
}

impl<S: Sample> Rendering<S> {
    /// Truncates every channel to `frames` frames.
    pub(super) fn truncate(&mut self, frames: usize) {
        for channel in 1..self.channels {
            self.samples.copy_within(channel * self.frames..channel * self.frames + frames, channel * frames);
        }
        self.samples.truncate(self.channels * frames);
        self.frames = frames;
    }
}

/// Frames, channels and latency of a rendering.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Channels of the blocks to fill, of which the first `output_channels` are kept.
    pub(crate) channels: usize,
    pub(crate) output_channels: usize,
    pub(crate) input_frames: usize,
    pub(crate) latency_frames: usize,
    /// Frames to keep after the input.
    pub(crate) tail_frames: usize,
    /// Frames between two reports of progress.
    pub(crate) chunk_frames: usize,
}

/// Calls `fill` with the first frame, counted from the start of the input, and the block of every chunk, until the end
/// of input, tail and latency; into `out`, which has the output channels and the frames of input and tail, and which
/// `fill` is given too: all but the latency of what came before `first` is there.
pub(crate) fn render_with<S: Sample>(
    plan: &Plan,
    progress: Progress<'_>,
    out: &mut BlockMut<'_, '_, S>,
    mut fill: impl FnMut(usize, &mut BlockMut<'_, '_, S>, &mut BlockMut<'_, '_, S>),
) -> Result<(), Interrupted> {
    let Plan { channels, output_channels, latency_frames, chunk_frames, .. } = *plan;
    let total = plan.input_frames + plan.tail_frames + latency_frames;
    let mut chunk = vec![S::ZERO; channels * chunk_frames];
    for start in (0..total).step_by(chunk_frames) {
        if progress(start as f64 / total as f64).is_break() {
            return Err(Interrupted);
        }
        let length = chunk_frames.min(total - start);
        let Ok(mut block) = BlockMut::from_planar(&mut chunk[..channels * length], channels) else { continue };
        fill(start, &mut block, out);
        let early = latency_frames.saturating_sub(start).min(length);
        let place = start + early - latency_frames.min(start + early);
        for channel in 0..output_channels {
            let kept = &block.channel(channel)[early..];
            out.channel_mut(channel)[place..][..kept.len()].copy_from_slice(kept);
        }
    }
    if progress(1.0).is_break() { Err(Interrupted) } else { Ok(()) }
}

/// Copies frames `start..` of `source` into the first channels of `block`; silence after its end and in further
/// channels.
pub(crate) fn copy_from<S: Sample>(source: &Block<'_, '_, S>, start: usize, block: &mut BlockMut<'_, '_, S>) {
    let start = start.min(source.frames());
    let given = block.frames().min(source.frames() - start);
    for channel in 0..block.channels() {
        let samples = block.channel_mut(channel);
        let (head, rest) = samples.split_at_mut(given);
        match channel < source.channels() {
            true => head.copy_from_slice(&source.channel(channel)[start..start + given]),
            false => head.fill(S::ZERO),
        }
        rest.fill(S::ZERO);
    }
}

pub(super) fn auto_step(rate_hz: f64) -> usize {
    libm::round(AUTO_TAIL_STEP_S * rate_hz) as usize
}

/// Where a tail of [`KeepTail::Auto`] ends: after the last of its steps that is above the floor.
#[derive(Clone, Copy, Debug)]
pub(super) struct AutoTail {
    /// Frame at which the tail begins.
    first: usize,
    /// Frames of the tail up to the last one above the floor.
    loud_frames: usize,
    step: usize,
}

impl AutoTail {
    /// A tail that begins at a frame of what [`hear`](Self::hear) is given.
    pub(super) fn new(first: usize, rate_hz: f64) -> Self {
        Self { first, loud_frames: 0, step: auto_step(rate_hz) }
    }

    /// Takes `frames` frames from `start` on, planar.
    pub(super) fn hear<S: Sample>(&mut self, start: usize, samples: &[S], frames: usize) {
        let tail = self.first.saturating_sub(start).min(frames);
        let is_loud = |sample: &S| libm::fabs(sample.to_f64()) >= AUTO_TAIL_FLOOR;
        let channels = samples.chunks_exact(frames.max(1));
        if let Some(last) = channels.filter_map(|channel| channel[tail..].iter().rposition(is_loud)).max() {
            self.loud_frames = self.loud_frames.max(start + tail + last + 1 - self.first);
        }
    }

    /// Steps to keep.
    pub(super) fn steps(&self) -> usize {
        self.loud_frames.div_ceil(self.step)
    }

    /// Frames to keep of a rendering of the input and a tail.
    pub(super) fn frames(&self, input_frames: usize, rendered: usize) -> usize {
        (input_frames + self.steps() * self.step).min(rendered)
    }
}

/// A rendering by `render` into new memory, with the part of the tail that is kept.
fn rendering<S: Sample>(
    channels: usize,
    [input_frames, tail_frames]: [usize; 2],
    (keep, rate_hz): (KeepTail, f64),
    render: impl FnOnce(&mut BlockMut<'_, '_, S>) -> Result<(), Interrupted>,
) -> Result<Rendering<S>, Interrupted> {
    let frames = input_frames + tail_frames;
    let mut rendering = Rendering { samples: vec![S::ZERO; channels * frames], channels, frames };
    let kept = match BlockMut::from_planar(&mut rendering.samples, channels) {
        Ok(mut out) => {
            render(&mut out)?;
            keep.cut(&out.as_block(), input_frames, rate_hz)
        }
        Err(_) => 0,
    };
    rendering.truncate(kept);
    Ok(rendering)
}

/// Renders `audio` through a processor, with a key if there is one, from the processor's current state.
///
/// The latency is removed: frame 0 of the result is frame 0 of `audio`. A key shorter than the audio is continued with
/// silence.
///
/// ```
/// use core::ops::ControlFlow;
/// use mixdown::{Block, Params, Processor, StreamSpec, console::{KeepTail, render}, dynamics::LimiterParams};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let mut limiter = LimiterParams::default().build::<f64>(&spec)?;
/// let audio = [0.25; 1_000];
/// let all = |_| ControlFlow::Continue(());
/// let out = render(&mut limiter, &Block::from_planar(&audio, 1)?, None, KeepTail::None, &mut { all })?;
/// assert!(limiter.latency_frames() > 0 && out.samples == audio);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Interrupted`] if `progress` interrupts it; it is called at least every 4096 frames.
pub fn render<S: Sample>(
    processor: &mut dyn Processor<S>,
    audio: &Block<'_, '_, S>,
    key: Option<&Block<'_, '_, S>>,
    keep: KeepTail,
    progress: Progress<'_>,
) -> Result<Rendering<S>, Interrupted> {
    let (rate_hz, channels) = (processor.spec().sample_rate_hz(), processor.output_channels());
    let frames = [audio.frames(), keep.frames(processor.tail(), rate_hz)];
    rendering(channels, frames, (keep, rate_hz), |out| render_to(processor, audio, key, out, progress))
}

/// As [`render`], into memory of the caller: `out` has the output channels of the processor and, with the part of the
/// tail that is kept, at least the frames of `audio`. What else it holds is unspecified after an interruption.
///
/// ```
/// use core::ops::ControlFlow;
/// use mixdown::{Block, BlockMut, Params, StreamSpec, console::render_to, levels::GainParams};
///
/// let mut gain = GainParams { gain_db: -6.0206, ..Default::default() }.build::<f64>(&StreamSpec::new(48_000.0, 1)?)?;
/// let (audio, mut out) = ([1.0; 100], [0.0; 100]);
/// let audio = Block::from_planar(&audio, 1)?;
/// render_to(&mut gain, &audio, None, &mut BlockMut::from_planar(&mut out, 1)?, &mut |_| ControlFlow::Continue(()))?;
/// assert!((out[99] - 0.5).abs() < 1e-6);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`render`].
///
/// # Panics
/// If `out` has fewer frames than `audio`, or fewer channels than the output.
pub fn render_to<S: Sample>(
    processor: &mut dyn Processor<S>,
    audio: &Block<'_, '_, S>,
    key: Option<&Block<'_, '_, S>>,
    out: &mut BlockMut<'_, '_, S>,
    progress: Progress<'_>,
) -> Result<(), Interrupted> {
    let outputs = processor.output_channels();
    assert!(out.frames() >= audio.frames() && out.channels() >= outputs, "out is too small");
    let tail_frames = out.frames() - audio.frames();
    run(processor, audio, key, [outputs, tail_frames], out, progress)
}

/// Runs a processor as [`render_to`] does, with this many frames of tail, and drops what it puts out.
pub(super) fn run_whole<S: Sample>(
    processor: &mut dyn Processor<S>,
    audio: &Block<'_, '_, S>,
    key: Option<&Block<'_, '_, S>>,
    tail_frames: usize,
    progress: Progress<'_>,
) -> Result<(), Interrupted> {
    let mut nowhere = [S::ZERO];
    let Ok(mut out) = BlockMut::from_planar(&mut nowhere, 1) else { return Ok(()) };
    run(processor, audio, key, [0, tail_frames], &mut out, progress)
}

fn run<S: Sample>(
    processor: &mut dyn Processor<S>,
    audio: &Block<'_, '_, S>,
    key: Option<&Block<'_, '_, S>>,
    [output_channels, tail_frames]: [usize; 2],
    out: &mut BlockMut<'_, '_, S>,
    progress: Progress<'_>,
) -> Result<(), Interrupted> {
    let plan = Plan {
        channels: processor.spec().channels().max(processor.output_channels()),
        output_channels,
        input_frames: audio.frames(),
        latency_frames: processor.latency_frames(),
        tail_frames,
        chunk_frames: CHUNK_FRAMES,
    };
    let mut keys = vec![S::ZERO; key.map_or(0, |key| key.channels() * CHUNK_FRAMES)];
    render_with(&plan, progress, out, |start, block, _| {
        copy_from(audio, start, block);
        let Some(key) = key else { return processor.process(block) };
        let keys = &mut keys[..key.channels() * block.frames()];
        if let Ok(mut part) = BlockMut::from_planar(keys, key.channels()) {
            copy_from(key, start, &mut part);
            processor.process_keyed(block, &part.as_block());
        }
    })
}

/// Frames of the longest of some tracks.
pub(super) fn longest<S: Sample>(inputs: &[Block<'_, '_, S>]) -> usize {
    inputs.iter().map(Block::frames).max().unwrap_or(0)
}

/// Renders a mix, from the mixer's current state: `inputs` in the order of adding the tracks. It is as long as the
/// longest input, without the latency. The inputs are read in place: beside the mixer, only the result takes memory.
///
/// # Errors
/// As [`render`].
pub fn render_mix<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    keep: KeepTail,
    progress: Progress<'_>,
) -> Result<Rendering<S>, Interrupted> {
    let rate_hz = mixer.spec().sample_rate_hz();
    let frames = [longest(inputs), keep.frames(mixer.tail(), rate_hz)];
    rendering(2, frames, (keep, rate_hz), |out| render_mix_to(mixer, inputs, out, progress))
}

/// As [`render_mix`], into memory of the caller: `out` has 2 channels and, with the part of the tail that is kept, at
/// least the frames of the longest input. What else it holds is unspecified after an interruption.
///
/// # Errors
/// As [`render`].
///
/// # Panics
/// If `out` has fewer frames than the longest input, or one channel.
pub fn render_mix_to<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    out: &mut BlockMut<'_, '_, S>,
    progress: Progress<'_>,
) -> Result<(), Interrupted> {
    let input_frames = longest(inputs);
    assert!(out.frames() >= input_frames && out.channels() >= 2, "out is too small");
    let tail_frames = out.frames() - input_frames;
    run_tracks(mixer, inputs, [2, tail_frames], out, progress)
}

/// Runs a mix as [`render_mix_to`] does, with this many frames of tail, and drops it.
pub(super) fn run_mix<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    tail_frames: usize,
    progress: Progress<'_>,
) -> Result<(), Interrupted> {
    let mut nowhere = [S::ZERO];
    let Ok(mut out) = BlockMut::from_planar(&mut nowhere, 1) else { return Ok(()) };
    run_tracks(mixer, inputs, [0, tail_frames], &mut out, progress)
}

fn run_tracks<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    [output_channels, tail_frames]: [usize; 2],
    out: &mut BlockMut<'_, '_, S>,
    progress: Progress<'_>,
) -> Result<(), Interrupted> {
    let plan = Plan {
        channels: 2,
        output_channels,
        input_frames: longest(inputs),
        latency_frames: mixer.latency_frames(),
        tail_frames,
        // Thousands of strips report as often as one does.
        chunk_frames: if mixer.params().strips.len() > 256 { CHUNK_FRAMES / 8 } else { CHUNK_FRAMES },
    };
    render_with(&plan, progress, out, |start, block, _| mixer.process_from(inputs, start, block))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        console::effect::Effect,
        dynamics::limiter::LimiterParams,
        foundation::{params::Params, stream::StreamSpec},
        reverbs::plate::PlateParams,
    };

    fn rendered(effect: &Effect, keep: KeepTail) -> Rendering<f64> {
        let mut processor = effect.build::<f64>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let mut audio = vec![0.0; 9_000];
        audio[5] = 1.0;
        let audio = Block::from_planar(&audio, 1).unwrap();
        render(&mut processor, &audio, None, keep, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn the_latency_is_removed_and_the_tail_has_its_length() {
        let limiter: Effect = LimiterParams { lookahead_ms: 10.0, ..Default::default() }.into();
        let out = rendered(&limiter, KeepTail::None);
        assert_eq!((out.frames, out.samples.iter().position(|x| *x != 0.0)), (9_000, Some(5)));
        let plate: Effect = PlateParams { predelay_ms: 250.0, decay: 0.3, ..Default::default() }.into();
        let (long, auto, none) = (
            rendered(&plate, KeepTail::Frames(200_000)),
            rendered(&plate, KeepTail::Auto),
            rendered(&plate, KeepTail::None),
        );
        assert_eq!((long.frames, none.frames, none.channels), (209_000, 9_000, 2));
        // The pause of the pre-delay, longer than the input, does not end the tail; the removed part is below the
        // floor.
        assert!(none.samples.iter().all(|x| *x == 0.0));
        assert!(auto.frames > 20_000 && (auto.frames - 9_000).is_multiple_of(4_800));
        assert!(long.samples[auto.frames..209_000].iter().all(|x| x.abs() < AUTO_TAIL_FLOOR));
        assert!(auto.samples[..auto.frames] == long.samples[..auto.frames]);
        assert!(auto.samples[auto.frames..] == long.samples[209_000..][..auto.frames]);
    }

    #[test]
    fn progress_rises_to_1_and_may_interrupt() {
        let mut processor = Effect::default().build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let audio = vec![0.0; 20_000];
        let audio = Block::from_planar(&audio, 1).unwrap();
        let mut shares = vec![];
        let mut hear = |share| {
            shares.push(share);
            ControlFlow::Continue(())
        };
        render(&mut processor, &audio, None, KeepTail::None, &mut hear).unwrap();
        assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]) && shares.last() == Some(&1.0) && shares.len() > 4);
        let broken = render(&mut processor, &audio, None, KeepTail::None, &mut |_| ControlFlow::Break(()));
        assert_eq!(broken, Err(Interrupted));
    }
}
