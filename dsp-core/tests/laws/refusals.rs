//! What is refused changes nothing.

use super::*;
use mixdown::{filters::*, levels::*};

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
