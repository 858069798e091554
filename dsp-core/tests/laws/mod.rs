//! The invariants of every processor, over random settings of everything in the one list.

mod clicks;
mod latency;
mod refusals;
mod reset;
mod silence;
mod streaming;

use crate::common::*;
use mixdown::*;

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
