//! One stage of a partitioned convolution: a stretch of the response in partitions of one length B.
//!
//! Overlap-save: the last 2B samples are transformed every B frames, multiplied with the transformed partitions, each with
//! the window as many blocks ago as it lies behind the first, and the sum transformed back once. A stage that begins at
//! tap 2B is due B frames after its window is complete, and its work, cut into [`Unit`]s, is spread evenly over these; one
//! that begins at tap B is due at once.
//!
//! Windows of nothing but zeros have spectra of nothing but zeros, without arithmetic; when all are, there is no output.
//!
//! # Source
//! W. G. Gardner, "Efficient convolution without input-output delay", JAES 43(3), 1995; delayed spectra in one ring:
//! F. Wefers, "Partitioned convolution algorithms for real-time auralization", PhD thesis, RWTH Aachen 2015, ch. 5 and 6.

use super::transform::{LeafScratch, Piece, Restored, Transform};
use crate::{
    foundation::{sample::Sample, stream::StreamSpec},
    kernels::{
        Form,
        spectrum::{TILE, Tile, multiply},
    },
};
use alloc::{vec, vec::Vec};

/// Frames between two looks at the work that is due; everything happens on this grid of the absolute counter.
pub(crate) const TICK_FRAMES: usize = 64;
/// Tiles multiplied in one piece.
const UNIT_TILES: usize = 4;
/// What the work on one complex point costs, in tenths of a ns on a Zen 3 core: in a pass, in a leaf, in a product.
const COST: [usize; 3] = [12, 24, 3];

/// Which input reaches which output through which response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) response: usize,
}

/// Where a stage lies, and how it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) block: usize,
    pub(crate) leaf: usize,
    pub(crate) first_tap: usize,
    pub(crate) partitions: usize,
}

impl Plan {
    /// The tap behind its last.
    pub(crate) fn end_tap(&self) -> usize {
        self.first_tap + self.partitions * self.block
    }

    /// Frames between a complete window and the output that needs it.
    fn slack(&self) -> usize {
        self.first_tap - self.block
    }
}

/// How many there are of what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) responses: usize,
    pub(crate) banks: usize,
}

/// A piece of work.
#[derive(Clone, Copy, Debug)]
enum Unit {
    Split { input: usize, piece: Piece },
    Analyse { input: usize, leaf: usize },
    Multiply { voice: Voice, leaf: usize, tile: usize },
    Restore { voice: Voice, leaf: usize },
    Join { voice: Voice, piece: Piece },
}

/// An output of one of the banks at work.
#[derive(Clone, Copy, Debug)]
struct Voice {
    /// Among the banks at work.
    place: usize,
    output: usize,
}

/// The work of one period and how far it must be at each tick.
#[derive(Clone, Debug)]
struct Schedule {
    units: Vec<Unit>,
    due: Vec<usize>,
}

/// What a stage reads of each input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sources<'a, S> {
    /// The last samples, in a ring whose length is a multiple of every block.
    pub(crate) pasts: &'a [Vec<S>],
    /// Frames since the last sample that was not zero.
    pub(crate) quiet_frames: &'a [u64],
}

/// The stage.
#[derive(Clone, Debug)]
pub(crate) struct Stage<S> {
    form: Form,
    plan: Plan,
    transform: Transform<S>,
    routes: Vec<Route>,
    counts: Counts,
    /// For each input a ring of spectra: leaf, tile, partition.
    spectra: Vec<Vec<Tile<S>>>,
    /// For each bank, and in it for each response, the partitions: leaf, tile, partition.
    filters: Vec<Vec<Tile<S>>>,
    /// By how many banks are at work.
    schedules: Vec<Schedule>,
    /// For each input: which spectra are not zero.
    sounding: Vec<Vec<bool>>,
    /// For each input: whether the newest spectrum's place holds an old one.
    stale: Vec<bool>,
    /// Points between passes; none if a block is a leaf.
    points: [Vec<S>; 2],
    /// The sum over partitions of one leaf.
    sums: Vec<Tile<S>>,
    /// Where the newest spectrum is.
    newest: usize,
    /// The banks at work in this period.
    voices: Vec<usize>,
    /// Units done in this period.
    done: usize,
    /// Frame at which this period began.
    began: u64,
}

