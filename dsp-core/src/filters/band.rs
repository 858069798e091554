//! Bands of an equalizer: settings, and the second-order sections designed from them.
//!
//! A band is a setting by itself, an element of an equalizer, and an effect (`filters::filter`).
//!
//! # Source
//! Analog prototypes in R. Bristow-Johnson's conventions; [`Design::Matched`] fits their magnitude up to 20 kHz
//! (`filters::matched`), [`Design::Cookbook`] is his bilinear transform of them (`filters::cookbook`). Steep low and
//! high passes are Butterworth cascades (`filters::butterworth`).

use super::{
    band_kinds::for_each_band,
    biquad::BiquadCoeffs,
    butterworth::{self, Section},
    cookbook,
    matched::{self, prototype::Prototype},
};
use crate::foundation::{
    declare::{choice, params},
    error::{Error, count_in},
    stream::StreamSpec,
    table::{Compound, Fields},
    tagged::tagged,
};
use num_complex::Complex64;

/// Slopes come in whole orders of 6 dB per octave, up to 16 of them.
const SLOPE_STEP_DB: f64 = 6.0;
/// Most sections of one band: a low or high pass of 96 dB per octave.
pub(crate) const MAX_BAND_SECTIONS: usize = butterworth::MAX_ORDER / 2;

/// Most bands of an [`Equalizer`](crate::filters::Equalizer) or
/// [`DynamicEqualizer`](crate::dynamics::DynamicEqualizer), which allocates memory for all of them in its build.
pub const MAX_BANDS: usize = 32;

choice! {
    /// Design of digital sections from analog prototypes.
    Design, default Matched {
        /// A fit of the analog magnitude up to 20 kHz: no cramping towards Nyquist.
        Matched = "matched",
        /// The bilinear transform of the Audio EQ Cookbook, as in most programs, for comparison and recall.
        Cookbook = "cookbook",
    }
}

