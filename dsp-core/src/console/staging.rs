//! Offline rendering with functions of whole signals, in stages: those first that depend on no other.

use super::{
    effect::EffectProcessor,
    function::{Answer, Course, Function},
    mixer::Mixer,
    offline::{Interrupted, KeepTail, Progress, longest, run_mix, run_whole},
    strip::Strip,
};
use crate::foundation::{block::Block, processor::Processor, sample::Sample};
use alloc::vec::Vec;
use core::ops::ControlFlow;

type Visit<'f, S> = &'f mut dyn FnMut(&mut Function<S>);

/// Visits the functions of an effect, and tells them how deep they lie and when what arrives there is due. Returns the
/// depth of what leaves it.
fn visit<S: Sample>(effect: &mut EffectProcessor<S>, (depth, due): (usize, usize), each: Visit<'_, S>) -> usize {
    fn series<'p, S: Sample>(
        effects: impl Iterator<Item = &'p mut EffectProcessor<S>>,
        (depth, due): (usize, usize),
        each: Visit<'_, S>,
    ) -> usize {
        let (mut depth, mut due) = (depth, due);
        for effect in effects {
            depth = visit(effect, (depth, due), each);
            due += effect.latency_frames();
        }
        depth
    }
    match effect {
        EffectProcessor::Function(function) => {
            (function.depth, function.due) = (depth, due);
            each(function);
            depth + 1
        }
        EffectProcessor::Chain(chain) => series(chain.processors_mut(), (depth, due), each),
        EffectProcessor::Parallel(parallel) => {
            parallel.branches_mut().fold(depth, |deepest, branch| deepest.max(visit(branch, (depth, due), each)))
        }
        EffectProcessor::MidSide(both) => {
            let mid = both.mid().processors().len();
            let mut effects = both.processors_mut();
            let after_mid = series(effects.by_ref().take(mid), (depth, due), each);
            after_mid.max(series(effects, (depth, due), each))
        }
        // A bypassed effect does not run.
        _ => depth,
    }
}

/// As [`visit`], of an effect by itself.
fn visit_effect<S: Sample>(effect: &mut EffectProcessor<S>, each: Visit<'_, S>) {
    visit(effect, (0, 0), each);
}

/// As [`visit`], in a mix, in the order of its strips.
fn visit_mix<S: Sample>(mixer: &mut Mixer<S>, each: Visit<'_, S>) {
    let count = mixer.strips.len();
    let (mut before, mut after) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for strip in &mut mixer.strips {
        // A key counts as what feeds the strip does: what it acts on depends on it.
        let depth = strip.sources().map(|(source, _)| after[source]).max().unwrap_or(0);
        before.push(depth);
        after.push(visit_strip(strip, depth, &mut |_| {}));
    }
    for &position in &mixer.positions {
        visit_strip(&mut mixer.strips[position], before[position], each);
    }
}

fn visit_strip<S: Sample>(strip: &mut Strip<S>, depth: usize, each: Visit<'_, S>) -> usize {
    strip.inserts.iter_mut().fold(depth, |depth, insert| visit(&mut insert.processor, (depth, insert.due), each))
}

/// Gives the functions of `target` their answers, those first that depend on no other: all of one depth after one pass.
fn stages<S: Sample, T>(
    target: &mut T,
    [kept, total]: [usize; 2],
    visit: impl Fn(&mut T, Visit<'_, S>),
    mut pass: impl FnMut(&mut T) -> Result<(), Interrupted>,
    function: Answer<'_, S>,
) -> Result<(), Interrupted> {
    loop {
        let mut next = None;
        visit(target, &mut |place| {
            if place.course == Course::Pass {
                next = Some(next.map_or(place.depth, |next: usize| next.min(place.depth)));
            }
        });
        let Some(depth) = next else { return Ok(()) };
        visit(target, &mut |place| {
            if place.course == Course::Pass && place.depth == depth {
                place.record(total);
            }
        });
        pass(target)?;
        let (mut index, mut done) = (0, ControlFlow::Continue(()));
        visit(target, &mut |place| {
            if place.course == Course::Record && done.is_continue() {
                done = place.answer(index, kept, function);
            }
            index += 1;
        });
        if done.is_break() {
            return Err(Interrupted);
        }
    }
}

/// Prepares an effect for [`render`](super::render) with the same arguments: each of its functions is given what arrives
/// there in a rendering, and what it returns is played in its place. An effect without any is left as it is.
///
/// A function gets the frames of the rendering and of its latency; more, where earlier effects sound before the programme
/// or, as far as later ones look ahead, after it.
///
/// ```
/// use core::ops::ControlFlow;
/// use mixdown::{Block, Effect, Params, StreamSpec, console::{FunctionParams, KeepTail, render, stage}, levels::GainParams};
///
/// let chain = Effect::from(vec![Effect::Function(FunctionParams::default()), GainParams::default().into()]);
/// let mut running = chain.build::<f64>(&StreamSpec::new(48_000.0, 1)?)?;
/// let audio = [1.0, 2.0, 4.0];
/// let audio = Block::from_planar(&audio, 1)?;
/// let all = |_| ControlFlow::Continue(());
/// let mut reverse = |_, sound: &Block<'_, '_, f64>| ControlFlow::Continue(sound.channel(0).iter().rev().copied().collect());
/// stage(&mut running, &audio, None, KeepTail::None, &mut { all }, &mut reverse)?;
/// let out = render(&mut running, &audio, None, KeepTail::None, &mut { all })?;
/// assert_eq!(out.samples, [4.0, 2.0, 1.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Interrupted`] if `progress`, which hears of every pass, or a function ends it.
pub fn stage<S: Sample>(
    effect: &mut EffectProcessor<S>,
    audio: &Block<'_, '_, S>,
    key: Option<&Block<'_, '_, S>>,
    keep: KeepTail,
    progress: Progress<'_>,
    function: Answer<'_, S>,
) -> Result<(), Interrupted> {
    let tail = keep.frames(effect.tail(), effect.spec().sample_rate_hz());
    let kept = audio.frames() + tail;
    let pass = |effect: &mut EffectProcessor<S>| {
        let done = run_whole(effect, audio, key, tail, progress);
        effect.reset();
        done
    };
    let total = kept + effect.latency_frames();
    stages(effect, [kept, total], visit_effect, pass, function)
}

/// As [`stage`], of a mix, for [`render_mix`](super::render_mix), [`render_stems`](super::render_stems) and
/// [`measure_mix`](super::measure_mix).
///
/// # Errors
/// As [`stage`].
pub fn stage_mix<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    keep: KeepTail,
    progress: Progress<'_>,
    function: Answer<'_, S>,
) -> Result<(), Interrupted> {
    let tail = keep.frames(mixer.tail(), mixer.spec().sample_rate_hz());
    let kept = longest(inputs) + tail;
    let pass = |mixer: &mut Mixer<S>| {
        let done = run_mix(mixer, inputs, tail, progress);
        mixer.reset();
        done
    };
    let total = kept + mixer.latency_frames();
    stages(mixer, [kept, total], visit_mix, pass, function)
}
