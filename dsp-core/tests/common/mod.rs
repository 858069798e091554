//! What the law tests share: settings of every effect, signals, and a way to run an effect in pieces.
#![allow(dead_code, reason = "each test binary uses its own part")]

use mixdown::{convolution::*, dynamics::*, filters::*, levels::*, reverbs::*, *};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRng, TestRunner},
};

/// Random legal settings of a processor. The list of processors asks for one each, so a new one cannot be forgotten.
pub trait Sampled: Params {
    fn sampled() -> BoxedStrategy<Self>;
}

/// Frequencies legal at 44.1 kHz, log-uniform.
fn frequency_hz() -> impl Strategy<Value = f64> {
    (30.0_f64.ln()..18_000.0_f64.ln()).prop_map(f64::exp)
}

fn q() -> impl Strategy<Value = f64> {
    (0.3_f64.ln()..8.0_f64.ln()).prop_map(f64::exp)
}

fn band_gain_db() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -24.0..24.0, 1 => Just(0.0)]
}

impl Sampled for GainParams {
    fn sampled() -> BoxedStrategy<Self> {
        let gain_db = prop_oneof![6 => -60.0..20.0, 1 => Just(0.0), 1 => Just(f64::NEG_INFINITY)];
        (gain_db, any::<bool>()).prop_map(|(gain_db, invert_polarity)| Self { gain_db, invert_polarity }).boxed()
    }
}

impl Sampled for PanParams {
    fn sampled() -> BoxedStrategy<Self> {
        let law = prop_oneof![
            Just(PanLaw::ConstantPower),
            Just(PanLaw::Minus4_5Db),
            Just(PanLaw::Minus6Db),
            Just(PanLaw::Linear)
        ];
        let pan = prop_oneof![4 => -1.0..1.0, 1 => Just(0.0), 1 => Just(1.0), 1 => Just(-1.0)];
        (pan, law).prop_map(|(pan, law)| Self { pan, law }).boxed()
    }
}

impl Sampled for WidthParams {
    fn sampled() -> BoxedStrategy<Self> {
        let width = prop_oneof![3 => 0.0..2.0, 1 => Just(1.0)];
        let bass = prop_oneof![1 => Just(0.0), 2 => 30.0..500.0];
        (width, bass).prop_map(|(width, bass_mono_hz)| Self { width, bass_mono_hz }).boxed()
    }
}

macro_rules! sampled_gain_band {
    ($($params:ident)*) => {$(
        impl Sampled for $params {
            fn sampled() -> BoxedStrategy<Self> {
                (frequency_hz(), band_gain_db(), q())
                    .prop_map(|(frequency_hz, gain_db, q)| Self { frequency_hz, gain_db, q })
                    .boxed()
            }
        }
    )*};
}
sampled_gain_band!(BellParams LowShelfParams HighShelfParams);

macro_rules! sampled_cut_band {
    ($($params:ident)*) => {$(
        impl Sampled for $params {
            fn sampled() -> BoxedStrategy<Self> {
                (frequency_hz(), 1..=16_i32)
                    .prop_map(|(frequency_hz, order)| Self { frequency_hz, slope_db_per_octave: 6.0 * f64::from(order) })
                    .boxed()
            }
        }
    )*};
}
sampled_cut_band!(LowPassParams HighPassParams);

macro_rules! sampled_q_band {
    ($($params:ident)*) => {$(
        impl Sampled for $params {
            fn sampled() -> BoxedStrategy<Self> {
                (frequency_hz(), q()).prop_map(|(frequency_hz, q)| Self { frequency_hz, q }).boxed()
            }
        }
    )*};
}
sampled_q_band!(BandPassParams NotchParams AllPassParams);

impl Sampled for TiltParams {
    fn sampled() -> BoxedStrategy<Self> {
        (frequency_hz(), band_gain_db()).prop_map(|(frequency_hz, gain_db)| Self { frequency_hz, gain_db }).boxed()
    }
}

