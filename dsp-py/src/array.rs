//! Conversion of numpy arrays, the only numpy code: arrays in, arrays out, never guessing the layout.

use crate::{
    error::{ShapeError, parameter},
    format::{Either, Format, Kind},
};
use mixdown::{Block, BlockMut, MAX_CHANNELS};
use numpy::{
    BorrowError, Element, PyArray1, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyReadonlyArray2,
    PyReadonlyArrayDyn, PyReadwriteArrayDyn, PyUntypedArray, PyUntypedArrayMethods,
    ndarray::{ArrayViewMut, Axis},
};
use pyo3::{
    exceptions::{PyException, PyTypeError},
    prelude::*,
    types::{IntoPyDict, PySequence, PyString},
};

/// Planar audio from an array: channel after channel.
pub(crate) struct Planar<S> {
    pub(crate) samples: Vec<S>,
    pub(crate) channels: usize,
    pub(crate) frames: usize,
    /// Whether the array had one axis.
    pub(crate) flat: bool,
}

/// Planar audio that is read where it lies: each channel in one piece, whatever lies between them. Nobody may write to it
/// meanwhile; what another thread of Python writes all the same may or may not be heard.
pub(crate) struct Lent<'py, S: Format> {
    array: PyReadonlyArrayDyn<'py, S>,
    pub(crate) channels: usize,
    pub(crate) frames: usize,
    /// Whether the array had one axis.
    pub(crate) flat: bool,
}

impl<S: Format> Lent<'_, S> {
    /// The samples of each channel, for [`Block::from_slices`].
    pub(crate) fn rows(&self) -> PyResult<Vec<&[S]>> {
        if self.flat || self.array.is_c_contiguous() {
            let samples = self.array.as_slice().map_err(|error| ShapeError::new_err(error.to_string()))?;
            let frames = self.frames;
            return Ok((0..self.channels).map(|channel| &samples[channel * frames..][..frames]).collect());
        }
        let row = |channel| self.array.as_array().index_axis_move(Axis(0), channel).to_slice();
        let rows: Option<_> = (0..self.channels).map(row).collect();
        rows.ok_or_else(|| ShapeError::new_err("the channels are not in one piece each"))
    }

    /// A new result that begins as a copy.
    pub(crate) fn copied<'py>(&self, py: Python<'py>) -> PyResult<Target<'py, S>> {
        let mut target = Target::new(py, (self.channels, self.frames, self.flat), None)?;
        target.fill(&self.rows()?)?;
        Ok(target)
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
            let hint = if shape.len() > 2 { format!("; of a batch give one item, {code}[0]") } else { String::new() };
            return Err(ShapeError::new_err(format!(
                "{name} has shape {shape:?}: audio is (channels, frames) or (frames,){hint}"
            )));
        }
    };
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(ShapeError::new_err(format!(
            "{name} has {channels} rows: audio is (channels, frames) with 1..{MAX_CHANNELS} channels; \
             if its rows are frames, pass {code}.T"
        )));
    }
    if is_aligned::<f32>(&array) || is_aligned::<f64>(&array) {
        return Ok(array);
    }
    Ok(array.call_method1("astype", (plain,))?.cast_into::<PyUntypedArray>()?)
}

/// Whether an array holds `S` in this machine's byte order, each at its alignment.
fn is_aligned<S: Format>(array: &Bound<'_, PyUntypedArray>) -> bool {
    let whole = |bytes: isize| bytes.unsigned_abs().is_multiple_of(align_of::<S>());
    array
        .cast::<PyArrayDyn<S>>()
        .is_ok_and(|own| whole(own.data() as isize) && own.strides().iter().all(|&step| whole(step)))
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
        let hint = if object.cast::<PyString>().is_ok() || object.hasattr("__fspath__")? {
            "; mixdown.read makes one of a file"
        } else if object.cast::<PySequence>().is_ok() {
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

/// Audio from `object` as [`conform`] allows it, read where it lies. Numpy copies what has a channel in several pieces,
/// or is being written to.
pub(crate) fn lend<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Either<Loan<'py>>> {
    let array = conform(object, name)?;
    if let Ok(array) = array.cast::<PyArrayDyn<f32>>() {
        return borrow(array).map(Either::F32);
    }
    borrow(array.cast::<PyArrayDyn<f64>>()?).map(Either::F64)
}

/// As [`lend`], in the format `S` of `other`, or refused.
pub(crate) fn lend_as<'py, S: Format>(object: &Bound<'py, PyAny>, name: &str, other: &str) -> PyResult<Lent<'py, S>> {
    borrow(&conform_as(object, name, other)?)
}

