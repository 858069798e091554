//! The invariants of every processor, over random settings of everything in the one list.

use crate::common::*;
use mixdown::{convolution::*, dynamics::*, filters::*, levels::*, reverbs::*, *};
use std::cell::Cell;

/// Half a second or less per case: the laws are about state, not about length.
const FRAMES: usize = 6_000;
/// Frame of the change of settings: not on the grid.
const CHANGE_AT: usize = 1_777;

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(44_100.0, channels).unwrap()
}

/// Runs `effect` over noise with a change of settings in the middle.
fn render<S: Sample>(effect: &Effect, spec: &StreamSpec, cut: &Cut) -> Vec<S> {
    let mut processor = effect.build::<S>(spec).unwrap();
    let mut audio = room_for(&processor, planar_noise(spec.channels(), FRAMES));
    let target = moved(effect);
    let change: Edit<'_, EffectProcessor<S>> = Box::new(|p| p.set_params(&target).unwrap());
    let back: Edit<'_, EffectProcessor<S>> = Box::new(|p| p.set_params(effect).unwrap());
    // Back again before the first change has settled.
    run(&mut processor, &mut audio, cut, vec![(CHANGE_AT, change), (CHANGE_AT + 700, back)]);
    audio
}

#[test]
fn law_1_g1_same_bits_however_the_stream_is_cut() {
    for_all(12, |entry, effect| {
        for channels in channel_counts(&effect) {
            let whole = render::<f32>(&effect, &spec(channels), &Cut::whole());
            for cut in Cut::all() {
                assert!(
                    same_bits(&render(&effect, &spec(channels), &cut), &whole),
                    "{} {channels} {cut:?}",
                    entry.name
                );
            }
        }
        let channels = channel_counts(&effect)[0];
        let whole = render::<f64>(&effect, &spec(channels), &Cut::whole());
        for cut in Cut::all() {
            assert!(same_bits(&render(&effect, &spec(channels), &cut), &whole), "{} f64 {cut:?}", entry.name);
        }
    });
}

#[test]
fn law_1_a_channels_bits_never_depend_on_its_neighbours() {
    for_all(12, |entry, effect| {
        if !entry.per_channel {
            return;
        }
        let alone = render::<f32>(&effect, &spec(1), &Cut::whole());
        for channels in [2, 3, 4, 5, 6, 7, 9] {
            let together = render::<f32>(&effect, &spec(channels), &Cut::whole());
            assert!(same_bits(&together[..FRAMES], &alone), "{} of {channels}", entry.name);
        }
    });
}

fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::is_x86_feature_detected!("fma") && std::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

#[test]
fn law_2_same_bits_on_every_cpu_with_fma() {
    if !has_fma() {
        eprintln!("SKIPPED: this CPU has no fused multiply-add");
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if !std::is_x86_feature_detected!("avx512f") {
        eprintln!("NOTE: no AVX-512 here; AVX2 and the scalar form are compared");
    }
    for_all(8, |entry, effect| {
        for channels in channel_counts(&effect) {
            let scalar = render::<f32>(&effect, &spec(channels).with_cpu(Cpu::Software), &Cut::whole());
            for cpu in [Cpu::Detected, Cpu::Avx2] {
                let vector = render::<f32>(&effect, &spec(channels).with_cpu(cpu), &Cut::whole());
                assert!(same_bits(&vector, &scalar), "{} {cpu:?}", entry.name);
            }
        }
    });
}

#[test]
fn law_2_cpus_without_fma_null() {
    /// Law 2: -140 dB of the louder of input and output.
    const LIMIT: f64 = 1e-7;
    for_all(8, |entry, effect| {
        for channels in channel_counts(&effect) {
            let scalar = render::<f64>(&effect, &spec(channels).with_cpu(Cpu::Software), &Cut::whole());
            let baseline = render::<f64>(&effect, &spec(channels).with_cpu(Cpu::Baseline), &Cut::whole());
            let peak = scalar.iter().fold(0.25, |peak: f64, x| peak.max(x.abs()));
            let error = scalar.iter().zip(&baseline).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error <= LIMIT * peak, "{}: {error}", entry.name);
        }
    });
}

#[test]
fn law_3_reset_equals_a_fresh_build() {
    for_all(12, |entry, effect| {
        for channels in channel_counts(&effect) {
            let target = moved(&effect);
            let mut used = effect.build::<f32>(&spec(channels)).unwrap();
            let mut fresh = target.build::<f32>(&spec(channels)).unwrap();
            let mut audio = room_for(&used, planar_noise(channels, FRAMES));
            audio[17] = f32::NAN;
            run(&mut used, &mut audio, &Cut::whole(), vec![]);
            used.set_params(&target).unwrap();
            // In the middle of the glide, off the grid.
            let mut audio = room_for(&used, planar_noise(channels, 333));
            run(&mut used, &mut audio, &Cut(vec![100]), vec![]);
            used.reset();
            assert_eq!(used.non_finite_samples(), 0, "{}", entry.name);
            let mut again = room_for(&used, planar_noise(channels, FRAMES));
            let mut first = again.clone();
            run(&mut used, &mut again, &Cut(vec![441]), vec![]);
            run(&mut fresh, &mut first, &Cut(vec![441]), vec![]);
            assert!(same_bits(&again, &first), "{} {channels}", entry.name);
        }
    });
}