impl Sampled for LimiterParams {
    fn sampled() -> BoxedStrategy<Self> {
        let ceiling_db = prop_oneof![3 => -20.0..0.0, 1 => Just(0.0)];
        let gain_db = prop_oneof![2 => 0.0..24.0, 1 => Just(0.0)];
        let times = (0.5..10.0, prop_oneof![2 => 0.0..15.0, 1 => Just(0.0)], 5.0..500.0);
        let release_mode = prop_oneof![Just(ReleaseMode::Manual), Just(ReleaseMode::Dual)];
        let mode = prop_oneof![Just(LimiterMode::Standard), Just(LimiterMode::Master), Just(LimiterMode::SamplePeak)];
        (ceiling_db, gain_db, times, release_mode, mode)
            .prop_map(|(ceiling_db, gain_db, (lookahead_ms, hold_ms, release_ms), release_mode, mode)| Self {
                ceiling_db,
                gain_db,
                lookahead_ms,
                hold_ms,
                release_ms,
                release_mode,
                mode,
            })
            .boxed()
    }
}

impl Sampled for CompressorParams {
    fn sampled() -> BoxedStrategy<Self> {
        let ratio = prop_oneof![3 => 1.0..20.0, 1 => Just(1.0), 1 => Just(f64::INFINITY)];
        let curve = (-60.0..0.0, ratio, prop_oneof![2 => 0.0..24.0, 1 => Just(0.0)]);
        let range_db = prop_oneof![1 => 0.0..30.0, 2 => Just(f64::INFINITY)];
        let release_mode =
            prop_oneof![Just(CompressorRelease::Manual), Just(CompressorRelease::Dual), Just(CompressorRelease::Auto)];
        let attack_ms = prop_oneof![2 => 0.02..250.0, 1 => 0.02..1.0];
        let times = (attack_ms, 5.0..1_000.0, release_mode, prop_oneof![1 => Just(0.0), 1 => 0.0..20.0]);
        let detector = (prop_oneof![Just(Detector::Peak), Just(Detector::Rms)], 1.0..300.0);
        let link_percent = prop_oneof![1 => 0.0..100.0, 2 => Just(100.0), 1 => Just(0.0)];
        let key = (detector, prop_oneof![2 => Just(0.0), 1 => 20.0..500.0], link_percent);
        let mix = prop_oneof![2 => Just(1.0), 1 => 0.0..1.0, 1 => Just(0.0)];
        let output = (prop_oneof![1 => Just(0.0), 1 => -12.0..24.0], mix, any::<bool>());
        (curve, range_db, times, key, output)
            .prop_map(|(curve, range_db, times, key, output)| Self {
                threshold_db: curve.0,
                ratio: curve.1,
                knee_db: curve.2,
                range_db,
                attack_ms: times.0,
                release_ms: times.1,
                release_mode: times.2,
                lookahead_ms: times.3,
                detector: key.0.0,
                rms_ms: key.0.1,
                key_high_pass_hz: key.1,
                link_percent: key.2,
                makeup_db: output.0,
                mix: output.1,
                auto_makeup: output.2,
            })
            .boxed()
    }
}

impl Sampled for ReverbParams {
    fn sampled() -> BoxedStrategy<Self> {
        let space = prop_oneof![
            Just(Space::Room),
            Just(Space::Club),
            Just(Space::Chamber),
            Just(Space::Hall),
            Just(Space::Cathedral)
        ];
        let times = (prop_oneof![3 => 0.0..250.0, 1 => Just(0.0)], 0.0..1.0, 0.1..0.4, 0.2..1.5, 0.1..1.5);
        let colours = (50.0..1_000.0, 1_000.0..16_000.0, prop_oneof![2 => 0.0..1.0, 1 => Just(1.0)]);
        let modulation = (0.0..3.0, prop_oneof![3 => 0.0..1.0, 1 => Just(0.0)]);
        let levels = (
            prop_oneof![3 => -20.0..6.0, 1 => Just(f64::NEG_INFINITY)],
            prop_oneof![2 => 0.0..2.0, 1 => Just(1.0)],
            prop_oneof![2 => 0.0..1.0, 1 => Just(0.0), 1 => Just(1.0)],
        );
        let freeze = prop_oneof![5 => Just(false), 1 => Just(true)];
        (space, times, colours, modulation, levels, freeze)
            .prop_map(|(space, times, colours, modulation, levels, freeze)| {
                let (predelay_ms, size, t60_s, t60_low_ratio, t60_high_ratio) = times;
                let (low_frequency_hz, high_frequency_hz, diffusion) = colours;
                let (modulation_hz, modulation_depth_ms) = modulation;
                let (early_db, width, mix) = levels;
                Self {
                    space,
                    predelay_ms,
                    size,
                    t60_s,
                    t60_low_ratio,
                    t60_high_ratio,
                    low_frequency_hz,
                    high_frequency_hz,
                    diffusion,
                    modulation_hz,
                    modulation_depth_ms,
                    early_db,
                    width,
                    freeze,
                    mix,
                }
            })
            .boxed()
    }
}

