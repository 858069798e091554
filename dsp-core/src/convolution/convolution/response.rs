//! An impulse response as a value.

use crate::foundation::{
    error::{Error, in_range},
    sample::Sample,
    table::Compound,
};
use alloc::{sync::Arc, vec::Vec};
use core::fmt;

/// Parameter name in errors.
const PARAM: &str = "impulse_response";
/// Largest magnitude of a sample, +120 dBFS: sums of such products stay finite in f32.
const LARGEST: f64 = 1e6;

/// An impulse response of 1, 2 or 4 rows, shared by its clones.
///
/// ```
/// use mixdown::convolution::ImpulseResponse;
///
/// let echo = ImpulseResponse::from_rows(&[&[1.0_f32, 0.0, 0.5]])?;
/// assert_eq!((echo.rows(), echo.frames(), echo.row(0)), (1, 3, &[1.0, 0.0, 0.5][..]));
/// assert!(ImpulseResponse::from_rows(&[&[1.0_f64], &[1.0], &[1.0]]).is_err());
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone)]
pub struct ImpulseResponse {
    rows: usize,
    /// Row after row.
    samples: Arc<[f64]>,
    /// Hash of the samples: processors tell responses apart without holding them, since the last holder frees them.
    digest: u64,
}

/// The digest of samples, by multiplication and rotation of their bits.
fn digest(samples: &[f64]) -> u64 {
    samples.iter().fold(0x9E37_79B9_7F4A_7C15, |hash: u64, sample| {
        (hash ^ sample.to_bits()).wrapping_mul(0xD6E8_FEB8_6659_FD93).rotate_left(29)
    })
}

impl ImpulseResponse {
    /// From rows of equal length, at the sample rate of its stream.
    ///
    /// # Errors
    /// For other counts of rows than 1, 2 or 4; rows of different lengths or without samples; samples that are not
    /// finite or beyond ±10^6, whose row is named.
    pub fn from_rows<S: Sample>(rows: &[&[S]]) -> Result<Self, Error> {
        let frames = rows.first().map_or(0, |row| row.len());
        if let Some(other) = rows.iter().find(|row| row.len() != frames) {
            return Err(Error::Length { expected: frames, actual: other.len() });
        }
        Self::from_planar(rows.len(), rows.iter().flat_map(|row| row.iter().map(|sample| sample.to_f64())).collect())
    }

    /// From the samples of `rows` rows, one after the other.
    ///
    /// # Errors
    /// As [`from_rows`](Self::from_rows).
    pub fn from_planar(rows: usize, samples: Vec<f64>) -> Result<Self, Error> {
        if !matches!(rows, 1 | 2 | 4) {
            let param = "impulse_response (its rows)";
            return Err(Error::NotAllowed { param, index: None, value: rows as f64, allowed: "1, 2 or 4" });
        }
        if !samples.len().is_multiple_of(rows) {
            return Err(Error::Length { expected: samples.len() / rows * rows, actual: samples.len() });
        }
        let frames = samples.len() / rows;
        in_range("impulse_response (its length)", frames as f64, 1.0, f64::INFINITY)?;
        for (row, samples) in samples.chunks_exact(frames).enumerate() {
            for sample in samples {
                in_range(PARAM, *sample, -LARGEST, LARGEST).map_err(|error| error.at(row))?;
            }
        }
        Ok(Self { rows, digest: digest(&samples), samples: samples.into() })
    }

    /// Rows: 1, 2 or 4.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Samples of a row.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.samples.len() / self.rows
    }

    /// A number that differs for other samples, but for chances of 2^-64.
    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    /// The samples of a row.
    ///
    /// # Panics
    /// If there is no row `index`.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.samples[index * self.frames()..][..self.frames()]
    }
}

impl Default for ImpulseResponse {
    /// A unit impulse, which changes nothing.
    fn default() -> Self {
        Self { rows: 1, samples: Arc::new([1.0]), digest: digest(&[1.0]) }
    }
}

impl Compound for ImpulseResponse {}

impl PartialEq for ImpulseResponse {
    fn eq(&self, other: &Self) -> bool {
        // Clones share their samples, which are finite: no comparison needed.
        let same = self.rows == other.rows && self.digest == other.digest;
        same && (Arc::ptr_eq(&self.samples, &other.samples) || self.samples == other.samples)
    }
}

impl fmt::Debug for ImpulseResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImpulseResponse({} x {})", self.rows, self.frames())
    }
}

#[cfg(feature = "serde")]
mod text {
    //! `{"rows": 2, "format": "f32", "samples": "AACAPw…"}`: a list of a million numbers would take seconds to read.

