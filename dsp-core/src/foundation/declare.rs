//! Declarations: `params!` for a set of settings, `choice!` for a setting that is one of a few words.

/// Declares settings: the struct with its documentation, `Default`, serialised form and [table](super::table).
///
/// ```text
/// params! {
///     /// Settings of a [`Thing`].
///     #[derive(Clone, Copy, Debug, PartialEq)]
///     ThingParams {
///         threshold_db: dBFS, -60.0..=0.0, default -18.0, "Level above which it acts";
///         attack_ms: ms, 0.02..=250.0, default 10.0, log, "Time to 63.2 %";
///         ratio: none, 1.0..=inf, default 4.0, log, "dB in per dB out";
///         corner_hz: Hz, 20.0..=500.0, default 0.0, off(0.0), "Corner of a high pass";
///         length_frames: frames as usize, 256.0..=4096.0, default 512, fixed, "Length";
///         detector: choice Detector, "Level detection";
///         invert: switch, default false, "Turns the waveform upside down";
///         bands: compound Vec<Band>, default Vec::new(), "The bands";
///     }
/// }
/// ```
/// The words after a default are those of [`Field`](super::field::Field): `log`, `off`, `of_rate`, `multiples`,
/// `one_of`, `fixed`, `costly`. `at_most |params| …` before the default makes the upper end depend on other settings. The unit
/// gives the scale unless `log` follows. Ranges are written as the documentation shows them, `inf` and `-inf` included;
/// infinite numbers serialise as words in text formats.
macro_rules! params {
    ($($(#[$meta:meta])* $name:ident { $($fields:tt)* })+) => {
        $(params! { @fields [$(#[$meta])* $name] [] $($fields)* })+
    };

    // Each field becomes { name, type, serde, default, field of the table, row of the documentation, … }.
    (@fields $head:tt [$($done:tt)*]
        $field:ident: switch, default $default:expr $(, $word:ident $(($($args:tt)*))?)*, $text:literal; $($rest:tt)*
    ) => {
        params! { @fields $head [$($done)* {
            $field, bool, [], $default, value, [],
            (crate::foundation::field::Field::new(
                stringify!($field),
                ["", $text],
                crate::foundation::field::Kind::Switch { default: $default },
            ) $(.$word($($($args)*)?))*),
            [$text], ["on or off" $(, params!(@word $word $(($($args)*))?))*], ["`", stringify!($default), "`"]
        }] $($rest)* }
    };
    (@fields $head:tt [$($done:tt)*]
        $field:ident: choice $type:ident $(, $word:ident $(($($args:tt)*))?)*, $text:literal; $($rest:tt)*
    ) => {
        params! { @fields $head [$($done)* {
            $field, $type, [], <$type>::default(), value, [],
            (crate::foundation::field::Field::new(
                stringify!($field),
                ["", $text],
                crate::foundation::field::Kind::Choice { words: $type::WORDS, default: $type::DEFAULT.word() },
            ) $(.$word($($($args)*)?))*),
            [$text],
            ["one of [`", stringify!($type), "`]" $(, params!(@word $word $(($($args)*))?))*],
            ["[`", stringify!($type), "::default`]"]
        }] $($rest)* }
    };
    (@fields $head:tt [$($done:tt)*]
        $field:ident: compound $type:ty, default $default:expr $(, $word:ident $(($($args:tt)*))?)*, $text:literal;
        $($rest:tt)*
    ) => {
        params! { @fields $head [$($done)* {
            $field, $type, [], $default, none, [],
            (crate::foundation::field::Field::new(
                stringify!($field),
                ["", $text],
                crate::foundation::field::Kind::Compound,
            ) $(.$word($($($args)*)?))*),
            [$text], ["`", stringify!($type), "`" $(, params!(@word $word $(($($args)*))?))*], ["`", stringify!($default), "`"]
        }] $($rest)* }
    };
    // Numbers, by which end of the range is infinite.
    (@fields $head:tt $done:tt $field:ident: $unit:tt $(as $type:ty)?, -inf..=$max:literal, $($rest:tt)*) => {
        params! { @number $head $done [$field, $unit, (f64), serde(with = "crate::foundation::unbounded")]
            [f64::NEG_INFINITY, $max] ["-inf..=", stringify!($max)] $($rest)* }
    };
    (@fields $head:tt $done:tt $field:ident: $unit:tt $(as $type:ty)?, $min:literal..=inf, $($rest:tt)*) => {
        params! { @number $head $done [$field, $unit, (f64), serde(with = "crate::foundation::unbounded")]
            [$min, f64::INFINITY] [stringify!($min), "..=inf"] $($rest)* }
    };
    (@fields $head:tt $done:tt $field:ident: $unit:tt as $type:ty, $min:literal..=$max:literal, $($rest:tt)*) => {
        params! { @number $head $done [$field, $unit, ($type),]
            [$min, $max] [stringify!($min), "..=", stringify!($max)] $($rest)* }
    };
    (@fields $head:tt $done:tt $field:ident: $unit:tt, $min:literal..=$max:literal, $($rest:tt)*) => {
        params! { @number $head $done [$field, $unit, (f64),]
            [$min, $max] [stringify!($min), "..=", stringify!($max)] $($rest)* }
    };
    (@number $head:tt [$($done:tt)*] [$field:ident, $unit:tt, ($type:ty), $($serde:tt)*]
        [$min:expr, $max:expr] [$($range:tt)*]
        $(at_most $limit:expr,)? default $default:expr $(, $word:ident $(($($args:tt)*))?)*, $text:literal; $($rest:tt)*
    ) => {
        params! { @fields $head [$($done)* {
            $field, $type, [$($serde)*], $default, value, [$($limit)?],
            (crate::foundation::field::Field::number(
                stringify!($field),
                [params!(@unit $unit), $text],
                params!(@scale $unit),
                [$min, $max, $default as f64],
            ) $(.$word($($($args)*)?))*),
            [$text],
            ["`", $($range)*, "`", params!(@after $unit) $(, params!(@word $word $(($($args)*))?))*],
            ["`", stringify!($default), "`"]
        }] $($rest)* }
    };

    (@fields [$(#[$meta:meta])* $name:ident] [$({
        $field:ident, $type:ty, [$($serde:meta)?], $default:expr, $access:ident, [$($limit:expr)?], ($entry:expr),
        [$text:literal], [$($range:tt)*], [$($shown:tt)*]
    })*]) => {
        $(#[$meta])*
        ///
        /// # Parameters
        /// | name | range | default |
        /// |---|---|---|
        $(#[doc = concat!(" | `", stringify!($field), "` | ", $($range)*, " | ", $($shown)*, " |")])*
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
        pub struct $name {
            $(
                #[doc = concat!(" ", $text, ".\n\n ", $($range)*, ", default ", $($shown)*, ".")]
                $(#[cfg_attr(feature = "serde", $serde)])?
                pub $field: $type,
            )*
        }

        #[allow(clippy::approx_constant, reason = "a default is the number that people read and type")]
        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        #[allow(clippy::approx_constant, clippy::unnecessary_cast, reason = "a default is the number that people type")]
        impl $name {
            /// The table of its parameters.
            pub const FIELDS: &'static [crate::foundation::field::Field] = &[$($entry),*];

            /// Takes over other settings, in the memory of lists that have room for them.
            #[allow(dead_code, clippy::assigning_clones, reason = "for settings of effects; lists keep their memory")]
            pub(crate) fn assign(&mut self, other: &Self) {
                $(self.$field.clone_from(&other.$field);)*
            }
        }

        impl crate::foundation::table::Compound for $name {
            fn part(&mut self, index: Option<usize>) -> Option<&mut dyn crate::foundation::table::Fields> {
                if index.is_none() { Some(self) } else { None }
            }
        }

        impl crate::foundation::table::Fields for $name {
            fn fields(&self) -> &'static [crate::foundation::field::Field] {
                Self::FIELDS
            }

            fn get(&self, name: &str) -> Option<crate::foundation::field::Value<'static>> {
                match name {
                    $(stringify!($field) => params!(@get $access self.$field),)*
                    _ => None,
                }
            }

            #[allow(unused_variables, reason = "settings without a parameter that has a single value")]
            fn set(
                &mut self,
                name: &str,
                value: crate::foundation::field::Value<'_>,
            ) -> Result<(), crate::foundation::error::Error> {
                match name {
                    $(stringify!($field) if params!(@set $access self.$field, value) => Ok(()),)*
                    _ => Err(crate::foundation::table::not_set(Self::FIELDS, name, value)),
                }
            }

            #[allow(unused_variables, reason = "settings without a compound parameter")]
            fn part(&mut self, name: &str, index: Option<usize>) -> Option<&mut dyn crate::foundation::table::Fields> {
                match name {
                    $(stringify!($field) => params!(@part $access part(self.$field, index)),)*
                    _ => None,
                }
            }

            #[allow(unused_variables, reason = "settings without a compound parameter")]
            fn entry(&mut self, list: &str, index: usize) -> Option<&mut f64> {
                match list {
                    $(stringify!($field) => params!(@part $access entry(self.$field, Some(index))),)*
                    _ => None,
                }
            }

            #[allow(unused_variables, reason = "few ranges depend on other settings")]
            fn limit(&self, name: &str) -> Option<crate::foundation::table::Limit> {
                $($(
                    if name == stringify!($field) {
                        let limit: fn(&Self) -> crate::foundation::table::Limit = $limit;
                        return Some(limit(self));
                    }
                )?)*
                None
            }
        }
    };

    (@part value $($rest:tt)*) => { None };
    (@part none $method:ident($place:expr, $index:expr)) => {
        crate::foundation::table::Compound::$method(&mut $place, $index)
    };
    (@get none $place:expr) => { None };
    (@get value $place:expr) => { Some(crate::foundation::table::Parameter::value($place)) };
    (@set none $place:expr, $value:expr) => { false };
    (@set value $place:expr, $value:expr) => {
        match crate::foundation::table::Parameter::from_value($value) {
            Some(value) => {
                $place = value;
                true
            }
            None => false,
        }
    };

    (@unit none) => { "" };
    (@unit dB_per_octave) => { "dB/octave" };
    (@unit dB_per_s) => { "dB/s" };
    (@unit $unit:tt) => { stringify!($unit) };
    (@after none) => { "" };
    (@after $unit:tt) => { concat!(" ", params!(@unit $unit)) };
    (@scale dB) => { crate::foundation::field::Scale::Decibel };
    (@scale dBFS) => { crate::foundation::field::Scale::Decibel };
    (@scale dBTP) => { crate::foundation::field::Scale::Decibel };
    (@scale LUFS) => { crate::foundation::field::Scale::Decibel };
    (@scale $unit:tt) => { crate::foundation::field::Scale::Linear };

    // Text of the documentation for each word of a declaration.
    (@word log) => { "" };
    (@word fixed) => { "; fixed while it runs" };
    (@word costly) => { "; no lane moves it" };
    (@word off($value:literal)) => { concat!(" or `", stringify!($value), "` (off)") };
    (@word of_rate($part:literal)) => { concat!(", at most ", stringify!($part), " of the sample rate") };
    (@word multiples($step:literal, $allowed:literal)) => { concat!(": ", $allowed) };
    (@word one_of($values:expr, $allowed:literal)) => { concat!(": ", $allowed) };
}
pub(crate) use params;

/// Declares a setting that is one of a few words, which serialise as such: `choice! { Mode, default Fast { Fast =
/// "fast", … } }`.
macro_rules! choice {
    ($(#[$meta:meta])* $name:ident, default $default:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[cfg_attr(feature = "serde", serde(rename = $word))]
                $variant,
            )*
        }

        impl $name {
            /// The default.
            pub const DEFAULT: Self = Self::$default;
            /// All words, as serialised.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word, as serialised.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::DEFAULT
            }
        }

        impl crate::foundation::table::Parameter for $name {
            fn value(self) -> crate::foundation::field::Value<'static> {
                crate::foundation::field::Value::Choice(self.word())
            }

            fn from_value(value: crate::foundation::field::Value<'_>) -> Option<Self> {
                match value {
                    $(crate::foundation::field::Value::Choice($word) => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use choice;