impl Sampled for ExpanderParams {
    fn sampled() -> BoxedStrategy<Self> {
        let ratio = prop_oneof![3 => 1.0..20.0, 1 => Just(1.0)];
        let range_db = prop_oneof![2 => 0.0..90.0, 1 => Just(f64::INFINITY)];
        let times = (0.02..50.0, prop_oneof![1 => Just(0.0), 1 => 0.0..100.0], 5.0..500.0);
        let link_percent = prop_oneof![1 => 0.0..100.0, 2 => Just(100.0), 1 => Just(0.0)];
        (-40.0..0.0, ratio, 0.0..24.0, times, range_db, link_percent)
            .prop_map(|(threshold_db, ratio, knee_db, (attack_ms, hold_ms, release_ms), range_db, link_percent)| Self {
                threshold_db,
                ratio,
                knee_db,
                attack_ms,
                hold_ms,
                release_ms,
                range_db,
                link_percent,
            })
            .boxed()
    }
}

impl Sampled for GateParams {
    fn sampled() -> BoxedStrategy<Self> {
        let range_db = prop_oneof![2 => 0.0..90.0, 1 => Just(f64::INFINITY)];
        let times = (0.02..50.0, prop_oneof![1 => Just(0.0), 1 => 0.0..100.0], 5.0..500.0);
        let link_percent = prop_oneof![1 => 0.0..100.0, 2 => Just(100.0), 1 => Just(0.0)];
        // About the level of the noise, so that it opens and closes.
        (-20.0..-12.0, times, range_db, 0.0..12.0, link_percent)
            .prop_map(|(threshold_db, (attack_ms, hold_ms, release_ms), range_db, hysteresis_db, link_percent)| Self {
                threshold_db,
                attack_ms,
                hold_ms,
                release_ms,
                range_db,
                hysteresis_db,
                link_percent,
            })
            .boxed()
    }
}

/// A band whose gain follows a level.
fn dynamic_band() -> impl Strategy<Value = DynamicEqualizerBand> {
    let gain_db = prop_oneof![2 => -12.0..12.0, 1 => Just(0.0)];
    let shape = (0..4, frequency_hz(), gain_db, q()).prop_map(|(kind, frequency_hz, gain_db, q)| match kind {
        0 => DynamicShape::Bell(BellParams { frequency_hz, gain_db, q }),
        1 => DynamicShape::LowShelf(LowShelfParams { frequency_hz, gain_db, q }),
        2 => DynamicShape::HighShelf(HighShelfParams { frequency_hz, gain_db, q }),
        _ => DynamicShape::Tilt(TiltParams { frequency_hz, gain_db }),
    });
    let ratio = prop_oneof![3 => 1.0..20.0, 1 => Just(1.0), 1 => Just(f64::INFINITY)];
    let range_db = prop_oneof![4 => 0.0..24.0, 1 => Just(0.0)];
    (shape, -60.0..0.0, ratio, range_db, (0.02..50.0, 5.0..300.0)).prop_map(
        |(shape, threshold_db, ratio, range_db, (attack_ms, release_ms))| {
            DynamicBand { shape, threshold_db, ratio, range_db, attack_ms, release_ms }.into()
        },
    )
}

impl Sampled for DynamicEqualizerParams {
    fn sampled() -> BoxedStrategy<Self> {
        let fixed = EqualizerParams::sampled()
            .prop_map(|p| p.bands.first().map_or(BellParams::default().into(), |&band| band.into()));
        prop::collection::vec(prop_oneof![3 => dynamic_band(), 1 => fixed], 0..5)
            .prop_map(|bands| Self { bands })
            .boxed()
    }
}

impl Sampled for DeEsserParams {
    fn sampled() -> BoxedStrategy<Self> {
        let band = (1_000.0..16_000.0, -40.0..0.0, prop_oneof![3 => 0.0..20.0, 1 => Just(0.0)]);
        (band, 0.02..50.0, 5.0..300.0)
            .prop_map(|((frequency_hz, threshold_db, range_db), attack_ms, release_ms)| Self {
                frequency_hz,
                threshold_db,
                range_db,
                attack_ms,
                release_ms,
            })
            .boxed()
    }
}

