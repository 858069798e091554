//! Each host, without a device: the sound is that of the effect by itself, bit for bit.

#[path = "../../../dsp-core/tests/allocator.rs"]
mod allocator;

use crate::{cpal, kira::MixdownBuilder, live::live, plugin::Plugin, rodio::Effected};
use ::kira::{
    AudioManager, AudioManagerSettings, Frame, Tween,
    backend::mock::{MockBackend, MockBackendSettings},
    effect::{Effect as KiraEffect, EffectBuilder},
    info::MockInfoBuilder,
    track::TrackBuilder,
};
use ::rodio::{Source, buffer::SamplesBuffer};
use mixdown::{dynamics::LimiterParams, filters::BellParams, levels::GainParams, prelude::*, reverbs::PlateParams};
use std::num::NonZero;

const RATE_HZ: u32 = 48_000;
const FRAMES: usize = 5_000;

fn spec() -> StreamSpec {
    StreamSpec::new(f64::from(RATE_HZ), 2).unwrap()
}

fn presence(gain_db: f64) -> Effect {
    let bell = BellParams { frequency_hz: 3_000.0, gain_db, q: 1.0 };
    vec![bell.into(), LimiterParams { ceiling_db: -6.0, ..Default::default() }.into()].into()
}

/// Interleaved stereo noise.
fn noise(frames: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(state) / f64::from(u32::MAX) - 0.5) as f32
    };
    std::iter::repeat_with(next).take(2 * frames).collect()
}

/// The effect by itself, over interleaved samples.
fn processed(effect: &Effect, samples: &[f32]) -> Vec<f32> {
    let mut planar: Vec<f32> = (0..2).flat_map(|c| samples.iter().skip(c).step_by(2).copied()).collect();
    let mut processor = effect.build::<f32>(&spec()).unwrap();
    processor.process(&mut BlockMut::from_planar(&mut planar, 2).unwrap());
    let frames = samples.len() / 2;
    (0..samples.len()).map(|n| planar[n % 2 * frames + n / 2]).collect()
}

#[test]
fn a_callback_of_any_length_plays_the_effect() {
    let samples = noise(FRAMES);
    let (live, _settings) = live(&presence(6.0), &spec()).unwrap();
    let (mut position, input) = (0, samples.clone());
    let mut output = cpal::output::<()>(live, move |buffer| {
        buffer.copy_from_slice(&input[position..position + buffer.len()]);
        position += buffer.len();
    });
    let mut played = vec![0.0; samples.len()];
    let (mut rest, mut lengths) = (&mut played[..], [1, 7, 256, 0, 1_000, 257].into_iter().cycle());
    while !rest.is_empty() {
        let (block, later) = rest.split_at_mut((2 * lengths.next().unwrap()).min(rest.len()));
        output(block, &());
        rest = later;
    }
    assert_eq!(played, processed(&presence(6.0), &samples));
}

#[test]
fn settings_arrive_while_it_plays() {
    let (mut live, mut settings) = live(&GainParams::default().into(), &spec()).unwrap();
    let mut block = [0.5_f32; 2 * 2_000];
    live.process_interleaved(&mut block);
    assert_eq!(block, [0.5; 4_000]);
    // The callback stands still meanwhile.
    for step in 0..100 {
        let gain = GainParams { gain_db: -f64::from(step % 3) - 6.0, ..Default::default() };
        settings.set(&gain.into()).unwrap();
    }
    settings.set(&GainParams { gain_db: -20.0, ..Default::default() }.into()).unwrap();
    live.process_interleaved(&mut [0.5_f32; 2 * 2_000]);
    let mut block = [0.5_f32; 2 * 2_000];
    live.process_interleaved(&mut block);
    assert_eq!(block[3_999], 0.05);
    assert!(settings.set(&GainParams { gain_db: 500.0, ..Default::default() }.into()).is_err());
}

#[test]
fn a_callback_takes_no_memory_and_frees_none() {
    let (mut live, mut settings) = live(&presence(6.0), &spec()).unwrap();
    let mut block = noise(1_000);
    for gain_db in [3.0, -3.0, 0.0] {
        settings.set(&presence(gain_db)).unwrap();
        assert_eq!(allocator::calls(|| live.process_interleaved(&mut block)), 0);
    }
    assert!(allocator::calls(|| settings.set(&presence(1.0)).unwrap()) > 0);
}

#[test]
fn what_makes_stereo_of_mono_has_no_room_in_a_mono_callback() {
    let mono = StreamSpec::new(48_000.0, 1).unwrap();
    let refused = live(&PlateParams::default().into(), &mono).err().unwrap();
    assert_eq!(refused.to_string(), "channels = 2 does not fit: 1 needed");
}

