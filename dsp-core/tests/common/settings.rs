//! Random settings of every effect, and other ones to change to, from the parameter tables.

use mixdown::{
    convolution::*,
    dynamics::*,
    filters::*,
    params::{Kind, Number},
    *,
};
use proptest::{
    prelude::*,
    sample::select,
    strategy::Union,
    test_runner::{Config, TestRng, TestRunner},
};

/// Ranges in which a law can be tested: legal at 44.1 kHz, with tails and times that fit the signals of the tests and
/// levels about those of their noise. Without an owner, for every parameter of the name.
const NARROWED: &[(&str, &str, [f64; 2])] = &[
    ("", "frequency_hz", [30.0, 18_000.0]),
    ("", "q", [0.3, 8.0]),
    ("", "key_low_pass_hz", [50.0, 18_000.0]),
    ("", "release_ms", [5.0, 500.0]),
    ("Gain", "gain_db", [f64::NEG_INFINITY, 20.0]),
    ("DynamicShape", "gain_db", [-12.0, 12.0]),
    ("DynamicBand", "threshold_db", [-60.0, 0.0]),
    ("DynamicBand", "attack_ms", [0.02, 50.0]),
    ("Expander", "threshold_db", [-40.0, 0.0]),
    ("Expander", "ratio", [1.0, 20.0]),
    ("Expander", "attack_ms", [0.02, 50.0]),
    ("Expander", "hold_ms", [0.0, 100.0]),
    ("Gate", "threshold_db", [-20.0, -12.0]),
    ("Gate", "attack_ms", [0.02, 50.0]),
    ("Gate", "hold_ms", [0.0, 100.0]),
    // Echoes within the length of a signal, and below the shortest maximum.
    ("Delay", "time_ms", [0.02, 60.0]),
    ("Delay", "max_time_ms", [60.0, 100.0]),
    ("Delay", "feedback", [-0.7, 0.7]),
    // With notes of these tempos every rate is legal, and with these delays and rates every depth.
    ("", "tempo_bpm", [100.0, 130.0]),
    ("Chorus", "delay_ms", [11.0, 50.0]),
    ("Vibrato", "rate_hz", [3.0, 20.0]),
    ("Vibrato", "depth_cents", [0.0, 60.0]),
    ("TransientShaper", "slow_ms", [10.0, 100.0]),
    ("Reverb", "t60_s", [0.1, 0.4]),
    ("Reverb", "t60_low_ratio", [0.2, 1.5]),
    ("Plate", "decay", [0.0, 0.9]),
    ("LinearPhaseEqualizer", "length_ms", [5.0, 42.0]),
    ("Convolution", "predelay_ms", [0.0, 60.0]),
    // Less of either is a longer response, for which a running processor has no memory.
    ("Convolution", "trim_ms", [0.0, 0.0]),
    ("Convolution", "decay", [1.0, 1.0]),
];

/// Words of a parameter with which a law can be tested, as others make times or rates out of range.
const NARROWED_WORDS: (&str, &[&str]) = ("note", &["off", "1/4", "1/8d", "1/2t"]);

/// The words with which a choice is tested.
fn narrowed_words(field: &Field, words: &'static [&'static str]) -> &'static [&'static str] {
    if field.name == NARROWED_WORDS.0 { NARROWED_WORDS.1 } else { words }
}

/// The layout of the rows follows from the response; notes of a delay are longer than the signals of the tests.
const HELD: [(&str, &str); 2] = [("Convolution", "layout"), ("Delay", "note")];

/// The range in which a number is tested.
fn narrowed(owner: &str, field: &Field, number: Number) -> Number {
    let own = |(of, name, _): &&(&str, &str, _)| (of.is_empty() || *of == owner) && *name == field.name;
    NARROWED.iter().filter(own).fold(number, |number, (_, _, range)| number.within(*range))
}