impl Sampled for MultibandCompressorParams {
    fn sampled() -> BoxedStrategy<Self> {
        // Five rises by 3 from 80 Hz are still below half the lowest rate.
        let crossovers = prop::collection::vec(1.3..3.0, 1..=5);
        let slope = prop_oneof![Just(12.0), Just(24.0), Just(48.0)];
        let bands = prop::collection::vec(CompressorParams::sampled(), 6);
        (crossovers, bands, slope)
            .prop_map(|(rises, mut bands, slope_db_per_octave)| {
                let up = |from: &mut f64, rise: f64| {
                    *from *= rise;
                    Some(*from)
                };
                let crossovers_hz: Vec<f64> = rises.into_iter().scan(80.0, up).collect();
                bands.truncate(crossovers_hz.len() + 1);
                Self { crossovers_hz, bands, slope_db_per_octave }
            })
            .boxed()
    }
}

impl Sampled for PlateParams {
    fn sampled() -> BoxedStrategy<Self> {
        let mix = prop_oneof![2 => 0.0..1.0, 1 => Just(0.0), 1 => Just(1.0)];
        let decay = prop_oneof![3 => 0.0..0.9, 1 => Just(0.0)];
        (decay, prop_oneof![0.0..250.0, Just(0.0)], 200.0..20_000.0, mix)
            .prop_map(|(decay, predelay_ms, damping_hz, mix)| Self { decay, predelay_ms, damping_hz, mix })
            .boxed()
    }
}

impl Sampled for EqualizerParams {
    fn sampled() -> BoxedStrategy<Self> {
        let band = prop_oneof![
            BellParams::sampled().prop_map(Band::from),
            LowShelfParams::sampled().prop_map(Band::from),
            HighShelfParams::sampled().prop_map(Band::from),
            LowPassParams::sampled().prop_map(Band::from),
            HighPassParams::sampled().prop_map(Band::from),
            BandPassParams::sampled().prop_map(Band::from),
            NotchParams::sampled().prop_map(Band::from),
            AllPassParams::sampled().prop_map(Band::from),
            TiltParams::sampled().prop_map(Band::from),
        ];
        let design = prop_oneof![Just(Design::Matched), Just(Design::Cookbook)];
        (prop::collection::vec(band, 0..6), design).prop_map(|(bands, design)| Self { bands, design }).boxed()
    }
}

/// Noise that dies away within `frames`.
pub fn decay(seed: u64, frames: usize) -> Vec<f64> {
    let fall = -6.0 / frames as f64;
    noise(seed, frames).iter().enumerate().map(|(n, x)| 0.3 * x * (fall * n as f64).exp()).collect()
}

impl Sampled for LinearPhaseEqualizerParams {
    fn sampled() -> BoxedStrategy<Self> {
        let band = prop_oneof![
            BellParams::sampled().prop_map(Band::from),
            HighShelfParams::sampled().prop_map(Band::from),
            HighPassParams::sampled().prop_map(Band::from),
        ];
        (prop::collection::vec(band, 0..3), prop_oneof![Just(256), Just(500), Just(2_048)])
            .prop_map(|(bands, length_frames)| Self { bands, length_frames })
            .boxed()
    }
}

impl Sampled for ConvolutionParams {
    fn sampled() -> BoxedStrategy<Self> {
        let rows = prop_oneof![Just(1), Just(2), Just(4)];
        let frames = prop_oneof![1..200_usize, 1_000..4_000_usize];
        let mix = prop_oneof![2 => 0.0..1.0, 1 => Just(1.0), 1 => Just(0.0)];
        let predelay_ms = prop_oneof![1 => Just(0.0), 1 => 0.0..60.0];
        (rows, frames, predelay_ms, mix, any::<bool>())
            .prop_map(|(rows, frames, predelay_ms, mix, normalize)| {
                let samples = (0..rows as u64).flat_map(|row| decay(7 + row, frames)).collect();
                let impulse_response = ImpulseResponse::from_planar(rows, samples).unwrap();
                Self { impulse_response, layout: ConvolutionLayout::Auto, predelay_ms, mix, normalize }
            })
            .boxed()
    }
}

/// One effect of the list, or of those that put effects together.
pub struct Entry {
    pub name: &'static str,
    pub settings: BoxedStrategy<Effect>,
    /// The setting that changes nothing, if there is one.
    pub neutral: Option<Effect>,
    /// Each channel goes its own way: the same filter or gain on all.
    pub per_channel: bool,
}

