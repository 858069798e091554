//! The parameter tables agree with the settings: names, defaults, ranges and words.

use mixdown::{dynamics::*, params::*, *};

/// At this rate every range has its full width.
const RATE_HZ: f64 = 384_000.0;

/// Default settings of every processor.
fn effects() -> Vec<(&'static str, Effect)> {
    macro_rules! defaults {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            vec![$((stringify!($name), <$params>::default().into())),*]
        };
    }
    for_each_processor!(defaults)
}

type Build = fn() -> Box<dyn Fields>;

/// Settings with a table: default ones of every processor, of strips and of delivery.
fn with_tables() -> Vec<(&'static str, Build)> {
    macro_rules! boxed {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            vec![
                $((stringify!($name), || Box::new(<$params>::default())),)*
                ("DynamicBand", || Box::new(DynamicBand::default())),
                ("Placed", || Box::new(filters::Placed::default())),
                ("Crossover", || Box::new(filters::CrossoverParams::default())),
                ("Track", || Box::new(StripParams::default())),
                ("Normalize", || Box::new(delivery::NormalizeParams::default())),
                ("Quantizer", || Box::new(delivery::QuantizerParams::default())),
                ("LoudnessMeter", || Box::new(meters::LoudnessParams::default())),
                ("LevelMeter", || Box::new(meters::LevelParams::default())),
                ("CorrelationMeter", || Box::new(meters::CorrelationParams::default())),
                ("SpectrumMeter", || Box::new(meters::SpectrumParams::default())),
                ("Delivery", || Box::new(delivery::DeliveryParams::default())),
            ]
        };
    }
    for_each_processor!(boxed)
}

fn numbers(settings: &dyn Fields) -> impl Iterator<Item = (&'static str, Number)> {
    settings.fields().iter().filter_map(|field| match field.kind {
        Kind::Number(number) => Some((field.name, number)),
        _ => None,
    })
}

#[test]
fn defaults_are_those_of_the_table_and_legal() {
    for (owner, default) in with_tables() {
        let settings = default();
        assert_eq!(settings.check_fields(RATE_HZ), Ok(()), "{owner}");
        for field in settings.fields() {
            let expected = match field.kind {
                Kind::Number(number) => Some(Value::Number(number.default)),
                Kind::Switch { default } => Some(Value::Switch(default)),
                Kind::Choice { default, words } => words.contains(&default).then_some(Value::Choice(default)),
                _ => None,
            };
            assert_eq!(settings.get(field.name), expected, "{owner}.{}", field.name);
            assert!(!field.summary.is_empty() && !field.summary.ends_with('.'), "{owner}.{}", field.name);
        }
    }
}

/// For ranges that depend on other settings, chooses these so that the whole range is legal.
fn widest(settings: &mut dyn Fields) {
    for name in ["t60_low_ratio", "t60_high_ratio"] {
        let _ = settings.set(name, 1.0.into());
    }
    // Of a delay: no more than the shortest maximum, and the longest maximum.
    for (name, value) in [("time_ms", 1.0), ("max_time_ms", 10_000.0)] {
        let _ = settings.set(name, value.into());
    }
    // A depth is limited by the delay of a chorus, and by the rate of a vibrato.
    let depths = [("voices", "delay_ms", 50.0, "depth_ms"), ("depth_cents", "rate_hz", 10.0, "depth_cents")];
    for (owns, wide, value, depth) in depths {
        if settings.get(owns).is_some() {
            settings.set(wide, value.into()).unwrap();
            settings.set(depth, 0.0.into()).unwrap();
        }
    }
}

#[test]
fn numbers_are_legal_up_to_the_ends_of_their_range_and_not_beyond() {
    for (owner, default) in with_tables() {
        for (name, number) in numbers(&*default()) {
            let verdict = |value: f64| {
                let mut settings = default();
                widest(&mut *settings);
                settings.set(name, value.into()).unwrap();
                assert!(settings.get(name) == Some(Value::Number(value)) || value.is_nan(), "{owner}.{name}");
                settings.check_fields(RATE_HZ)
            };
            for legal in [number.min, number.max, number.default].into_iter().chain(number.off) {
                assert_eq!(verdict(legal), Ok(()), "{owner}.{name} = {legal}");
            }
            if number.max_per_rate.is_none() {
                assert_eq!(number.range(8_000.0), [number.min, number.max]);
            }
            let whole = matches!(name, "bits" | "voices" | "oversample" | "stages" | "bands_per_octave");
            let beyond = [number.min - 1.0, number.max + 1.0].into_iter().chain((!whole).then_some(f64::NAN));
            for illegal in beyond.filter(|value| !value.is_infinite() && number.off != Some(*value)) {
                let error = verdict(illegal).expect_err(name).to_string();
                assert!(error.starts_with(&format!("{name} = {illegal} is ")), "{owner}: {error}");
                let off = number.off.map_or(String::new(), |off| format!(" or be {off} (off)"));
                assert!(error.ends_with(&off), "{owner}: {error}");
            }
        }
    }
}

