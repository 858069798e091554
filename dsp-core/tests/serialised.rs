//! Settings and readings as text and as bytes, as stored in presets, session files and reports.

use crate::common::{for_all, planar_noise};
use mixdown::{delivery::*, dynamics::*, filters::*, levels::*, meters::*, *};
use serde::{Serialize, de::DeserializeOwned};
use std::{error::Error as _, fmt::Debug};

/// Round trips through text, and through bytes, which do not describe themselves.
fn round_trips<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
    let tree = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(tree).unwrap(), value, "{text}");
    let bytes = postcard::to_allocvec(value).unwrap();
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), value, "{text}");
}

/// Every kind of settings, by itself and as an effect, inside every combination, at any depth.
#[test]
fn every_effect_survives_text_and_bytes() {
    for_all(10, |_, effect| {
        round_trips(&effect);
        let silent = Effect::from(GainParams { gain_db: f64::NEG_INFINITY, ..Default::default() });
        let nested = Effect::Parallel {
            effects: vec![
                Effect::MidSide { mid: vec![effect.clone()], side: vec![] },
                Effect::Bypass { effect: Box::new(Effect::from(vec![silent, effect.clone()])) },
            ],
            gains_db: vec![f64::NEG_INFINITY, 0.25],
        };
        round_trips(&nested);
        round_trips(&StripParams { inserts: vec![nested.clone()], fader_db: f64::NEG_INFINITY, ..Default::default() });
        round_trips(&StripParams { inserts: vec![nested], fader_db: f64::NEG_INFINITY, ..Default::default() });
    });
    macro_rules! by_themselves {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            for_all(10, |_, effect| match effect {
                $(Effect::$name(params) => round_trips(&params),)*
                _ => {}
            });
            $(round_trips(&<$params>::default());)*
        };
    }
    for_each_processor!(by_themselves);
}

#[test]
fn other_settings_survive_text_and_bytes() {
    let bell = BellParams { gain_db: 3.0, ..Default::default() };
    round_trips(&Band::from(bell));
    for shape in [
        DynamicShape::from(bell),
        LowShelfParams::default().into(),
        HighShelfParams::default().into(),
        TiltParams::default().into(),
    ] {
        round_trips(&shape);
        round_trips(&DynamicEqualizerBand::from(DynamicBand { shape, ratio: f64::INFINITY, ..Default::default() }));
    }
    round_trips(&PanLaw::Minus4_5Db);
    round_trips(&CompressorParams { ratio: f64::INFINITY, ..Default::default() });
    for target in TARGETS {
        let params = DeliveryParams::from(*target);
        assert_eq!((params.target_lufs, params.validate()), (target.integrated_lufs, Ok(())));
        assert_eq!(params.ceiling_dbtp, target.ceiling_dbtp.unwrap_or(0.0));
        round_trips(&params);
    }
    round_trips(&NormalizeParams::default());
    round_trips(&QuantizerParams::default());
}

#[test]
fn readings_survive_text_and_bytes() {
    let spec = StreamSpec::new(48_000.0, 2).unwrap();
    for audio in [vec![], vec![0.0; 2 * 48_000], planar_noise::<f64>(2, 4 * 48_000)] {
        let block = Block::from_planar(&audio, 2).unwrap();
        for precision in [Precision::Off, Precision::Standard] {
            let mut meter = LoudnessParams { precision, ..Default::default() }.build::<f64>(&spec).unwrap();
            meter.observe(&block);
            round_trips(&meter.reading());
        }
        let mut meter = TruePeakMeter::<f64>::new(&spec, Precision::High).unwrap();
        meter.observe(&block);
        round_trips(&meter.reading());
        let mut compressor = CompressorParams::default().build::<f64>(&spec).unwrap();
        compressor.process(&mut BlockMut::from_planar(&mut audio.clone(), 2).unwrap());
        round_trips(&compressor.gain_reduction());
    }
    let mut audio = planar_noise::<f64>(2, 4 * 48_000);
    let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
    let (loudness, params) = (LoudnessParams::default(), NormalizeParams::default());
    round_trips(&normalize(&mut block, &spec, &loudness, &params).unwrap());
    let programme = planar_noise::<f64>(2, 4 * 48_000);
    let params = DeliveryParams { target_lufs: -20.0, ..Default::default() };
    let delivery = deliver(&Block::from_planar(&programme, 2).unwrap(), &spec, &params).unwrap();
    let report = serde_json::to_value(&delivery).unwrap();
    assert_eq!(report.get("samples"), None);
    assert_eq!(report["gain_db"], delivery.gain_db);
    assert_eq!(report["loudness"]["integrated_lufs"], delivery.loudness.integrated_lufs);
    for target in TARGETS {
        let value = serde_json::to_value(target).unwrap();
        assert_eq!((&value["name"], &value["integrated_lufs"]), (&target.name.into(), &target.integrated_lufs.into()));
    }
}

