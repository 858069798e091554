//! Conversion of numpy arrays, the only numpy code: arrays in, arrays out, never guessing the layout.

use crate::{
    error::{ShapeError, parameter},
    format::{Either, Format, Kind},
};
use mixdown::{Block, MAX_CHANNELS};
use numpy::{
    PyArray1, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArray2, PyReadonlyArrayDyn, PyUntypedArray,
    PyUntypedArrayMethods,
};
use pyo3::{
    exceptions::{PyException, PyTypeError},
    prelude::*,
    types::{PySequence, PyString},
};

/// Planar audio from an array: channel after channel.
pub(crate) struct Planar<S> {
    pub(crate) samples: Vec<S>,
    pub(crate) channels: usize,
    pub(crate) frames: usize,
    /// Whether the array had one axis.
    pub(crate) flat: bool,
}

/// Planar audio as one of a [`Kind`].
pub(crate) struct Audio;

impl Kind for Audio {
    type Of<S: Format> = Planar<S>;
}

/// Planar audio that is read where it lies, in an array in C order. Nobody may write to it meanwhile; what another
/// thread of Python writes all the same may or may not be heard.
pub(crate) struct Lent<'py, S: Format> {
    array: PyReadonlyArrayDyn<'py, S>,
    pub(crate) channels: usize,
    pub(crate) frames: usize,
    /// Whether the array had one axis.
    pub(crate) flat: bool,
}

impl<S: Format> Lent<'_, S> {
    pub(crate) fn block(&self) -> PyResult<Block<'_, '_, S>> {
        let samples = self.array.as_slice().map_err(|error| ShapeError::new_err(error.to_string()))?;
        Block::from_planar(samples, self.channels).map_err(parameter)
    }

    /// A copy, extended with silence to `channels` channels of `frames` frames, no fewer than there are.
    pub(crate) fn padded(&self, channels: usize, frames: usize) -> PyResult<Vec<S>> {
        let (block, mut padded) = (self.block()?, vec![S::ZERO; channels * frames]);
        for (channel, row) in padded.chunks_mut(frames.max(1)).enumerate().take(self.channels) {
            row[..self.frames].copy_from_slice(block.channel(channel));
        }
        Ok(padded)
    }
}

/// Lent audio as one of a [`Kind`].
pub(crate) struct Loan<'py>(core::marker::PhantomData<&'py ()>);

impl<'py> Kind for Loan<'py> {
    type Of<S: Format> = Lent<'py, S>;
}

/// The one rule for audio arguments: `object`, called `name` in errors, as a numpy array of float32 or float64 in this
/// machine's byte order, of shape (channels, frames) or (frames,), 1 to 64 channels. An array that fits is not copied;
/// anything with `__array__` or `__dlpack__` is converted.
pub(crate) fn conform<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
    let array = to_array(object, name)?;
    // "audio of 'kick'" is `audio` in code.
    let code = name.split(' ').next().unwrap_or(name);
    let dtype = array.dtype();
    let plain = match (dtype.kind(), dtype.itemsize()) {
        (b'f', 4) => "float32",
        (b'f', 8) => "float64",
        (b'i' | b'u', _) => {
            return Err(PyTypeError::new_err(format!(
                "{name} is {dtype}: audio is float32 or float64; mixdown.to_float({code}) converts whole numbers"
            )));
        }
        _ => return Err(PyTypeError::new_err(format!("{name} is {dtype}: audio is float32 or float64"))),
    };
    let shape = array.shape();
    let channels = match *shape {
        [_] => 1,
        [channels, _] => channels,
        _ => {
            return Err(ShapeError::new_err(format!(
                "{name} has shape {shape:?}: audio is (channels, frames) or (frames,)"
            )));
        }
    };
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(ShapeError::new_err(format!(
            "{name} has {channels} rows: audio is (channels, frames) with 1..{MAX_CHANNELS} channels; \
             if its rows are frames, pass {code}.T"
        )));
    }
    let aligned: bool = array.getattr("flags")?.getattr("aligned")?.extract()?;
    if aligned && dtype.is_native_byteorder().unwrap_or(true) {
        return Ok(array);
    }
    Ok(array.call_method1("astype", (plain,))?.cast_into::<PyUntypedArray>()?)
}

