//! One stage of a partitioned convolution: part of the response, in partitions of equal length B.
//!
//! Overlap-save: the last 2B samples are transformed every B frames; each partition is multiplied with the spectrum
//! delayed by as many blocks as the partition is after the first; the sum is inverted once. A stage that starts at tap
//! 2B is due B frames after its window is complete, and its work, sliced into [`Unit`]s, is spread evenly over these; a
//! stage that starts at tap B is due at once.
//!
//! Windows of zeros have zero spectra, without arithmetic; if all are zero, there is no output.
//!
//! # Source
//! W. G. Gardner, "Efficient convolution without input-output delay", JAES 43(3), 1995; delayed spectra in one ring:
//! F. Wefers, "Partitioned convolution algorithms for real-time auralization", PhD thesis, RWTH Aachen 2015, ch. 5 and
//! 6.

use super::{
    fft::{
        Step, Transform,
        multiply::{Delayed, TILE, Tile, multiply, multiply_newest},
    },
    ring::{block_of, halves, ring_index},
    route::{Counts, Route},
};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample, stream::StreamSpec},
    primitives::backend::Backend,
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Tiles of one multiplication unit.
const UNIT_TILES: usize = 4;
/// Cost of one complex point, in tenths of a ns on a Zen 3 core: in a pass, in a product.
const COST: [usize; 2] = [4, 2];

/// Position and partitioning of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) block: usize,
    pub(crate) first_tap: usize,
    pub(crate) partitions: usize,
}

impl Plan {
    /// The tap after its last.
    pub(crate) fn end_tap(&self) -> usize {
        self.first_tap + self.partitions * self.block
    }

    /// Frames between a complete window and the output that needs it.
    fn slack(&self) -> usize {
        self.first_tap - self.block
    }
}

/// A unit of work.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Analyse {
        input: usize,
        step: Step,
    },
    /// The tiles that are summed for one block.
    Begin {
        active: ActiveOutput,
        base: usize,
    },
    /// Some of the tiles that are summed for two blocks.
    Multiply {
        active: ActiveOutput,
        base: usize,
        tile: usize,
    },
    Inverse {
        active: ActiveOutput,
        step: Step,
    },
}

/// An output of one of the active banks.
#[derive(Clone, Copy, Debug)]
struct ActiveOutput {
    /// Index among the active banks.
    slot: usize,
    output: usize,
}

/// The units of one period, and the number due at each grid point.
#[derive(Clone, Debug)]
struct Schedule {
    units: Vec<Unit>,
    due: Vec<usize>,
}

/// Inputs of a stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a, S> {
    /// The last samples, in a ring whose length is a multiple of every block.
    pub(crate) input_rings: &'a [Vec<S>],
    /// Frames since the last sample that was not zero.
    pub(crate) quiet_frames: &'a [u64],
}

/// Spectra of inputs and responses, with contiguous partitions for each tile, and their connections.
#[derive(Clone, Debug)]
struct Spectra<S> {
    routes: Vec<Route>,
    responses: usize,
    partitions: usize,
    /// For each input a ring of spectra, which grows towards its start.
    inputs: Vec<Vec<Tile<S>>>,
    /// For each bank and response, the partitions.
    filters: Vec<Vec<Tile<S>>>,
    /// For each input, which spectra are not zero.
    nonzero: Vec<Vec<bool>>,
    /// Index of the newest spectrum.
    newest: usize,
}

impl<S: Sample> Spectra<S> {
    /// The products of some tiles of an output: one for each of its inputs that is not silent.
    fn delayed(&self, bank: usize, output: usize, tiles: Range<usize>) -> impl Iterator<Item = Delayed<'_, S>> {
        let routes = self.routes.iter().filter(move |route| route.output == output);
        let nonzero = routes.filter(|route| self.nonzero[route.input].contains(&true));
        let range = tiles.start * self.partitions..tiles.end * self.partitions;
        nonzero.map(move |route| Delayed {
            spectra: &self.inputs[route.input][range.clone()],
            filter: &self.filters[bank * self.responses + route.response][range.clone()],
            partitions: self.partitions,
            newest: self.newest,
        })
    }

    fn silent(&self, output: usize) -> bool {
        let mut routes = self.routes.iter().filter(|route| route.output == output);
        routes.all(|route| !self.nonzero[route.input].contains(&true))
    }
}

/// The tiles of a base of one partition, at intervals of `partitions`: none for other steps.
fn base_of<S>(spectrum: &mut [Tile<S>], step: Step, slot: usize, partitions: usize, tiles: usize) -> &mut [Tile<S>] {
    match step {
        Step::Pass { .. } => &mut [],
        Step::Base { index } => &mut spectrum[index as usize * partitions * tiles..][..partitions * tiles][slot..],
    }
}

