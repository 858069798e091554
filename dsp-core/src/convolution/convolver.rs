//! Convolution with long responses, without latency and without CPU peaks.
//!
//! The first taps are a direct filter, the rest is in stages of growing partitions (`convolution::partition`). Inputs,
//! outputs and responses are connected by [`Route`]s: the spectra of an input serve all its routes, and all routes of
//! an output share one inverse transform.
//!
//! A second bank of responses can be loaded in parts while the first runs. Both have the same input history, so that
//! either can take over at any time: see [`Convolver::set_active`].
//!
//! Blocks are processed on a grid of [`GRID_FRAMES`] of the absolute frame count, so no bit depends on how the stream
//! is cut. Samples below -600 dBFS count as silence.

use super::{
    fir::{self, fir},
    partition::{Plan, Sources, Stage},
    ring::ring_index,
    route::{Counts, Route},
};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample, silence, stream::StreamSpec},
    primitives::{backend::Backend, history::History},
};
use alloc::{vec, vec::Vec};

/// Taps of the direct filter; the first block.
const HEAD_TAPS: usize = 64;
/// Blocks of the stages after the first.
const LADDER: [usize; 3] = [512, 4_096, 32_768];
/// Cost of a stage's transforms, in partitions: it must save as many.
const STAGE_PARTITIONS: usize = 24;

/// The convolver: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Convolver<S> {
    backend: Backend,
    counts: Counts,
    routes: Vec<Route>,
    /// Taps of each response.
    length: usize,
    /// For each bank, the first taps of each response, last first.
    heads: Vec<Vec<S>>,
    /// For each input, the history of the direct filter.
    histories: Vec<History<S>>,
    /// For each input, the ring of samples for the stages.
    input_rings: Vec<Vec<S>>,
    quiet_frames: Vec<u64>,
    /// For each bank and output, the ring of results of the stages.
    output_rings: Vec<Vec<S>>,
    stages: Vec<Stage<S>>,
    active: Vec<bool>,
    /// Scratch for loading; empty after the only bank has been loaded.
    loading: Vec<S>,
    chunk: Vec<S>,
    frame: u64,
}

/// The next step of loading a response: see [`Convolver::load_some`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LoadPlace {
    stage: usize,
    partition: usize,
    step: usize,
}

/// Partitioning of responses of `length` taps after the head.
fn plans(length: usize) -> Vec<Plan> {
    let mut plans = Vec::new();
    let (mut first_tap, mut block) = (HEAD_TAPS, HEAD_TAPS);
    for next_block in LADDER {
        let end = 2 * next_block;
        let rest = length.saturating_sub(end);
        if rest / block < rest / next_block + STAGE_PARTITIONS {
            break;
        }
        plans.push(Plan { block, first_tap, partitions: (end - first_tap) / block });
        (first_tap, block) = (end, next_block);
    }
    if length > first_tap {
        plans.push(Plan { block, first_tap, partitions: (length - first_tap).div_ceil(block) });
    }
    plans
}

impl<S: Sample> Convolver<S> {
    /// For responses of up to `length` taps, all 0 until loaded. The first bank is active.
    pub(crate) fn new(spec: &StreamSpec, length: usize, routes: &[Route], counts: Counts) -> Self {
        let stages: Vec<Stage<S>> =
            plans(length).into_iter().map(|plan| Stage::new(spec, plan, routes, counts)).collect();
        let longest = stages.last().map_or(0, |stage| stage.plan().block);
        let head = length.min(HEAD_TAPS);
        let zeros = |frames: usize| vec![S::ZERO; frames];
        let mut convolver = Self {
            backend: Backend::new(spec.cpu()),
            counts,
            routes: routes.to_vec(),
            length,
            heads: vec![zeros(head); counts.banks * counts.responses],
            histories: vec![History::new(head - 1, GRID_FRAMES, fir::PAD); counts.inputs],
            input_rings: vec![zeros(3 * longest); counts.inputs],
            quiet_frames: vec![u64::MAX; counts.inputs],
            output_rings: vec![zeros((2 * longest).max(GRID_FRAMES)); counts.banks * counts.outputs],
            stages,
            active: (0..counts.banks).map(|bank| bank == 0).collect(),
            loading: Vec::new(),
            chunk: zeros(GRID_FRAMES + fir::PAD),
            frame: 0,
        };
        if counts.banks > 1 {
            convolver.make_room();
        }
        convolver
    }