impl<S: Sample> Stage<S> {
    pub(crate) fn new(spec: &StreamSpec, plan: Plan, routes: &[Route], counts: Counts) -> Self {
        let transform = Transform::new(spec, plan.block, plan.leaf);
        let points = if transform.is_leaf() { 0 } else { plan.block };
        let spectrum = vec![Tile::ZERO; plan.partitions * plan.block / TILE];
        let mut stage = Self {
            form: Form::new(spec.cpu()),
            plan,
            routes: routes.to_vec(),
            counts,
            spectra: vec![spectrum.clone(); counts.inputs],
            filters: vec![spectrum; counts.banks * counts.responses],
            schedules: Vec::new(),
            sounding: vec![vec![false; plan.partitions]; counts.inputs],
            stale: vec![false; counts.inputs],
            points: [vec![S::ZERO; points], vec![S::ZERO; points]],
            sums: vec![Tile::ZERO; plan.leaf / TILE],
            newest: 0,
            voices: Vec::with_capacity(counts.banks),
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

    pub(crate) fn transform(&self) -> &Transform<S> {
        &self.transform
    }

    /// All work of a period with this many banks, in an order that needs the points of one window at a time.
    fn schedule(&self, banks: usize) -> Schedule {
        let Self { plan, transform, counts, .. } = self;
        let mut units = Vec::new();
        let mut costs = Vec::new();
        let mut add = |unit, points: usize, cost: usize| {
            units.push(unit);
            costs.push(points * cost);
        };
        let leaves = plan.block / plan.leaf;
        let [pass, leaf_cost, product] = COST;
        for input in 0..counts.inputs {
            for piece in transform.pieces() {
                add(Unit::Split { input, piece }, piece.points(), pass);
            }
            for leaf in 0..leaves {
                add(Unit::Analyse { input, leaf }, plan.leaf, leaf_cost);
            }
        }
        for place in 0..banks {
            for output in 0..counts.outputs {
                let voice = Voice { place, output };
                let routes = self.routes.iter().filter(|route| route.output == output).count();
                for leaf in 0..leaves {
                    for tile in (0..plan.leaf / TILE).step_by(UNIT_TILES) {
                        let tiles = UNIT_TILES.min(plan.leaf / TILE - tile);
                        add(Unit::Multiply { voice, leaf, tile }, tiles * TILE, product * plan.partitions * routes);
                    }
                    add(Unit::Restore { voice, leaf }, plan.leaf, leaf_cost);
                }
                for piece in transform.pieces().rev() {
                    add(Unit::Join { voice, piece }, piece.points(), pass);
                }
            }
        }
        let total: usize = costs.iter().sum();
        let ticks = plan.block / TICK_FRAMES;
        let due = (1..=ticks).map(|tick| {
            let mut spent = 0;
            let affordable = if plan.slack() == 0 { total } else { total * tick / ticks };
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

    /// Transforms partition `partition` of a response, whose taps begin with the stage's first: see
    /// [`Plan::first_tap`].
    pub(crate) fn load(
        &mut self,
        bank: usize,
        response: usize,
        partition: usize,
        taps: &[f64],
        scratch: &mut LeafScratch<S>,
        points: &mut [Vec<S>; 2],
    ) {
        let Self { plan, transform, filters, counts, .. } = self;
        let [re, im] = points;
        let (re, im) = (&mut re[..plan.block], &mut im[..plan.block]);
        let scale = 1.0 / plan.block as f64;
        let taps = taps.get(partition * plan.block..).unwrap_or(&[]);
        for (n, point) in re.iter_mut().enumerate() {
            *point = taps.get(n).map_or(S::ZERO, |tap| S::from_f64(tap * scale));
        }
        im.fill(S::ZERO);
        for piece in transform.pieces() {
            transform.split(piece, [re, im]);
        }
        let filter = &mut filters[bank * counts.responses + response];
        let stride = plan.partitions;
        let size = plan.leaf / TILE * stride;
        for leaf in 0..plan.block / plan.leaf {
            let range = leaf * plan.leaf..(leaf + 1) * plan.leaf;
            let tiles = &mut filter[leaf * size..(leaf + 1) * size][partition..];
            transform.analyse(leaf, [&re[range.clone()], &im[range]], scratch, tiles, stride);
        }
    }

    /// Does what is due at `frame`, a multiple of [`TICK_FRAMES`] at which all samples before it are known. Adds output to
    /// `rings`, for each bank one of each output.
    pub(crate) fn tick(
        &mut self,
        frame: u64,
        at_work: &[bool],
        sources: &Sources<'_, S>,
        rings: &mut [Vec<S>],
        scratch: &mut LeafScratch<S>,
    ) {
        let within = (frame % self.plan.block as u64) as usize;
        if within == 0 {
            self.begin(frame, at_work, sources);
        }
        let due = self.schedules[self.voices.len()].due[within / TICK_FRAMES];
        while self.done < due {
            let unit = self.schedules[self.voices.len()].units[self.done];
            self.done += 1;
            self.perform(unit, sources, rings, scratch);
        }
    }

    fn begin(&mut self, frame: u64, at_work: &[bool], sources: &Sources<'_, S>) {
        let Self { plan, sounding, stale, newest, voices, done, began, .. } = self;
        *newest = if *newest + 1 == plan.partitions { 0 } else { *newest + 1 };
        for ((sounding, stale), quiet_frames) in sounding.iter_mut().zip(stale).zip(sources.quiet_frames) {
            *stale = sounding[*newest];
            sounding[*newest] = *quiet_frames < 2 * plan.block as u64;
        }
        voices.clear();
        // Never more than there are banks, for which there is room.
        voices.extend(at_work.iter().enumerate().filter(|(_, at_work)| **at_work).map(|(bank, _)| bank));
        *done = 0;
        *began = frame;
    }

    fn perform(&mut self, unit: Unit, sources: &Sources<'_, S>, rings: &mut [Vec<S>], scratch: &mut LeafScratch<S>) {
        let Self { form, plan, transform, counts, points, sums, .. } = self;
        let block = plan.block;
        let stride = plan.partitions;
        let size = plan.leaf / TILE * stride;
        let of_leaf = |leaf: usize| leaf * plan.leaf..(leaf + 1) * plan.leaf;
        let silent = |sounding: &[bool]| sounding.iter().all(|sounding| !sounding);
        let mute = |voice: Voice| {
            let mut routes = self.routes.iter().filter(|route| route.output == voice.output);
            routes.all(|route| silent(&self.sounding[route.input]))
        };
        match unit {
            Unit::Split { input, piece } => {
                if self.sounding[input][self.newest] {
                    let [re, im] = points;
                    transform.fill(piece, halves(&sources.pasts[input], self.began, block), [re, im]);
                    transform.split(piece, [re, im]);
                }
            }
            Unit::Analyse { input, leaf } => {
                let tiles = &mut self.spectra[input][leaf * size..(leaf + 1) * size][self.newest..];
                if self.sounding[input][self.newest] {
                    let parts = if transform.is_leaf() {
                        halves(&sources.pasts[input], self.began, block)
                    } else {
                        [&points[0][of_leaf(leaf)], &points[1][of_leaf(leaf)]]
                    };
                    transform.analyse(leaf, parts, scratch, tiles, stride);
                } else if self.stale[input] {
                    tiles.iter_mut().step_by(stride).for_each(|tile| *tile = Tile::ZERO);
                }
            }
            Unit::Multiply { voice, leaf, tile } => {
                let tiles = tile..(tile + UNIT_TILES).min(plan.leaf / TILE);
                let sums = &mut sums[tiles.clone()];
                sums.fill(Tile::ZERO);
                let bank = self.voices[voice.place];
                for route in self.routes.iter().filter(|route| route.output == voice.output) {
                    if silent(&self.sounding[route.input]) {
                        continue;
                    }
                    let range = leaf * size + tiles.start * stride..leaf * size + tiles.end * stride;
                    let spectra = &self.spectra[route.input][range.clone()];
                    let filter = &self.filters[bank * counts.responses + route.response][range];
                    multiply(*form, spectra, self.newest, filter, plan.partitions, sums);
                }
            }
            Unit::Restore { voice, leaf } => {
                if mute(voice) {
                    return;
                }
                let target = if transform.is_leaf() {
                    let ring = &mut rings[self.voices[voice.place] * counts.outputs + voice.output];
                    Restored::Sums(block_of(ring, self.began + plan.slack() as u64, block))
                } else {
                    let [re, im] = points;
                    Restored::Points([&mut re[of_leaf(leaf)], &mut im[of_leaf(leaf)]])
                };
                transform.restore(leaf, sums, scratch, target);
            }
            Unit::Join { voice, piece } => {
                if mute(voice) {
                    return;
                }
                let ring = &mut rings[self.voices[voice.place] * counts.outputs + voice.output];
                let [re, im] = points;
                transform.join(piece, [re, im], block_of(ring, self.began + plan.slack() as u64, block));
            }
        }
    }

    /// Forgets the past; the filters stay.
    pub(crate) fn reset(&mut self) {
        let Self {
            form: _,
            plan: _,
            transform: _,
            routes: _,
            counts: _,
            spectra,
            filters: _,
            schedules: _,
            sounding,
            stale,
            points: _,
            sums: _,
            newest,
            voices,
            done,
            began,
        } = self;
        spectra.iter_mut().for_each(|spectra| spectra.fill(Tile::ZERO));
        sounding.iter_mut().for_each(|sounding| sounding.fill(false));
        stale.fill(false);
        *newest = 0;
        voices.clear();
        *done = 0;
        *began = 0;
    }

    /// Bytes of its memory, but for some of its lists.
    pub(crate) fn memory_bytes(&self) -> usize {
        let tiles = self.spectra.iter().chain(&self.filters).map(Vec::len).sum::<usize>() * size_of::<Tile<S>>();
        let points = self.points.iter().map(Vec::len).sum::<usize>() * size_of::<S>();
        let schedules = self.schedules.iter().map(|schedule| schedule.units.len() * size_of::<Unit>()).sum::<usize>();
        tiles + points + schedules + self.transform.memory_bytes()
    }
}

/// The two halves of the window that ends at `frame`.
fn halves<S>(ring: &[S], frame: u64, block: usize) -> [&[S]; 2] {
    // Frames before the first are the zeros that a ring starts with.
    let end = place(frame, ring.len()) + ring.len();
    [2, 1].map(|back| &ring[(end - back * block) % ring.len()..][..block])
}

fn block_of<S>(ring: &mut [S], frame: u64, block: usize) -> &mut [S] {
    let start = place(frame, ring.len());
    &mut ring[start..][..block]
}

/// Where a frame lies in a ring.
pub(crate) fn place(frame: u64, length: usize) -> usize {
    (frame % length as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_spread_evenly_and_done_in_time() {
        let spec = StreamSpec::new(48_000.0, 2).unwrap();
        let routes = [0, 1].map(|side| Route { input: side, output: side, response: side });
        let counts = Counts { inputs: 2, outputs: 2, responses: 2, banks: 2 };
        for (block, leaf) in [(512, 512), (4_096, 1_024), (16_384, 1_024)] {
            let plan = Plan { block, leaf, first_tap: 2 * block, partitions: 12 };
            let stage = Stage::<f32>::new(&spec, plan, &routes, counts);
            for banks in 0..=2 {
                let Schedule { units, due } = stage.schedule(banks);
                assert_eq!(due.len(), block / TICK_FRAMES);
                assert_eq!(due.last(), Some(&units.len()));
                assert!(due.is_sorted());
            }
        }
        // What is due at once is done at once.
        let plan = Plan { block: 64, leaf: 64, first_tap: 64, partitions: 3 };
        let stage = Stage::<f32>::new(&spec, plan, &routes, counts);
        let Schedule { units, due } = stage.schedule(1);
        assert_eq!(due, [units.len()]);
    }
}
