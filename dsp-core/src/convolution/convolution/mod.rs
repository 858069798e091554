//! Convolution with an impulse response: rooms, plates, cabinets, filters, without latency.

#[cfg(feature = "serde")]
mod base64;
mod coeffs;
mod layout;
mod loudness;
mod response;
mod shortening;

use super::{
    convolver::Convolver,
    route::Counts,
    swap::{Source, Swap, Target},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine},
        error::{Error, channels_in, in_range},
        field::max_of,
        fit::fit,
        grid::GRID_FRAMES,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::{
        backend::Backend,
        crossfaded_delay::CrossfadedDelay,
        mix::blend,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};
pub use coeffs::ConvolutionCoeffs;
use coeffs::{Identity, Origin, routes};
pub use layout::ConvolutionLayout;
use num_complex::Complex64;
pub use response::ImpulseResponse;

/// Convolution with an impulse response: rooms, plates, cabinets, filters, without latency.
///
/// # Signal
/// in -> pre-delay -> convolved with the response -> × wet gain; in -> × dry gain; both -> out
///
/// # Parameters
/// Those of [`ConvolutionParams`].
///
/// # Contract
/// One row: every channel is convolved with it by itself. Two rows, left and right; four, LL LR RL RR: 2 channels out,
/// 1 or 2 in, with mono feeding both sides. Latency 0. The tail is the response and the pre-delay, plus up to 2 blocks
/// of the transforms for its end, the longest of 32 768 frames; after it the output is exactly 0. The gain of
/// `normalize` is K-weighted loudness, one for all rows.
///
/// `trim_ms` is shorter than the response. `decay` fades the response from its loudest frame on, so that its
/// reverberation time is that factor of its own, which is measured from -5 to -25 dB of its energy decay curve (ISO
/// 3382-1), its noise floor subtracted; a response without a decay stays as it is.
///
/// Changes: the mix glides over 20 ms; another pre-delay crossfades in 20 ms, one change after the other. Another
/// response, trim, decay or normalisation is transformed in parts while the old one runs, then crossfades in 50 ms: in
/// all 0.13 s after the change for one of 60 ms, 0.4 s for 0.6 s; the longest blocks of the transforms, which begin
/// after 1.4 s, add up to as much. It has as many rows and is not longer than the first one, both as trimmed and
/// shortened; otherwise it needs a new processor: one that shall undo a trim or a decay is built without. Neutral at
/// mix 0. Input below -600 dBFS counts as silence.
///
/// No CPU peaks: the work of long blocks is sliced into units of a few µs and spread over the frames until they are
/// due. Against a direct sum in f64 the error of the output is -144 dB (64 taps) to -130 dB (192 000) in f32, -310 to
/// -277 dB in f64.
///
/// Memory: 197 kB for stereo f32 at 48 kHz with the default response, the shortest; 6 MB with one of 2 s, 20 MB of 6 s,
/// 31 MB of 10 s, for two responses (see [`Convolution::memory_bytes`]).
///
/// # Source
/// `convolution::convolver`: W. G. Gardner, JAES 43(3), 1995; F. Wefers, PhD thesis, RWTH Aachen 2015.
#[derive(Clone, Debug)]
pub struct Convolution<S> {
    spec: StreamSpec,
    backend: Backend,
    outputs: usize,
    predelay: CrossfadedDelay<S>,
    /// Boxed: it is large compared with the other effects of a chain.
    convolver: Box<Convolver<S>>,
    /// The taps of the target, response after response, each of the length of the first ones.
    taps: Vec<S>,
    responses: usize,
    rows: usize,
    target: Identity,
    /// Boxed, as the convolver.
    swap: Box<Swap>,
    /// Gains of dry and wet.
    levels: Ramp<2>,
    chunk: Vec<S>,
    /// The output of the other bank.
    fresh: Vec<S>,
    non_finite: u64,
}

