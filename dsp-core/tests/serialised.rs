//! Settings as text: what a preset or a session file stores.

use mixdown::{Effect, GainParams, TrackParams};

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
    let track = TrackParams { fader_db: f64::NEG_INFINITY, ..Default::default() };
    let text = serde_json::to_string(&track).unwrap();
    assert_eq!(serde_json::from_str::<TrackParams>(&text).unwrap(), track);
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

#[cfg(feature = "std")]
#[test]
fn impulse_responses_are_base64() {
    use mixdown::{ConvolutionParams, ImpulseResponse};
    let of = |samples: Vec<f64>| {
        let impulse_response = ImpulseResponse::from_planar(2, samples).unwrap();
        Effect::from(ConvolutionParams { impulse_response, ..Default::default() })
    };
    let short = of(vec![1.0, 0.5]);
    let text = serde_json::to_string(&short).unwrap();
    assert_eq!(
        text,
        r#"{"type":"Convolution","impulse_response":{"rows":2,"format":"f32","samples":"AACAPwAAAD8="},"layout":"auto","predelay_ms":0.0,"mix":1.0,"normalize":false}"#
    );
    assert_eq!(serde_json::from_str::<Effect>(&text).unwrap(), short);
    // Numbers that f32 does not hold.
    let fine = of(vec![0.1, -1e-300]);
    let text = serde_json::to_string(&fine).unwrap();
    assert!(text.contains(r#""format":"f64""#));
    assert_eq!(serde_json::from_str::<Effect>(&text).unwrap(), fine);
    let refused = |response: &str| {
        let text = format!(r#"{{"type":"Convolution","impulse_response":{response}}}"#);
        serde_json::from_str::<Effect>(&text).unwrap_err().to_string()
    };
    assert!(refused(r#"{"rows":3,"samples":"AAAAAAAA8D8="}"#).contains("it must be 1, 2 or 4"));
    assert!(refused(r#"{"rows":1,"samples":"AAAAAAAA8H8="}"#).contains("impulse_response[0] = NaN is out of range"));
    assert!(refused(r#"{"rows":1,"samples":"AAAA"}"#).contains("end within a number"));
    assert!(refused(r#"{"rows":1,"samples":"?"}"#).contains("not Base64"));
}