/// Values of a parameter: over its whole scale, with extra weight on its ends, its default, and off.
fn values(owner: &str, field: &Field) -> Option<BoxedStrategy<params::Value<'static>>> {
    match field.kind {
        _ if HELD.contains(&(owner, field.name)) => None,
        Kind::Number(number) => {
            let number = narrowed(owner, field, number);
            let anywhere = (0.0..1.0).prop_map(move |position| number.at(position)).boxed();
            let mut choices = vec![(6, anywhere), (1, Just(number.at(0.0)).boxed()), (1, Just(number.at(1.0)).boxed())];
            if (number.min..=number.max).contains(&number.default) {
                choices.push((2, Just(number.default).boxed()));
            }
            choices.extend(number.off.map(|off| (4, Just(off).boxed())));
            Some(Union::new_weighted(choices).prop_map_into().boxed())
        }
        Kind::Switch { default } => Some(prop_oneof![3 => Just(default), 1 => Just(!default)].prop_map_into().boxed()),
        Kind::Choice { words, .. } => Some(select(narrowed_words(field, words)).prop_map_into().boxed()),
        _ => None,
    }
}

/// `base` with random values of all parameters of its table.
fn from_table<T: Fields + Clone + std::fmt::Debug + 'static>(owner: &str, base: T) -> BoxedStrategy<T> {
    let (names, values): (Vec<_>, Vec<_>) =
        base.fields().iter().filter_map(|field| Some((field.name, values(owner, field)?))).unzip();
    let set = move |values: Vec<params::Value<'static>>| {
        let mut settings = base.clone();
        names.iter().zip(values).for_each(|(name, value)| settings.set(name, value).unwrap());
        settings
    };
    values.prop_map(set).boxed()
}

macro_rules! defaults {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// The processors of the list: name, default and neutral settings.
        fn listed() -> Vec<(&'static str, Effect, Option<Effect>)> {
            vec![$((stringify!($name), <$params>::default().into(), <$params>::neutral().map(Effect::from))),*]
        }
    };
}
for_each_processor!(defaults);

/// Random settings of a processor of the list.
fn sampled(name: &str) -> BoxedStrategy<Effect> {
    let (name, default, _) = listed().into_iter().find(|(listed, ..)| *listed == name).unwrap();
    from_table(name, default).prop_flat_map(with_parts).boxed()
}

/// The same settings with random bands, crossovers or responses, if it has them.
fn with_parts(effect: Effect) -> BoxedStrategy<Effect> {
    match effect {
        Effect::Equalizer(p) => prop::collection::vec(equalizer_band(vec![Place::Stereo]), 0..6)
            .prop_map(move |bands| EqualizerParams { bands, ..p.clone() }.into())
            .boxed(),
        Effect::LinearPhaseEqualizer(p) => prop::collection::vec(band(), 0..3)
            .prop_map(move |bands| LinearPhaseEqualizerParams { bands, ..p.clone() }.into())
            .boxed(),
        Effect::DynamicEqualizer(_) => {
            let fixed = band().prop_map(DynamicEqualizerBand::from);
            prop::collection::vec(prop_oneof![3 => dynamic_band(), 1 => fixed], 0..5)
                .prop_map(|bands| DynamicEqualizerParams { bands }.into())
                .boxed()
        }
        Effect::MultibandCompressor(p) => {
            // Five rises by 3 from 80 Hz are still below half the lowest rate.
            let crossovers = prop::collection::vec(1.3..3.0, 1..=5);
            let bands = prop::collection::vec(from_table("Compressor", CompressorParams::default()), 6);
            let alone = prop_oneof![3 => Just(None), 1 => (0_usize..2).prop_map(Some)];
            let bypassed = prop_oneof![3 => Just(vec![]), 1 => Just(vec![0]), 1 => Just(vec![1, 0])];
            (crossovers, bands, alone, bypassed)
                .prop_map(move |(rises, mut bands, solo, bypassed)| {
                    let up = |from: &mut f64, rise: f64| {
                        *from *= rise;
                        Some(*from)
                    };
                    let crossovers_hz: Vec<f64> = rises.into_iter().scan(80.0, up).collect();
                    bands.truncate(crossovers_hz.len() + 1);
                    MultibandCompressorParams { crossovers_hz, bands, solo, bypassed, ..p.clone() }.into()
                })
                .boxed()
        }
        Effect::Convolution(p) => (select(vec![1, 2, 4]), prop_oneof![1..200_usize, 1_000..4_000_usize])
            .prop_map(move |(rows, frames)| {
                let samples = (0..rows as u64).flat_map(|row| super::decay(7 + row, frames)).collect();
                let impulse_response = ImpulseResponse::from_planar(rows, samples).unwrap();
                ConvolutionParams { impulse_response, ..p.clone() }.into()
            })
            .boxed(),
        other => Just(other).boxed(),
    }
}