/// Longest response, in s.
const MAX_LENGTH_S: f64 = 30.0;
/// Longest pre-delay, in ms: memory is allocated for it.
const MAX_PREDELAY_MS: f64 = max_of(ConvolutionParams::FIELDS, "predelay_ms");
/// Crossfade to another pre-delay, in ms.
const FADE_MS: f64 = 20.0;
/// Crossfade to another response, in ms.
const SWAP_MS: f64 = 50.0;

params! {
    /// Settings of [`Convolution`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, convolution::{ConvolutionParams, ImpulseResponse}};
    ///
    /// let echo = ImpulseResponse::from_rows(&[&[1.0, 0.0, 0.5]])?;
    /// let params = ConvolutionParams { impulse_response: echo, ..Default::default() };
    /// let mut convolution = params.build::<f64>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut audio = [1.0, 0.0, 0.0, 0.0];
    /// convolution.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// assert_eq!(audio, [1.0, 0.0, 0.5, 0.0]);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    ConvolutionParams {
        impulse_response: compound ImpulseResponse, default ImpulseResponse::default(),
            "The response: 1, 2 or 4 rows, up to 30 s, at the sample rate of the stream; while it runs, no longer one";
        layout: choice ConvolutionLayout, "Layout of its rows";
        predelay_ms: ms, 0.0..=500.0, default 0.0, "Delay of the wet signal";
        trim_ms: ms, 0.0..=1000.0, default 0.0, costly, "Start of the response that is dropped";
        decay: none, 0.1..=1.0, default 1.0, costly, "Factor on the response's own reverberation time: shortens it";
        mix: none, 0.0..=1.0, default 1.0, "Share of the wet signal";
        normalize: switch, default false, costly, "Makes the wet signal as loud as the input";
    }
}

impl ConvolutionParams {
    fn predelay_frames(&self, spec: &StreamSpec) -> usize {
        ms_to_frames(self.predelay_ms, spec.sample_rate_hz())
    }

    fn origin(&self, spec: &StreamSpec) -> Origin {
        let rate_hz = spec.sample_rate_hz();
        Origin {
            digest: self.impulse_response.digest(),
            trim_frames: ms_to_frames(self.trim_ms, rate_hz),
            decay: self.decay,
            normalized_at_hz: self.normalize.then_some(rate_hz),
        }
    }

    /// Something must be left. Not in `validate`, which serves streams of any rate, where a response has other lengths.
    fn check_trim(&self, spec: &StreamSpec) -> Result<(), Error> {
        let (rate_hz, frames) = (spec.sample_rate_hz(), self.impulse_response.frames());
        if ms_to_frames(self.trim_ms, rate_hz) < frames {
            return Ok(());
        }
        // To a microsecond, so that it can be read.
        let ms = |frames: usize| libm::floor(1e6 * frames as f64 / rate_hz) / 1e3;
        let with = "impulse_response (its length in ms)";
        let (max, with_value) = (ms(frames - 1), ms(frames));
        Err(Error::Conflict { param: "trim_ms", value: self.trim_ms, min: 0.0, max, with, with_value })
    }
}

impl Params for ConvolutionParams {
    type Coeffs = ConvolutionCoeffs;
    type Processor<S: Sample> = Convolution<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        match (self.impulse_response.rows(), input) {
            (1, _) => Ok(input),
            _ => channels_in(input, 1, 2).map(|()| 2),
        }
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.output_channels(spec.channels())?;
        self.layout.check(self.impulse_response.rows())?;
        let length_s = self.impulse_response.frames() as f64 / spec.sample_rate_hz();
        in_range("impulse_response (its length in s)", length_s, 0.0, MAX_LENGTH_S)?;
        self.check_fields(spec.sample_rate_hz())
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<ConvolutionCoeffs>, Error> {
        self.validate(spec)?;
        self.check_trim(spec)?;
        let origin = self.origin(spec);
        let impulse_response = shortening::shortened(&self.impulse_response, origin.trim_frames, self.decay);
        let gain = if self.normalize { loudness::equal_loudness(&impulse_response, spec) } else { 1.0 };
        let (predelay_frames, levels) = (self.predelay_frames(spec), [1.0 - self.mix, self.mix]);
        Ok(Designed::new(spec, ConvolutionCoeffs { impulse_response, origin, gain, predelay_frames, levels }))
    }