/// As [`conform`], in the format `S` of `other`, or refused.
pub(crate) fn conform_as<'py, S: Format>(
    object: &Bound<'py, PyAny>,
    name: &str,
    other: &str,
) -> PyResult<Bound<'py, PyArrayDyn<S>>> {
    let refuse = |_| PyTypeError::new_err(format!("{name} must be {} as {other} is", S::NAME));
    conform(object, name)?.cast_into::<PyArrayDyn<S>>().map_err(refuse)
}

fn borrow<'py, S: Format>(array: &Bound<'py, PyArrayDyn<S>>) -> PyResult<Lent<'py, S>> {
    let (channels, frames, flat) = axes(array);
    let lent = |array| Lent { array, channels, frames, flat };
    if let Some(array) = has_whole_rows(array).then(|| array.try_readonly().ok()).flatten() {
        return Ok(lent(array));
    }
    let copied = array.call_method1("copy", ("C",))?.cast_into::<PyArrayDyn<S>>()?;
    copied.try_readonly().map(lent).map_err(|error| ShapeError::new_err(error.to_string()))
}

/// Channels, frames, and whether there is one axis.
pub(crate) fn axes<S: Format>(array: &Bound<'_, PyArrayDyn<S>>) -> (usize, usize, bool) {
    match *array.shape() {
        [channels, frames] => (channels, frames, false),
        _ => (1, array.len(), true),
    }
}

/// Whether each channel is in one piece, apart from the others.
fn has_whole_rows<S: Format>(array: &Bound<'_, PyArrayDyn<S>>) -> bool {
    let size = size_of::<S>() as isize;
    array.is_c_contiguous()
        || match (array.shape(), array.strides()) {
            (&[_, frames], &[row, step]) => step == size && row.unsigned_abs() >= frames * size_of::<S>(),
            _ => false,
        }
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

/// A new array of audio, to be written whole.
pub(crate) fn empty<S: Format>(
    py: Python<'_>,
    channels: usize,
    frames: usize,
    flat: bool,
) -> PyResult<Bound<'_, PyArrayDyn<S>>> {
    empty_of(py, shape(channels, frames, flat))
}

/// A new array, to be written whole. Numpy asks for large pages, which take a thirtieth of the time to come.
pub(crate) fn empty_of<T: Element>(py: Python<'_>, shape: Vec<usize>) -> PyResult<Bound<'_, PyArrayDyn<T>>> {
    if shape.iter().product::<usize>() < FEW_SAMPLES {
        return Ok(PyArrayDyn::zeros(py, shape, false));
    }
    let array = py.import("numpy")?.call_method1("empty", (shape, T::get_dtype(py)))?;
    Ok(array.cast_into::<PyArrayDyn<T>>()?)
}

/// Samples up to which clearing an array takes less time than a call of Python.
const FEW_SAMPLES: usize = 8_192;

/// The array of a result: `out` itself, or a new one where there is none, where a channel of it is in several pieces, or
/// where it shares memory with what is lent meanwhile.
pub(crate) struct Target<'py, S: Format> {
    array: PyReadwriteArrayDyn<'py, S>,
    /// What the result has to be copied to.
    out: Option<Bound<'py, PyAny>>,
}

impl<'py, S: Format> Target<'py, S> {
    pub(crate) fn new(
        py: Python<'py>,
        (channels, frames, flat): (usize, usize, bool),
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        if let Some(out) = out {
            let own = fitting::<S>(out, &shape(channels, frames, flat))?;
            match own.try_readwrite() {
                Ok(array) if has_whole_rows(own) && is_aligned::<S>(own.as_untyped()) => {
                    return Ok(Self { array, out: None });
                }
                Err(BorrowError::NotWriteable) => return Err(ShapeError::new_err("out is read-only")),
                _ => {}
            }
        }
        let array = empty::<S>(py, channels, frames, flat)?;
        let array = array.try_readwrite().map_err(|error| ShapeError::new_err(error.to_string()))?;
        Ok(Self { array, out: out.cloned() })
    }

