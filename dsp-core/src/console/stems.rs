//! Stems: what each strip adds to the master, or each track to its bus.

use super::{
    chunk::CHUNK_FRAMES,
    graph::Output,
    mixer::Mixer,
    mixer_params::StripInput,
    offline::{AutoTail, Interrupted, KeepTail, Progress, Rendering, longest},
};
use crate::foundation::{
    block::{Block, BlockMut},
    sample::Sample,
};
use alloc::{string::String, vec, vec::Vec};

/// Which stems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stems {
    /// Of every strip that feeds the master: they add up to its signal before trim and inserts.
    MasterInputs,
    /// Of every track: what it adds to its group or to the master, after fader, pan and mute.
    Tracks,
}

/// One stem: its name, and its feeds as (position of the bus, feed of the bus).
type Stem = (String, Vec<(usize, usize)>);

fn stems_of<S: Sample>(mixer: &Mixer<S>, of: Stems) -> Vec<Stem> {
    let master = mixer.strips.len() - 1;
    let is_wanted = |strip: usize, &(bus, feed): &(usize, usize)| match of {
        Stems::MasterInputs => bus == master,
        Stems::Tracks => {
            let is_track = matches!(mixer.params.input(strip), StripInput::Track { .. });
            is_track && mixer.strips[bus].feeds[feed].route.output == Output::Main
        }
    };
    let named = mixer.params.strips.iter().zip(&mixer.outputs).enumerate();
    named
        .map(|(strip, (named, outputs))| {
            (named.name.clone(), outputs.iter().copied().filter(|output| is_wanted(strip, output)).collect())
        })
        .filter(|(_, feeds): &Stem| !feeds.is_empty())
        .collect()
}

/// Renders stems by their names, in the order of the strips, from the mixer's current state: all stereo, as long as the
/// mix by [`render_mix`](super::render_mix), aligned with the inputs. They are f64 whatever the format of the mix: what a
/// bus adds, which it rounds but once.
///
/// ```
/// use core::ops::ControlFlow;
/// use mixdown::{Block, Mixer, StreamSpec, StripParams, console::{KeepTail, Stems, render_stems}};
///
/// let mut mixer = Mixer::<f64>::new(&StreamSpec::new(48_000.0, 2)?)?;
/// mixer.add_track("bass", 1, &StripParams { pan: -1.0, ..Default::default() })?;
/// let audio = [0.5; 100];
/// let inputs = [Block::from_planar(&audio, 1)?];
/// let all = |_| ControlFlow::Continue(());
/// let stems = render_stems(&mut mixer, &inputs, Stems::MasterInputs, KeepTail::None, &mut { all })?;
/// assert_eq!((stems[0].0.as_str(), &stems[0].1.samples[99..101]), ("bass", &[0.5, 0.0][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Interrupted`] if `progress` interrupts it.
pub fn render_stems<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    of: Stems,
    keep: KeepTail,
    progress: Progress<'_>,
) -> Result<Vec<(String, Rendering<f64>)>, Interrupted> {
    let stems = stems_of(mixer, of);
    let feeds = || stems.iter().flat_map(|(_, feeds)| feeds);
    for &(bus, feed) in feeds() {
        mixer.strips[bus].feeds[feed].keep_product(true);
    }
    let done = collect(mixer, inputs, &stems, keep, progress);
    for &(bus, feed) in feeds() {
        mixer.strips[bus].feeds[feed].keep_product(false);
    }
    let renderings = done?;
    Ok(stems.into_iter().map(|(name, _)| name).zip(renderings).collect())
}

fn collect<S: Sample>(
    mixer: &mut Mixer<S>,
    inputs: &[Block<'_, '_, S>],
    stems: &[Stem],
    keep: KeepTail,
    progress: Progress<'_>,
) -> Result<Vec<Rendering<f64>>, Interrupted> {
    let rate_hz = mixer.spec().sample_rate_hz();
    let input_frames = longest(inputs);
    let frames = input_frames + keep.frames(mixer.tail(), rate_hz);
    let total = frames + mixer.latency_frames();
    let mut renderings: Vec<Rendering<f64>> =
        stems.iter().map(|_| Rendering { samples: vec![0.0; 2 * frames], channels: 2, frames }).collect();
    let mut tail = AutoTail::new(input_frames + mixer.latency_frames(), rate_hz);
    let mut mixed = [S::ZERO; 2 * CHUNK_FRAMES];
    for start in (0..total).step_by(CHUNK_FRAMES) {
        if progress(start as f64 / total as f64).is_break() {
            return Err(Interrupted);
        }
        // One chunk of the mixer.
        let length = CHUNK_FRAMES.min(total - start);
        let Ok(mut block) = BlockMut::from_planar(&mut mixed[..2 * length], 2) else { continue };
        mixer.process_from(inputs, start, &mut block);
        tail.hear(start, &mixed[..2 * length], length);
        for ((_, feeds), rendering) in stems.iter().zip(&mut renderings) {
            for &(bus, feed) in feeds {
                let feed = &mixer.strips[bus].feeds[feed];
                let early = feed.due.saturating_sub(start).min(length);
                let place = (start + early - feed.due.min(start + early)).min(frames);
                let kept = (length - early).min(frames - place);
                for channel in 0..2 {
                    let product = &feed.product[channel * CHUNK_FRAMES + early..][..kept];
                    let stem = &mut rendering.samples[channel * frames + place..][..kept];
                    stem.iter_mut().zip(product).for_each(|(stem, x)| *stem += *x);
                }
            }
        }
    }
    if progress(1.0).is_break() {
        return Err(Interrupted);
    }
    if keep == KeepTail::Auto {
        renderings.iter_mut().for_each(|rendering| rendering.truncate(tail.frames(input_frames, frames)));
    }
    Ok(renderings)
}
