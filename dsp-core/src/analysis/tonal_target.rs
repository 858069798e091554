//! What the tonal balance of a programme is compared with: number ones, own references, or a curve.

use super::{
    bands::Bands,
    cells::Cells,
    error::AnalysisError,
    ltas::{self, Active, Gates, Part, median},
    spectra::Spectra,
    tonal_limits::TonalLimits,
    tone_curves::{self, HITS_DB, PERCUSSION_DB, PERCUSSION_PART, REGIONS, SLOPE_SPREAD_DB_PER_OCTAVE, SPREAD_DB},
};
use crate::foundation::{
    error::{Error, count_in, in_range},
    stream::MAX_SAMPLE_RATE_HZ,
    table::Fields,
};
use alloc::{string::String, vec::Vec};

/// Levels of thirds of an octave with their spread, to compare a programme with.
///
/// ```
/// use mixdown::analysis::TonalTarget;
///
/// let hits = TonalTarget::hits(0.0)?;
/// assert!((hits.slope_db_per_octave.unwrap() + 2.2).abs() < 0.1 && hits.references == 0);
/// # Ok::<(), mixdown::analysis::AnalysisError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TonalTarget {
    /// Its name in sentences.
    pub name: String,
    /// Programmes that it was made of; 0 for a curve.
    pub references: u32,
    /// Midbands, in Hz.
    pub frequencies_hz: Vec<f64>,
    /// Levels of thirds of an octave in dB, their median over the range of alignment 0; `None` where there is nothing.
    pub level_db: Vec<Option<f64>>,
    /// Spread of programmes; `None` of a single one, and of a curve without it.
    pub spread_db: Vec<Option<f64>>,
    /// Slope of the levels.
    pub slope_db_per_octave: Option<f64>,
    /// Spread of the slopes of programmes.
    pub slope_spread_db_per_octave: Option<f64>,
    /// Spread of the mean levels of the regions of the report.
    pub region_spread_db: Vec<Option<f64>>,
}

/// Fewest points of a curve.
const LEAST_POINTS: usize = 8;
/// Largest magnitude of the levels of a curve, in dB.
const LARGEST_DB: f64 = 200.0;

impl TonalTarget {
    /// Number ones of pop music; `percussion` from -1 (sparse) to 1 (heavy on drums).
    ///
    /// # Errors
    /// For another `percussion`.
    pub fn hits(percussion: f64) -> Result<Self, AnalysisError> {
        in_range("percussion", percussion, -1.0, 1.0)?;
        let shape = |hz: &f64| PERCUSSION_PART * percussion * tone_curves::at(PERCUSSION_DB, *hz);
        let hz = midbands();
        let levels: Vec<Option<f64>> = hz.iter().map(|hz| Some(tone_curves::at(HITS_DB, *hz) + shape(hz))).collect();
        let spread = hz.iter().map(|hz| Some(tone_curves::at(SPREAD_DB, *hz))).collect();
        let limits = TonalLimits::default();
        let mut target = Self::of_levels("hits", 0, hz, levels, spread, &limits);
        target.slope_spread_db_per_octave = Some(SLOPE_SPREAD_DB_PER_OCTAVE);
        Ok(target)
    }