    /// A result of `channels` channels that begins as a copy of `audio`, then silence, or is `audio`.
    pub(crate) fn of(
        audio: &Bound<'py, PyArrayDyn<S>>,
        channels: usize,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let (_, frames, flat) = axes(audio);
        let is_own = out.is_some_and(|out| is_same(audio, out));
        let before = if is_own { None } else { Some(borrow(audio)?) };
        let mut target = Self::new(audio.py(), (channels, frames, flat), out)?;
        if is_own && target.out.is_none() {
            return Ok(target);
        }
        let lent = before.map_or_else(|| borrow(audio), Ok)?;
        target.fill(&lent.rows()?)?;
        Ok(target)
    }

    /// Copies audio into the first channels; silence into the others.
    fn fill(&mut self, rows: &[&[S]]) -> PyResult<()> {
        self.with(|block| {
            for channel in 0..block.channels() {
                match rows.get(channel) {
                    Some(row) => block.channel_mut(channel).copy_from_slice(row),
                    None => block.channel_mut(channel).fill(S::ZERO),
                }
            }
            Ok(())
        })
    }

    /// Writes the result.
    pub(crate) fn with<R>(&mut self, act: impl FnOnce(&mut BlockMut<'_, '_, S>) -> PyResult<R>) -> PyResult<R> {
        let channels = if self.array.ndim() == 1 { 1 } else { self.array.shape()[0] };
        if self.array.is_c_contiguous() {
            let samples = self.array.as_slice_mut().map_err(|error| ShapeError::new_err(error.to_string()))?;
            return act(&mut BlockMut::from_planar(samples, channels).map_err(parameter)?);
        }
        let mut array = self.array.as_array_mut();
        let mut rows: Vec<_> = array.axis_iter_mut(Axis(0)).filter_map(ArrayViewMut::into_slice).collect();
        act(&mut BlockMut::from_slices(&mut rows).map_err(parameter)?)
    }

    /// The first frames of a result in new memory, without the memory of the rest.
    pub(crate) fn cut(mut self, frames: usize) -> PyResult<Bound<'py, PyArrayDyn<S>>> {
        let (channels, all, flat) = axes(&self.array);
        let samples = self.array.as_slice_mut().map_err(|error| ShapeError::new_err(error.to_string()))?;
        for channel in 1..channels {
            samples.copy_within(channel * all..channel * all + frames, channel * frames);
        }
        let array = (**self.array).clone();
        drop(self.array);
        let unchecked = [("refcheck", false)].into_py_dict(array.py())?;
        array.call_method("resize", (shape(channels, frames, flat),), Some(&unchecked))?;
        Ok(array)
    }

    /// The result as an array.
    pub(crate) fn finish(self) -> PyResult<Bound<'py, PyAny>> {
        let array = (**self.array).clone();
        drop(self.array);
        copy_to(&array, self.out.as_ref())
    }
}

/// Copies a result into `out` if it is given.
pub(crate) fn copy_to<'py, S: Format>(
    result: &Bound<'py, PyArrayDyn<S>>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let Some(out) = out else { return Ok(result.clone().into_any()) };
    if matches!(fitting::<S>(out, result.shape())?.try_readwrite(), Err(BorrowError::NotWriteable)) {
        return Err(ShapeError::new_err("out is read-only"));
    }
    out.py().import("numpy")?.call_method1("copyto", (out, result))?;
    Ok(out.clone())
}

/// Whether both are the same samples in the same places.
fn is_same<S: Format>(audio: &Bound<'_, PyArrayDyn<S>>, other: &Bound<'_, PyAny>) -> bool {
    audio.is(other)
        || other.cast::<PyArrayDyn<S>>().is_ok_and(|other| {
            (audio.data(), audio.shape(), audio.strides()) == (other.data(), other.shape(), other.strides())
        })
}

/// `out` as an array that fits a result: of the same shape and format.
fn fitting<'a, 'py, S: Format>(out: &'a Bound<'py, PyAny>, shape: &[usize]) -> PyResult<&'a Bound<'py, PyArrayDyn<S>>> {
    let array = out.cast::<PyUntypedArray>().map_err(|_| PyTypeError::new_err("out is not a numpy array"))?;
    let Ok(own) = out.cast::<PyArrayDyn<S>>() else {
        return Err(PyTypeError::new_err(format!("out is {}: it must be {}", array.dtype(), S::NAME)));
    };
    if array.shape() != shape {
        return Err(ShapeError::new_err(format!("out has shape {:?}: it must be {shape:?}", array.shape())));
    }
    Ok(own)
}
