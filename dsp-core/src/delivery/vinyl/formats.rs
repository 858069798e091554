//! Formats of records: the radii between which a side is cut, and its speed.

/// A format of record.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct VinylFormat {
    /// Its name, as "12in33".
    pub name: &'static str,
    /// Radius of the outermost recorded groove.
    pub outer_radius_mm: f64,
    /// Radius of the innermost recorded groove.
    pub inner_radius_mm: f64,
    /// Turns a minute.
    pub rpm: f64,
}

impl VinylFormat {
    /// Width of the recorded surface.
    #[must_use]
    pub fn span_mm(&self) -> f64 {
        self.outer_radius_mm - self.inner_radius_mm
    }

    /// Speed of the groove below the stylus at a radius.
    ///
    /// ```
    /// use mixdown::delivery::vinyl::vinyl_format;
    ///
    /// let format = vinyl_format("12in33").unwrap();
    /// assert!((format.groove_speed_m_per_s(format.outer_radius_mm) - 0.5107).abs() < 0.0001);
    /// ```
    #[must_use]
    pub fn groove_speed_m_per_s(&self, radius_mm: f64) -> f64 {
        2.0 * core::f64::consts::PI * 1e-3 * radius_mm * self.rpm / 60.0
    }
}

const fn format(name: &'static str, (outer_radius_mm, inner_radius_mm): (f64, f64), rpm: f64) -> VinylFormat {
    VinylFormat { name, outer_radius_mm, inner_radius_mm, rpm }
}

/// Radii of 12, 10 and 7 inches.
const TWELVE_MM: (f64, f64) = (146.3, 60.3);
const TEN_MM: (f64, f64) = (120.9, 57.6);
const SEVEN_MM: (f64, f64) = (84.15, 53.0);
/// 33 1/3 turns a minute.
const LONG_PLAY_RPM: f64 = 100.0 / 3.0;

/// The formats. Radii: IEC 60098 and JIS S 8502.
pub const VINYL_FORMATS: [VinylFormat; 6] = [
    format("12in33", TWELVE_MM, LONG_PLAY_RPM),
    format("12in45", TWELVE_MM, 45.0),
    format("10in33", TEN_MM, LONG_PLAY_RPM),
    format("10in45", TEN_MM, 45.0),
    format("7in33", SEVEN_MM, LONG_PLAY_RPM),
    format("7in45", SEVEN_MM, 45.0),
];

/// The format of this name; `None` if there is none.
#[must_use]
pub fn vinyl_format(name: &str) -> Option<&'static VinylFormat> {
    VINYL_FORMATS.iter().find(|format| format.name == name)
}