    /// Allocates the scratch for loading, unless it exists.
    fn make_room(&mut self) {
        let needed = self.stages.iter().map(Stage::loading).max();
        self.loading.resize(needed.unwrap_or(0), S::ZERO);
    }

    /// The longest block: on multiples of it a period of every stage starts.
    pub(crate) fn longest_block(&self) -> usize {
        self.stages.last().map_or(GRID_FRAMES, |stage| stage.plan().block)
    }

    /// Number of parts of loading a response.
    pub(crate) fn parts(&self) -> usize {
        1 + self.stages.iter().map(|stage| stage.plan().partitions).sum::<usize>()
    }

    fn load_head<T: Sample>(&mut self, bank: usize, response: usize, taps: &[T]) {
        let head = &mut self.heads[bank * self.counts.responses + response];
        for (n, tap) in head.iter_mut().rev().enumerate() {
            *tap = taps.get(n).map_or(S::ZERO, |tap| S::from_f64(tap.to_f64()));
        }
    }

    /// Loads a response into an inactive bank, from `place` on until the work of this call exceeds `points` points of a
    /// pass. Missing taps are 0. Returns whether it is complete; `place` then is the start of another one.
    pub(crate) fn load_some<T: Sample>(
        &mut self,
        [bank, response]: [usize; 2],
        taps: &[T],
        place: &mut LoadPlace,
        points: usize,
    ) -> bool {
        if *place == LoadPlace::default() {
            self.load_head(bank, response, taps);
        }
        let mut spent = 0;
        while let Some(stage) = self.stages.get_mut(place.stage) {
            if spent > points {
                return false;
            }
            let Plan { first_tap, partitions, .. } = stage.plan();
            let taps = taps.get(first_tap..).unwrap_or(&[]);
            spent += stage.load_step([bank, response, place.partition, place.step], taps, &mut self.loading);
            place.step += 1;
            if place.step == stage.load_steps() {
                (place.step, place.partition) = (0, place.partition + 1);
            }
            if place.partition == partitions {
                (place.partition, place.stage) = (0, place.stage + 1);
            }
        }
        *place = LoadPlace::default();
        true
    }

    /// Loads one part of a response into an inactive bank. Missing taps are 0.
    pub(crate) fn load_part<T: Sample>(&mut self, bank: usize, response: usize, taps: &[T], part: usize) {
        let Some(mut partition) = part.checked_sub(1) else { return self.load_head(bank, response, taps) };
        for stage in &mut self.stages {
            let Plan { first_tap, partitions, .. } = stage.plan();
            if partition < partitions {
                let taps = taps.get(first_tap..).unwrap_or(&[]);
                return stage.load(bank, response, partition, taps, &mut self.loading);
            }
            partition -= partitions;
        }
    }

    /// Loads a whole response. Does not allocate with several banks; the only bank is loaded once.
    pub(crate) fn load<T: Sample>(&mut self, bank: usize, response: usize, taps: &[T]) {
        self.make_room();
        (0..self.parts()).for_each(|part| self.load_part(bank, response, taps, part));
        if self.counts.banks == 1 {
            self.loading = Vec::new();
        }
    }

    /// Switches a bank on or off. The output of a bank switched on at a multiple of the longest block is complete one
    /// such block later; a bank that is off gives silence.
    pub(crate) fn set_active(&mut self, bank: usize, active: bool) {
        self.active[bank] = active;
    }

    /// Frames since the build or the last reset.
    pub(crate) fn frame(&self) -> u64 {
        self.frame
    }

    /// Frames until the next grid point, which no chunk may cross.
    pub(crate) fn frames_to_grid(&self) -> usize {
        GRID_FRAMES - ring_index(self.frame, GRID_FRAMES)
    }

    /// Writes the next finite samples of an input.
    #[inline]
    pub(crate) fn write<T: Sample>(&mut self, input: usize, samples: &[T]) {
        let silent = S::from_f64(silence::CONVOLVER_INPUT);
        let fresh = self.histories[input].append(samples.len());
        for (fresh, sample) in fresh.iter_mut().zip(samples) {
            let sample = S::from_f64(sample.to_f64());
            *fresh = if sample < silent && sample > -silent { S::ZERO } else { sample };
        }
        let quiet = &mut self.quiet_frames[input];
        *quiet = match fresh.iter().rposition(|sample| *sample != S::ZERO) {
            Some(last) => (fresh.len() - 1 - last) as u64,
            None => quiet.saturating_add(fresh.len() as u64),
        };
        let ring = &mut self.input_rings[input];
        if !ring.is_empty() {
            let start = ring_index(self.frame, ring.len());
            ring[start..start + fresh.len()].copy_from_slice(fresh);
        }
    }

