//! Settings of every processor: the defaults, and some drawn by the tables of parameters.

use crate::signal::Random;
use alloc::{vec, vec::Vec};
use mixdown::{Effect, Fields, Params, StreamSpec, convolution::*, dynamics::*, filters::*, params::Kind};

/// Draws until a setting can be built; refused ones break a rule between two parameters.
const DRAWS: u64 = 200;
/// Longest linear-phase filter and longest delay, for time and memory.
const LONGEST_FILTER_MS: f64 = 42.0;
const LONGEST_DELAY_MS: f64 = 500.0;
/// Bands of an equalizer: enough for every lane of a cascade.
const BANDS: usize = 9;
/// Frames of an impulse response: enough for transforms.
const RESPONSE_FRAMES: usize = 1_500;

/// The settings of `number`: for 0 the defaults, with parts where the default has none.
pub(crate) fn drawn(default: &Effect, number: u64, spec: &StreamSpec) -> Option<Effect> {
    let once = |draw: u64| {
        let mut random = Random::new(1_000 * number + draw);
        let mut effect = default.clone();
        fill_all(&mut effect, number > 0, &mut random, spec);
        effect
    };
    (0..DRAWS).map(once).find(|effect| effect.build::<f32>(spec).is_ok())
}

/// Draws the settings of a processor, or of all members of a combination; only their parts unless `numbers`.
fn fill_all(effect: &mut Effect, numbers: bool, random: &mut Random, spec: &StreamSpec) {
    match effect {
        Effect::Chain { effects } | Effect::Parallel { effects, .. } => {
            effects.iter_mut().for_each(|effect| fill_all(effect, numbers, random, spec));
        }
        Effect::MidSide { mid, side } => {
            mid.iter_mut().chain(side).for_each(|effect| fill_all(effect, numbers, random, spec));
        }
        Effect::Bypass { effect } => fill_all(effect, numbers, random, spec),
        leaf => {
            if numbers {
                fill(leaf, random, spec);
            }
            fill_parts(leaf, random, spec);
        }
    }
}

/// Draws every parameter of a table: numbers over their whole scale.
fn fill(settings: &mut dyn Fields, random: &mut Random, spec: &StreamSpec) {
    for field in settings.fields() {
        let refused = match field.kind {
            Kind::Number(number) => {
                let off = number.off.filter(|_| random.below(3) == 0);
                let range = number.within(number.range(spec.sample_rate_hz()));
                settings.set(field.name, off.unwrap_or_else(|| range.at(random.unit())).into())
            }
            Kind::Switch { .. } => settings.set(field.name, (random.below(2) == 0).into()),
            Kind::Choice { words, .. } => settings.set(field.name, words[random.below(words.len())].into()),
            _ => Ok(()),
        };
        // A fraction for a whole number: it keeps its default.
        let _ = refused;
    }
}

fn filled<T: Fields + Default>(random: &mut Random, spec: &StreamSpec) -> T {
    let mut settings = T::default();
    fill(&mut settings, random, spec);
    settings
}

macro_rules! one_of {
    ($random:ident, $spec:ident, $($params:ident)*) => {{
        let kinds: &[fn(&mut Random, &StreamSpec) -> _] = &[$(|random, spec| filled::<$params>(random, spec).into()),*];
        kinds[$random.below(kinds.len())]($random, $spec)
    }};
}

fn band(random: &mut Random, spec: &StreamSpec) -> Band {
    one_of!(random, spec, BellParams LowShelfParams HighShelfParams LowPassParams HighPassParams BandPassParams
        NotchParams AllPassParams TiltParams)
}

fn dynamic_band(random: &mut Random, spec: &StreamSpec) -> DynamicBand {
    let shape = one_of!(random, spec, BellParams LowShelfParams HighShelfParams TiltParams);
    DynamicBand { shape, ..filled(random, spec) }
}

/// Draws bands, crossovers and responses, and shortens what would take long.
fn fill_parts(effect: &mut Effect, random: &mut Random, spec: &StreamSpec) {
    match effect {
        Effect::Equalizer(params) => {
            let places = [Place::Mid, Place::Side, Place::Left, Place::Right];
            params.bands = (0..random.below(BANDS + 1))
                .map(|_| match (band(random, spec), random.below(4)) {
                    (band, 0) if spec.channels() == 2 => {
                        Placed { band, place: places[random.below(4)], enabled: true }.into()
                    }
                    (band, _) => band.into(),
                })
                .collect();
        }
        Effect::LinearPhaseEqualizer(params) => {
            params.bands = (0..3).map(|_| band(random, spec)).collect();
            params.length_ms = params.length_ms.min(LONGEST_FILTER_MS);
        }
        Effect::DynamicEqualizer(params) => {
            params.bands = (0..4).map(|_| dynamic_band(random, spec).into()).collect();
        }
        Effect::MultibandCompressor(params) => {
            let count = 1 + random.below(4);
            let mut frequency_hz = 80.0;
            let mut next = || {
                frequency_hz *= 1.4 + 1.5 * random.unit();
                frequency_hz
            };
            params.crossovers_hz = (0..count).map(|_| next()).collect();
            params.bands = vec![CompressorParams::default(); count + 1];
            params.bands.iter_mut().for_each(|band| fill(band, random, spec));
        }
        Effect::Delay(params) => params.max_time_ms = params.max_time_ms.min(LONGEST_DELAY_MS).max(params.time_ms),
        Effect::Convolution(params) => {
            let rows = [1, spec.channels()][random.below(2)];
            let mut fall = 1.0;
            let mut sample = |_| {
                fall *= 0.999;
                fall * (random.unit() - 0.5)
            };
            let samples: Vec<f64> = (0..rows * RESPONSE_FRAMES).map(&mut sample).collect();
            if let Ok(response) = ImpulseResponse::from_planar(rows, samples) {
                params.impulse_response = response;
            }
        }
        _ => {}
    }
}
