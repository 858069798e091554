//! Strips in the mixer: VCA groups, and the placing of stereo strips.

use crate::{
    common::*,
    routing::{FRAMES, mixed, sound, spec},
};
use mixdown::{
    console::{SendParams, StereoPan, Tap, VcaParams},
    *,
};

#[test]
fn a_vca_group_moves_faders_and_sends_after_them() {
    let sends = [Tap::PreFader, Tap::PostFader, Tap::PostPan].map(|tap| SendParams {
        to: "hall".into(),
        tap,
        ..Default::default()
    });
    for (send, by_db) in sends.into_iter().zip([0.0, -6.0, -6.0]) {
        let strip = |fader_db, to: &str| StripParams { fader_db, to: to.into(), ..Default::default() };
        let mut mixer = Mixer::<f64>::new(&spec(2)).unwrap();
        mixer.add_return("hall", &StripParams::default()).unwrap();
        mixer.add_group("away", &StripParams { mute: true, ..Default::default() }).unwrap();
        mixer.add_track("voice", 2, &StripParams { sends: vec![send], ..strip(0.0, "away") }).unwrap();
        let full = mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true);
        let group = VcaParams { name: "all".into(), members: vec!["voice".into()], fader_db: -6.0, mute: false };
        mixer.set_vcas(&[group]).unwrap();
        mixer.reset();
        let down = mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true);
        for (down, full) in down.iter().zip(&full) {
            assert!((down - full * db_to_gain(by_db)).abs() < 1e-12);
        }
        mixer.set_vca_value(0, "mute", true.into()).unwrap();
        mixer.reset();
        let muted = mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true);
        assert!(muted.iter().all(|x| *x == 0.0), "{by_db}");
    }
}

/// P1: dual pan at the sides, and balance at the centre, leave a stereo strip as it is.
#[test]
fn p1_stereo_strips_at_rest_are_identities() {
    for stereo_pan in [StereoPan::Balance, StereoPan::Dual] {
        let mut mixer = Mixer::<f64>::new(&spec(2)).unwrap();
        mixer.add_track("voice", 2, &StripParams { stereo_pan, ..Default::default() }).unwrap();
        let out = mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true);
        assert!(same_bits(&out, &sound("voice", 2, FRAMES)));
    }
    let swapped = StripParams { stereo_pan: StereoPan::Dual, left_pan: 1.0, right_pan: -1.0, ..Default::default() };
    let mut mixer = Mixer::<f64>::new(&spec(2)).unwrap();
    mixer.add_track("voice", 2, &swapped).unwrap();
    let out = mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true);
    let voice = sound("voice", 2, FRAMES);
    assert!(same_bits(&out, &[&voice[FRAMES..], &voice[..FRAMES]].concat()));
}