    /// A curve: levels per third of an octave in dB at rising frequencies in Hz, and their spread if it is known. There
    /// is no target outside its range.
    ///
    /// # Errors
    /// For fewer than 8 points, frequencies that do not rise, and levels that are not finite.
    pub fn of_curve(
        name: &str,
        frequencies_hz: &[f64],
        levels_db: &[f64],
        spread_db: Option<&[f64]>,
    ) -> Result<Self, AnalysisError> {
        count_in("frequencies_hz", frequencies_hz.len(), LEAST_POINTS, usize::MAX)?;
        for other in [levels_db, spread_db.unwrap_or(levels_db)] {
            if other.len() != frequencies_hz.len() {
                return Err(Error::Length { expected: frequencies_hz.len(), actual: other.len() }.into());
            }
        }
        let mut lowest = f64::MIN_POSITIVE;
        for (index, hz) in frequencies_hz.iter().enumerate() {
            in_range("frequencies_hz", *hz, lowest, 0.5 * MAX_SAMPLE_RATE_HZ).map_err(|error| error.at(index))?;
            lowest = hz.next_up();
        }
        for (index, level) in levels_db.iter().enumerate() {
            in_range("levels_db", *level, -LARGEST_DB, LARGEST_DB).map_err(|error| error.at(index))?;
        }
        for (index, spread) in spread_db.unwrap_or_default().iter().enumerate() {
            in_range("spread_db", *spread, 0.0, LARGEST_DB).map_err(|error| error.at(index))?;
        }
        let hz = midbands();
        let (first, last) = (frequencies_hz[0], frequencies_hz[frequencies_hz.len() - 1]);
        let read = |values: &[f64]| -> Vec<Option<f64>> {
            let points: Vec<(f64, f64)> = frequencies_hz.iter().copied().zip(values.iter().copied()).collect();
            hz.iter().map(|hz| (first..=last).contains(hz).then(|| tone_curves::at(&points, *hz))).collect()
        };
        let spread = spread_db.map_or_else(|| alloc::vec![None; hz.len()], read);
        let levels = read(levels_db);
        Ok(Self::of_levels(name, 0, hz, levels, spread, &TonalLimits::default()))
    }

    /// A target from levels, whose median it takes away.
    fn of_levels(
        name: &str,
        references: u32,
        frequencies_hz: Vec<f64>,
        mut level_db: Vec<Option<f64>>,
        spread_db: Vec<Option<f64>>,
        limits: &TonalLimits,
    ) -> Self {
        let middle = aligned_median(&frequencies_hz, &level_db, limits).unwrap_or(0.0);
        level_db.iter_mut().flatten().for_each(|level| *level -= middle);
        let slope_db_per_octave = slope(&frequencies_hz, &level_db, limits);
        let region_spread_db = region_means(&frequencies_hz, &spread_db);
        Self {
            name: name.into(),
            references,
            frequencies_hz,
            level_db,
            spread_db,
            slope_db_per_octave,
            slope_spread_db_per_octave: None,
            region_spread_db,
        }
    }
}

/// A target made of references: their median, and their standard deviation about it.
///
/// # Errors
/// [`AnalysisError`] for none, or one of which less than 3 s sound.
pub fn tonal_target(references: &[&Spectra], limits: &TonalLimits) -> Result<TonalTarget, AnalysisError> {
    limits.check_fields(MAX_SAMPLE_RATE_HZ)?;
    count_in("references", references.len(), 1, usize::MAX)?;
    let measured: Vec<Vec<Option<f64>>> = references
        .iter()
        .map(|reference| thirds(reference, limits, "references").map(|(levels, _)| levels))
        .collect::<Result<_, _>>()?;
    let hz = midbands();
    // Aligned by themselves, then by their median.
    let mut aligned: Vec<Vec<Option<f64>>> = measured;
    for levels in &mut aligned {
        let middle = aligned_median(&hz, levels, limits).unwrap_or(0.0);
        levels.iter_mut().flatten().for_each(|level| *level -= middle);
    }
    let column = |aligned: &[Vec<Option<f64>>], band: usize| -> Vec<f64> {
        aligned.iter().filter_map(|levels| levels[band]).collect()
    };
    let middle = |aligned: &[Vec<Option<f64>>]| -> Vec<Option<f64>> {
        let enough = |values: Vec<f64>| if 2 * values.len() >= aligned.len() { median(values) } else { None };
        (0..hz.len()).map(|band| enough(column(aligned, band))).collect()
    };
    let centre = middle(&aligned);
    for levels in &mut aligned {
        let differences: Vec<Option<f64>> =
            levels.iter().zip(&centre).map(|(own, centre)| Some((*own)? - (*centre)?)).collect();
        let offset = aligned_median(&hz, &differences, limits).unwrap_or(0.0);
        levels.iter_mut().flatten().for_each(|level| *level -= offset);
    }
    let level_db = middle(&aligned);
    let spread_db = (0..hz.len()).map(|band| deviation(&column(&aligned, band))).collect();
    let count = u32::try_from(references.len()).unwrap_or(u32::MAX);
    let name = if count == 1 { "the reference" } else { "the references" };
    let slopes: Vec<f64> = aligned.iter().filter_map(|levels| slope(&hz, levels, limits)).collect();
    let regions: Vec<Vec<Option<f64>>> = aligned.iter().map(|levels| region_means(&hz, levels)).collect();
    let mut target = TonalTarget::of_levels(name, count, hz, level_db, spread_db, limits);
    target.slope_spread_db_per_octave = deviation(&slopes);
    target.region_spread_db = (0..REGIONS.len()).map(|region| deviation(&column(&regions, region))).collect();
    Ok(target)
}