#[test]
fn law_3_identical_channels_stay_identical_and_swapped_ones_swapped() {
    for_all(12, |entry, effect| {
        // A reverb differs between the sides.
        if !channel_counts(&effect).contains(&2) || matches!(entry.name, "Reverb" | "Plate") {
            return;
        }
        let noise = planar_noise::<f32>(2, FRAMES);
        let render = |effect: &Effect, audio: &[f32]| {
            let mut processor = effect.build::<f32>(&spec(2)).unwrap();
            let mut audio = audio.to_vec();
            run(&mut processor, &mut audio, &Cut(vec![512]), vec![]);
            audio
        };
        let twice = [&noise[..FRAMES], &noise[..FRAMES]].concat();
        // Settings that treat the sides differently have a mirror image that must match.
        let mirrored = match &effect {
            Effect::Pan(p) => PanParams { pan: -p.pan, ..*p }.into(),
            Effect::Convolution(p) => {
                let response = &p.impulse_response;
                let rows: Vec<&[f64]> = (0..response.rows()).rev().map(|row| response.row(row)).collect();
                ConvolutionParams { impulse_response: ImpulseResponse::from_rows(&rows).unwrap(), ..p.clone() }.into()
            }
            other => other.clone(),
        };
        if mirrored == effect {
            let both = render(&effect, &twice);
            assert!(same_bits(&both[..FRAMES], &both[FRAMES..]), "{}", entry.name);
        }
        let straight = render(&effect, &noise);
        let swapped = render(&mirrored, &[&noise[FRAMES..], &noise[..FRAMES]].concat());
        assert!(same_bits(&straight[..FRAMES], &swapped[FRAMES..]), "{}", entry.name);
        assert!(same_bits(&straight[FRAMES..], &swapped[..FRAMES]), "{}", entry.name);
    });
}

/// A processor with a latency, for the laws of combinations.
#[derive(Clone)]
struct Late {
    spec: StreamSpec,
    ring: Vec<f32>,
    position: usize,
}

impl Late {
    fn boxed(spec: StreamSpec, frames: usize) -> EffectProcessor<f32> {
        EffectProcessor::custom(Self { spec, ring: vec![0.0; frames * spec.channels()], position: 0 })
    }
}

impl Processor<f32> for Late {
    fn spec(&self) -> StreamSpec {
        self.spec
    }
    fn process(&mut self, block: &mut BlockMut<'_, '_, f32>) {
        let frames = self.latency_frames();
        for n in 0..block.frames() {
            for channel in 0..self.spec.channels() {
                std::mem::swap(&mut self.ring[channel * frames + self.position], &mut block.channel_mut(channel)[n]);
            }
            self.position = (self.position + 1) % frames;
        }
    }
    fn reset(&mut self) {
        self.ring.fill(0.0);
        self.position = 0;
    }
    fn latency_frames(&self) -> usize {
        self.ring.len() / self.spec.channels()
    }
    fn tail(&self) -> Tail {
        Tail::Frames(self.latency_frames() as u64)
    }
}

fn delayed(audio: &[f32], channels: usize, latency: usize) -> Vec<f32> {
    let frames = audio.len() / channels;
    audio.chunks(frames).flat_map(|samples| [&vec![0.0; latency], &samples[..frames - latency]].concat()).collect()
}

#[test]
fn law_4_g2_neutral_settings_are_the_delayed_input_bit_for_bit() {
    for entry in entries() {
        let Some(neutral) = entry.neutral else { continue };
        let channels = channel_counts(&neutral).into_iter().max().unwrap();
        let mut processor = neutral.build::<f32>(&spec(channels)).unwrap();
        assert_eq!(processor.spec().channels(), processor.output_channels(), "{}", entry.name);
        let input = planar_noise::<f32>(channels, FRAMES);
        let mut output = input.clone();
        run(&mut processor, &mut output, &Cut(vec![100]), vec![]);
        assert!(same_bits(&output, &delayed(&input, channels, processor.latency_frames())), "{}", entry.name);
    }
}

#[test]
fn law_4_stated_latency_is_the_measured_one_in_every_combination() {
    let mono = spec(1);
    let chain = |latencies: &[usize], spec: StreamSpec| {
        Chain::new(&spec, latencies.iter().map(|&frames| Late::boxed(spec, frames)).collect()).unwrap()
    };
    let stereo = spec(2);
    let cases: Vec<(EffectProcessor<f32>, usize, f32)> = vec![
        (EffectProcessor::Chain(chain(&[3, 40], stereo)), 43, 1.0),
        // Both branches are aligned: the impulse doubles.
        (
            EffectProcessor::Parallel(
                Parallel::new(&stereo, vec![Late::boxed(stereo, 5), Late::boxed(stereo, 77)], &[]).unwrap(),
            ),
            77,
            2.0,
        ),
        (EffectProcessor::MidSide(MidSide::new(&stereo, chain(&[9], mono), chain(&[], mono)).unwrap()), 9, 1.0),
        (EffectProcessor::Bypass(Box::new(Bypass::new(Late::boxed(stereo, 300), true))), 300, 1.0),
    ];
    for (mut processor, latency, level) in cases {
        assert_eq!(processor.latency_frames(), latency);
        let input = planar_noise::<f32>(2, 2_000);
        let mut output = input.clone();
        run(&mut processor, &mut output, &Cut(vec![77]), vec![]);
        let expected = delayed(&input, 2, latency);
        // Mid and side are rounded once in between.
        assert!(output.iter().zip(&expected).all(|(a, b)| (a - level * b).abs() <= 2.0 * f32::EPSILON), "{latency}");
        assert_eq!(processor.tail(), Tail::Frames(latency as u64));
        processor.reset();
        let mut again = input.clone();
        run(&mut processor, &mut again, &Cut(vec![77]), vec![]);
        assert!(same_bits(&again, &output), "{latency}: reset");
    }
}

