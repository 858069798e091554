//! Enums of settings in every format: with a `type` beside the fields where text is read, by their variant's number
//! where a format does not describe itself, and so cannot look for a tag.

/// Implements `Serialize` and `Deserialize` for an enum, whose variants are given once more, with what serde is to know
/// about their fields: `tagged! { Effect "Effect" { Gain(GainParams), … } }`.
///
/// In formats for people (JSON, TOML) it is an object with a `type`. In others (postcard, bincode) it is the position
/// of the variant and its fields in order: such data belong to the version of the crate that wrote them, and to its
/// features.
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
