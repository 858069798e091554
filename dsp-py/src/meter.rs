//! Meters: running ones for consecutive blocks, and mono compatibility of whole arrays.

use crate::{
    array::{self, Lent},
    error::{ParameterError, ShapeError, parameter},
    format::{Either, Format, Kind, with_either},
    interrupt::{Shared, in_chunks_with},
    settings::read,
};
use mixdown::{
    Block, Error, Meter, StreamSpec,
    meters::{
        BlockEnergies, Correlation, CorrelationParams, Level, LevelParams, Loudness, LoudnessParams, MonoFold,
        MonoFoldMeter, Spectrum, SpectrumParams,
    },
};
use numpy::IntoPyArray;
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyDict};

/// A kind of meters in both formats.
trait Meters: Kind {
    type Params: Sync;
    type Reading: Send;
    fn build<S: Format>(params: &Self::Params, spec: &StreamSpec) -> Result<Self::Of<S>, Error>;
    fn observe<S: Format>(meter: &mut Self::Of<S>, block: &Block<'_, '_, S>);
    fn reading<S: Format>(meter: &Self::Of<S>) -> Self::Reading;
}

macro_rules! meters {
    ($($name:ident: $params:ty, $reading:ty;)*) => {
        /// Kinds of meters.
        mod kinds {
            $(pub(super) struct $name;)*
        }
        $(
            impl Kind for kinds::$name {
                type Of<S: Format> = mixdown::meters::$name<S>;
            }

            impl Meters for kinds::$name {
                type Params = $params;
                type Reading = $reading;

                fn build<S: Format>(params: &$params, spec: &StreamSpec) -> Result<Self::Of<S>, Error> {
                    params.build(spec)
                }

                fn observe<S: Format>(meter: &mut Self::Of<S>, block: &Block<'_, '_, S>) {
                    meter.observe(block);
                }

                fn reading<S: Format>(meter: &Self::Of<S>) -> $reading {
                    meter.reading()
                }
            }
        )*
    };
}

meters! {
    LoudnessMeter: LoudnessParams, Loudness;
    LevelMeter: LevelParams, Level;
    CorrelationMeter: CorrelationParams, Correlation;
    SpectrumMeter: SpectrumParams, Spectrum;
}

/// A meter for consecutive blocks. Threads that use it at the same time wait for each other.
struct Running<M: Meters> {
    spec: StreamSpec,
    params: M::Params,
    /// `None` before the first block, which decides the format.
    meter: Shared<Option<Either<M>>>,
}

impl<M: Meters> Running<M>
where
    M::Of<f32>: Send,
    M::Of<f64>: Send,
{
    fn new(sample_rate_hz: f64, channels: usize, params: M::Params) -> PyResult<Self> {
        let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
        M::build::<f32>(&params, &spec).map_err(parameter)?;
        Ok(Self { spec, params, meter: Shared::new(None) })
    }

    fn observe(&self, py: Python<'_>, block: &Bound<'_, PyAny>) -> PyResult<()> {
        with_either!(array::lend(block, "block")?, lent => self.measure(py, &lent))
    }

    fn reading(&self, py: Python<'_>) -> PyResult<M::Reading> {
        let reading = self.meter.with(py, |meter| match meter {
            None => M::build::<f32>(&self.params, &self.spec).map(|meter| M::reading(&meter)),
            Some(Either::F32(meter)) => Ok(M::reading(meter)),
            Some(Either::F64(meter)) => Ok(M::reading(meter)),
        });
        reading.map_err(parameter)
    }

    fn reset(&self, py: Python<'_>) {
        self.meter.with(py, |meter| *meter = None);
    }

    fn measure<S: Format>(&self, py: Python<'_>, lent: &Lent<'_, S>) -> PyResult<()> {
        if lent.channels != self.spec.channels() {
            let (expected, actual) = (self.spec.channels(), lent.channels);
            return Err(ShapeError::new_err(format!("block has {actual} channels: the meter has {expected}")));
        }
        let rows = lent.rows()?;
        let block = Block::from_slices(&rows).map_err(parameter)?;
        refuse_non_finite(&block)?;
        let enter = || {
            let mut meter = self.meter.lock();
            if meter.is_none() {
                *meter = Some(S::wrap(M::build(&self.params, &self.spec).map_err(parameter)?));
            }
            if meter.as_mut().and_then(S::get_mut).is_none() {
                let message = format!("block is {}: earlier blocks were of the other format", S::NAME);
                return Err(PyTypeError::new_err(message));
            }
            Ok(meter)
        };
        in_chunks_with(py, lent.frames, enter, |meter, start, length| {
            if let Some(meter) = meter.as_mut().and_then(S::get_mut) {
                M::observe(meter, &block.frames_at(start, length));
            }
        })
    }
}

