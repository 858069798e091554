//! Enums of settings in every format: with a `type` beside the fields in text; by the number of the variant in formats
//! that do not describe themselves, where a tag cannot be searched.

/// Implements `Serialize` and `Deserialize` for an enum. Its variants are repeated with the serde attributes of their
/// fields: `tagged! { Effect "Effect" { Gain(GainParams), … } }`.
///
/// In text formats (JSON, TOML) it is an object with a `type`. In others (postcard, bincode) it is the position of the
/// variant and its fields in order: such data belong to the version of the crate that wrote them, and to its features.
macro_rules! tagged {
    ($enum:ident $name:literal { $($variants:tt)* }) => {
        #[cfg(feature = "serde")]
        const _: () = {
            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(remote = $name, rename = $name, tag = "type")]
            enum Text { $($variants)* }

            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(remote = $name, rename = $name)]
            enum Binary { $($variants)* }

            impl serde::Serialize for $enum {
                fn serialize<T: serde::Serializer>(&self, serializer: T) -> Result<T::Ok, T::Error> {
                    if serializer.is_human_readable() {
                        Text::serialize(self, serializer)
                    } else {
                        Binary::serialize(self, serializer)
                    }
                }
            }

            impl<'de> serde::Deserialize<'de> for $enum {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    if deserializer.is_human_readable() {
                        Text::deserialize(deserializer)
                    } else {
                        Binary::deserialize(deserializer)
                    }
                }
            }
        };
    };
}
pub(crate) use tagged;