macro_rules! bands {
    ($($name:ident: $params:ident)*) => {
        /// A band of any kind.
        fn band() -> BoxedStrategy<Band> {
            prop_oneof![$(from_table(stringify!($name), $params::default()).prop_map(Band::from)),*].boxed()
        }

    };
}
bands! {
    Bell: BellParams
    LowShelf: LowShelfParams
    HighShelf: HighShelfParams
    LowPass: LowPassParams
    HighPass: HighPassParams
    BandPass: BandPassParams
    Notch: NotchParams
    AllPass: AllPassParams
    Tilt: TiltParams
}

/// A band of an equalizer, some of them placed or switched off.
fn equalizer_band(places: Vec<Place>) -> BoxedStrategy<EqualizerBand> {
    let placed = (band(), select(places), prop_oneof![3 => Just(true), 1 => Just(false)])
        .prop_map(|(band, place, enabled)| Placed { band, place, enabled }.into());
    prop_oneof![2 => band().prop_map(EqualizerBand::from), 1 => placed].boxed()
}

/// A band whose gain follows a level.
fn dynamic_band() -> BoxedStrategy<DynamicEqualizerBand> {
    const OWNER: &str = "DynamicShape";
    let shape = prop_oneof![
        from_table(OWNER, BellParams::default()).prop_map(DynamicShape::from),
        from_table(OWNER, LowShelfParams::default()).prop_map(DynamicShape::from),
        from_table(OWNER, HighShelfParams::default()).prop_map(DynamicShape::from),
        from_table(OWNER, TiltParams::default()).prop_map(DynamicShape::from),
    ];
    (from_table("DynamicBand", DynamicBand::default()), shape)
        .prop_map(|(band, shape)| DynamicBand { shape, ..band }.into())
        .boxed()
}

/// One effect of the list, or a combination.
pub struct Entry {
    pub name: &'static str,
    pub settings: BoxedStrategy<Effect>,
    /// The neutral setting, if there is one.
    pub neutral: Option<Effect>,
    /// Whether each channel is processed by itself, with the same filter or gain on all.
    pub per_channel: bool,
}

/// Effects whose channels depend on each other.
const LINKED: &[&str] = &[
    "Delay",
    "Reverb",
    "Plate",
    "Convolution",
    "Chorus",
    "Pan",
    "Width",
    "DynamicEqualizer",
    "Compressor",
    "DeEsser",
    "MultibandCompressor",
    "Expander",
    "Gate",
    "Limiter",
    // By its automatic gain.
    "Saturator",
    "TransientShaper",
    // One channel has no second phase.
    "Tremolo",
];

/// Every effect.
pub fn entries() -> Vec<Entry> {
    let mono = prop_oneof![sampled("Gain"), sampled("Equalizer"), sampled("HighPass")].boxed();
    let series = prop::collection::vec(mono.clone(), 0..4).boxed();
    let entry = |(name, _, neutral)| {
        let per_channel = !LINKED.contains(&name);
        Entry { name, settings: sampled(name), neutral, per_channel }
    };
    let mut entries: Vec<_> = listed().into_iter().map(entry).collect();
    entries.push(Entry {
        name: "Chain",
        settings: series.clone().prop_map(|effects| Effect::Chain { effects }).boxed(),
        neutral: Some(Effect::default()),
        per_channel: true,
    });
    entries.push(Entry {
        name: "Parallel",
        settings: prop::collection::vec((mono.clone(), -30.0..6.0), 1..4)
            .prop_map(|branches| {
                let (effects, gains_db) = branches.into_iter().unzip();
                Effect::Parallel { effects, gains_db }
            })
            .boxed(),
        neutral: Some(Effect::Parallel { effects: vec![Effect::default()], gains_db: vec![] }),
        per_channel: true,
    });
    entries.push(Entry {
        name: "MidSide",
        settings: (series.clone(), series).prop_map(|(mid, side)| Effect::MidSide { mid, side }).boxed(),
        neutral: Some(Effect::MidSide { mid: vec![], side: vec![] }),
        per_channel: false,
    });
    // Places that treat left and right alike.
    let placed = equalizer_band(vec![Place::Mid, Place::Side]);
    entries.push(Entry {
        name: "Placed",
        settings: prop::collection::vec(placed, 1..6)
            .prop_map(|bands| EqualizerParams { bands, ..Default::default() }.into())
            .boxed(),
        neutral: None,
        per_channel: false,
    });
    let quiet = levels::GainParams { gain_db: -7.0, ..Default::default() };
    entries.push(Entry {
        name: "Bypass",
        settings: mono.prop_map(|effect| Effect::Bypass { effect: Box::new(effect) }).boxed(),
        neutral: Some(Effect::Bypass { effect: Box::new(quiet.into()) }),
        per_channel: true,
    });
    entries
}