    /// Reads the next samples of an output, for which all inputs have been written.
    #[inline]
    pub(crate) fn read<T: Sample>(&mut self, bank: usize, output: usize, samples: &mut [T]) {
        let frames = samples.len();
        let ring = &self.output_rings[bank * self.counts.outputs + output];
        let start = ring_index(self.frame, ring.len());
        self.chunk[..frames].copy_from_slice(&ring[start..start + frames]);
        for route in self.routes.iter().filter(|route| route.output == output) {
            let head = &self.heads[bank * self.counts.responses + route.response];
            // All samples in reach of the filter are zero.
            if self.quiet_frames[route.input] >= (head.len() + frames) as u64 {
                continue;
            }
            let past = self.histories[route.input].from(frames + head.len() - 1);
            fir(self.backend, head, past, frames, &mut self.chunk);
        }
        for (sample, sum) in samples.iter_mut().zip(&self.chunk) {
            *sample = T::from_f64(sum.to_f64());
        }
    }

    /// Advances by the frames written and read.
    pub(crate) fn advance(&mut self, frames: usize) {
        for ring in &mut self.output_rings {
            let start = ring_index(self.frame, ring.len());
            ring[start..start + frames].fill(S::ZERO);
        }
        self.frame += frames as u64;
        if !self.frame.is_multiple_of(GRID_FRAMES as u64) {
            return;
        }
        let sources = Sources { input_rings: &self.input_rings, quiet_frames: &self.quiet_frames };
        for stage in &mut self.stages {
            stage.process_due(self.frame, &self.active, &sources, &mut self.output_rings);
        }
    }

    /// Frames of silence after which its output is exactly 0.
    pub(crate) fn tail_frames(&self) -> usize {
        let stages = self.stages.iter().map(|stage| stage.plan().end_tap() + stage.plan().block);
        stages.max().unwrap_or(self.length - 1)
    }

    /// Clears the input history; the banks keep their responses.
    pub(crate) fn reset(&mut self) {
        let Self {
            backend: _,
            counts: _,
            routes: _,
            length: _,
            heads: _,
            histories,
            input_rings,
            quiet_frames,
            output_rings,
            stages,
            active: _,
            loading: _,
            chunk: _,
            frame,
        } = self;
        histories.iter_mut().for_each(History::reset);
        input_rings.iter_mut().chain(output_rings).for_each(|ring| ring.fill(S::ZERO));
        quiet_frames.fill(u64::MAX);
        stages.iter_mut().for_each(Stage::reset);
        *frame = 0;
    }

    /// Memory in bytes, without some of its lists.
    pub(crate) fn memory_bytes(&self) -> usize {
        let rings =
            self.input_rings.iter().chain(&self.output_rings).chain([&self.loading]).map(Vec::len).sum::<usize>();
        rings * size_of::<S>() + self.stages.iter().map(Stage::memory_bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::stream::Cpu, primitives::random::Random};

    fn noise(seed: u64, frames: usize) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        (0..frames).map(|_| random.triangular()).collect()
    }

    const MONO: Counts = Counts { inputs: 1, outputs: 1, responses: 1, banks: 1 };
    const STRAIGHT: [Route; 1] = [Route { input: 0, output: 0, response: 0 }];

    fn spec(cpu: Cpu) -> StreamSpec {
        StreamSpec::new(48_000.0, 1).unwrap().with_cpu(cpu)
    }

    fn run<S: Sample>(convolver: &mut Convolver<S>, input: &[f64], cuts: &[usize]) -> Vec<f64> {
        let mut output = Vec::new();
        let mut cuts = cuts.iter().cycle();
        while output.len() < input.len() {
            let mut left = (*cuts.next().unwrap()).min(input.len() - output.len());
            while left > 0 {
                let frames = left.min(convolver.frames_to_grid());
                convolver.write(0, &input[output.len()..output.len() + frames]);
                let start = output.len();
                output.resize(start + frames, 0.0);
                convolver.read(0, 0, &mut output[start..]);
                convolver.advance(frames);
                left -= frames;
            }
        }
        output
    }