    use super::{ImpulseResponse, Vec};
    use crate::convolution::convolution::base64;
    use core::fmt;
    use serde::{
        Deserialize, Deserializer, Serialize, Serializer,
        de::{Error, Visitor},
    };

    /// The numbers in `samples`, little-endian.
    #[derive(Clone, Copy, Default, Deserialize, Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Format {
        F32,
        #[default]
        F64,
    }

    /// Written as Base64; read as Base64, or as bytes from binary formats.
    struct Bytes(Vec<u8>);

    impl Serialize for Bytes {
        fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
            serializer.serialize_str(&base64::encode(&self.0))
        }
    }

    struct BytesVisitor;

    impl Visitor<'_> for BytesVisitor {
        type Value = Bytes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("samples as Base64 or bytes")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
            base64::decode(text).map(Bytes).ok_or_else(|| E::custom("samples are not Base64"))
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
            Ok(Bytes(bytes.to_vec()))
        }
    }

    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            // Formats that do not describe themselves return the bytes written.
            if deserializer.is_human_readable() {
                deserializer.deserialize_any(BytesVisitor)
            } else {
                deserializer.deserialize_str(BytesVisitor)
            }
        }
    }

    #[derive(Deserialize, Serialize)]
    #[serde(rename = "ImpulseResponse", deny_unknown_fields)]
    struct Text {
        rows: usize,
        #[serde(default)]
        format: Format,
        samples: Bytes,
    }

    impl Serialize for ImpulseResponse {
        fn serialize<T: Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
            let single = |sample: &f64| f64::from(*sample as f32).to_bits() == sample.to_bits();
            let (format, bytes): (_, Vec<u8>) = if self.samples.iter().all(single) {
                (Format::F32, self.samples.iter().flat_map(|sample| (*sample as f32).to_le_bytes()).collect())
            } else {
                (Format::F64, self.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect())
            };
            Text { rows: self.rows, format, samples: Bytes(bytes) }.serialize(serializer)
        }
    }

    impl<'de> Deserialize<'de> for ImpulseResponse {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let Text { rows, format, samples: Bytes(bytes) } = Text::deserialize(deserializer)?;
            let (singles, doubles) = (bytes.as_chunks::<4>(), bytes.as_chunks::<8>());
            let (samples, rest): (Vec<f64>, _) = match format {
                Format::F32 => (singles.0.iter().map(|x| f64::from(f32::from_le_bytes(*x))).collect(), singles.1),
                Format::F64 => (doubles.0.iter().map(|x| f64::from_le_bytes(*x)).collect(), doubles.1),
            };
            if !rest.is_empty() {
                return Err(D::Error::custom("samples end within a number"));
            }
            Self::from_planar(rows, samples).map_err(D::Error::custom)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{format, string::ToString, vec};

    #[test]
    fn invalid_responses_are_refused_by_name() {
        let refused = |rows, samples| ImpulseResponse::from_planar(rows, samples).unwrap_err().to_string();
        assert_eq!(refused(3, vec![0.0; 3]), "impulse_response (its rows) = 3 is not allowed: it must be 1, 2 or 4");
        assert_eq!(refused(0, vec![]), "impulse_response (its rows) = 0 is not allowed: it must be 1, 2 or 4");
        assert_eq!(refused(2, vec![]), "impulse_response (its length) = 0 is out of range: it must lie in 1..inf");
        assert_eq!(refused(2, vec![0.0; 3]), "length = 3 does not fit: 2 needed");
        assert_eq!(
            refused(2, vec![0.0, f64::NAN]),
            "impulse_response[1] = NaN is out of range: it must lie in -1000000..1000000"
        );
        assert_eq!(
            refused(1, vec![-1e7]),
            "impulse_response[0] = -10000000 is out of range: it must lie in -1000000..1000000"
        );
        let uneven = ImpulseResponse::from_rows(&[&[0.0_f32; 2][..], &[0.0; 3]]).unwrap_err();
        assert_eq!(uneven, Error::Length { expected: 2, actual: 3 });
    }

    #[test]
    fn equal_samples_are_equal_and_debug_is_short() {
        let long = ImpulseResponse::from_planar(2, vec![0.5; 200_000]).unwrap();
        assert_eq!(long, long.clone());
        assert_eq!(long, ImpulseResponse::from_planar(2, vec![0.5; 200_000]).unwrap());
        assert_ne!(long, ImpulseResponse::from_planar(4, vec![0.5; 200_000]).unwrap());
        assert_eq!(format!("{long:?}"), "ImpulseResponse(2 x 100000)");
    }
}