    /// Keeps the response if it is made from the same.
    fn redesign(&self, spec: &StreamSpec, coeffs: &mut ConvolutionCoeffs) -> Result<(), Error> {
        if coeffs.origin != self.origin(spec) {
            *coeffs = self.design(spec)?.into_inner();
            return Ok(());
        }
        self.validate(spec)?;
        (coeffs.predelay_frames, coeffs.levels) = (self.predelay_frames(spec), [1.0 - self.mix, self.mix]);
        Ok(())
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Convolution<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }

    /// A single response exists only for one row, `None` for more. O(response) for each frequency.
    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        let coeffs = self.design(spec)?.into_inner();
        if coeffs.impulse_response.rows() != 1 {
            return Ok(None);
        }
        let at = |hz: &f64| coeffs.response(hz / spec.sample_rate_hz());
        Ok(Some(frequencies_hz.iter().map(at).collect()))
    }
}

impl<S: Sample> Convolution<S> {
    /// Memory in bytes, without some short lists.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let taps = self.taps.len() * size_of::<S>();
        size_of::<Self>() + self.convolver.memory_bytes() + taps + self.predelay.memory_bytes()
    }

    /// Jumps to the target at once.
    fn settle(&mut self) {
        let target = Target { taps: &self.taps, responses: self.responses };
        self.swap.settle(&mut self.convolver, Some(target));
    }

    /// Reads one output into the chunk, crossfaded to the other bank.
    fn read(&mut self, output: usize, fade: &Span<S, 1>, frames: usize) {
        let (chunk, fresh) = (&mut self.chunk[..frames], &mut self.fresh[..frames]);
        if let Source::Bank(bank) = self.swap.current() {
            self.convolver.read(bank, output, chunk);
        }
        if let (Some(Source::Bank(bank)), Span::Moving([curve])) = (self.swap.next(), fade) {
            self.convolver.read(bank, output, fresh);
            for (frame, (old, new)) in (0_i32..).zip(chunk.iter_mut().zip(fresh)) {
                *old = *old + curve.at(frame) * (*new - *old);
            }
        }
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let inputs = self.spec.channels();
        for channel in 0..inputs {
            self.non_finite += clean(self.backend, block.channel_mut(channel));
        }
        if inputs < self.outputs {
            block.copy_channel(0, 1);
        }
        let mut start = 0;
        while start < block.frames() {
            self.swap.finish(&mut self.convolver);
            let most = (block.frames() - start).min(self.convolver.frames_to_grid()).min(self.levels.uniform_frames());
            let (fade, length) = self.predelay.span(most.min(self.swap.uniform_frames()));
            let (levels, _) = self.levels.span::<S>(length);
            let (swap, _) = self.swap.span::<S>(length);
            let mut block = block.frames_mut(start, length);
            start += length;
            let chunk = &mut self.chunk[..length];
            for input in 0..inputs {
                self.predelay.process(input, &fade, block.channel(input), chunk);
                self.convolver.write(input, chunk);
            }
            self.predelay.advance(length);
            if !matches!(levels, Span::Still([_, wet]) if wet == S::ZERO) {
                for output in 0..self.outputs {
                    self.read(output, &swap, length);
                    blend(self.backend, block.channel_mut(output), &self.chunk[..length], &levels);
                }
            }
            self.convolver.advance(length);
            if self.convolver.frames_to_grid() == GRID_FRAMES {
                let target = Target { taps: &self.taps, responses: self.responses };
                self.swap.step(&mut self.convolver, Some(target));
            }
        }
    }
}

impl<S: Sample> Engine<S> for Convolution<S> {
    type Params = ConvolutionParams;