#[test]
fn a_refused_setting_of_a_strip_has_its_error_as_source() {
    let mut mixer = Mixer::<f32>::new(&StreamSpec::new(48_000.0, 2).unwrap()).unwrap();
    let error = mixer.add_track("voice", 1, &StripParams { pan: 2.0, ..Default::default() }).unwrap_err();
    let source = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert!(error.to_string().ends_with(&source.to_string()), "{error}: {source}");
    assert!(mixer.set("nobody", &StripParams::default()).unwrap_err().source().is_none());
}

#[test]
fn infinities_survive_json() {
    let silent = GainParams { gain_db: f64::NEG_INFINITY, ..Default::default() };
    let effect = Effect::Parallel { effects: vec![silent.into()], gains_db: vec![f64::NEG_INFINITY, 0.25] };
    let text = serde_json::to_string(&effect).unwrap();
    assert_eq!(
        text,
        r#"{"type":"Parallel","effects":[{"type":"Gain","gain_db":"-inf","invert_polarity":false}],"gains_db":["-inf",0.25]}"#
    );
    assert_eq!(serde_json::from_str::<Effect>(&text).unwrap(), effect);
    let track = StripParams { fader_db: f64::NEG_INFINITY, ..Default::default() };
    let text = serde_json::to_string(&track).unwrap();
    assert_eq!(serde_json::from_str::<StripParams>(&text).unwrap(), track);
}

#[test]
fn unknown_names_are_refused_and_missing_ones_take_their_default() {
    let parse = serde_json::from_str::<Effect>;
    assert!(parse(r#"{"type":"Gain","gain":3}"#).is_err());
    assert!(parse(r#"{"type":"Gian"}"#).is_err());
    assert_eq!(
        parse(r#"{"type":"Gain","gain_db":3}"#).unwrap(),
        GainParams { gain_db: 3.0, ..Default::default() }.into()
    );
}

#[test]
fn impulse_responses_are_base64() {
    use mixdown::convolution::{ConvolutionParams, ImpulseResponse};
    let of = |samples: Vec<f64>| {
        let impulse_response = ImpulseResponse::from_planar(2, samples).unwrap();
        Effect::from(ConvolutionParams { impulse_response, ..Default::default() })
    };
    let short = of(vec![1.0, 0.5]);
    let text = serde_json::to_string(&short).unwrap();
    assert_eq!(
        text,
        r#"{"type":"Convolution","impulse_response":{"rows":2,"format":"f32","samples":"AACAPwAAAD8="},"layout":"auto","predelay_ms":0.0,"trim_ms":0.0,"decay":1.0,"mix":1.0,"normalize":false}"#
    );
    assert_eq!(serde_json::from_str::<Effect>(&text).unwrap(), short);
    // Numbers that are not exact in f32.
    let fine = of(vec![0.1, -1e-300]);
    let text = serde_json::to_string(&fine).unwrap();
    assert!(text.contains(r#""format":"f64""#));
    assert_eq!(serde_json::from_str::<Effect>(&text).unwrap(), fine);
    let refused = |response: &str| {
        let text = format!(r#"{{"type":"Convolution","impulse_response":{response}}}"#);
        serde_json::from_str::<Effect>(&text).unwrap_err().to_string()
    };
    assert!(refused(r#"{"rows":3,"samples":"AAAAAAAA8D8="}"#).contains("it must be 1, 2 or 4"));
    assert!(refused(r#"{"rows":1,"samples":"AAAAAAAA8H8="}"#).contains("impulse_response[0] = inf is out of range"));
    assert!(refused(r#"{"rows":1,"samples":"AAAA"}"#).contains("end within a number"));
    assert!(refused(r#"{"rows":1,"samples":"?"}"#).contains("not Base64"));
}

#[test]
fn placed_bands_serialise_beside_plain_ones_which_read_as_before() {
    let bell = BellParams { gain_db: 3.0, ..Default::default() };
    let placed = Placed { band: bell.into(), place: Place::Side, enabled: false };
    let bands = vec![bell.into(), placed.into()];
    let effect = Effect::from(EqualizerParams { bands, ..Default::default() });
    let text = serde_json::to_string(&effect).unwrap();
    let plain = r#"{"type":"Bell","frequency_hz":1000.0,"gain_db":3.0,"q":1.0}"#;
    assert_eq!(
        text,
        format!(
            r#"{{"type":"Equalizer","bands":[{plain},{{"type":"Placed","band":{plain},"place":"side","enabled":false}}],"design":"matched","output_gain_db":0.0}}"#
        )
    );
    round_trips(&effect);
    let before = format!(r#"{{"type":"Equalizer","bands":[{plain}],"design":"matched"}}"#);
    let read: Effect = serde_json::from_str(&before).unwrap();
    assert_eq!(read, EqualizerParams { bands: vec![bell.into()], ..Default::default() }.into());
}

/// A length in frames means another time at every rate: it is refused, and the new name is said.
#[test]
fn a_linear_phase_preset_with_a_length_in_frames_is_refused_by_name() {
    let text = r#"{"type":"LinearPhaseEqualizer","bands":[],"length_frames":8192}"#;
    let error = serde_json::from_str::<Effect>(text).unwrap_err().to_string();
    assert!(error.contains("length_frames") && error.contains("length_ms"), "{error}");
}
