//! A place for a band: its table, its detector, its gain computer and ballistics, and how they glide.

use super::{
    band_detector::{BandFilter, GLIDES},
    bands::{Action, MAX_RANGE_DB, TABLE},
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

/// A place for a band: what it needs to act.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// It has a dynamic band, and will not just fade out.
    pub(super) wanted: bool,
    pub(super) table: Ramp<TABLE>,
    pub(super) detector: Ramp<GLIDES>,
    /// At the end of the detector's glide.
    pub(super) filter: BandFilter,
    pub(super) computer: GainComputer,
    pub(super) times: Ramp<3>,
    pub(super) ballistics_coeffs: BallisticsCoeffs,
    pub(super) ballistics: Ballistics,
    /// The table glides, in the present chunk.
    pub(super) gliding: bool,
    /// Its section does not rest.
    pub(super) driven: bool,
    pub(super) last_db: f64,
}

impl Place {
    /// At rest with this band.
    pub(super) fn new(action: &Action, rate_hz: f64) -> Self {
        let glide = ms_to_frames(GLIDE_MS, rate_hz);
        let ramp = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        Self {
            wanted: true,
            table: Ramp::new(action.table, glide),
            detector: Ramp::new(action.detector.glide(), glide),
            filter: action.detector.filter(),
            computer: GainComputer::new(&action.computer, ramp),
            times: Ramp::new(action.ballistics.glide(), ramp),
            ballistics_coeffs: action.ballistics,
            ballistics: Ballistics::REST,
            gliding: false,
            driven: false,
            last_db: 0.0,
        }
    }

    /// From nothing, so that it fades in.
    pub(super) fn enter(&mut self, action: &Action, rate_hz: f64) {
        self.table.jump_to(faded(&action.table));
        self.detector.jump_to(action.detector.glide());
        self.computer = GainComputer::new(&idle(), ms_to_frames(GAIN_RAMP_MS, rate_hz));
        self.times.jump_to(action.ballistics.glide());
        self.ballistics = Ballistics::REST;
    }

    /// Glides to another band.
    pub(super) fn set_action(&mut self, action: &Action) {
        self.wanted = true;
        self.table.set_target(action.table);
        self.detector.set_target(action.detector.glide());
        self.filter = action.detector.filter();
        self.computer.set_coeffs(&action.computer);
        self.times.set_target(action.ballistics.glide());
        self.ballistics_coeffs = action.ballistics;
    }

    /// Glides to nothing.
    pub(super) fn leave(&mut self) {
        self.wanted = false;
        self.table.set_target(faded(&self.table.target()));
        self.computer.set_coeffs(&idle());
    }

    /// Its band has faded out.
    pub(super) fn is_gone(&self) -> bool {
        !self.wanted && self.table.uniform_frames() == usize::MAX && self.ballistics == Ballistics::REST
    }

    /// Frames over which the next chunk may reach.
    pub(super) fn uniform_frames(&self) -> usize {
        let Self { table, detector, computer, times, .. } = self;
        let listening = detector.uniform_frames().min(computer.uniform_frames());
        table.uniform_frames().min(listening).min(times.uniform_frames())
    }

    /// Frames in which the slowest point of the table decays.
    pub(super) fn tail_frames(&self) -> u64 {
        let (entries, _) = self.table.aim().as_chunks::<WIDTH>();
        entries.iter().map(|values| decay_frames(&Entry::from_values(*values))).max().unwrap_or(0)
    }

    /// As newly built with the present band.
    pub(super) fn reset(&mut self) {
        let Self {
            wanted: _,
            table,
            detector,
            filter: _,
            computer,
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
        times.jump_to(*times.aim());
        *ballistics = Ballistics::REST;
        (*gliding, *driven) = (false, false);
        *last_db = 0.0;
    }
}

/// The same table without any effect.
fn faded(table: &[f64; TABLE]) -> [f64; TABLE] {
    let mut faded = *table;
    for values in faded.as_chunks_mut::<WIDTH>().0 {
        *values = Entry::from_values(*values).faded().values();
    }
    faded
}

/// Nothing is asked for.
fn idle() -> ComputerCoeffs {
    ComputerCoeffs::compressor(0.0, 1.0, 0.0, MAX_RANGE_DB)
}

/// As [`BiquadCoeffs::decay_frames`], of a section with the poles of an entry.
fn decay_frames(entry: &Entry) -> u64 {
    let (g, k) = (libm::exp2(entry.log2_g), libm::exp2(entry.log2_k));
    let scale = 1.0 / (1.0 + g * (g + k));
    let (a1, a2) = (2.0 * (g * g - 1.0) * scale, (1.0 - g * (k - g)) * scale);
    let poles = BiquadCoeffs { a1, a2, ..BiquadCoeffs::IDENTITY };
    poles.decay_frames()
}