fn to_array<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
    let py = object.py();
    if let Ok(array) = object.cast_exact::<PyUntypedArray>() {
        return Ok(array.clone());
    }
    let numpy = py.import("numpy")?;
    if object.is_instance(&numpy.getattr("ma")?.getattr("MaskedArray")?)? {
        return Err(PyTypeError::new_err(format!("{name} is MaskedArray: audio has no mask; its filled() has none")));
    }
    let convert = if object.hasattr("__array__")? {
        "asarray"
    } else if object.hasattr("__dlpack__")? {
        "from_dlpack"
    } else {
        let kind = object.get_type().name()?;
        let hint = if object.cast::<PySequence>().is_ok() && object.cast::<PyString>().is_err() {
            "; numpy.array makes one of a sequence"
        } else if object.hasattr("__float__")? {
            "; audio comes first, then its rate"
        } else {
            ""
        };
        return Err(PyTypeError::new_err(format!("{name} is {kind}: audio is a numpy array{hint}")));
    };
    let array = numpy.call_method1(convert, (object,)).map_err(|error| {
        if !error.is_instance_of::<PyException>(py) {
            return error;
        }
        let told = PyTypeError::new_err(format!("{name} does not turn into a numpy array: {}", error.value(py)));
        told.set_cause(py, Some(error));
        told
    })?;
    Ok(array.cast_into::<PyUntypedArray>()?)
}

/// Audio from `object`, copied, as [`conform`] allows it.
pub(crate) fn read(object: &Bound<'_, PyAny>, name: &str) -> PyResult<Either<Audio>> {
    let array = conform(object, name)?;
    if let Ok(array) = array.cast::<PyArrayDyn<f32>>() {
        return copy(array, name).map(Either::F32);
    }
    copy(array.cast::<PyArrayDyn<f64>>()?, name).map(Either::F64)
}

/// Audio from `object` as [`conform`] allows it, read where it lies; what is not planar is copied by numpy.
pub(crate) fn lend<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Either<Loan<'py>>> {
    let mut array = conform(object, name)?;
    if !array.is_c_contiguous() {
        let numpy = object.py().import("numpy")?;
        array = numpy.call_method1("ascontiguousarray", (array,))?.cast_into::<PyUntypedArray>()?;
    }
    if let Ok(array) = array.cast::<PyArrayDyn<f32>>() {
        return borrow(array, name).map(Either::F32);
    }
    borrow(array.cast::<PyArrayDyn<f64>>()?, name).map(Either::F64)
}

/// As [`lend`], in the format `S` of `other`, or refused.
pub(crate) fn lend_as<'py, S: Format>(object: &Bound<'py, PyAny>, name: &str, other: &str) -> PyResult<Lent<'py, S>> {
    let refuse = || PyTypeError::new_err(format!("{name} must be {} as {other} is", S::NAME));
    S::take(lend(object, name)?).ok_or_else(refuse)
}

fn borrow<'py, S: Format>(array: &Bound<'py, PyArrayDyn<S>>, name: &str) -> PyResult<Lent<'py, S>> {
    let (channels, frames, flat) = match *array.shape() {
        [channels, frames] => (channels, frames, false),
        _ => (1, array.len(), true),
    };
    let array = array.try_readonly().map_err(|error| ShapeError::new_err(format!("{name}: {error}")))?;
    Ok(Lent { array, channels, frames, flat })
}

/// As [`read`], in the format `S` of `other`, or refused.
pub(crate) fn read_as<S: Format>(object: &Bound<'_, PyAny>, name: &str, other: &str) -> PyResult<Planar<S>> {
    let refuse = || PyTypeError::new_err(format!("{name} must be {} as {other} is", S::NAME));
    S::take(read(object, name)?).ok_or_else(refuse)
}

