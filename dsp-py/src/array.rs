//! The one place that knows numpy: arrays in, arrays out, never guessing the layout.

use crate::error::ShapeError;
use mixdown::{MAX_CHANNELS, Sample};
use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods, PyUntypedArray, PyUntypedArrayMethods};
use pyo3::{exceptions::PyTypeError, prelude::*};

/// Planar audio taken out of an array: channel after channel.
pub(crate) struct Planar<S> {
    pub(crate) samples: Vec<S>,
    pub(crate) channels: usize,
    pub(crate) frames: usize,
    /// The array had one axis.
    pub(crate) flat: bool,
}

impl<S: Sample> Planar<S> {
    /// The same with silence behind and below: `channels` channels of `frames` frames, no fewer than there are.
    pub(crate) fn padded(&self, channels: usize, frames: usize) -> Vec<S> {
        let mut padded = vec![S::ZERO; channels * frames];
        for (row, samples) in padded.chunks_mut(frames.max(1)).zip(self.samples.chunks(self.frames.max(1))) {
            row[..self.frames].copy_from_slice(samples);
        }
        padded
    }
}

/// Audio of either format.
pub(crate) enum Audio {
    F32(Planar<f32>),
    F64(Planar<f64>),
}

/// A sample format that numpy knows.
pub(crate) trait Number: Sample + Element {
    const NAME: &'static str;
    /// Takes audio of this format out of either.
    fn of(audio: Audio) -> Option<Planar<Self>>;
}

impl Number for f32 {
    const NAME: &'static str = "float32";
    fn of(audio: Audio) -> Option<Planar<Self>> {
        if let Audio::F32(planar) = audio { Some(planar) } else { None }
    }
}

impl Number for f64 {
    const NAME: &'static str = "float64";
    fn of(audio: Audio) -> Option<Planar<Self>> {
        if let Audio::F64(planar) = audio { Some(planar) } else { None }
    }
}

/// Runs `$body` with the planar audio of whichever format it is.
macro_rules! with_audio {
    ($audio:expr, $planar:ident => $body:expr) => {
        match $audio {
            $crate::array::Audio::F32($planar) => $body,
            $crate::array::Audio::F64($planar) => $body,
        }
    };
}
pub(crate) use with_audio;

/// Audio from `object`, called `name` in errors: a numpy float array of shape (channels, frames) or (frames,), or
/// anything that turns into one by `__array__` or `__dlpack__`.
pub(crate) fn read(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Audio> {
    if let Ok(array) = object.cast::<PyArrayDyn<f32>>() {
        return copy(array, name).map(Audio::F32);
    }
    if let Ok(array) = object.cast::<PyArrayDyn<f64>>() {
        return copy(array, name).map(Audio::F64);
    }
    let array = to_array(object, name)?;
    let dtype = array.getattr("dtype")?;
    let kind: String = dtype.getattr("kind")?.extract()?;
    let bytes: usize = dtype.getattr("itemsize")?.extract()?;
    let native = |dtype: &str| -> PyResult<Bound<'_, PyAny>> {
        array.py().import("numpy")?.call_method1("asarray", (&array, dtype))
    };
    match (kind.as_str(), bytes) {
        ("f", 4) => copy(native("float32")?.cast::<PyArrayDyn<f32>>()?, name).map(Audio::F32),
        ("f", 8) => copy(native("float64")?.cast::<PyArrayDyn<f64>>()?, name).map(Audio::F64),
        ("i" | "u" | "b", _) => Err(PyTypeError::new_err(format!(
            "{name} is {dtype}: audio is float32 or float64; mixdown.to_float({name}) converts whole numbers"
        ))),
        _ => Err(PyTypeError::new_err(format!("{name} is {dtype}: audio is float32 or float64"))),
    }
}

fn to_array<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let numpy = object.py().import("numpy")?;
    if object.cast::<PyUntypedArray>().is_ok() {
        Ok(object.clone())
    } else if object.hasattr("__array__")? {
        numpy.call_method1("asarray", (object,))
    } else if object.hasattr("__dlpack__")? {
        numpy.call_method1("from_dlpack", (object,))
    } else {
        Err(PyTypeError::new_err(format!("{name} is {}: audio is a numpy array", object.get_type().name()?)))
    }
}

fn copy<S: Number>(array: &Bound<'_, PyArrayDyn<S>>, name: &str) -> PyResult<Planar<S>> {
    let shape = array.shape();
    let (channels, frames) = match *shape {
        [frames] => (1, frames),
        [channels, frames] => (channels, frames),
        _ => {
            return Err(ShapeError::new_err(format!(
                "{name} has shape {shape:?}: audio is (channels, frames) or (frames,)"
            )));
        }
    };
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(ShapeError::new_err(format!(
            "{name} has {channels} rows: audio is (channels, frames) with 1..{MAX_CHANNELS} channels; \
             if its rows are frames, pass {name}.T"
        )));
    }
    let readonly = array.try_readonly().map_err(|error| ShapeError::new_err(format!("{name}: {error}")))?;
    // A slice of a Fortran-ordered array would be interleaved: only C order is planar.
    let samples = match readonly.as_slice() {
        Ok(samples) if array.is_c_contiguous() => samples.to_vec(),
        _ => readonly.as_array().iter().copied().collect(),
    };
    Ok(Planar { samples, channels, frames, flat: shape.len() == 1 })
}

/// A new array of `planar`; one axis if it came in so and is still mono.
pub(crate) fn write<'py, S: Number>(py: Python<'py>, planar: Planar<S>) -> PyResult<Bound<'py, PyAny>> {
    let Planar { samples, channels, frames, flat } = planar;
    let array = PyArray1::from_vec(py, samples);
    if flat && channels == 1 {
        return Ok(array.into_any());
    }
    Ok(array.reshape([channels, frames])?.into_any())
}

/// As [`write`], into `out` if it is given: an array of the same shape and format that may be written.
pub(crate) fn write_into<'py, S: Number>(
    py: Python<'py>,
    planar: Planar<S>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(out) = out else { return write(py, planar) };
    let array = out.cast::<PyUntypedArray>().map_err(|_| PyTypeError::new_err("out is not a numpy array"))?;
    if out.cast::<PyArrayDyn<S>>().is_err() {
        return Err(PyTypeError::new_err(format!("out is {}: it must be {}", array.dtype(), S::NAME)));
    }
    let expected =
        if planar.flat && planar.channels == 1 { vec![planar.frames] } else { vec![planar.channels, planar.frames] };
    if array.shape() != expected {
        return Err(ShapeError::new_err(format!("out has shape {:?}: it must be {expected:?}", array.shape())));
    }
    if !out.getattr("flags")?.getattr("writeable")?.extract::<bool>()? {
        return Err(ShapeError::new_err("out is read-only"));
    }
    let result = write(py, planar)?;
    py.import("numpy")?.call_method1("copyto", (out, result))?;
    Ok(out.clone())
}
