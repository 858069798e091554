//! The mixer: strips in the order of their routing, each delayed to the latest of its sources.

use super::{
    chunk::{CHUNK_FRAMES, Chunk},
    feed::Feed,
    graph::Graph,
    mixer_check::build_strip,
    mixer_error::{MixerError, setting},
    mixer_params::{MASTER, MixerParams, StripInput},
    strip::Strip,
    strip_id::StripId,
    strip_meter::{self, Metering, StripMeter},
    taps::Taps,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::{Error, expect_channels},
        fit::fit_keyed,
        per_format::per_format,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
    },
    primitives::{
        backend::Backend,
        bus::{Bus, Sums},
    },
};
use alloc::vec::Vec;

/// The mixer: tracks, groups and returns through strips into a stereo master.
///
/// # Signal
/// - strip: in -> trim, polarity -> inserts -> width -> fader × pan × mute -> group or master
/// - group, return, master: f64 sum of what feeds it, rounded once -> strip
///
/// # Contract
/// - Latency: that of the slowest path to the output. Every faster path is delayed to match, sends and keys included, so
///   that a track split over two paths still nulls.
/// - A bus adds what feeds it in byte order of the names, in f64, and is rounded once to the sample format: the order of
///   adding strips changes no bit. Nothing clips inside.
/// - A key is the signal of a strip after its inserts, before fader and mute, aligned with what it acts on.
/// - Solo in place: while strips are soloed, only they, what feeds them, what they feed, returns and safe strips are
///   heard. Mute (that of a VCA group, too) and solo silence a strip's sends as well, not the keys that it gives. A group
///   gives what reaches it: its key is silent while none of its members is heard.
/// - Modulated inserts start with the first frame of the mixer: latency elsewhere, which delays what reaches a return, shifts
///   the modulation of its reverb against the sound by as much.
/// - Edits (`add`, `remove`, `rename`, `reorder`, `set`, `set_vcas`) take memory and may change the latency; a refused
///   edit changes nothing. Processing and the `set_…` by [`StripId`] never take memory, and lanes design their inserts in
///   place.
/// - While it runs an edit crossfades in 20 ms: lanes that come, change or go, routes, and the delay of each path, once the
///   new one is filled. Inserts that cannot glide to their settings start anew, and what a removed strip fed ends at once.
/// - Strips are metered on request ([`set_metering`](Self::set_metering)): levels, loudness, correlation and gain reduction
///   after the fader, which any thread reads without a lock ([`meter`](Self::meter)). They change no bit of the mix.
///
/// ```
/// use mixdown::{Block, BlockMut, Mixer, StreamSpec, StripInput, StripParams};
///
/// let mut mixer = Mixer::<f32>::new(&StreamSpec::new(48_000.0, 2)?)?;
/// let track = |channels| StripInput::Track { channels };
/// mixer.add("band", StripInput::Group, &StripParams { fader_db: -6.0, ..Default::default() })?;
/// mixer.add("vocal", track(1), &StripParams { fader_db: -3.0, ..Default::default() })?;
/// mixer.add("piano", track(2), &StripParams { pan: -0.3, to: "band".into(), ..Default::default() })?;
///
/// let (vocal, piano) = ([0.5_f32; 64], [0.1_f32; 128]);
/// let mut mix = [0.0_f32; 128];
/// let inputs = [Block::from_planar(&vocal, 1)?, Block::from_planar(&piano, 2)?];
/// mixer.process(&inputs, &mut BlockMut::from_planar(&mut mix, 2)?);
/// assert!(mix[0] > 0.3 && mix[64] < mix[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mixer<S: Sample> {
    pub(super) spec: StreamSpec,
    backend: Backend,
    pub(super) params: MixerParams,
    /// Of the strips as in `params`, the master's last.
    pub(super) ids: Vec<StripId>,
    pub(super) next_id: u32,
    pub(super) graph: Graph,
    /// In the order of processing; the master is the last.
    pub(super) strips: Vec<Strip<S>>,
    /// Of each of them.
    pub(super) taps: Vec<Taps<S>>,
    /// The threads that run independent strips, while rendering.
    #[cfg(feature = "rayon")]
    threads: Option<rayon::ThreadPool>,
    /// Of each strip of `params`: its position in `strips`, and its feeds as (position of the bus, feed of the bus).
    pub(super) positions: Vec<usize>,
    pub(super) outputs: Vec<Vec<(usize, usize)>>,
    /// The way out of the master, and those that edits have replaced.
    pub(super) out: Feed<S>,
    pub(super) leaving: Vec<Feed<S>>,
    pub(super) metering: Metering,
    pub(super) meters: Vec<StripMeter>,
    /// Of one chunk.
    sums: Sums,
    /// Of the master's output.
    non_finite: u64,
    /// Which strips are heard while others are soloed; and, while that is found, what feeds soloed ones.
    pub(super) kept: Vec<bool>,
    pub(super) feeding: Vec<bool>,
    pub(super) latency_frames: usize,
    /// Whether a block has been mixed since the build or the last reset: before, changes need no glide.
    pub(super) running: bool,
    /// Frames since the start of the mix.
    now: u64,
}