/// Refuses NaN and infinities: a meter must not count them as silence.
fn refuse_non_finite<S: Format>(block: &Block<'_, '_, S>) -> PyResult<()> {
    let bad = |samples: &[S]| samples.iter().filter(|sample| !sample.finite()).count();
    match (0..block.channels()).map(|channel| bad(block.channel(channel))).sum::<usize>() {
        0 => Ok(()),
        bad => Err(ParameterError::new_err(format!(
            "audio holds {bad} non-finite samples: NaN or infinite; numpy.nan_to_num(audio, posinf=0, neginf=0) makes \
             them 0"
        ))),
    }
}

macro_rules! running {
    ($(#[$doc:meta])* $name:ident, $dict:ident) => {
        $(#[$doc])*
        #[pyclass(module = "mixdown._core", frozen)]
        pub(crate) struct $name(Running<kinds::$name>);

        #[pymethods]
        impl $name {
            #[new]
            fn new(sample_rate_hz: f64, channels: usize, settings: &Bound<'_, PyAny>) -> PyResult<Self> {
                Ok(Self(Running::new(sample_rate_hz, channels, read(settings)?)?))
            }

            /// Measures the next block.
            fn observe(&self, py: Python<'_>, block: &Bound<'_, PyAny>) -> PyResult<()> {
                self.0.observe(py, block)
            }

            /// Everything measured so far, by the names of the reading in Rust.
            fn reading<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
                $dict(py, self.0.reading(py)?)
            }

            /// Clears all state.
            fn reset(&self, py: Python<'_>) {
                self.0.reset(py);
            }
        }
    };
}

running!(
    /// A loudness meter.
    LoudnessMeter,
    loudness_dict
);
running!(
    /// A meter of peaks, RMS and clipped samples.
    LevelMeter,
    level_dict
);
running!(
    /// A meter of the correlation of two channels.
    CorrelationMeter,
    correlation_dict
);

running!(
    /// A meter of the spectrum in bands of a fraction of an octave.
    SpectrumMeter,
    spectrum_dict
);

impl LoudnessMeter {
    /// K-weighted energies of the blocks of 400 ms measured so far; `None` before the first block.
    pub(crate) fn block_energies(&self) -> Option<BlockEnergies> {
        self.0.meter.lock().as_ref().map(|running| with_either!(running, meter => meter.block_energies().clone()))
    }
}

/// Loudness of several programmes as one album: the gates run over the union of their blocks.
#[pyfunction]
pub(crate) fn album_loudness(py: Python<'_>, meters: Vec<Py<LoudnessMeter>>) -> f64 {
    let meters: Vec<&LoudnessMeter> = meters.iter().map(Py::get).collect();
    py.detach(|| {
        let energies: Vec<BlockEnergies> = meters.iter().filter_map(|meter| meter.block_energies()).collect();
        mixdown::meters::album_loudness(&energies)
    })
}

/// What each third of an octave of two channels loses in mono, by the names of `MonoFold`; bands as columns.
#[pyfunction]
pub(crate) fn mono_fold<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
) -> PyResult<Bound<'py, PyDict>> {
    with_either!(array::lend(audio, "audio")?, lent => fold(py, &lent, sample_rate_hz))
}