/// A stage: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Stage<S> {
    backend: Backend,
    plan: Plan,
    transform: Transform<S>,
    counts: Counts,
    spectra: Spectra<S>,
    /// One for each number of active banks.
    schedules: Vec<Schedule>,
    /// For each input, whether the slot of the newest spectrum holds an old one.
    stale: Vec<bool>,
    /// Points between passes.
    points: [Vec<S>; 2],
    /// The sum over partitions of one base.
    sums: Vec<Tile<S>>,
    /// For each bank and output, the partial sums of the next block for half of each base.
    ahead: Vec<Vec<Tile<S>>>,
    /// For each bank, whether the last period left such sums.
    carried: Vec<bool>,
    /// Discarded sums.
    discarded: Vec<Tile<S>>,
    /// The active banks of this period.
    active_banks: Vec<usize>,
    /// Units done in this period.
    done: usize,
    /// First frame of this period.
    began: u64,
}

impl<S: Sample> Stage<S> {
    pub(crate) fn new(spec: &StreamSpec, plan: Plan, routes: &[Route], counts: Counts) -> Self {
        let transform = Transform::new(spec, plan.block);
        let spectrum = vec![Tile::ZERO; plan.partitions * plan.block / TILE];
        let tiles = transform.base() / TILE;
        let mut stage = Self {
            backend: Backend::new(spec.cpu()),
            plan,
            counts,
            spectra: Spectra {
                routes: routes.to_vec(),
                responses: counts.responses,
                partitions: plan.partitions,
                inputs: vec![spectrum.clone(); counts.inputs],
                filters: vec![spectrum; counts.banks * counts.responses],
                nonzero: vec![vec![false; plan.partitions]; counts.inputs],
                newest: 0,
            },
            schedules: Vec::new(),
            stale: vec![false; counts.inputs],
            points: [(); 2].map(|()| vec![S::ZERO; transform.points()]),
            sums: vec![Tile::ZERO; tiles],
            ahead: vec![vec![Tile::ZERO; plan.block / TILE / 2]; counts.banks * counts.outputs],
            carried: vec![true; counts.banks],
            discarded: vec![Tile::ZERO; tiles / 2],
            active_banks: Vec::with_capacity(counts.banks),
            done: 0,
            began: 0,
            transform,
        };
        stage.schedules = (0..=counts.banks).map(|banks| stage.schedule(banks)).collect();
        stage
    }

    pub(crate) fn plan(&self) -> Plan {
        self.plan
    }

    /// The units of a period with this many banks, in an order that needs the points of one window at a time.
    fn schedule(&self, banks: usize) -> Schedule {
        let Self { plan, transform, counts, .. } = self;
        let mut units = Vec::new();
        let mut costs = Vec::new();
        let mut add = |unit, points: usize, cost: usize| {
            units.push(unit);
            costs.push(points * cost);
        };
        let [pass, product] = COST;
        let steps = transform.steps();
        let work = |step: Step| {
            let (points, times) = transform.work(step);
            points * times
        };
        for input in 0..counts.inputs {
            steps.iter().for_each(|&step| add(Unit::Analyse { input, step }, work(step), pass));
        }
        for slot in 0..banks {
            for output in 0..counts.outputs {
                let active = ActiveOutput { slot, output };
                let routes = self.spectra.routes.iter().filter(|route| route.output == output).count();
                for &step in steps.iter().rev() {
                    if let Step::Base { index } = step {
                        let base = index as usize;
                        let half = transform.base() / 2 / TILE;
                        add(Unit::Begin { active, base }, half * TILE, product * routes);
                        for tile in (0..half).step_by(UNIT_TILES) {
                            let points = UNIT_TILES.min(half - tile) * TILE;
                            add(Unit::Multiply { active, base, tile }, points, 2 * product * plan.partitions * routes);
                        }
                    }
                    add(Unit::Inverse { active, step }, work(step), pass);
                }
            }
        }
        let total: usize = costs.iter().sum();
        let grid_points = plan.block / GRID_FRAMES;
        let due = (1..=grid_points).map(|grid_point| {
            let mut spent = 0;
            let affordable = if plan.slack() == 0 { total } else { total * grid_point / grid_points };
            costs
                .iter()
                .take_while(|&&cost| {
                    spent += cost;
                    spent <= affordable
                })
                .count()
        });
        Schedule { due: due.collect(), units }
    }

    /// Samples of scratch for loading.
    pub(crate) fn loading(&self) -> usize {
        2 * (self.plan.block + self.transform.points())
    }