    fn build(params: &ConvolutionParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?.into_inner();
        let (rate_hz, inputs) = (spec.sample_rate_hz(), spec.channels());
        let longest = ms_to_frames(MAX_PREDELAY_MS, rate_hz);
        let fade_frames = ms_to_frames(FADE_MS, rate_hz);
        let outputs = params.output_channels(inputs)?;
        let (routes, responses) = routes(coeffs.impulse_response.rows(), inputs);
        let counts = Counts { inputs, outputs, responses, banks: 2 };
        let length = coeffs.length();
        let mut taps = vec![S::ZERO; responses * length];
        coeffs.write_taps(responses, &mut taps);
        let mut convolution = Convolution {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            outputs,
            predelay: CrossfadedDelay::new(inputs, longest, GRID_FRAMES, coeffs.predelay_frames, fade_frames),
            levels: Ramp::new(coeffs.levels, ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            convolver: Box::new(Convolver::new(spec, length, &routes, counts)),
            taps,
            responses,
            rows: coeffs.impulse_response.rows(),
            target: coeffs.identity(),
            swap: Box::new(Swap::new(ms_to_frames(SWAP_MS, rate_hz))),
            chunk: vec![S::ZERO; GRID_FRAMES],
            fresh: vec![S::ZERO; GRID_FRAMES],
            non_finite: 0,
        };
        convolution.settle();
        Ok(convolution)
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.outputs.max(self.spec.channels()), |block| self.run(block));
    }
}

compiled!(ConvolutionParams => Convolution);

impl<S: Sample> Processor<S> for Convolution<S> {
    engine!(ConvolutionParams);

    fn output_channels(&self) -> usize {
        self.outputs
    }

    fn reset(&mut self) {
        self.settle();
        let Self {
            spec: _,
            backend: _,
            outputs: _,
            predelay,
            convolver,
            taps: _,
            responses: _,
            rows: _,
            target: _,
            swap: _,
            levels,
            chunk: _,
            fresh: _,
            non_finite,
        } = self;
        predelay.reset();
        convolver.reset();
        levels.jump_to(levels.target());
        *non_finite = 0;
    }

