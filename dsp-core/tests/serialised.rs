//! Settings as text: what a preset or a session file stores.
#![cfg(feature = "serde")]

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