#[test]
fn law_5_silence_is_exactly_zero_after_the_tail() {
    /// Longer tails belong to resonances that a second of audio cannot show.
    const LONGEST: u64 = 60_000;
    let checked = Cell::new(0);
    for_all(12, |entry, effect| {
        let channels = channel_counts(&effect)[0];
        let mut processor = effect.build::<f32>(&spec(channels)).unwrap();
        let Tail::Frames(tail) = processor.tail() else {
            assert!(matches!(effect, Effect::Reverb(ReverbParams { freeze: true, .. })), "{}: no end", entry.name);
            return;
        };
        if tail > LONGEST {
            return;
        }
        checked.set(checked.get() + 1);
        let loud: Vec<f32> = planar_noise::<f32>(channels, 1_000).iter().map(|x| 4.0 * x).collect();
        let mut audio = room_for(&processor, loud);
        run(&mut processor, &mut audio, &Cut::whole(), vec![]);
        let mut silence = room_for(&processor, vec![0.0_f32; channels * (tail as usize + 500)]);
        run(&mut processor, &mut silence, &Cut(vec![480]), vec![]);
        let frames = tail as usize + 500;
        for samples in silence.chunks(frames) {
            assert!(samples[tail as usize..].iter().all(|&x| x == 0.0), "{} {effect:?}", entry.name);
        }
    });
    assert!(checked.get() > 100, "only {} settings had a tail short enough", checked.get());
}

/// Filters of every kind whose slower pole is far from the faster one, down to the lowest frequency and q.
fn overdamped() -> Vec<(&'static str, Effect)> {
    let mut effects = Vec::new();
    let places = [20.0, 47.654, 150.0].map(|frequency_hz| [0.1, 0.3816, 0.5].map(|q| (frequency_hz, q)));
    for (frequency_hz, q) in places.into_iter().flatten() {
        macro_rules! placed {
            ($($name:ident: $params:ty, $processor:ty;)*) => {
                $({
                    let mut params = <$params>::default();
                    let placed = ["frequency_hz", "q"].map(|name| params.fields().iter().any(|field| field.name == name));
                    if placed == [true, true] {
                        params.set("frequency_hz", frequency_hz.into()).unwrap();
                        params.set("q", q.into()).unwrap();
                        let _ = params.set("gain_db", 12.0.into());
                        effects.push((stringify!($name), params.into()));
                    }
                })*
            };
        }
        for_each_processor!(placed);
        let bell = BellParams { frequency_hz, q, gain_db: 12.0 };
        let band = BandPassParams { frequency_hz, q };
        effects.push(("Equalizer", EqualizerParams { bands: vec![bell.into(); 5], ..Default::default() }.into()));
        effects.push(("Equalizer", EqualizerParams { bands: vec![band.into(); 2], ..Default::default() }.into()));
    }
    effects
}

#[test]
fn law_5_slow_modes_end_with_the_tail() {
    let effects = overdamped();
    assert!(effects.len() > 40, "{}", effects.len());
    for (name, effect) in effects {
        let spec = StreamSpec::new(22_050.0, 2).unwrap();
        let mut processor = effect.build::<f64>(&spec).unwrap();
        let Tail::Frames(tail) = processor.tail() else { panic!("{name}: no end") };
        // The states reach the threshold at another position of the grid for every burst.
        for burst in [3, 64, 257, 1_000] {
            let mut audio = planar_noise::<f64>(2, burst);
            run(&mut processor, &mut audio, &Cut::whole(), vec![]);
            let frames = tail as usize + 2_000;
            let mut silence = vec![0.0; 2 * frames];
            run(&mut processor, &mut silence, &Cut(vec![480]), vec![]);
            let last = silence.chunks(frames).filter_map(|samples| samples.iter().rposition(|&x| x != 0.0)).max();
            assert!(last.is_none_or(|last| (last as u64) < tail), "{name} {effect:?}: {last:?} of {tail}");
        }
    }
}

#[test]
fn law_5_no_output_is_subnormal_while_it_decays() {
    for_all(12, |entry, effect| {
        let channels = channel_counts(&effect)[0];
        let mut processor = effect.build::<f64>(&spec(channels)).unwrap();
        let mut audio = room_for(&processor, vec![0.0_f64; channels * 20_000]);
        audio[0] = 1.0;
        run(&mut processor, &mut audio, &Cut(vec![64]), vec![]);
        // f64 output is f64 state: states are checked every 64 frames, so the bound is the decay of a state in between.
        assert!(audio.iter().all(|x| !x.is_subnormal()), "{}", entry.name);
    });
}