params! {
    /// A bell: boost or cut around a frequency. Neutral at 0 dB.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::BellParams, gain_to_db};
    ///
    /// let filter = BellParams { frequency_hz: 1_000.0, gain_db: 6.0, q: 1.0 };
    /// let response = filter.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[1_000.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) - 6.0).abs() < 1e-3);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    BellParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49), "Centre";
        gain_db: dB, -24.0..=24.0, default 0.0, "Gain at the centre";
        q: none, 0.1..=40.0, default 1.0, log,
            "Quality factor: centre over the width between the points of half the gain in dB";
    }

    /// A low shelf: boost or cut below a frequency. Neutral at 0 dB.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::LowShelfParams, gain_to_db};
    ///
    /// let filter = LowShelfParams { frequency_hz: 200.0, gain_db: 6.0, ..Default::default() };
    /// let response = filter.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[200.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) - 3.0).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    LowShelfParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49),
            "Where half of the gain in dB is reached";
        gain_db: dB, -24.0..=24.0, default 0.0, "Gain far below";
        q: none, 0.1..=40.0, default 0.7071, log, "Quality factor; above 0.7071 the shelf overshoots";
    }

    /// A high shelf: boost or cut above a frequency. Neutral at 0 dB.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::HighShelfParams, gain_to_db};
    ///
    /// let filter = HighShelfParams { frequency_hz: 5_000.0, gain_db: 6.0, ..Default::default() };
    /// let response = filter.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[5_000.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) - 3.0).abs() < 0.05);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    HighShelfParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49),
            "Where half of the gain in dB is reached";
        gain_db: dB, -24.0..=24.0, default 0.0, "Gain far above";
        q: none, 0.1..=40.0, default 0.7071, log, "Quality factor; above 0.7071 the shelf overshoots";
    }

    /// A Butterworth low pass.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::LowPassParams, gain_to_db};
    ///
    /// let filter = LowPassParams { frequency_hz: 1_000.0, slope_db_per_octave: 24.0 };
    /// let response = filter.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[1_000.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) + 3.01).abs() < 0.02);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    LowPassParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49), "Corner (-3.01 dB)";
        slope_db_per_octave: dB_per_octave, 6.0..=96.0, default 12.0, multiples(6.0, "a multiple of 6, from 6 to 96"),
            "Slope";
    }

    /// A Butterworth high pass.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::HighPassParams, gain_to_db};
    ///
    /// let filter = HighPassParams { frequency_hz: 80.0, slope_db_per_octave: 24.0 };
    /// let response = filter.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[40.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) + 24.1).abs() < 0.05);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    HighPassParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49), "Corner (-3.01 dB)";
        slope_db_per_octave: dB_per_octave, 6.0..=96.0, default 12.0, multiples(6.0, "a multiple of 6, from 6 to 96"),
            "Slope";
    }

    /// A band pass with 0 dB at its centre.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::BandPassParams, gain_to_db};
    ///
    /// let filter = BandPassParams { frequency_hz: 1_000.0, q: 2.0 };
    /// let response = filter.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[1_000.0])?.unwrap();
    /// assert!(gain_to_db(response[0].norm()).abs() < 1e-3);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    BandPassParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49), "Centre";
        q: none, 0.1..=40.0, default 1.0, log, "Quality factor: centre over the width between the -3 dB points";
    }

    /// A notch: an exact null at its centre.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::NotchParams};
    ///
    /// let notch = NotchParams { frequency_hz: 50.0, q: 10.0 };
    /// let response = notch.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[50.0, 1_000.0])?.unwrap();
    /// assert!(response[0].norm() < 1e-9 && (response[1].norm() - 1.0).abs() < 1e-3);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    NotchParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49), "Centre";
        q: none, 0.1..=40.0, default 1.0, log, "Quality factor: centre over the width between the -3 dB points";
    }

    /// A second-order all pass: shifts the phase by 180 degrees at its centre, leaves the level unchanged.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::AllPassParams};
    ///
    /// let response =
    ///     AllPassParams::default().frequency_response(&StreamSpec::new(48_000.0, 2)?, &[1_000.0])?.unwrap();
    /// assert!((response[0] + 1.0).norm() < 1e-9, "the polarity turned, the level as it was");
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    AllPassParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 1_000.0, log, of_rate(0.49), "Centre";
        q: none, 0.1..=40.0, default 1.0, log, "Quality factor: how fast the phase turns";
    }

    /// A tilt: lows up and highs down around a pivot, or the reverse. Neutral at 0 dB.
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::TiltParams, gain_to_db};
    ///
    /// let filter = TiltParams { frequency_hz: 650.0, gain_db: 6.0 };
    /// let response = filter.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[650.0])?.unwrap();
    /// assert!(gain_to_db(response[0].norm()).abs() < 0.02);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    TiltParams {
        frequency_hz: Hz, 10.0..=22_000.0, default 650.0, log, of_rate(0.49), "Pivot (0 dB)";
        gain_db: dB, -24.0..=24.0, default 0.0,
            "Difference from the highest to the lowest frequencies: +6 gives +3 dB of bass, -3 dB of treble";
    }
}

/// The sections of one band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sections {
    coeffs: [BiquadCoeffs; MAX_BAND_SECTIONS],
    count: usize,
}

impl Sections {
    fn one(section: BiquadCoeffs) -> Self {
        let mut coeffs = [BiquadCoeffs::IDENTITY; MAX_BAND_SECTIONS];
        coeffs[0] = section;
        Self { coeffs, count: 1 }
    }

    /// The sections in order, [`MAX_BAND_SECTIONS`] at most.
    pub(crate) fn as_slice(&self) -> &[BiquadCoeffs] {
        &self.coeffs[..self.count]
    }

    /// All section slots of a band, unused ones filled with the identity.
    pub(crate) fn padded(&self) -> &[BiquadCoeffs; MAX_BAND_SECTIONS] {
        &self.coeffs
    }