    /// Transforms partition `partition` of a response, whose taps start at the stage's first: see [`Plan::first_tap`].
    pub(crate) fn load<T: Sample>(
        &mut self,
        bank: usize,
        response: usize,
        partition: usize,
        taps: &[T],
        scratch: &mut [S],
    ) {
        for step in 0..self.load_steps() {
            self.load_step([bank, response, partition, step], taps, scratch);
        }
    }

    /// Steps of [`load`](Self::load).
    pub(crate) fn load_steps(&self) -> usize {
        self.transform.steps().len()
    }

    /// One step of loading, after all before it, with the same scratch. Returns its cost in points of a pass.
    pub(crate) fn load_step<T: Sample>(
        &mut self,
        [bank, response, partition, step]: [usize; 4],
        taps: &[T],
        scratch: &mut [S],
    ) -> usize {
        let needed = self.loading();
        let Self { plan, transform, spectra, counts, .. } = self;
        let (window, points) = scratch[..needed].split_at_mut(2 * plan.block);
        if step == 0 {
            window.fill(S::ZERO);
            let scale = 1.0 / plan.block as f64;
            for (point, tap) in window[..plan.block].iter_mut().zip(taps.get(partition * plan.block..).unwrap_or(&[])) {
                *point = S::from_f64(tap.to_f64() * scale);
            }
        }
        let (older, newer) = window.split_at(plan.block);
        let (re, im) = points.split_at_mut(transform.points());
        let filter = &mut spectra.filters[bank * counts.responses + response];
        let step = transform.steps()[step];
        let tiles = base_of(filter, step, partition, plan.partitions, transform.base() / TILE);
        transform.forward(step, [older, newer], [re, im], tiles, plan.partitions);
        let (points, times) = transform.work(step);
        points * times
    }

    /// Performs the units due at `frame`, a multiple of [`GRID_FRAMES`] before which all samples are known. Adds output
    /// to `output_rings`, for each bank one per output.
    pub(crate) fn process_due(
        &mut self,
        frame: u64,
        active: &[bool],
        sources: &Sources<'_, S>,
        output_rings: &mut [Vec<S>],
    ) {
        let within = ring_index(frame, self.plan.block);
        if within == 0 {
            self.begin(frame, active, sources);
        }
        let due = self.schedules[self.active_banks.len()].due[within / GRID_FRAMES];
        while self.done < due {
            let unit = self.schedules[self.active_banks.len()].units[self.done];
            self.done += 1;
            self.perform(unit, sources, output_rings);
        }
    }

    fn begin(&mut self, frame: u64, active: &[bool], sources: &Sources<'_, S>) {
        let Self { plan, spectra: Spectra { nonzero, newest, .. }, stale, carried, active_banks, done, began, .. } =
            self;
        *newest = newest.checked_sub(1).unwrap_or(plan.partitions - 1);
        for ((nonzero, stale), quiet_frames) in nonzero.iter_mut().zip(stale).zip(sources.quiet_frames) {
            *stale = nonzero[*newest];
            nonzero[*newest] = *quiet_frames < 2 * plan.block as u64;
        }
        if *began > 0 {
            carried.iter_mut().enumerate().for_each(|(bank, carried)| *carried = active_banks.contains(&bank));
        }
        active_banks.clear();
        // At most one entry per bank, the capacity reserved.
        active_banks.extend(active.iter().enumerate().filter(|(_, active)| **active).map(|(bank, _)| bank));
        *done = 0;
        *began = frame;
    }

    fn perform(&mut self, unit: Unit, sources: &Sources<'_, S>, output_rings: &mut [Vec<S>]) {
        let Self { plan, transform, spectra, counts, points, sums, .. } = self;
        match unit {
            Unit::Analyse { input, step } => {
                let tiles = base_of(&mut spectra.inputs[input], step, spectra.newest, plan.partitions, sums.len());
                if spectra.nonzero[input][spectra.newest] {
                    let window = halves(&sources.input_rings[input], self.began, plan.block);
                    let [re, im] = points;
                    transform.forward(step, window, [re, im], tiles, plan.partitions);
                } else if self.stale[input] {
                    tiles.iter_mut().step_by(plan.partitions).for_each(|tile| *tile = Tile::ZERO);
                }
            }
            Unit::Begin { active, base } => self.begin_sums(active, base),
            Unit::Multiply { active, base, tile } => self.multiply(active, base, tile),
            Unit::Inverse { active, step } => {
                if !spectra.silent(active.output) {
                    let ring = &mut output_rings[self.active_banks[active.slot] * counts.outputs + active.output];
                    let target = block_of(ring, self.began + plan.slack() as u64, plan.block);
                    let [re, im] = points;
                    transform.backward(step, sums, [re, im], target);
                }
            }
        }
    }

