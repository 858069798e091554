//! Bands of a dynamic equalizer: settings and coefficients.

use super::{
    band_detector::BandFilterCoeffs,
    svf_table::{Entry, WIDTH},
};
use crate::{
    dynamics::{
        ballistics::{BallisticsCoeffs, Topology},
        gain_computer::ComputerCoeffs,
    },
    filters::{
        band::{
            Band, BandParams, BellParams, Design, HighShelfParams, LowShelfParams, MAX_BAND_SECTIONS, MAX_BANDS,
            TiltParams,
        },
        band_enum::bands_and,
        biquad::BiquadCoeffs,
        svf::SvfCoeffs,
    },
    foundation::{
        declare::{choice, params},
        error::Error,
        field::max_of,
        stream::StreamSpec,
        table::{Compound, Fields, Limit},
        tagged::tagged,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};
use core::f64::consts::{FRAC_1_SQRT_2, PI};

/// Points of the SVF coefficient table, from no reduction to the most.
pub(super) const POINTS: usize = 17;
/// dB from one point to the next.
pub(super) const STEP_DB: f64 = 1.5;
/// Most reduction, in dB.
pub(super) const MAX_RANGE_DB: f64 = max_of(DynamicBand::FIELDS, "range_db");
const _: () = assert!(MAX_RANGE_DB == STEP_DB * (POINTS - 1) as f64);
/// Largest gain that is reached, up or down, in dB.
const MOST_GAIN_DB: f64 = 36.0;
/// Largest gain for which a shape is designed: the cubic of `svf_table` reaches two points further.
const DESIGNED_GAIN_DB: f64 = MOST_GAIN_DB + 2.0 * STEP_DB;
/// Steepest expansion: beyond it the range is reached within 0.25 dB of level.
const STEEPEST: f64 = 100.0;
/// Gains below this are interpolated between this and 0 dB, where a shape has no g and k of its own.
const NEARLY_NONE_DB: f64 = 0.02;
/// Values of a coefficient table.
pub(super) const TABLE: usize = WIDTH * POINTS;

choice! {
    /// Levels on which a dynamic band acts.
    DynamicDirection, default Above {
        /// Those above the threshold.
        Above = "above",
        /// Those below it.
        Below = "below",
    }
}

choice! {
    /// Direction of the gain of a dynamic band.
    DynamicAction, default Reduce {
        /// Its gain falls.
        Reduce = "reduce",
        /// Its gain rises.
        Boost = "boost",
    }
}

params! {
    /// A band whose gain follows the level around its own frequency.
    ///
    /// | direction | action | per dB beyond the threshold | for |
    /// |---|---|---|---|
    /// | above | reduce | -(1 - 1/`ratio`) dB | taming what is too loud: downward compression |
    /// | below | boost | +(1 - 1/`ratio`) dB | lifting what is soft: upward compression |
    /// | below | reduce | -(`ratio` - 1) dB | less of what is soft, as bleed: downward expansion |
    /// | above | boost | +(`ratio` - 1) dB | more of what is loud, as attacks: upward expansion |
    ///
    /// It moves `range_db` from the gain of its shape at most. A tilt moves as a whole: with reduction, a louder bass
    /// lowers the bass and raises the treble.
    #[derive(Clone, Copy, Debug, PartialEq)]
    DynamicBand {
        shape: compound DynamicShape, default DynamicShape::Bell(BellParams::default()),
            "The shape, with the gain that it has on the other side of the threshold";
        threshold_db: dBFS, -80.0..=0.0, default -30.0,
            "Level of the band beyond which it acts: that of a sine at the band's frequency";
        ratio: none, 1.0..=inf, default 2.0, log, "dB in per dB out of a compression, dB out per dB in of an expansion";
        range_db: dB, 0.0..=24.0, at_most |band| band.widest_range(), default 12.0,
            "Most change of the gain, and no more than to -36 or 36 dB";
        attack_ms: ms, 0.02..=250.0, default 10.0, log, "Time to 63.2 % of a growing change of the gain in dB";
        release_ms: ms, 5.0..=5_000.0, default 100.0, log, "Time to 63.2 % of its return";
        knee_db: dB, 0.0..=24.0, default 6.0, "Width of the knee around the threshold";
        direction: choice DynamicDirection, "The side of the threshold on which it acts";
        action: choice DynamicAction, "Whether it lowers or raises the gain there";
    }
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident($params:ident),)*) => {
        /// The shapes with a dynamic gain.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum DynamicShape {
            $($(#[$doc])* $name($params),)*
        }

        tagged! { DynamicShape "DynamicShape" { $($name($params),)* } }

        $(impl From<$params> for DynamicShape {
            fn from(params: $params) -> Self {
                Self::$name(params)
            }
        })*

        impl Compound for DynamicShape {
            fn part(&mut self, index: Option<usize>) -> Option<&mut dyn Fields> {
                match self {
                    $(Self::$name(params) => Compound::part(params, index),)*
                }
            }
        }

        impl DynamicShape {
            fn gain_db(&self) -> f64 {
                match self {
                    $(Self::$name(params) => params.gain_db,)*
                }
            }

            fn frequency_hz(&self) -> f64 {
                match self {
                    $(Self::$name(params) => params.frequency_hz,)*
                }
            }

            /// The same shape at another gain.
            fn at(&self, gain_db: f64) -> Band {
                match *self {
                    $(Self::$name(params) => $params { gain_db, ..params }.into(),)*
                }
            }
        }
    };
}