#[test]
fn law_6_non_finite_samples_count_as_zero() {
    for_all(12, |entry, effect| {
        for channels in channel_counts(&effect) {
            let mut dirty = planar_noise::<f32>(channels, FRAMES);
            let mut clean = dirty.clone();
            for (n, bad) in
                [(0, f32::NAN), (1_234, f32::INFINITY), (1_235, f32::NEG_INFINITY), (FRAMES * channels - 1, f32::NAN)]
            {
                dirty[n] = bad;
                clean[n] = 0.0;
            }
            let mut processor = effect.build::<f32>(&spec(channels)).unwrap();
            let mut dirty = room_for(&processor, dirty);
            run(&mut processor, &mut dirty, &Cut(vec![256]), vec![]);
            assert_eq!(processor.non_finite_samples(), 4, "{}", entry.name);
            processor.reset();
            let mut clean = room_for(&processor, clean);
            run(&mut processor, &mut clean, &Cut(vec![256]), vec![]);
            assert!(same_bits(&dirty, &clean), "{}", entry.name);
        }
    });
}

#[test]
fn law_6_output_stays_finite_for_40_dbfs() {
    for_all(12, |entry, effect| {
        for channels in channel_counts(&effect) {
            let mut processor = effect.build::<f32>(&spec(channels)).unwrap();
            let mut audio = room_for(&processor, planar_noise(channels, FRAMES));
            audio.iter_mut().for_each(|x| *x = (*x * 1e6).clamp(-100.0, 100.0));
            run(&mut processor, &mut audio, &Cut(vec![256]), vec![]);
            assert!(audio.iter().all(|x| x.is_finite()), "{}", entry.name);
        }
    });
}

#[test]
fn coefficients_of_another_stream_are_refused() {
    for_all(3, |entry, effect| {
        let counts = channel_counts(&effect);
        let own = spec(counts[0]);
        let other_rate = StreamSpec::new(48_000.0, counts[0]).unwrap();
        for other in counts[1..].iter().map(|&channels| spec(channels)).chain([other_rate]) {
            let chain = |effect: &Effect| Effect::Chain { effects: vec![effect.clone()] };
            let parallel = |effect: &Effect| Effect::Parallel { effects: vec![effect.clone()], gains_db: vec![] };
            let bypass = |effect: &Effect| Effect::Bypass { effect: Box::new(effect.clone()) };
            for placed in [Effect::clone, chain, parallel, bypass] {
                let coeffs = placed(&moved(&effect)).design(&other).unwrap();
                let mut running = placed(&effect).build::<f32>(&own).unwrap();
                let mut same = running.clone();
                let refused = running.set_coeffs(&coeffs);
                let named = matches!(refused, Err(Error::OtherSampleRate { .. } | Error::Channels { .. }));
                assert!(named, "{} {other:?}: {refused:?}", entry.name);
                let mut audio = room_for(&running, planar_noise::<f32>(own.channels(), 500));
                let mut expected = audio.clone();
                run(&mut running, &mut audio, &Cut::whole(), vec![]);
                run(&mut same, &mut expected, &Cut::whole(), vec![]);
                assert!(same_bits(&audio, &expected), "{}", entry.name);
            }
        }
    });
}

#[test]
fn refused_settings_change_nothing() {
    let mut bell = BellParams { gain_db: 6.0, ..Default::default() }.build::<f32>(&spec(1)).unwrap();
    let mut same = bell.clone();
    assert!(bell.set_params(&BellParams { frequency_hz: 40_000.0, ..Default::default() }).is_err());
    let (mut a, mut b) = (planar_noise::<f32>(1, 500), planar_noise::<f32>(1, 500));
    run(&mut bell, &mut a, &Cut::whole(), vec![]);
    run(&mut same, &mut b, &Cut::whole(), vec![]);
    assert!(same_bits(&a, &b));

    let mut chain = Effect::Chain { effects: vec![GainParams::default().into()] }.build::<f32>(&spec(2)).unwrap();
    let other = Effect::Chain { effects: vec![GainParams::default().into(), GainParams::default().into()] };
    assert_eq!(chain.set_params(&other), Err(Error::Count { list: "effects", min: 1, max: 1, actual: 2 }));
    assert_eq!(chain.set_params(&GainParams::default().into()), Err(Error::OtherKind));
    assert_eq!(
        Effect::Parallel { effects: vec![], gains_db: vec![] }.build::<f32>(&spec(2)).unwrap_err().to_string(),
        "effects has 0 entries: 1 or more needed"
    );
    assert_eq!(
        Effect::from(WidthParams::default()).build::<f32>(&spec(1)).unwrap_err().to_string(),
        "channels = 1 does not fit: 2 needed"
    );
}

/// Peak above 1 kHz of a signal with edges at rest, in dBFS: an 8th-order Butterworth high pass forwards and backwards,
/// so that it adds no phase. Own arithmetic, not the library's.
pub fn residue_dbfs(signal: &[f64], rate_hz: f64) -> f64 {
    let mut audio = signal.to_vec();
    let k = (std::f64::consts::PI * 1_000.0 / rate_hz).tan();
    for _ in 0..2 {
        for section in 0..4 {
            let q = 0.5 / (std::f64::consts::PI * (2.0 * f64::from(section) + 1.0) / 16.0).cos();
            let norm = 1.0 / (1.0 + k / q + k * k);
            let (a1, a2) = (2.0 * (k * k - 1.0) * norm, (1.0 - k / q + k * k) * norm);
            let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
            for sample in &mut audio {
                let y = norm * (*sample - 2.0 * x1 + x2) - a1 * y1 - a2 * y2;
                (x2, x1, y2, y1) = (x1, *sample, y1, y);
                *sample = y;
            }
        }
        audio.reverse();
    }
    // The ends, where the sine itself starts and stops, are excluded.
    let edge = audio.len() / 4;
    20.0 * audio[edge..audio.len() - edge].iter().fold(0.0, |peak: f64, x| peak.max(x.abs())).log10()
}

