//! Enums of every kind of band and one kind more.

/// An enum of every kind of band and one more kind, which takes the settings of all.
macro_rules! bands_and {
    (
        $(#[$doc:meta])* $enum:ident $text:literal { $(#[$other_doc:meta])* $other:ident($other_params:ident) }
    ) => {
        crate::filters::band_kinds::for_each_band!(
            crate::filters::band_enum::bands_and,
            @kinds [$(#[$doc])* $enum $text $(#[$other_doc])* $other($other_params)]
        );
    };
    (
        @kinds [$(#[$doc:meta])* $enum:ident $text:literal $(#[$other_doc:meta])* $other:ident($other_params:ident)]
        $($(#[$kind_doc:meta])* $name:ident($params:ident),)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum $enum {
            $($(#[$kind_doc])* $name(crate::filters::$params),)*
            $(#[$other_doc])* $other($other_params),
        }

        crate::foundation::tagged::tagged! {
            $enum $text { $($name(crate::filters::$params),)* $other($other_params), }
        }

        $(impl From<crate::filters::$params> for $enum {
            fn from(params: crate::filters::$params) -> Self {
                Self::$name(params)
            }
        })*

        impl From<crate::filters::Band> for $enum {
            fn from(band: crate::filters::Band) -> Self {
                match band {
                    $(crate::filters::Band::$name(params) => Self::$name(params),)*
                }
            }
        }

        impl From<$other_params> for $enum {
            fn from(params: $other_params) -> Self {
                Self::$other(params)
            }
        }

        impl crate::foundation::table::Compound for $enum {
            fn part(&mut self, index: Option<usize>) -> Option<&mut dyn crate::foundation::table::Fields> {
                match self {
                    $(Self::$name(params) => crate::foundation::table::Compound::part(params, index),)*
                    Self::$other(params) => crate::foundation::table::Compound::part(params, index),
                }
            }
        }

        impl $enum {
            /// The band itself, or the other kind.
            pub(crate) fn kind(&self) -> Result<crate::filters::Band, $other_params> {
                match *self {
                    Self::$other(params) => Err(params),
                    $(Self::$name(params) => Ok(params.into()),)*
                }
            }
        }
    };
}
pub(crate) use bands_and;