#[test]
fn a_plug_in_reports_sets_and_plays() {
    let mut plugin = Plugin::new(LimiterParams::default().into());
    assert_eq!((plugin.latency_samples(), plugin.tail_samples()), (0, Some(0)));
    plugin.initialize(48_000.0, 2).unwrap();
    assert_eq!(
        plugin.latency_samples() as usize,
        live(&LimiterParams::default().into(), &spec()).unwrap().0.latency_frames()
    );
    let parameters = plugin.parameters();
    for parameter in &parameters {
        for position in [0.0, 0.25, 0.5, 1.0] {
            let value = parameter.plain(position).unwrap();
            let back = parameter.plain(parameter.normalized(value).unwrap()).unwrap();
            assert!(
                back == value
                    || matches!((back, value), (Value::Number(a), Value::Number(b)) if (a - b).abs() < 1e-9 * b.abs().max(1.0)),
                "{}",
                parameter.id()
            );
        }
    }
    let ceiling = parameters.iter().find(|parameter| parameter.id() == "ceiling_db").unwrap();
    assert_eq!(ceiling.unit(), "dBTP");
    plugin.set("ceiling_db", Value::Number(-12.0)).unwrap();
    assert!(plugin.set("ceiling_db", Value::Number(50.0)).is_err());
    assert!(plugin.set("colour", Value::Number(1.0)).is_err());
    let (mut left, mut right) = (vec![0.9_f32; FRAMES], vec![0.9_f32; FRAMES]);
    plugin.process(&mut [&mut left, &mut right]);
    assert!(f64::from(left[FRAMES - 1]) <= db_to_gain(-12.0) && left[FRAMES - 1] > 0.2);
    plugin.reset();
}

#[test]
fn an_effect_of_kira_plays_and_takes_settings() {
    let samples = noise(FRAMES);
    let (mut effect, _handle) = MixdownBuilder::new(presence(6.0)).build();
    effect.init(RATE_HZ, 128);
    let mut frames: Vec<Frame> = samples.chunks(2).map(|frame| Frame::new(frame[0], frame[1])).collect();
    let info = MockInfoBuilder::new().build();
    for block in frames.chunks_mut(777) {
        effect.on_start_processing();
        effect.process(block, 1.0 / f64::from(RATE_HZ), &info);
    }
    let played: Vec<f32> = frames.iter().flat_map(|frame| [frame.left, frame.right]).collect();
    assert_eq!(played, processed(&presence(6.0), &samples));

    // Nobody's rate: the track plays on, unchanged.
    effect.on_change_sample_rate(1);
    let mut frame = [Frame::from_mono(0.5)];
    effect.process(&mut frame, 1.0, &info);
    assert_eq!(frame[0], Frame::from_mono(0.5));
}

#[test]
fn settings_of_kira_hold_from_before_the_start_and_over_a_change_of_rate() {
    let gain = |gain_db| GainParams { gain_db, ..Default::default() }.into();
    let (mut effect, mut handle) = MixdownBuilder::new(gain(0.0)).build();
    let info = MockInfoBuilder::new().build();
    let level = |effect: &mut Box<dyn KiraEffect>| {
        let mut frames = [Frame::from_mono(0.5); 2_000];
        effect.process(&mut frames, 1.0 / f64::from(RATE_HZ), &info);
        frames[1_999].left
    };
    handle.set(&gain(-6.0)).unwrap();
    effect.init(RATE_HZ, 128);
    assert!((f64::from(level(&mut effect)) - 0.5 * db_to_gain(-6.0)).abs() < 1e-7);
    handle.set(&gain(-20.0)).unwrap();
    assert_eq!(level(&mut effect), 0.05);
    assert!(handle.set(&gain(500.0)).is_err());
    effect.on_change_sample_rate(44_100);
    assert_eq!(level(&mut effect), 0.05);
}

#[test]
fn a_track_of_kira_takes_the_effect() {
    let settings =
        AudioManagerSettings { backend_settings: MockBackendSettings { sample_rate: RATE_HZ }, ..Default::default() };
    let mut manager = AudioManager::<MockBackend>::new(settings).unwrap();
    let mut builder = TrackBuilder::new();
    let mut handle = builder.add_effect(MixdownBuilder::new(presence(6.0)));
    let mut track = manager.add_sub_track(builder).unwrap();
    manager.backend_mut().on_start_processing();
    manager.backend_mut().process();
    handle.set(&presence(-6.0)).unwrap();
    track.set_volume(-3.0, Tween::default());
    manager.backend_mut().process();
}

#[test]
fn a_source_of_rodio_starts_on_time_and_rings_out() {
    let samples = noise(FRAMES);
    let buffer = || SamplesBuffer::new(NonZero::new(2).unwrap(), NonZero::new(RATE_HZ).unwrap(), samples.clone());
    let (effected, _settings) = Effected::new(buffer(), &presence(6.0)).unwrap();
    let latency = live(&presence(6.0), &spec()).unwrap().0.latency_frames();
    assert!(latency > 0);
    let duration = effected.total_duration().unwrap();
    let played: Vec<f32> = effected.collect();
    let silence = vec![0.0; 2 * latency];
    let expected = processed(&presence(6.0), &[samples.clone(), silence].concat());
    assert_eq!(&played[..2 * FRAMES], &expected[2 * latency..]);
    assert_eq!(played.len() / 2, (duration.as_secs_f64() * f64::from(RATE_HZ)).round() as usize);

    let plate: Effect = PlateParams { decay: 0.3, ..Default::default() }.into();
    let (effected, _settings) = Effected::new(buffer(), &plate).unwrap();
    let played: Vec<f32> = effected.collect();
    assert!(played.len() > 2 * FRAMES);
    assert!(played[2 * FRAMES..2 * FRAMES + 200].iter().any(|x| x.abs() > 1e-4));
    assert_eq!(played.last(), Some(&0.0));
}