    /// Complex gain at `frequency_hz`.
    pub(crate) fn response(&self, frequency_hz: f64, sample_rate_hz: f64) -> Complex64 {
        self.as_slice().iter().map(|section| section.response(frequency_hz, sample_rate_hz)).product()
    }
}

/// A band's settings.
pub(crate) trait BandParams: Copy {
    /// Most sections that any settings need.
    const MAX_SECTIONS: usize = 1;

    /// The sections for legal settings.
    fn sections(&self, sample_rate_hz: f64, design: Design) -> Sections;
}

/// Checks the bands of an equalizer.
pub(crate) fn check_all(bands: &[Band], spec: &StreamSpec) -> Result<(), Error> {
    count_in("bands", bands.len(), 0, MAX_BANDS)?;
    bands
        .iter()
        .enumerate()
        .try_for_each(|(position, band)| band.check(spec).map_err(|error| error.within("bands", position)))
}

/// Design function of a band with frequency, gain and q, in either design.
type GainShape = fn(f64, f64, f64, f64) -> BiquadCoeffs;
/// Design function of a band with frequency and q.
type QShape = fn(f64, f64, f64) -> BiquadCoeffs;

macro_rules! gain_band {
    ($params:ident, $shape:ident) => {
        impl BandParams for $params {
            fn sections(&self, sample_rate_hz: f64, design: Design) -> Sections {
                let shape: GainShape = match design {
                    Design::Matched => matched::$shape,
                    Design::Cookbook => cookbook::$shape,
                };
                Sections::one(shape(self.frequency_hz, self.gain_db, self.q, sample_rate_hz))
            }
        }
    };
}

gain_band!(BellParams, bell);
gain_band!(LowShelfParams, low_shelf);
gain_band!(HighShelfParams, high_shelf);

macro_rules! q_band {
    ($params:ident, $shape:ident) => {
        impl BandParams for $params {
            fn sections(&self, sample_rate_hz: f64, design: Design) -> Sections {
                let shape: QShape = match design {
                    Design::Matched => matched::$shape,
                    Design::Cookbook => cookbook::$shape,
                };
                Sections::one(shape(self.frequency_hz, self.q, sample_rate_hz))
            }
        }
    };
}

q_band!(BandPassParams, band_pass);
q_band!(NotchParams, notch);
q_band!(AllPassParams, all_pass);

macro_rules! cut_band {
    ($params:ident, $cookbook:ident, $first_order:ident, $next:ident) => {
        impl BandParams for $params {
            const MAX_SECTIONS: usize = MAX_BAND_SECTIONS;

            fn sections(&self, sample_rate_hz: f64, design: Design) -> Sections {
                let order = (self.slope_db_per_octave / SLOPE_STEP_DB) as usize;
                let mut sections = Sections { coeffs: [BiquadCoeffs::IDENTITY; MAX_BAND_SECTIONS], count: 0 };
                let mut stages = [(Prototype::all_pass(1.0), BiquadCoeffs::IDENTITY); MAX_BAND_SECTIONS];
                for section in butterworth::sections(order) {
                    let count = sections.count;
                    sections.coeffs[count] = match (design, section) {
                        (Design::Matched, _) => {
                            stages[count] =
                                matched::$next(&stages[..count], section, self.frequency_hz, sample_rate_hz);
                            stages[count].1
                        }
                        (Design::Cookbook, Section::FirstOrder) => {
                            cookbook::$first_order(self.frequency_hz, sample_rate_hz)
                        }
                        (Design::Cookbook, Section::SecondOrder { q }) => {
                            cookbook::$cookbook(self.frequency_hz, q, sample_rate_hz)
                        }
                    };
                    sections.count += 1;
                }
                sections
            }
        }
    };
}

cut_band!(LowPassParams, low_pass, first_order_low_pass, next_low_pass);
cut_band!(HighPassParams, high_pass, first_order_high_pass, next_high_pass);