/// Checks a law on `cases` random settings of every effect: the same ones each time.
pub fn for_all(cases: u32, law: impl Fn(&Entry, Effect)) {
    for entry in entries() {
        let config = Config { cases, failure_persistence: None, ..Config::default() };
        let rng = TestRng::deterministic_rng(config.rng_algorithm);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let outcome = runner.run(&entry.settings, |effect| {
            law(&entry, effect);
            Ok(())
        });
        if let Err(failure) = outcome {
            panic!("{}: {failure}", entry.name);
        }
    }
}

/// Input channel counts of an effect, from a few.
pub fn channel_counts(effect: &Effect) -> Vec<usize> {
    [1, 2, 3, 6].into_iter().filter(|&channels| effect.output_channels(channels).is_ok()).collect()
}

/// Changes every parameter that is not fixed: numbers to the mirror image on their scale, off to on.
fn move_all(owner: &str, settings: &mut dyn Fields) {
    for field in settings.fields().iter().filter(|field| !field.fixed && !HELD.contains(&(owner, field.name))) {
        let Some(value) = settings.get(field.name) else { continue };
        let other = match (field.kind, value) {
            (Kind::Number(number), params::Value::Number(value)) => {
                let number = narrowed(owner, field, number);
                let mirrored = number.at(1.0 - number.position(value));
                if mirrored == value { number.at(0.25) } else { mirrored }.into()
            }
            (_, params::Value::Switch(on)) => (!on).into(),
            (Kind::Choice { words, .. }, params::Value::Choice(word)) => {
                let next = narrowed_words(field, words).iter().cycle().skip_while(|other| **other != word).nth(1);
                (*next.unwrap()).into()
            }
            (kind, value) => panic!("{kind:?} has the value {value:?}"),
        };
        settings.set(field.name, other).unwrap();
    }
}

/// Other settings of the same shape, for a user's change. Bands are added, removed and change their kind.
pub fn moved(effect: &Effect) -> Effect {
    let mut other = effect.clone();
    let bell = BellParams { frequency_hz: 700.0, gain_db: 7.0, q: 2.0 };
    match &mut other {
        Effect::Equalizer(EqualizerParams { bands, .. }) => {
            bands.pop();
            bands.insert(0, bell.into());
        }
        Effect::LinearPhaseEqualizer(LinearPhaseEqualizerParams { bands, .. }) => {
            bands.pop();
            bands.insert(0, bell.into());
        }
        Effect::DynamicEqualizer(p) => {
            for band in &mut p.bands {
                if let DynamicEqualizerBand::DynamicBand(band) = band {
                    if let DynamicShape::Bell(shape) = &mut band.shape {
                        move_all("DynamicShape", shape);
                    }
                    move_all("DynamicBand", band);
                }
            }
            if p.bands.len() > 2 {
                p.bands.remove(1);
                p.bands.push(bell.into());
            }
        }
        Effect::MultibandCompressor(p) => {
            p.crossovers_hz.iter_mut().for_each(|hz| *hz *= 0.7);
            p.solo = if p.solo.is_none() { Some(1) } else { None };
            p.bypassed = if p.bypassed.is_empty() { vec![0] } else { vec![] };
            p.bands.iter_mut().for_each(|band| move_all("Compressor", band));
        }
        Effect::Chain { effects } => effects.iter_mut().for_each(|effect| *effect = moved(effect)),
        Effect::Parallel { effects, gains_db } => {
            effects.iter_mut().for_each(|effect| *effect = moved(effect));
            gains_db.iter_mut().for_each(|gain_db| *gain_db -= 3.0);
        }
        Effect::MidSide { mid, side } => mid.iter_mut().chain(side).for_each(|effect| *effect = moved(effect)),
        _ => {}
    }
    move_all(name(&other), &mut other);
    other
}

macro_rules! names {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// The name of a processor's settings in the list; none for a combination.
        fn name(effect: &Effect) -> &'static str {
            match effect {
                $(Effect::$name(_) => stringify!($name),)*
                _ => "",
            }
        }
    };
}
for_each_processor!(names);