shapes! {
    /// Around a frequency; detects in a band pass of the same frequency and q.
    Bell(BellParams),
    /// Below a frequency; detects in a low pass there.
    LowShelf(LowShelfParams),
    /// Above a frequency; detects in a high pass there.
    HighShelf(HighShelfParams),
    /// Lows against highs; detects in a low pass at the pivot.
    Tilt(TiltParams),
}

impl DynamicShape {
    fn section(&self, gain_db: f64, sample_rate_hz: f64) -> BiquadCoeffs {
        let sections = self.at(gain_db).sections(sample_rate_hz, Design::default());
        sections.as_slice().first().copied().unwrap_or(BiquadCoeffs::IDENTITY)
    }

    /// One point of the table: the coefficients of the shape at `gain_db`.
    fn point(&self, gain_db: f64, sample_rate_hz: f64) -> Entry {
        let nearest = if gain_db < 0.0 { gain_db.min(-NEARLY_NONE_DB) } else { gain_db.max(NEARLY_NONE_DB) };
        let SvfCoeffs { g, k, m0, m1, m2 } = SvfCoeffs::from_biquad(&self.section(nearest, sample_rate_hz));
        let share = gain_db / nearest;
        Entry {
            log2_g: libm::log2(g),
            log2_k: libm::log2(k),
            m0: 1.0 + share * (m0 - 1.0),
            n1: share * m1 / k,
            m2: share * m2,
        }
    }

    /// The points from the gain of the shape down, or up. They do not depend on the range, so that it glides without
    /// them.
    fn table(&self, action: DynamicAction, sample_rate_hz: f64) -> [f64; TABLE] {
        let mut table = [0.0; TABLE];
        for (index, entry) in table.chunks_exact_mut(WIDTH).enumerate() {
            let gain_db = self.gain_db() - action.sign() * STEP_DB * index as f64;
            let reached = gain_db.clamp(-DESIGNED_GAIN_DB, DESIGNED_GAIN_DB);
            entry.copy_from_slice(&self.point(reached, sample_rate_hz).values());
        }
        table
    }

    fn detector(&self, sample_rate_hz: f64) -> BandFilterCoeffs {
        let g = libm::tan(PI * self.frequency_hz() / sample_rate_hz);
        let k = match self {
            Self::Bell(params) => 1.0 / params.q,
            _ => 1.0 / FRAC_1_SQRT_2,
        };
        let (m0, m1, m2, share) = match self {
            Self::Bell(_) => (0.0, k, 0.0, 1.0),
            Self::LowShelf(_) | Self::Tilt(_) => (0.0, 0.0, 1.0, 0.0),
            Self::HighShelf(_) => (1.0, -k, -1.0, 0.0),
        };
        BandFilterCoeffs { log2_g: libm::log2(g), log2_k: libm::log2(k), m0, m1, m2, share }
    }
}

impl DynamicAction {
    /// Sign of a reduction.
    fn sign(self) -> f64 {
        match self {
            Self::Reduce => 1.0,
            Self::Boost => -1.0,
        }
    }
}

