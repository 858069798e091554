//! The two sample formats, f32 and f64, and a holder of values in either.

use mixdown::Sample;
use numpy::Element;

/// A kind of values that exist per sample format: planar audio, a processor, a meter.
pub(crate) trait Kind {
    type Of<S: Format>;
}

/// One of a kind in either format.
pub(crate) enum Either<K: Kind> {
    F32(K::Of<f32>),
    F64(K::Of<f64>),
}

/// A sample format of numpy.
pub(crate) trait Format: Sample + Element {
    /// Its name in numpy.
    const NAME: &'static str;
    fn wrap<K: Kind>(one: K::Of<Self>) -> Either<K>;
    fn get_mut<K: Kind>(either: &mut Either<K>) -> Option<&mut K::Of<Self>>;
}

macro_rules! format {
    ($sample:ty, $name:literal, $variant:ident) => {
        impl Format for $sample {
            const NAME: &'static str = $name;

            fn wrap<K: Kind>(one: K::Of<Self>) -> Either<K> {
                Either::$variant(one)
            }

            fn get_mut<K: Kind>(either: &mut Either<K>) -> Option<&mut K::Of<Self>> {
                if let Either::$variant(one) = either { Some(one) } else { None }
            }
        }
    };
}

format!(f32, "float32", F32);
format!(f64, "float64", F64);

/// Runs `$body` with the value, in either format.
macro_rules! with_either {
    ($either:expr, $one:pat => $body:expr) => {
        match $either {
            $crate::format::Either::F32($one) => $body,
            $crate::format::Either::F64($one) => $body,
        }
    };
}
pub(crate) use with_either;

/// The [`Either`] built by `$build` in the numpy format `$dtype`, and its name.
macro_rules! build_either {
    ($dtype:expr, $build:expr) => {
        match $dtype {
            <f32 as $crate::format::Format>::NAME => {
                Ok(($crate::format::Either::F32($build), <f32 as $crate::format::Format>::NAME))
            }
            <f64 as $crate::format::Format>::NAME => {
                Ok(($crate::format::Either::F64($build), <f64 as $crate::format::Format>::NAME))
            }
            other => Err($crate::error::ParameterError::new_err(::std::format!(
                "dtype = {other} is not allowed: it must be float32 or float64"
            ))),
        }
    };
}
pub(crate) use build_either;