#[test]
fn every_position_of_a_control_is_legal() {
    for (owner, default) in with_tables() {
        for (name, number) in numbers(&*default()) {
            for step in 0..=100 {
                let mut settings = default();
                widest(&mut *settings);
                settings.set(name, number.at(f64::from(step) / 100.0).into()).unwrap();
                assert_eq!(settings.check_fields(RATE_HZ), Ok(()), "{owner}.{name}");
            }
        }
    }
}

#[test]
fn a_value_of_another_kind_is_refused_and_changes_nothing() {
    for (owner, default) in with_tables() {
        let mut settings = default();
        for field in settings.fields() {
            let before = settings.get(field.name);
            for wrong in [Value::Number(0.5), Value::Switch(true), Value::Choice("no such word")] {
                let fits = match field.kind {
                    Kind::Number(_) => matches!(wrong, Value::Number(_)),
                    Kind::Switch { .. } => matches!(wrong, Value::Switch(_)),
                    _ => false,
                };
                if !fits {
                    let refused = settings.set(field.name, wrong);
                    assert!(matches!(refused, Err(Error::Mismatch { param, .. }) if param == field.name), "{owner}");
                    assert_eq!(settings.get(field.name), before, "{owner}.{}", field.name);
                }
            }
        }
        let unknown = settings.set("treshold_db", 0.0.into()).unwrap_err();
        assert_eq!(unknown.to_string(), "treshold_db is no parameter");
    }
}

#[test]
fn a_refusal_says_the_values_taken() {
    let mut compressor = Effect::from(CompressorParams::default());
    let mut refused = |name, value: Value<'_>| compressor.set(name, value).unwrap_err().to_string();
    assert_eq!(refused("ratio", "four".into()), "ratio = four is not allowed: it must be a number");
    assert_eq!(refused("detector", 1.0.into()), "detector = 1 is not allowed: it must be one of peak, rms, peak_hold");
    assert_eq!(refused("auto_makeup", 0.5.into()), "auto_makeup = 0.5 is not allowed: it must be true or false");
    let mut equalizer = filters::EqualizerParams::default();
    let error = equalizer.set("bands", 1.0.into()).unwrap_err();
    assert_eq!(error.to_string(), "bands = 1 is not allowed: it has parts and takes no single value");
    // Combinations have no parameters of their own.
    assert!(Effect::default().fields().is_empty());
    assert!(matches!(Effect::default().set("ratio", 2.0.into()), Err(Error::Unknown { .. })));
}

/// Fixed parameters are refused while the processor runs, and no others.
#[test]
fn fixed_parameters_need_another_processor() {
    for (owner, effect) in effects() {
        let spec = StreamSpec::new(48_000.0, 2).unwrap();
        for field in effect.fields() {
            let mut other = effect.clone();
            let value: Value<'_> = match (field.kind, effect.get(field.name)) {
                (Kind::Number(number), Some(Value::Number(value))) => {
                    let top = number.at(1.0);
                    if top == value { number.at(0.3) } else { top }.into()
                }
                (_, Some(Value::Switch(on))) => (!on).into(),
                // The layout of a response follows from its rows.
                (Kind::Choice { words, default }, Some(_)) if field.name != "layout" => {
                    (*words.iter().find(|word| **word != default).unwrap()).into()
                }
                _ => continue,
            };
            other.set(field.name, value).unwrap();
            if other.validate(&spec).is_err() {
                continue;
            }
            let changed = effect.build::<f32>(&spec).unwrap().set_params(&other);
            let refused = matches!(changed, Err(Error::NeedsRebuild { .. }));
            assert_eq!(refused, field.fixed, "{owner}.{}: {changed:?}", field.name);
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn parameters_serialise_under_their_names_and_words() {
    for (owner, effect) in effects() {
        let text = serde_json::to_value(&effect).unwrap();
        for field in effect.fields() {
            let serialised = text.get(field.name);
            if let Kind::Choice { words, .. } = field.kind {
                for word in words {
                    let mut other = text.clone();
                    other[field.name] = (*word).into();
                    let read: Effect = serde_json::from_value(other).unwrap();
                    assert_eq!(read.get(field.name), Some(Value::Choice(word)), "{owner}");
                }
            }
            assert!(serialised.is_some(), "{owner}.{}", field.name);
        }
    }
    // The tables themselves are for hosts in other languages.
    let field = serde_json::to_value(CompressorParams::FIELDS[3]).unwrap();
    assert_eq!((&field["name"], &field["kind"]["type"]), (&"attack_ms".into(), &"number".into()));
    assert_eq!((&field["kind"]["max"], &field["kind"]["scale"]), (&250.0.into(), &"logarithmic".into()));
}