impl DynamicBand {
    fn widest_range(&self) -> Limit {
        let gain_db = self.shape.gain_db();
        Limit { value: MOST_GAIN_DB + self.action.sign() * gain_db, with: "gain_db", with_value: gain_db }
    }

    /// The static curve, and the sign of the levels that it takes: levels below a threshold are above it with both
    /// signs turned.
    fn computer(&self) -> (ComputerCoeffs, f64) {
        let compresses = (self.direction == DynamicDirection::Above) == (self.action == DynamicAction::Reduce);
        let slope = if compresses { 1.0 - 1.0 / self.ratio } else { (self.ratio - 1.0).min(STEEPEST) };
        let sign = match self.direction {
            DynamicDirection::Above => 1.0,
            DynamicDirection::Below => -1.0,
        };
        (ComputerCoeffs::above(sign * self.threshold_db, slope, self.knee_db, self.range_db), sign)
    }

    pub(super) fn check(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.shape.at(self.shape.gain_db()).check(spec).map_err(|error| error.within("shape", None))?;
        self.check_fields(spec.sample_rate_hz())
    }

    /// The dynamics of legal settings. What the shape alone decides is the costly part: it is `kept` from another
    /// action of the same shape and rate.
    pub(super) fn action(&self, kept: Option<&Action>, rate_hz: f64) -> Action {
        let (table, detector) = match kept {
            Some(kept) => (kept.table, kept.detector),
            None => (self.shape.table(self.action, rate_hz), self.shape.detector(rate_hz)),
        };
        let (computer, level_sign) = self.computer();
        let ballistics = BallisticsCoeffs::manual(Topology::Decoupled, self.attack_ms, self.release_ms, rate_hz);
        Action { table, detector, computer, level_sign, sign: self.action.sign(), ballistics }
    }
}

/// Coefficients of a dynamic band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Action {
    pub(super) table: [f64; TABLE],
    pub(super) detector: BandFilterCoeffs,
    pub(super) computer: ComputerCoeffs,
    /// Sign of the levels for the computer: -1 for those below a threshold.
    pub(super) level_sign: f64,
    /// Sign of a reduction: -1 for a boost.
    pub(super) sign: f64,
    pub(super) ballistics: BallisticsCoeffs,
}

bands_and! {
    /// A band of a [`DynamicEqualizer`](crate::dynamics::DynamicEqualizer): dynamic, or one of an
    /// [`Equalizer`](crate::filters::Equalizer).
    DynamicEqualizerBand "DynamicEqualizerBand" {
        /// Its gain follows a level.
        DynamicBand(DynamicBand)
    }
}

/// Sections of one slot: those of a static band, and one that may be driven.
pub(super) const SECTIONS: usize = MAX_BAND_SECTIONS + 1;

/// Coefficients of a [`DynamicEqualizer`](super::DynamicEqualizer): sections in their slots, and the dynamics that
/// drive them.
#[derive(Clone, Debug, PartialEq)]
pub struct DynamicEqualizerCoeffs {
    pub(super) sections: Vec<BiquadCoeffs>,
    /// One per slot.
    pub(super) actions: Vec<Option<Box<Action>>>,
    /// What each slot was designed from: the band, and at which rate.
    origins: Vec<Option<(DynamicEqualizerBand, f64)>>,
    pub(super) bands: usize,
}

impl DynamicEqualizerCoeffs {
    /// Without bands.
    pub(super) fn none() -> Self {
        Self {
            sections: vec![BiquadCoeffs::IDENTITY; MAX_BANDS * SECTIONS],
            actions: vec![None; MAX_BANDS],
            origins: vec![None; MAX_BANDS],
            bands: 0,
        }
    }