impl BandParams for TiltParams {
    fn sections(&self, sample_rate_hz: f64, design: Design) -> Sections {
        let shape = match design {
            Design::Matched => matched::tilt,
            Design::Cookbook => cookbook::tilt,
        };
        Sections::one(shape(self.frequency_hz, self.gain_db, sample_rate_hz))
    }
}

macro_rules! band {
    ($($(#[$doc:meta])* $name:ident($params:ident),)*) => {
        /// A band of any kind. Every kind's settings turn into it: `BellParams { .. }.into()`.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Band {
            $($(#[$doc])* $name($params),)*
        }

        tagged! { Band "Band" { $($name($params),)* } }

        $(impl From<$params> for Band {
            fn from(params: $params) -> Self {
                Self::$name(params)
            }
        })*

        impl Compound for Band {
            fn part(&mut self, index: Option<usize>) -> Option<&mut dyn Fields> {
                match self {
                    $(Self::$name(params) => Compound::part(params, index),)*
                }
            }
        }

        impl Band {
            /// Checks every parameter against the stream.
            pub(crate) fn check(&self, spec: &StreamSpec) -> Result<(), Error> {
                match self {
                    $(Self::$name(params) => params.check_fields(spec.sample_rate_hz()),)*
                }
            }
        }

        impl BandParams for Band {
            const MAX_SECTIONS: usize = MAX_BAND_SECTIONS;

            fn sections(&self, sample_rate_hz: f64, design: Design) -> Sections {
                match self {
                    $(Self::$name(params) => params.sections(sample_rate_hz, design),)*
                }
            }
        }
    };
}

for_each_band!(band);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::unit::gain_to_db;

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let spec = StreamSpec::new(44_100.0, 2).unwrap();
        let refused = |band: Band| alloc::string::ToString::to_string(&band.check(&spec).unwrap_err());
        let bell = BellParams::default();
        assert_eq!(
            refused(BellParams { frequency_hz: 30_000.0, ..bell }.into()),
            "frequency_hz = 30000 is out of range: it must lie in 10..21609"
        );
        assert_eq!(refused(BellParams { q: 0.0, ..bell }.into()), "q = 0 is out of range: it must lie in 0.1..40");
        assert_eq!(
            refused(BellParams { gain_db: f64::NAN, ..bell }.into()),
            "gain_db = NaN is out of range: it must lie in -24..24"
        );
        assert_eq!(
            refused(HighPassParams { slope_db_per_octave: 13.0, ..Default::default() }.into()),
            "slope_db_per_octave = 13 is not allowed: it must be a multiple of 6, from 6 to 96"
        );
    }

    #[test]
    fn every_order_is_3_db_down_at_its_corner() {
        // SOUND 3.3: -3.01 dB ± 0.02.
        for order in 1..=16_u8 {
            let slope_db_per_octave = SLOPE_STEP_DB * f64::from(order);
            for design in [Design::Matched, Design::Cookbook] {
                let low = LowPassParams { frequency_hz: 1_000.0, slope_db_per_octave }.sections(48_000.0, design);
                let high = HighPassParams { frequency_hz: 1_000.0, slope_db_per_octave }.sections(48_000.0, design);
                for sections in [low, high] {
                    assert_eq!(sections.as_slice().len(), usize::from(order).div_ceil(2));
                    let corner_db = gain_to_db(sections.response(1_000.0, 48_000.0).norm());
                    assert!((corner_db + 3.0103).abs() <= 0.02, "order {order} {design:?}: {corner_db}");
                }
            }
        }
    }

    #[test]
    fn a_tilt_is_0_db_at_its_pivot_and_half_its_gain_at_the_ends() {
        let tilt = TiltParams { gain_db: 6.0, ..Default::default() }.sections(48_000.0, Design::Matched);
        let level_db = |hz| gain_to_db(tilt.response(hz, 48_000.0).norm());
        assert!(level_db(650.0).abs() < 1e-9);
        assert!((level_db(10.0) - 3.0).abs() < 0.01 && (level_db(23_000.0) + 3.0).abs() < 0.02);
    }
}