    fn direct(input: &[f64], taps: &[f64]) -> Vec<f64> {
        let at = |n: usize| (0..taps.len().min(n + 1)).map(|k| taps[k] * input[n - k]).sum();
        (0..input.len()).map(at).collect()
    }

    fn error_db(actual: &[f64], expected: &[f64]) -> f64 {
        let power = |x: f64, y: f64| x + y * y;
        let error = actual.iter().zip(expected).map(|(a, b)| a - b).fold(0.0, power);
        10.0 * libm::log10(error / expected.iter().copied().fold(0.0, power))
    }

    fn of<S: Sample>(cpu: Cpu, taps: &[f64], input: &[f64]) -> Vec<f64> {
        let mut convolver = Convolver::<S>::new(&spec(cpu), taps.len(), &STRAIGHT, MONO);
        convolver.load(0, 0, taps);
        let whole = run(&mut convolver, input, &[4_096]);
        convolver.reset();
        let cut = run(&mut convolver, input, &[1, 0, 63, 64, 200, 7, 1_000]);
        assert!(whole.iter().zip(&cut).all(|(a, b)| a.to_bits() == b.to_bits()), "{}", taps.len());
        cut
    }

    #[test]
    fn is_the_convolution_whatever_the_length_the_cut_and_the_cpu() {
        for length in [1, 2, 63, 64, 65, 128, 1_000, 1_024, 1_025, 2_600, 20_000] {
            let taps = noise(1, length);
            let mut input = noise(2, 30_000);
            // With windows of zeros in between.
            input[9_000..20_000].fill(0.0);
            let expected = direct(&input, &taps);
            for cpu in [Cpu::Detected, Cpu::Baseline, Cpu::Software, Cpu::Scalar] {
                let (double, single) = (of::<f64>(cpu, &taps, &input), of::<f32>(cpu, &taps, &input));
                let (double, single) = (error_db(&double, &expected), error_db(&single, &expected));
                std::println!("{length} {cpu:?}: {double:.0} {single:.0} dB");
                assert!(double < -290.0 && single < -125.0, "{length} {cpu:?}: {double} {single}");
            }
        }
    }

    #[test]
    fn stages_cover_the_response_without_gaps_and_in_time() {
        for length in [1, 64, 65, 2_700, 2_900, 22_000, 23_000, 200_000, 1_440_000] {
            let plans = plans(length);
            let mut covered = HEAD_TAPS;
            for plan in &plans {
                assert_eq!(plan.first_tap, covered);
                assert!(plan.first_tap >= 2 * plan.block || plan.block == HEAD_TAPS, "{plan:?}");
                covered = plan.end_tap();
            }
            let last = plans.last().map_or(HEAD_TAPS, |plan| plan.block);
            assert!((covered - last..=covered).contains(&length) || length <= HEAD_TAPS, "{length} {plans:?}");
        }
        assert_eq!(plans(200_000).len(), 4);
    }

    #[test]
    fn a_second_bank_takes_over_with_the_whole_history() {
        let (first, second, input) = (noise(1, 9_000), noise(2, 9_000), noise(3, 16_000));
        let counts = Counts { banks: 2, ..MONO };
        let of = |taps: &[f64]| {
            let mut convolver = Convolver::<f64>::new(&spec(Cpu::Detected), 9_000, &STRAIGHT, counts);
            convolver.load(0, 0, taps);
            convolver
        };
        let mut convolver = of(&first);
        let block = convolver.longest_block();
        assert_eq!(block, 512);
        let mut before = run(&mut convolver, &input[..10_000], &[100]);
        for part in 0..convolver.parts() {
            convolver.load_part(1, 0, &second, part);
        }
        convolver.set_active(1, true);
        let complete = (10_000 / block + 2) * block;
        before.extend(run(&mut convolver, &input[10_000..complete], &[64]));
        let mut after = vec![0.0; 80 * GRID_FRAMES];
        for (chunk, input) in after.chunks_mut(GRID_FRAMES).zip(input[complete..].chunks(GRID_FRAMES)) {
            convolver.write(0, input);
            convolver.read(1, 0, chunk);
            convolver.advance(GRID_FRAMES);
        }
        assert_eq!(before, run(&mut of(&first), &input, &[480])[..complete]);
        assert_eq!(after, run(&mut of(&second), &input, &[480])[complete..][..after.len()]);
    }
}
