//! Law 3: a reset is a fresh build, and channels are treated alike.

use super::*;
use mixdown::{convolution::*, levels::*};

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
        // A reverb and a chorus differ between the sides, and so does what has a second phase;
        // ping-pong begins on the left.
        let differs = match &effect {
            Effect::Delay(p) => p.ping_pong,
            Effect::Flanger(p) => p.stereo_phase_degrees != 0.0,
            Effect::Phaser(p) => p.stereo_phase_degrees != 0.0,
            Effect::Tremolo(p) => p.stereo_phase_degrees != 0.0,
            _ => matches!(entry.name, "Reverb" | "Plate" | "Chorus"),
        };
        if !channel_counts(&effect).contains(&2) || differs {
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