fn copy<S: Format>(array: &Bound<'_, PyArrayDyn<S>>, name: &str) -> PyResult<Planar<S>> {
    let (channels, frames, flat) = match *array.shape() {
        [channels, frames] => (channels, frames, false),
        _ => (1, array.len(), true),
    };
    let readonly = array.try_readonly().map_err(|error| ShapeError::new_err(format!("{name}: {error}")))?;
    // A slice of a Fortran-ordered array would be interleaved: only C order is planar.
    let samples = match readonly.as_slice() {
        Ok(samples) if array.is_c_contiguous() => samples.to_vec(),
        _ => readonly.as_array().iter().copied().collect(),
    };
    Ok(Planar { samples, channels, frames, flat })
}

/// Audio that is read in place: the tracks of a mix are too large to be copied. It must be a C-contiguous array of
/// shape (channels, frames) that nothing writes to.
pub(crate) fn lent<'a, S: Format>(array: &'a PyReadonlyArray2<'_, S>, name: &str) -> PyResult<Block<'a, 'a, S>> {
    let samples = array.as_slice().map_err(|error| ShapeError::new_err(format!("{name}: {error}")))?;
    Block::from_planar(samples, array.shape()[0]).map_err(parameter)
}

/// Any array that is acceptable as audio; see `conform`.
#[pyfunction]
pub(crate) fn as_array<'py>(value: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
    to_array(value, name)
}

/// Audio as an array for all of the package's own code; see `conform`.
#[pyfunction]
pub(crate) fn as_audio<'py>(value: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyUntypedArray>> {
    conform(value, name)
}

/// A new array of `planar`; one axis if it came in so and is still mono.
pub(crate) fn write<S: Format>(py: Python<'_>, planar: Planar<S>) -> PyResult<Bound<'_, PyArrayDyn<S>>> {
    let Planar { samples, channels, frames, flat } = planar;
    PyArray1::from_vec(py, samples).reshape(shape(channels, frames, flat))
}

/// The shape of an array of audio: one axis if it came in so and is still mono.
fn shape(channels: usize, frames: usize, flat: bool) -> Vec<usize> {
    if flat && channels == 1 { vec![frames] } else { vec![channels, frames] }
}

/// A new array, to be written whole. Numpy asks for large pages, which take a thirtieth of the time to come.
pub(crate) fn empty<S: Format>(
    py: Python<'_>,
    channels: usize,
    frames: usize,
    flat: bool,
) -> PyResult<Bound<'_, PyArrayDyn<S>>> {
    let array = py.import("numpy")?.call_method1("empty", (shape(channels, frames, flat), S::NAME))?;
    Ok(array.cast_into::<PyArrayDyn<S>>()?)
}

/// Refuses an `out` that does not fit audio: it must be a writable array of the same shape and format.
pub(crate) fn check_out<S: Format>(
    channels: usize,
    frames: usize,
    flat: bool,
    out: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let Some(out) = out else { return Ok(()) };
    let array = out.cast::<PyUntypedArray>().map_err(|_| PyTypeError::new_err("out is not a numpy array"))?;
    if out.cast::<PyArrayDyn<S>>().is_err() {
        return Err(PyTypeError::new_err(format!("out is {}: it must be {}", array.dtype(), S::NAME)));
    }
    let expected = shape(channels, frames, flat);
    if array.shape() != expected {
        return Err(ShapeError::new_err(format!("out has shape {:?}: it must be {expected:?}", array.shape())));
    }
    if !out.getattr("flags")?.getattr("writeable")?.extract::<bool>()? {
        return Err(ShapeError::new_err("out is read-only"));
    }
    Ok(())
}

/// Copies a result into `out` if it is given; see [`check_out`].
pub(crate) fn copy_to<'py, S: Format>(
    result: Bound<'py, PyArrayDyn<S>>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(out) = out else { return Ok(result.into_any()) };
    let (channels, frames, flat) = match *result.shape() {
        [channels, frames] => (channels, frames, false),
        _ => (1, result.len(), true),
    };
    check_out::<S>(channels, frames, flat, Some(out))?;
    result.py().import("numpy")?.call_method1("copyto", (out, &result))?;
    Ok(out.clone())
}