#[test]
fn law_8_g3_no_change_of_settings_clicks() {
    /// G3: residue above 1 kHz of a 100 Hz sine at -6 dBFS on the louder side of the change.
    const LIMIT_DBFS: f64 = -100.0;
    const RATE_HZ: f64 = 48_000.0;
    const SINE_HZ: f64 = 100.0;
    let bell = |frequency_hz, gain_db, q| Effect::from(BellParams { frequency_hz, gain_db, q });
    let gain = |gain_db| Effect::from(GainParams { gain_db, invert_polarity: false });
    let pan = |pan| Effect::from(PanParams { pan, ..Default::default() });
    let width = |width, bass_mono_hz| Effect::from(WidthParams { width, bass_mono_hz });
    let high_pass =
        |frequency_hz, slope_db_per_octave| Effect::from(HighPassParams { frequency_hz, slope_db_per_octave });
    let low_pass =
        |frequency_hz, slope_db_per_octave| Effect::from(LowPassParams { frequency_hz, slope_db_per_octave });
    let equalizer =
        |bands: &[EqualizerBand]| Effect::from(EqualizerParams { bands: bands.to_vec(), ..Default::default() });
    let parallel = |gain_db| Effect::Parallel { effects: vec![Effect::default()], gains_db: vec![gain_db] };
    let low_shelf = |frequency_hz, gain_db, q| Effect::from(LowShelfParams { frequency_hz, gain_db, q });
    let high_shelf = |frequency_hz, gain_db, q| Effect::from(HighShelfParams { frequency_hz, gain_db, q });
    let notch = |frequency_hz, q| Effect::from(NotchParams { frequency_hz, q });
    let band_pass = |frequency_hz, q| Effect::from(BandPassParams { frequency_hz, q });
    let all_pass = |frequency_hz, q| Effect::from(AllPassParams { frequency_hz, q });
    let tilt = |frequency_hz, gain_db| Effect::from(TiltParams { frequency_hz, gain_db });
    let dynamic = |bands: &[DynamicEqualizerBand]| Effect::from(DynamicEqualizerParams { bands: bands.to_vec() });
    let moving = |frequency_hz, gain_db, threshold_db, range_db| -> DynamicEqualizerBand {
        let shape = DynamicShape::Bell(BellParams { frequency_hz, gain_db, q: 1.0 });
        DynamicBand { shape, threshold_db, range_db, ..Default::default() }.into()
    };
    let still = |frequency_hz, gain_db| -> DynamicEqualizerBand { BellParams { frequency_hz, gain_db, q: 1.0 }.into() };
    // A processor that compresses is tested as a compressor.
    let multiband = |crossovers_hz: &[f64], makeup_db| {
        let bands = vec![CompressorParams { ratio: 1.0, makeup_db, ..Default::default() }; crossovers_hz.len() + 1];
        Effect::from(MultibandCompressorParams { crossovers_hz: crossovers_hz.to_vec(), bands, ..Default::default() })
    };
    let soloed = |effect| {
        let Effect::MultibandCompressor(params) = effect else { unreachable!("a multiband compressor") };
        Effect::from(MultibandCompressorParams { solo: Some(1), ..params })
    };
    let bypassed = |effect| {
        let Effect::MultibandCompressor(params) = effect else { unreachable!("a multiband compressor") };
        Effect::from(MultibandCompressorParams { bypassed: vec![0, 1], ..params })
    };
    let de_esser = |frequency_hz, range_db, threshold_db| {
        Effect::from(DeEsserParams { frequency_hz, range_db, threshold_db, ..Default::default() })
    };
    // Its input far below the ceiling, or steadily above it: under a limiter a rising drive is reduced crest by crest,
    // which is not a click of the change.
    let limiter = |input_db, gain_db, ceiling_db| Effect::Chain {
        effects: vec![gain(input_db), LimiterParams { gain_db, ceiling_db, ..Default::default() }.into()],
    };
    // A compressor adds harmonics of its own to bass, which are not clicks either: slow times avoid them.
    let slow = CompressorParams {
        attack_ms: 100.0,
        release_ms: 2_000.0,
        detector: Detector::Rms,
        rms_ms: 300.0,
        threshold_db: -18.0,
        knee_db: 6.0,
        ..Default::default()
    };
    let compressor = |change: fn(&mut CompressorParams)| {
        let mut params = slow;
        change(&mut params);
        Effect::from(params)
    };
    let expander = |input_db, threshold_db, ratio, range_db| Effect::Chain {
        effects: vec![
            gain(input_db),
            ExpanderParams {
                threshold_db,
                ratio,
                range_db,
                attack_ms: 100.0,
                hold_ms: 20.0,
                release_ms: 1_000.0,
                ..Default::default()
            }
            .into(),
        ],
    };
    // Closed, since an opening is not a click of the change.
    let gate = |input_db, threshold_db, range_db| Effect::Chain {
        effects: vec![
            gain(input_db),
            GateParams { threshold_db, range_db, attack_ms: 100.0, release_ms: 1_000.0, ..Default::default() }.into(),
        ],
    };
    // With filters in the key, which leave less of the tone.
    let keyed = |chain| {
        let Effect::Chain { mut effects } = chain else { unreachable!("a chain") };
        match &mut effects[1] {
            Effect::Expander(p) => (p.key_high_pass_hz, p.key_low_pass_hz) = (150.0, 2_000.0),
            Effect::Gate(p) => (p.key_high_pass_hz, p.key_low_pass_hz) = (150.0, 2_000.0),
            _ => unreachable!("an expander or a gate"),
        }
        Effect::Chain { effects }
    };
    let room = ReverbParams { t60_s: 0.1, predelay_ms: 0.0, ..ReverbParams::space(Space::Room) };
    let reverb = |params: ReverbParams| Effect::from(params);
    let plate = |decay, predelay_ms, damping_hz| {
        Effect::from(PlateParams { decay, predelay_ms, damping_hz, ..PlateParams::default() })
    };
    let moved = |modulation_hz, modulation_depth_ms| {
        Effect::from(PlateParams { decay: 0.0, modulation_hz, modulation_depth_ms, ..PlateParams::default() })
    };
    let mut steps = vec![
        (dynamic(&[moving(100.0, 0.0, 0.0, 12.0)]), dynamic(&[moving(100.0, 12.0, 0.0, 12.0)])),
        (dynamic(&[moving(100.0, -6.0, -30.0, 12.0)]), dynamic(&[moving(200.0, -6.0, -30.0, 12.0)])),
        (dynamic(&[moving(100.0, 0.0, -30.0, 12.0)]), dynamic(&[moving(100.0, 0.0, -30.0, 0.0)])),
        (dynamic(&[moving(100.0, 0.0, -10.0, 12.0)]), dynamic(&[moving(100.0, 0.0, -22.0, 12.0)])),
        (dynamic(&[moving(100.0, 0.0, -30.0, 12.0)]), dynamic(&[])),
        (dynamic(&[moving(100.0, 3.0, -30.0, 12.0)]), dynamic(&[still(120.0, -9.0)])),
        (multiband(&[200.0, 2_000.0], 0.0), multiband(&[100.0, 2_000.0], 0.0)),
        (multiband(&[150.0], 0.0), multiband(&[300.0], 0.0)),
        (multiband(&[200.0, 2_000.0], 0.0), multiband(&[200.0, 2_000.0], 12.0)),
        (multiband(&[200.0, 2_000.0], 0.0), soloed(multiband(&[200.0, 2_000.0], 0.0))),
        (soloed(multiband(&[80.0, 2_000.0], 0.0)), multiband(&[80.0, 2_000.0], 0.0)),
        (multiband(&[200.0, 2_000.0], 12.0), bypassed(multiband(&[200.0, 2_000.0], 12.0))),
        (de_esser(5_500.0, 6.0, -6.0), de_esser(11_000.0, 18.0, -40.0)),
        (de_esser(5_500.0, 6.0, -6.0), {
            DeEsserParams { listen: true, knee_db: 0.0, floor_db: -120.0, ..Default::default() }.into()
        }),
        (compressor(|_| {}), compressor(|p| p.threshold_db = -30.0)),
        (compressor(|_| {}), compressor(|p| p.ratio = f64::INFINITY)),
        (compressor(|_| {}), compressor(|p| p.knee_db = 24.0)),
        (compressor(|_| {}), compressor(|p| p.range_db = 2.0)),
        (compressor(|_| {}), compressor(|p| p.makeup_db = 12.0)),
        (compressor(|_| {}), compressor(|p| p.mix = 0.0)),
        (compressor(|_| {}), compressor(|p| p.link_percent = 0.0)),
        (compressor(|_| {}), compressor(|p| p.detector = Detector::Peak)),
        (compressor(|_| {}), compressor(|p| p.detector = Detector::PeakHold)),
        (compressor(|p| p.detector = Detector::Peak), compressor(|p| p.detector = Detector::PeakHold)),
        (compressor(|_| {}), compressor(|p| p.listen = true)),
        (compressor(|p| p.listen = true), compressor(|p| p.key_low_pass_hz = 200.0)),
        (compressor(|_| {}), compressor(|p| p.key_low_pass_hz = 100.0)),
        (compressor(|_| {}), compressor(|p| p.release_mode = CompressorRelease::Dual)),
        (compressor(|_| {}), compressor(|p| p.release_mode = CompressorRelease::Auto)),
        (compressor(|_| {}), compressor(|p| p.key_high_pass_hz = 200.0)),
        (compressor(|_| {}), compressor(|p| p.attack_ms = 50.0)),
        (compressor(|p| p.threshold_db = 0.0), compressor(|p| p.threshold_db = -12.0)),
        (expander(-40.0, -40.0, 2.0, 0.0), expander(-40.0, -40.0, 2.0, 12.0)),
        (expander(-40.0, -60.0, 2.0, 40.0), expander(-40.0, -40.0, 2.0, 40.0)),
        (expander(-40.0, -34.0, 1.0, 40.0), expander(-40.0, -34.0, 2.0, 40.0)),
        (expander(-40.0, -40.0, 2.0, 40.0), keyed(expander(-40.0, -40.0, 2.0, 40.0))),
        (gate(-40.0, -30.0, 0.0), gate(-40.0, -30.0, 12.0)),
        (gate(-40.0, -30.0, 12.0), keyed(gate(-40.0, -30.0, 12.0))),
        (reverb(room), reverb(ReverbParams { size: 1.0, ..room })),
        (reverb(room), reverb(ReverbParams { t60_s: 0.15, t60_high_ratio: 1.0, ..room })),
        (reverb(room), reverb(ReverbParams { predelay_ms: 20.0, ..room })),
        (reverb(room), reverb(ReverbParams { diffusion: 0.0, ..room })),
        (reverb(room), reverb(ReverbParams { early_db: f64::NEG_INFINITY, width: 0.0, ..room })),
        (reverb(room), reverb(ReverbParams { modulation_hz: 3.0, modulation_depth_ms: 1.0, ..room })),
        (reverb(room), reverb(ReverbParams { modulation_depth_ms: 1.0, modulation_hz: 0.2, ..room })),
        (reverb(room), reverb(ReverbParams { mix: 0.0, ..room })),
        (plate(0.0, 0.0, 7_000.0), plate(0.1, 0.0, 7_000.0)),
        (plate(0.0, 0.0, 7_000.0), plate(0.0, 15.0, 500.0)),
        (moved(1.0, 0.1), moved(1.0, 1.0)),
        (moved(1.0, 0.1), moved(3.0, 0.1)),
        (
            plate(0.0, 0.0, 7_000.0),
            Effect::from(PlateParams { decay: 0.0, diffusion: 0.5, width: 0.0, ..PlateParams::default() }),
        ),
        (
            plate(0.0, 0.0, 7_000.0),
            Effect::from(PlateParams { decay: 0.0, low_cut_hz: 150.0, ..PlateParams::default() }),
        ),
        (reverb(room), reverb(ReverbParams { low_cut_hz: 150.0, high_cut_hz: 2_000.0, ..room })),
        (reverb(room), reverb(ReverbParams { duck_db: 12.0, ..room })),
        (limiter(-30.0, 0.0, -1.0), limiter(-30.0, 12.0, -1.0)),
        (limiter(12.0, 0.0, -1.0), limiter(12.0, 0.0, -13.0)),
        (gain(0.0), gain(-12.0)),
        (gain(-6.0), gain(6.0)),
        (gain(0.0), gain(f64::NEG_INFINITY)),
        (gain(0.0), Effect::from(GainParams { gain_db: 0.0, invert_polarity: true })),
        (pan(-1.0), pan(1.0)),
        (pan(0.0), pan(1.0)),
        (width(1.0, 0.0), width(0.0, 0.0)),
        (width(1.0, 0.0), width(2.0, 0.0)),
        (width(1.0, 0.0), width(1.0, 120.0)),
        (width(1.0, 250.0), width(1.0, 125.0)),
        (bell(100.0, 0.0, 1.0), bell(100.0, 12.0, 1.0)),
        (bell(100.0, 12.0, 1.0), bell(200.0, 12.0, 1.0)),
        (bell(100.0, -12.0, 1.0), bell(50.0, -12.0, 1.0)),
        (bell(120.0, 12.0, 1.0), bell(120.0, 12.0, 2.0)),
        (bell(2_000.0, 12.0, 4.0), bell(4_000.0, 12.0, 4.0)),
        (low_shelf(100.0, -6.0, 0.7), low_shelf(100.0, 6.0, 0.7)),
        (low_shelf(100.0, 12.0, 0.7), low_shelf(200.0, 12.0, 0.7)),
        (high_shelf(100.0, 12.0, 0.5), high_shelf(100.0, 12.0, 1.0)),
        (high_shelf(8_000.0, 0.0, 0.7), high_shelf(8_000.0, 12.0, 0.7)),
        (high_pass(40.0, 12.0), high_pass(80.0, 12.0)),
        (high_pass(80.0, 12.0), high_pass(80.0, 48.0)),
        (high_pass(60.0, 6.0), high_pass(120.0, 6.0)),
        (low_pass(400.0, 24.0), low_pass(200.0, 24.0)),
        (low_pass(18_000.0, 12.0), low_pass(9_000.0, 96.0)),
        (notch(200.0, 2.0), notch(100.0, 2.0)),
        (notch(130.0, 2.0), notch(130.0, 4.0)),
        (band_pass(100.0, 1.0), band_pass(200.0, 1.0)),
        (band_pass(150.0, 1.0), band_pass(150.0, 2.0)),
        (all_pass(100.0, 1.0), all_pass(200.0, 1.0)),
        (tilt(650.0, -6.0), tilt(650.0, 6.0)),
        (tilt(650.0, 12.0), tilt(1_300.0, 12.0)),
        (equalizer(&[]), equalizer(&[BellParams { frequency_hz: 90.0, gain_db: 12.0, q: 1.0 }.into()])),
        (
            equalizer(&[BellParams { frequency_hz: 90.0, gain_db: 12.0, q: 1.0 }.into()]),
            equalizer(&[HighPassParams { frequency_hz: 60.0, slope_db_per_octave: 24.0 }.into()]),
        ),
        (parallel(0.0), parallel(-12.0)),
    ];
    let linear =
        |bands: &[Band]| Effect::from(LinearPhaseEqualizerParams { bands: bands.to_vec(), ..Default::default() });
    let bell = |frequency_hz, gain_db, q| -> Band { BellParams { frequency_hz, gain_db, q }.into() };
    let impulse_response = ImpulseResponse::from_rows(&[&decay(3, 6_000), &decay(4, 6_000)]).unwrap();
    let convolution = |mix, predelay_ms, normalize| {
        let impulse_response = impulse_response.clone();
        Effect::from(ConvolutionParams { impulse_response, mix, predelay_ms, normalize, ..Default::default() })
    };
    steps.extend([
        (linear(&[]), linear(&[bell(100.0, 12.0, 1.0)])),
        (linear(&[bell(100.0, 12.0, 1.0)]), linear(&[bell(200.0, 12.0, 2.0), bell(3_000.0, -12.0, 1.0)])),
        (convolution(0.0, 0.0, false), convolution(1.0, 0.0, false)),
        (convolution(1.0, 0.0, false), convolution(1.0, 37.0, false)),
        (convolution(0.5, 0.0, false), convolution(0.5, 5.0, true)),
    ]);
    let placed = |place, enabled| -> EqualizerBand { Placed { band: bell(100.0, 12.0, 1.0), place, enabled }.into() };
    let louder = |output_gain_db| Effect::from(EqualizerParams { output_gain_db, ..Default::default() });
    // Slow: what follows the level of a bass tone adds harmonics of its own.
    let directed = |threshold_db, knee_db, direction, action| {
        let shape = DynamicShape::Bell(BellParams { frequency_hz: 100.0, gain_db: 0.0, q: 1.0 });
        let slow = DynamicBand { attack_ms: 100.0, release_ms: 1_000.0, ..Default::default() };
        dynamic(&[DynamicBand { shape, threshold_db, knee_db, direction, action, ..slow }.into()])
    };
    let shortened = |trim_ms, decay| {
        let impulse_response = impulse_response.clone();
        Effect::from(ConvolutionParams { impulse_response, trim_ms, decay, ..Default::default() })
    };
    steps.extend([
        (equalizer(&[placed(Place::Mid, true)]), equalizer(&[placed(Place::Side, true)])),
        (equalizer(&[placed(Place::Left, true)]), equalizer(&[placed(Place::Mid, true)])),
        (equalizer(&[placed(Place::Stereo, true)]), equalizer(&[placed(Place::Right, true)])),
        (equalizer(&[placed(Place::Side, true)]), equalizer(&[placed(Place::Side, false)])),
        (louder(0.0), louder(12.0)),
        (
            directed(-12.0, 0.0, DynamicDirection::Above, DynamicAction::Reduce),
            directed(-12.0, 24.0, DynamicDirection::Above, DynamicAction::Boost),
        ),
        (
            directed(-20.0, 6.0, DynamicDirection::Above, DynamicAction::Reduce),
            directed(0.0, 6.0, DynamicDirection::Below, DynamicAction::Reduce),
        ),
    ]);
    // Only one way: the other needs a longer response.
    let one_way = [(shortened(0.0, 1.0), shortened(5.0, 1.0)), (shortened(0.0, 1.0), shortened(0.0, 0.3))];
    macro_rules! names {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            [$(stringify!($name)),*]
        };
    }
    let text = format!("{steps:?}");
    for name in for_each_processor!(names) {
        assert!(text.contains(&format!("{name}(")), "no change of {name}");
    }
    let mut worst: f64 = f64::NEG_INFINITY;
    let both_ways = steps.iter().flat_map(|(from, to)| [(from, to), (to, from)]);
    for (from, to) in both_ways.chain(one_way.iter().map(|(from, to)| (from, to))) {
        {
            let stereo = StreamSpec::new(RATE_HZ, 2).unwrap();
            let frames = 48_000;
            // Unchanged for effects between the channels, so that mid and side both have signal.
            // It fades in, as its onset would ring on in resonant effects.
            let fade_in = |n: usize| {
                let u = (n as f64 / 4_800.0).min(1.0);
                u * u * u * (10.0 + u * (6.0 * u - 15.0))
            };
            let sine = |n: usize| fade_in(n) * (std::f64::consts::TAU * SINE_HZ * n as f64 / RATE_HZ).sin();
            let input: Vec<f64> = (0..frames).map(sine).chain((0..frames).map(|n| 0.5 * sine(n))).collect();
            let mut processor = from.build::<f64>(&stereo).unwrap();
            let mut audio = input.clone();
            let change: Edit<'_, EffectProcessor<f64>> = Box::new(|p| p.set_params(to).unwrap());
            // Half-way, at a phase off the zero crossing.
            run(&mut processor, &mut audio, &Cut(vec![512]), vec![(frames / 2 + 131, change)]);
            // The louder side of the change, scaled to a sine of -6 dBFS.
            let level = |range: std::ops::Range<usize>| audio[range].iter().fold(0.0, |peak: f64, x| peak.max(x.abs()));
            for channel in 0..2 {
                let at = channel * frames;
                let louder =
                    level(at + frames / 4..at + frames / 2).max(level(at + frames / 2 + 9_600..at + frames * 3 / 4));
                let scaled: Vec<f64> = audio[at..at + frames].iter().map(|x| x * 0.5 / louder).collect();
                let residue = residue_dbfs(&scaled, RATE_HZ);
                worst = worst.max(residue);
                println!("{residue:7.1} dBFS  {from:?} -> {to:?}");
                assert!(residue <= LIMIT_DBFS, "{residue} dBFS: {from:?} -> {to:?}");
            }
        }
    }
    println!("G3 worst {worst:.1} dBFS");
}