/// What works between the channels.
const LINKED: [&str; 12] = [
    "Reverb",
    "Plate",
    "Convolution",
    "Pan",
    "Width",
    "DynamicEqualizer",
    "Compressor",
    "DeEsser",
    "MultibandCompressor",
    "Expander",
    "Gate",
    "Limiter",
];

macro_rules! entries {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        fn listed() -> Vec<Entry> {
            vec![$(Entry {
                name: stringify!($name),
                settings: <$params>::sampled().prop_map(Effect::from).boxed(),
                neutral: <$params>::neutral().map(Effect::from),
                per_channel: !LINKED.contains(&stringify!($name)),
            }),*]
        }
    };
}
for_each_processor!(entries);

/// Every effect there is.
pub fn entries() -> Vec<Entry> {
    let mono = prop_oneof![
        GainParams::sampled().prop_map(Effect::from),
        EqualizerParams::sampled().prop_map(Effect::from),
        HighPassParams::sampled().prop_map(Effect::from),
    ]
    .boxed();
    let series = prop::collection::vec(mono.clone(), 0..4).boxed();
    let mut entries = listed();
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
    entries.push(Entry {
        name: "Bypass",
        settings: mono.prop_map(|effect| Effect::Bypass { effect: Box::new(effect) }).boxed(),
        neutral: Some(Effect::Bypass { effect: Box::new(GainParams { gain_db: -7.0, ..Default::default() }.into()) }),
        per_channel: true,
    });
    entries
}

/// Runs a law on `cases` random settings of every effect: the same ones each time.
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

/// Input channels an effect takes, out of a few.
pub fn channel_counts(effect: &Effect) -> Vec<usize> {
    [1, 2, 3, 6].into_iter().filter(|&channels| effect.output_channels(channels).is_ok()).collect()
}

/// Uniform noise in -1..1 from a seed (the multiplicative generator of Knuth's MMIX).
pub fn noise(seed: u64, frames: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..frames)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// Planar noise at about -12 dBFS: every channel its own.
pub fn planar_noise<S: Sample>(channels: usize, frames: usize) -> Vec<S> {
    (0..channels)
        .flat_map(|channel| noise(channel as u64 + 1, frames))
        .map(|sample| S::from_f64(0.25 * sample))
        .collect()
}

/// How a stream is cut: block lengths, repeated.
#[derive(Clone, Debug)]
pub struct Cut(pub Vec<usize>);

impl Cut {
    pub fn whole() -> Self {
        Self(vec![usize::MAX])
    }

    /// The cuts that law 1 names, and random ones.
    pub fn all() -> Vec<Self> {
        let random = noise(99, 50).iter().map(|x| ((x + 1.0) * 300.0) as usize).collect();
        [vec![1], vec![7], vec![64], vec![480], vec![4096], vec![0, 13, 1], random].into_iter().map(Self).collect()
    }
}

/// Something done to a processor between two blocks.
pub type Edit<'a, P> = Box<dyn FnMut(&mut P) + 'a>;
/// An edit at its frame.
pub type Event<'a, P> = (usize, Edit<'a, P>);

/// Runs `processor` in place over planar `audio` of as many channels as it needs, in pieces; `events` are called at
/// their frame, between two blocks.
pub fn run<S: Sample, P: Processor<S>>(processor: &mut P, audio: &mut [S], cut: &Cut, mut events: Vec<Event<'_, P>>) {
    let channels = processor.spec().channels().max(processor.output_channels());
    let mut block = BlockMut::from_planar(audio, channels).unwrap();
    let frames = block.frames();
    let mut start = 0;
    for length in cut.0.iter().cycle() {
        for (at, event) in &mut events {
            if *at == start {
                event(processor);
                *at = usize::MAX;
            }
        }
        let next = events.iter().map(|(at, _)| *at).filter(|&at| at > start).min().unwrap_or(frames);
        let length = (*length).min(next.min(frames) - start);
        processor.process(&mut block.frames_mut(start, length));
        start += length;
        if start == frames {
            return;
        }
    }
}

/// Planar audio of `channels` channels, grown to what `processor` needs.
pub fn room_for<S: Sample, P: Processor<S>>(processor: &P, mut audio: Vec<S>) -> Vec<S> {
    let (input, output) = (processor.spec().channels(), processor.output_channels());
    let frames = audio.len() / input;
    audio.resize(frames * input.max(output), S::ZERO);
    audio
}

pub fn same_bits<S: Sample>(a: &[S], b: &[S]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.bits() == b.bits())
}
