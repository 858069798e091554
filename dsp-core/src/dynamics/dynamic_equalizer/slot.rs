//! A slot for a band: its table, detector, gain computer and ballistics, and their glides.

use super::{
    band_detector::{BandFilter, GLIDES},
    bands::{Action, TABLE},
    svf_table::{Entry, WIDTH},
};
use crate::{
    dynamics::{
        ballistics::{Ballistics, BallisticsCoeffs},
        gain_computer::{ComputerCoeffs, GainComputer},
    },
    filters::{biquad::BiquadCoeffs, cascade::GLIDE_MS},
    foundation::unit::ms_to_frames,
    primitives::ramp::{GAIN_RAMP_MS, Ramp},
};

/// A slot for a band: the state of its dynamics.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// Whether it has a dynamic band that is not fading out.
    pub(super) occupied: bool,
    pub(super) table: Ramp<TABLE>,
    pub(super) detector: Ramp<GLIDES>,
    /// The filter at the end of the detector's glide.
    pub(super) filter: BandFilter,
    pub(super) computer: GainComputer,
    /// The curve of the last band: what a slot fades to keeps its threshold, so that nothing moves but the slope.
    curve: ComputerCoeffs,
    /// Sign of the levels for the computer.
    pub(super) level_sign: Ramp<1>,
    /// Sign of a reduction in traces.
    pub(super) sign: f64,
    pub(super) times: Ramp<3>,
    pub(super) ballistics_coeffs: BallisticsCoeffs,
    pub(super) ballistics: Ballistics,
    /// Whether the table glides in the current chunk.
    pub(super) gliding: bool,
    /// Whether its section is driven.
    pub(super) driven: bool,
    pub(super) last_db: f64,
}

impl Slot {
    /// At rest with this band.
    pub(super) fn new(action: &Action, rate_hz: f64) -> Self {
        let glide = ms_to_frames(GLIDE_MS, rate_hz);
        let ramp = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        Self {
            occupied: true,
            table: Ramp::new(action.table, glide),
            detector: Ramp::new(action.detector.glide(), glide),
            filter: action.detector.filter(),
            computer: GainComputer::new(&action.computer, ramp),
            curve: action.computer,
            level_sign: Ramp::new([action.level_sign], ramp),
            sign: action.sign,
            times: Ramp::new(action.ballistics.glide(), ramp),
            ballistics_coeffs: action.ballistics,
            ballistics: Ballistics::REST,
            gliding: false,
            driven: false,
            last_db: 0.0,
        }
    }

    /// Fades in from the identity.
    pub(super) fn enter(&mut self, action: &Action, rate_hz: f64) {
        self.table.jump_to(faded(&action.table));
        self.detector.jump_to(action.detector.glide());
        self.computer = GainComputer::new(&action.computer.flat(), ms_to_frames(GAIN_RAMP_MS, rate_hz));
        self.level_sign.jump_to([action.level_sign]);
        self.times.jump_to(action.ballistics.glide());
        self.ballistics = Ballistics::REST;
    }

    /// Glides to another band.
    pub(super) fn set_action(&mut self, action: &Action) {
        self.occupied = true;
        self.table.set_target(action.table);
        self.detector.set_target(action.detector.glide());
        self.filter = action.detector.filter();
        self.computer.set_coeffs(&action.computer);
        self.curve = action.computer;
        self.level_sign.set_target([action.level_sign]);
        self.sign = action.sign;
        self.times.set_target(action.ballistics.glide());
        self.ballistics_coeffs = action.ballistics;
    }

    /// Fades out to the identity.
    pub(super) fn leave(&mut self) {
        self.occupied = false;
        self.table.set_target(faded(&self.table.target()));
        self.computer.set_coeffs(&self.curve.flat());
    }

    /// Whether its band has faded out.
    pub(super) fn is_gone(&self) -> bool {
        !self.occupied && self.table.uniform_frames() == usize::MAX && self.ballistics == Ballistics::REST
    }

    /// The longest next chunk.
    pub(super) fn uniform_frames(&self) -> usize {
        let Self { table, detector, computer, level_sign, times, .. } = self;
        let listening = detector.uniform_frames().min(computer.uniform_frames()).min(level_sign.uniform_frames());
        table.uniform_frames().min(listening).min(times.uniform_frames())
    }

    /// Frames in which the slowest point of the table decays.
    pub(super) fn tail_frames(&self) -> u64 {
        let (entries, _) = self.table.aim().as_chunks::<WIDTH>();
        entries.iter().map(|values| decay_frames(&Entry::from_values(*values))).max().unwrap_or(0)
    }

    /// As newly built with the current band.
    pub(super) fn reset(&mut self) {
        let Self {
            occupied: _,
            table,
            detector,
            filter: _,
            computer,
            curve: _,
            level_sign,
            sign: _,
            times,
            ballistics_coeffs: _,
            ballistics,
            gliding,
            driven,
            last_db,
        } = self;
        table.jump_to(*table.aim());
        detector.jump_to(*detector.aim());
        computer.reset();
        level_sign.jump_to(*level_sign.aim());
        times.jump_to(*times.aim());
        *ballistics = Ballistics::REST;
        (*gliding, *driven) = (false, false);
        *last_db = 0.0;
    }
}

/// The same table with the identity at every point.
fn faded(table: &[f64; TABLE]) -> [f64; TABLE] {
    let mut faded = *table;
    for values in faded.as_chunks_mut::<WIDTH>().0 {
        *values = Entry::from_values(*values).faded().values();
    }
    faded
}

/// As [`BiquadCoeffs::decay_frames`], of a section with the poles of an entry.
fn decay_frames(entry: &Entry) -> u64 {
    let (g, k) = (libm::exp2(entry.log2_g), libm::exp2(entry.log2_k));
    let scale = 1.0 / (1.0 + g * (g + k));
    let (a1, a2) = (2.0 * (g * g - 1.0) * scale, (1.0 - g * (k - g)) * scale);
    let poles = BiquadCoeffs { a1, a2, ..BiquadCoeffs::IDENTITY };
    poles.decay_frames()
}