    /// In every period one half of each base, alternately, is summed for two blocks: returns its start, and that of the
    /// other half, which continues from the sums of the period before.
    fn halves(&self) -> [usize; 2] {
        let half = self.discarded.len();
        if self.began & self.plan.block as u64 == 0 { [0, half] } else { [half, 0] }
    }

    /// Starts the sums of a base.
    fn begin_sums(&mut self, active: ActiveOutput, base: usize) {
        let [fresh, other] = self.halves();
        let Self { backend, plan, spectra, counts, sums, ahead, discarded, .. } = self;
        let (bank, output, half) = (self.active_banks[active.slot], active.output, discarded.len());
        let ahead = &mut ahead[bank * counts.outputs + output][base * half..][..half];
        let first = base * sums.len() + other;
        if !self.carried[bank] {
            // The bank was inactive: computes the sums that it would have left, in the same order.
            ahead.fill(Tile::ZERO);
            for delayed in spectra.delayed(bank, output, first..first + half) {
                let newest = if spectra.newest + 1 == plan.partitions { 0 } else { spectra.newest + 1 };
                multiply(*backend, Delayed { newest, ..delayed }, discarded, ahead);
            }
        }
        sums[other..other + half].copy_from_slice(ahead);
        for delayed in spectra.delayed(bank, output, first..first + half) {
            multiply_newest(*backend, delayed, &mut sums[other..other + half]);
        }
        sums[fresh..fresh + half].fill(Tile::ZERO);
        ahead.fill(Tile::ZERO);
    }

    fn multiply(&mut self, active: ActiveOutput, base: usize, tile: usize) {
        let [fresh, _] = self.halves();
        let Self { backend, spectra, counts, sums, ahead, discarded, .. } = self;
        let (bank, output, half) = (self.active_banks[active.slot], active.output, discarded.len());
        let count = UNIT_TILES.min(half - tile);
        let (first, tiles) = (base * sums.len() + fresh + tile, fresh + tile..fresh + tile + count);
        let ahead = &mut ahead[bank * counts.outputs + output][base * half + tile..][..count];
        for delayed in spectra.delayed(bank, output, first..first + count) {
            multiply(*backend, delayed, &mut sums[tiles.clone()], ahead);
        }
    }

    /// Clears the input history; the filters stay.
    pub(crate) fn reset(&mut self) {
        let Self {
            backend: _,
            plan: _,
            transform: _,
            counts: _,
            spectra: Spectra { routes: _, responses: _, partitions: _, inputs, filters: _, nonzero, newest },
            schedules: _,
            stale,
            points: _,
            sums: _,
            ahead,
            carried,
            discarded: _,
            active_banks,
            done,
            began,
        } = self;
        inputs.iter_mut().chain(ahead).for_each(|tiles| tiles.fill(Tile::ZERO));
        nonzero.iter_mut().for_each(|nonzero| nonzero.fill(false));
        stale.fill(false);
        carried.fill(true);
        *newest = 0;
        active_banks.clear();
        *done = 0;
        *began = 0;
    }

    /// Memory in bytes, without some of its lists.
    pub(crate) fn memory_bytes(&self) -> usize {
        let tiles =
            self.spectra.inputs.iter().chain(&self.spectra.filters).chain(&self.ahead).map(Vec::len).sum::<usize>()
                * size_of::<Tile<S>>();
        let points = self.points.iter().map(Vec::len).sum::<usize>() * size_of::<S>();
        let schedules = self.schedules.iter().map(|schedule| schedule.units.len() * size_of::<Unit>()).sum::<usize>();
        tiles + points + schedules + self.transform.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_spread_evenly_and_done_in_time() {
        let spec = StreamSpec::new(48_000.0, 2).unwrap();
        let routes = [0, 1].map(|side| Route { input: side, output: side, response: side });
        let counts = Counts { inputs: 2, outputs: 2, responses: 2, banks: 2 };
        for block in [512, 4_096, 16_384] {
            let plan = Plan { block, first_tap: 2 * block, partitions: 12 };
            let stage = Stage::<f32>::new(&spec, plan, &routes, counts);
            for banks in 0..=2 {
                let Schedule { units, due } = stage.schedule(banks);
                assert_eq!(due.len(), block / GRID_FRAMES);
                assert_eq!(due.last(), Some(&units.len()));
                assert!(due.is_sorted());
            }
        }
        // Units due at once are done at once.
        let plan = Plan { block: 64, first_tap: 64, partitions: 3 };
        let stage = Stage::<f32>::new(&spec, plan, &routes, counts);
        let Schedule { units, due } = stage.schedule(1);
        assert_eq!(due, [units.len()]);
    }
}