fn fold<'py, S: Format>(py: Python<'py>, lent: &Lent<'_, S>, sample_rate_hz: f64) -> PyResult<Bound<'py, PyDict>> {
    let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
    if lent.channels != 2 {
        let message = format!("audio has {} channels: mono compatibility is of 2", lent.channels);
        return Err(ShapeError::new_err(message));
    }
    let rows = lent.rows()?;
    let block = Block::from_slices(&rows).map_err(parameter)?;
    refuse_non_finite(&block)?;
    let mut meter = MonoFoldMeter::<S>::new(&spec).map_err(parameter)?;
    in_chunks_with(py, lent.frames, || Ok(()), |(), start, length| meter.observe(&block.frames_at(start, length)))?;
    let MonoFold { loss_db, bands } = py.detach(|| meter.reading());
    let dict = PyDict::new(py);
    dict.set_item("loss_db", loss_db)?;
    let rows =
        bands.iter().map(|band| (band.centre_hz, band.level_db, band.loss_db, band.correlation, band.is_flagged));
    dict.set_item("bands", rows.collect::<Vec<_>>())?;
    Ok(dict)
}

fn level_dict(py: Python<'_>, reading: Level) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("peak_dbfs", reading.peak_dbfs)?;
    dict.set_item("sample_peak_dbfs", reading.sample_peak_dbfs)?;
    dict.set_item("rms_dbfs", reading.rms_dbfs)?;
    dict.set_item("overall_rms_dbfs", reading.overall_rms_dbfs)?;
    dict.set_item("clipped_samples", reading.clipped_samples)?;
    dict.set_item("clips", reading.clips)?;
    let channels = reading.channels.iter().map(|channel| {
        let dict = PyDict::new(py);
        dict.set_item("peak_dbfs", channel.peak_dbfs)?;
        dict.set_item("sample_peak_dbfs", channel.sample_peak_dbfs)?;
        dict.set_item("rms_dbfs", channel.rms_dbfs)?;
        dict.set_item("overall_rms_dbfs", channel.overall_rms_dbfs)?;
        dict.set_item("clipped_samples", channel.clipped_samples)?;
        dict.set_item("clips", channel.clips)?;
        PyResult::Ok(dict)
    });
    dict.set_item("channels", channels.collect::<PyResult<Vec<_>>>()?)?;
    Ok(dict)
}

fn correlation_dict(py: Python<'_>, reading: Correlation) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("correlation", reading.correlation)?;
    dict.set_item("overall", reading.overall)?;
    dict.set_item("balance_db", reading.balance_db)?;
    Ok(dict)
}

/// A reading with its bands as columns.
fn spectrum_dict(py: Python<'_>, reading: Spectrum) -> PyResult<Bound<'_, PyDict>> {
    let column = |of: fn(&mixdown::meters::SpectrumBand) -> f64| {
        reading.bands.iter().map(of).collect::<Vec<_>>().into_pyarray(py)
    };
    let dict = PyDict::new(py);
    dict.set_item("centres_hz", column(|band| band.centre_hz))?;
    dict.set_item("levels_db", column(|band| band.level_db))?;
    dict.set_item("running_db", column(|band| band.running_db))?;
    dict.set_item("highest_db", column(|band| band.highest_db))?;
    Ok(dict)
}

/// A reading by the names of `Loudness`, its curves as arrays.
pub(crate) fn loudness_dict<'py>(py: Python<'py>, reading: Loudness) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("integrated_lufs", reading.integrated_lufs)?;
    dict.set_item("loudness_range_lu", reading.loudness_range_lu)?;
    dict.set_item("max_momentary_lufs", reading.max_momentary_lufs)?;
    dict.set_item("max_short_term_lufs", reading.max_short_term_lufs)?;
    dict.set_item("true_peak_dbtp", reading.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY))?;
    dict.set_item("sample_peak_dbfs", reading.sample_peak_dbfs)?;
    dict.set_item("plr_lu", reading.plr_lu)?;
    dict.set_item("min_psr_lu", reading.min_psr_lu)?;
    dict.set_item("momentary_lufs", reading.momentary_lufs.into_pyarray(py))?;
    dict.set_item("short_term_lufs", reading.short_term_lufs.into_pyarray(py))?;
    dict.set_item("times_s", reading.times_s.into_pyarray(py))?;
    Ok(dict)
}