impl<S: Sample> Mixer<S> {
    /// An empty mixer at the rate and CPU level of `spec`, which must have 2 channels: those of the master.
    ///
    /// # Errors
    /// [`Error::Channels`] for another count.
    pub fn new(spec: &StreamSpec) -> Result<Self, Error> {
        Self::build(&MixerParams::default(), spec).map_err(|error| match error {
            MixerError::Setting { error, .. } => error,
            _ => Error::OtherKind,
        })
    }

    /// A mixer of a whole mix, whose strips may stand in any order.
    ///
    /// # Errors
    /// [`MixerError`]: the first name, route or setting that is refused.
    pub fn build(params: &MixerParams, spec: &StreamSpec) -> Result<Self, MixerError> {
        expect_channels(2, spec.channels()).map_err(|error| setting(MASTER, error))?;
        params.check_vcas(spec.sample_rate_hz())?;
        let graph = Graph::plan(params)?;
        let mut strips = Vec::with_capacity(params.strips.len() + 1);
        for index in 0..=params.strips.len() {
            strips.push(build_strip(spec, params.input(index), params.strip(index), Vec::new(), params.name(index))?);
        }
        let count = strips.len();
        let mut mixer = Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            params: params.clone(),
            ids: (0..count as u32).map(StripId).collect(),
            next_id: count as u32,
            graph: graph.clone(),
            strips: Vec::new(),
            taps: Vec::new(),
            #[cfg(feature = "rayon")]
            threads: None,
            positions: Vec::new(),
            outputs: Vec::new(),
            out: Feed::output(StripId(count as u32 - 1), spec.sample_rate_hz()),
            leaving: Vec::new(),
            metering: Metering::Off,
            meters: Vec::new(),
            sums: Sums::new(CHUNK_FRAMES),
            non_finite: 0,
            kept: Vec::new(),
            feeding: Vec::new(),
            latency_frames: 0,
            running: false,
            now: 0,
        };
        mixer.install(strips, graph);
        Ok(mixer)
    }

    /// The output stream.
    #[must_use]
    pub fn spec(&self) -> StreamSpec {
        self.spec
    }

    /// The mix as it is set.
    #[must_use]
    pub fn params(&self) -> &MixerParams {
        &self.params
    }

    /// Names of the tracks, in the order of the inputs of [`process`](Self::process).
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        let tracks = self.params.strips.iter().filter(|strip| matches!(strip.input, StripInput::Track { .. }));
        tracks.map(|strip| strip.name.as_str())
    }

    /// The strip of a name, `"master"` included.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<StripId> {
        self.index(name).map(|index| self.ids[index])
    }

    pub(super) fn index(&self, name: &str) -> Option<usize> {
        if name == MASTER {
            return Some(self.params.strips.len());
        }
        self.params.strips.iter().position(|strip| strip.name == name)
    }

    /// Mixes a block: `inputs` in the order of the tracks, each with its channels and as many frames as `out`, whose
    /// first two channels are filled.
    ///
    /// Missing inputs are silence, and so are missing channels and frames of an input; builds with debug assertions
    /// panic there. Any length, 0 included; nothing allocates.
    pub fn process(&mut self, inputs: &[Block<'_, '_, S>], out: &mut BlockMut<'_, '_, S>) {
        debug_assert!(inputs.iter().all(|input| input.frames() == out.frames()), "Mixer: inputs of other lengths");
        let mixer = self;
        per_format!(S, ['m, 'b: 'm, 'a: 'b, 'i: 'm, 'j: 'i], (
            mixer: &'m mut Mixer<S>,
            inputs: &'m [Block<'i, 'j, S>],
            out: &'m mut BlockMut<'b, 'a, S>,
        ) { fit_keyed(out, 2, None, |start, out, _| mixer.mix(inputs, start, out)) });
    }

    /// As [`process`](Self::process), from frame `first` of whole tracks on, which may be over.
    pub(super) fn process_from(&mut self, inputs: &[Block<'_, '_, S>], first: usize, out: &mut BlockMut<'_, '_, S>) {
        let mixer = self;
        per_format!(S, ['m, 'b: 'm, 'a: 'b, 'i: 'm, 'j: 'i], (
            mixer: &'m mut Mixer<S>,
            inputs: &'m [Block<'i, 'j, S>],
            first: usize,
            out: &'m mut BlockMut<'b, 'a, S>,
        ) { mixer.mix(inputs, first, out) });
    }

    /// Fills `out` with the mix of the inputs from frame `first` on.
    fn mix(&mut self, inputs: &[Block<'_, '_, S>], first: usize, out: &mut BlockMut<'_, '_, S>) {
        #[cfg(feature = "rayon")]
        if let Some(threads) = self.threads.take() {
            // A caller that is a thread of a pool itself runs the strips on its own one.
            match rayon::current_thread_index() {
                None => threads.install(|| self.mix_chunks(inputs, first, out, true)),
                Some(_) => self.mix_chunks(inputs, first, out, true),
            }
            self.threads = Some(threads);
            return;
        }
        self.mix_chunks(inputs, first, out, false);
    }

    fn mix_chunks(
        &mut self,
        inputs: &[Block<'_, '_, S>],
        first: usize,
        out: &mut BlockMut<'_, '_, S>,
        is_parallel: bool,
    ) {
        let frames = out.frames();
        self.running |= frames > 0;
        for start in (0..frames).step_by(CHUNK_FRAMES) {
            let length = CHUNK_FRAMES.min(frames - start);
            let chunk = Chunk { inputs, start: first + start, frames: length, now: self.now };
            let mut first = 0;
            for &end in &self.graph.depths {
                let (earlier, rest) = self.taps.split_at_mut(first);
                let (strips, taps) = (&mut self.strips[first..end], &mut rest[..end - first]);
                run_all(strips, taps, earlier, &chunk, is_parallel);
                first = end;
            }
            let mut block = out.frames_mut(start, length);
            let (out_left, out_right) = block.stereo_mut();
            let master = self.strips.last().zip(self.taps.last());
            let is_alone = self.leaving.iter().all(Feed::is_gone);
            match master.filter(|(strip, _)| is_alone && strip.passes_sum() && self.out.is_neutral()) {
                Some((_, taps)) => {
                    out_left.copy_from_slice(&taps.after[..length]);
                    out_right.copy_from_slice(&taps.after[length..2 * length]);
                }
                None => {
                    let mut bus = Bus::new(self.backend, self.sums.sides(length));
                    for out in self.leaving.iter_mut().filter(|out| !out.is_gone()).chain([&mut self.out]) {
                        out.add_to(self.backend, &self.taps, &chunk, &mut bus);
                    }
                    self.non_finite += bus.round([out_left, out_right]);
                }
            }
            strip_meter::run_all(&mut self.meters, &self.strips, &self.out, length, is_parallel);
            self.now += length as u64;
        }
    }

    /// Runs strips that do not depend on each other on threads of their own, as many as `rayon` finds, or those of the
    /// pool that the caller belongs to. For rendering, never in a callback: it takes memory and starts threads. The bits
    /// are the same.
    #[cfg(feature = "rayon")]
    pub fn set_parallel(&mut self, is_parallel: bool) {
        // Not the pool that a process shares: a process that is forked has none of its threads, and would wait for them.
        let threads = || rayon::ThreadPoolBuilder::new().build().ok();
        self.threads = if is_parallel { threads() } else { None };
    }

    /// Clears all state: as newly built with the current settings.
    pub fn reset(&mut self) {
        self.strips.iter_mut().for_each(Strip::reset);
        self.leaving.iter_mut().chain([&mut self.out]).for_each(Feed::reset);
        self.meters.iter_mut().for_each(StripMeter::reset);
        (self.running, self.now, self.non_finite) = (false, 0, 0);
    }

    /// Sets the time of the next frame, in frames from the start of the mix: where lanes are read from.
    pub fn seek(&mut self, frame: u64) {
        self.now = frame;
    }

    /// Delay from input to output in frames.
    #[must_use]
    pub fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    /// Time to silence after its inputs have ended.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let mut tails: Vec<Tail> = Vec::with_capacity(self.strips.len());
        for strip in &self.strips {
            let sources =
                strip.sources().map(|(source, delay_frames)| tails[source].then(Tail::Frames(delay_frames as u64)));
            let longest = sources.fold(Tail::Frames(0), Tail::max);
            tails.push(longest.then(strip.tail()));
        }
        tails.pop().unwrap_or(Tail::Frames(0))
    }

    /// Non-finite input samples replaced by 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.strips.iter().map(Strip::non_finite_samples).sum::<u64>() + self.non_finite
    }
}

/// Runs strips that are independent of each other.
fn run_all<S: Sample>(
    strips: &mut [Strip<S>],
    taps: &mut [Taps<S>],
    earlier: &[Taps<S>],
    chunk: &Chunk<'_, '_, '_, S>,
    is_parallel: bool,
) {
    #[cfg(feature = "rayon")]
    // Without inserts a strip takes less time than to hand it over.
    if is_parallel && strips.iter().filter(|strip| !strip.inserts.is_empty()).nth(1).is_some() {
        use rayon::prelude::*;
        strips.par_iter_mut().zip(taps).for_each(|(strip, taps)| strip.run(taps, earlier, chunk));
        return;
    }
    let _ = is_parallel;
    for (strip, taps) in strips.iter_mut().zip(taps) {
        strip.run(taps, earlier, chunk);
    }
}