    /// Designs those of legal bands that have changed.
    pub(super) fn set(&mut self, bands: &[DynamicEqualizerBand], rate_hz: f64) {
        self.bands = bands.len();
        let slots = self.sections.chunks_exact_mut(SECTIONS).zip(&mut self.actions).zip(&mut self.origins);
        for (index, ((sections, slot), origin)) in slots.enumerate() {
            let band = bands.get(index).map(|band| (*band, rate_hz));
            if *origin == band {
                continue;
            }
            let old = core::mem::replace(origin, band);
            let (fixed, driven) = sections.split_at_mut(MAX_BAND_SECTIONS);
            match band.map(|(band, _)| band.kind()) {
                Some(Err(band)) => {
                    fixed.fill(BiquadCoeffs::IDENTITY);
                    driven[0] = band.shape.section(band.shape.gain_db(), rate_hz);
                    let old = old.filter(|(_, old_hz)| *old_hz == rate_hz).and_then(|(old, _)| old.kind().err());
                    let same = old.is_some_and(|old| (old.shape, old.action) == (band.shape, band.action));
                    let action = band.action(slot.as_deref().filter(|_| same), rate_hz);
                    match slot {
                        Some(slot) => **slot = action,
                        None => *slot = Some(Box::new(action)),
                    }
                }
                Some(Ok(band)) => {
                    fixed.copy_from_slice(band.sections(rate_hz, Design::default()).padded());
                    (driven[0], *slot) = (BiquadCoeffs::IDENTITY, None);
                }
                None => {
                    sections.fill(BiquadCoeffs::IDENTITY);
                    *slot = None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{filters::biquad::BiquadCoeffs, foundation::unit::gain_to_db};

    const RATE_HZ: f64 = 48_000.0;

    fn shapes(frequency_hz: f64, gain_db: f64, q: f64) -> [DynamicShape; 4] {
        [
            DynamicShape::Bell(BellParams { frequency_hz, gain_db, q }),
            DynamicShape::LowShelf(LowShelfParams { frequency_hz, gain_db, q: q.min(0.9) }),
            DynamicShape::HighShelf(HighShelfParams { frequency_hz, gain_db, q: q.min(0.9) }),
            DynamicShape::Tilt(TiltParams { frequency_hz, gain_db }),
        ]
    }

    fn biquad(values: [f64; WIDTH]) -> BiquadCoeffs {
        let Entry { log2_g, log2_k, m0, n1, m2 } = Entry::from_values(values);
        let k = libm::exp2(log2_k);
        SvfCoeffs { g: libm::exp2(log2_g), k, m0, m1: k * n1, m2 }.to_biquad()
    }

    #[test]
    fn between_table_points_the_shape_is_that_of_its_gain() {
        // Half-way between points, by linear interpolation, which is worse than the cubic of
        // `dynamics::dynamic_equalizer::svf_table`. At 12 kHz and a low q the fit of the shape itself jumps from one
        // gain to the next.
        let mut worst = [0.0_f64; 2];
        for frequency_hz in [40.0, 400.0, 3_000.0, 12_000.0] {
            for (gain_db, q) in [(0.0, 1.0), (6.0, 4.0), (-6.0, 0.5), (0.7, 1.0)] {
                for shape in shapes(frequency_hz, gain_db, q) {
                    let table = shape.table(DynamicAction::Reduce, RATE_HZ);
                    for index in 0..POINTS - 1 {
                        let (below, above) = (&table[WIDTH * index..], &table[WIDTH * (index + 1)..]);
                        let middle = core::array::from_fn(|n| 0.5 * (below[n] + above[n]));
                        let exact = shape.section(gain_db - STEP_DB * (index as f64 + 0.5), RATE_HZ);
                        let mut hz = 20.0;
                        while hz < 20_000.0 {
                            let [a, b] = [biquad(middle), exact].map(|s| gain_to_db(s.response(hz, RATE_HZ).norm()));
                            let wild = usize::from(frequency_hz > 10_000.0 && q < 0.7);
                            worst[wild] = worst[wild].max((a - b).abs());
                            hz *= 1.2;
                        }
                    }
                }
            }
        }
        std::println!("{:.3} dB, {:.3} dB", worst[0], worst[1]);
        assert!(worst[0] < 0.05 && worst[1] < 1.0);
    }

    #[test]
    fn a_table_passes_through_no_gain_without_a_jump() {
        for shape in shapes(1_000.0, 3.0, 1.0) {
            let points =
                [0.1, 0.021, 0.019, 1e-9, 0.0, -1e-9, -0.019, -0.021, -0.1].map(|db| shape.point(db, RATE_HZ).values());
            for pair in points.windows(2) {
                for (a, b) in pair[0].iter().zip(&pair[1]) {
                    assert!((a - b).abs() < 0.03, "{shape:?} {pair:?}");
                }
            }
            let none = Entry::from_values(points[4]);
            assert_eq!(none, none.faded());
        }
    }
}