/// Standard deviation; `None` of fewer than two values.
fn deviation(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (values.len() > 1).then(|| libm::sqrt(squares / (count - 1.0)))
}

/// Midbands of the thirds of an octave, in Hz.
pub(crate) fn midbands() -> Vec<f64> {
    Bands::thirds(&Cells::new(48_000.0)).centres_hz
}

/// Levels of the thirds of a programme, and its active part; `None` where it is not measurable.
pub(crate) fn thirds(
    programme: &Spectra,
    limits: &TonalLimits,
    argument: &'static str,
) -> Result<(Vec<Option<f64>>, Active), AnalysisError> {
    let active = Active::of(programme, Gates { floor_lufs: limits.floor_lufs, relative_lu: limits.gate_lu });
    active.at_least(argument, limits.least_s)?;
    let cells = programme.cells();
    let mean = ltas::mean_cells(programme, Part::Sum, active.all());
    let mut levels = ltas::levels(&mean, &Bands::thirds(cells), ltas::nyquist_hz(cells), 3.0);
    let loudest = levels.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    levels.iter_mut().for_each(|level| *level = level.filter(|level| *level > loudest - limits.range_db));
    Ok((levels, active))
}

/// The median of levels over the range of alignment; over all where there are none.
pub(crate) fn aligned_median(hz: &[f64], levels: &[Option<f64>], limits: &TonalLimits) -> Option<f64> {
    let within = |low: f64, high: f64| -> Vec<f64> {
        let bands = hz.iter().zip(levels).filter(|(hz, _)| (low..=high).contains(*hz));
        bands.filter_map(|(_, level)| *level).collect()
    };
    median(within(limits.align_low_hz, limits.align_high_hz)).or_else(|| median(within(0.0, f64::INFINITY)))
}

/// Slope of levels by least squares, in dB per octave; `None` of fewer than three bands.
pub(crate) fn slope(hz: &[f64], levels: &[Option<f64>], limits: &TonalLimits) -> Option<f64> {
    // The midbands of thirds lie beside the round numbers of the limits.
    let near = libm::exp2(1.0 / 12.0);
    let range = limits.slope_low_hz / near..=limits.slope_high_hz * near;
    let bands = hz.iter().zip(levels).filter(|(hz, _)| range.contains(*hz));
    let points: Vec<(f64, f64)> = bands.filter_map(|(hz, level)| Some((libm::log2(*hz), (*level)?))).collect();
    if points.len() < 3 {
        return None;
    }
    let count = points.len() as f64;
    let mean_x = points.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let products: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    let squares: f64 = points.iter().map(|(x, _)| (x - mean_x) * (x - mean_x)).sum();
    Some(products / squares)
}

/// Means of the bands of each region; `None` where there are none.
pub(crate) fn region_means(hz: &[f64], levels: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut low_hz = 0.0;
    let mean = |(_, high_hz): &(&str, f64)| {
        let inside = hz.iter().zip(levels).filter(|(hz, _)| (low_hz..*high_hz).contains(*hz));
        let values: Vec<f64> = inside.filter_map(|(_, level)| *level).collect();
        low_hz = *high_hz;
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    REGIONS.iter().map(mean).collect()
}