    fn tail(&self) -> Tail {
        Tail::Frames((self.predelay.longest_frames() + self.convolver.tail_frames()) as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Convolution<S> {
    type Params = ConvolutionParams;

    fn fits(&self, coeffs: &ConvolutionCoeffs) -> Result<(), Error> {
        if coeffs.impulse_response.rows() != self.rows {
            return Err(Error::NeedsRebuild { param: "impulse_response (its rows)" });
        }
        let (frames, most) = (coeffs.length(), self.taps.len() / self.responses);
        if frames <= most {
            Ok(())
        } else {
            Err(Error::TooLong { param: "impulse_response (after trim_ms and decay)", frames, most })
        }
    }

    /// Copies the taps of another response, and is O(1) otherwise.
    fn apply(&mut self, coeffs: &ConvolutionCoeffs) {
        let identity = coeffs.identity();
        if identity != self.target {
            coeffs.write_taps(self.responses, &mut self.taps);
            self.target = identity;
            self.swap.request();
        }
        self.levels.set_target(coeffs.levels);
        self.predelay.set_frames(coeffs.predelay_frames);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(rows: &[&[f64]]) -> ConvolutionParams {
        ConvolutionParams { impulse_response: ImpulseResponse::from_rows(rows).unwrap(), ..Default::default() }
    }

    #[test]
    fn rows_connect_the_channels_of_their_names() {
        let run = |rows: &[&[f64]], channels: usize, audio: &[f64]| {
            let mut processor = response(rows).build::<f64>(&StreamSpec::new(48_000.0, channels).unwrap()).unwrap();
            let mut audio = audio.to_vec();
            let rows = processor.output_channels();
            processor.process(&mut BlockMut::from_planar(&mut audio, rows).unwrap());
            audio
        };
        let (ll, lr, rl, rr) = ([1.0, 0.5], [2.0, 0.25], [3.0, 0.0], [4.0, 0.0]);
        assert_eq!(run(&[&ll], 3, &[1.0, 0.0, 2.0, 0.0, 4.0, 0.0]), [1.0, 0.5, 2.0, 1.0, 4.0, 2.0]);
        assert_eq!(run(&[&ll, &lr], 2, &[1.0, 0.0, 10.0, 0.0]), [1.0, 0.5, 20.0, 2.5]);
        assert_eq!(run(&[&ll, &lr], 1, &[1.0, 0.0, 9.0, 9.0]), [1.0, 0.5, 2.0, 0.25]);
        assert_eq!(run(&[&ll, &lr, &rl, &rr], 2, &[1.0, 0.0, 10.0, 0.0]), [31.0, 0.5, 42.0, 0.25]);
        assert_eq!(run(&[&ll, &lr, &rl, &rr], 1, &[1.0, 0.0, 9.0, 9.0]), [4.0, 0.5, 6.0, 0.25]);
    }

    #[test]
    fn settings_that_do_not_fit_are_refused_by_name() {
        let stereo = StreamSpec::new(48_000.0, 2).unwrap();
        let refused = |params: ConvolutionParams, spec: &StreamSpec| {
            alloc::string::ToString::to_string(&params.build::<f32>(spec).unwrap_err())
        };
        let (one, two): (&[&[f64]], &[&[f64]]) = (&[&[1.0]], &[&[1.0], &[1.0]]);
        assert_eq!(
            refused(ConvolutionParams { trim_ms: 300.0, ..response(&[&[1.0; 9_600]]) }, &stereo),
            "trim_ms = 300 is out of range: with impulse_response (its length in ms) = 200 it must lie in 0..199.979"
        );
        assert_eq!(
            refused(ConvolutionParams { layout: ConvolutionLayout::TrueStereo, ..response(one) }, &stereo),
            "impulse_response (its rows) = 1 is not allowed: it must be 4 for layout true_stereo"
        );
        assert_eq!(
            refused(response(&[&[0.0; 4_800_000]]), &stereo),
            "impulse_response (its length in s) = 100 is out of range: it must lie in 0..30"
        );
        let surround = StreamSpec::new(48_000.0, 6).unwrap();
        assert_eq!(refused(response(two), &surround), "channels = 6 does not fit: 1 or 2 needed");
        assert_eq!(
            refused(ConvolutionParams { mix: 1.5, ..response(one) }, &stereo),
            "mix = 1.5 is out of range: it must lie in 0..1"
        );
        let mut running = response(one).build::<f32>(&stereo).unwrap();
        let longer: &[&[f64]] = &[&[1.0, 0.5]];
        let refused = |running: &mut Convolution<f32>, params: &ConvolutionParams| {
            alloc::string::ToString::to_string(&running.set_params(params).unwrap_err())
        };
        assert_eq!(
            refused(&mut running, &response(two)),
            "impulse_response (its rows) cannot change while the processor runs: build a new one"
        );
        assert_eq!(
            refused(&mut running, &response(longer)),
            "impulse_response (after trim_ms and decay) = 2 frames is out of range: the running processor has memory for \
             1; build a new one"
        );
        // What was trimmed at the build has no memory either.
        let taps = [1.0; 480];
        let trimmed = ConvolutionParams { trim_ms: 5.0, ..response(&[&taps]) };
        let mut running = trimmed.build::<f32>(&stereo).unwrap();
        assert_eq!(
            running.set_params(&ConvolutionParams { trim_ms: 4.0, ..trimmed }),
            Err(Error::TooLong { param: "impulse_response (after trim_ms and decay)", frames: 288, most: 240 })
        );
        let mut running = response(one).build::<f32>(&stereo).unwrap();
        assert_eq!(running.set_params(&response(&[&[0.5]])), Ok(()));
        assert_eq!(running.set_params(&ConvolutionParams { mix: 0.2, ..response(one) }), Ok(()));
    }
}
