//! The routing of a mix: which strip feeds which, in what order they run, what solo keeps, and when signals arrive.
//!
//! Strips are numbered as in [`MixerParams::strips`]; the master comes after them. All of it is decided when a mix is
//! edited, and no audio is touched.

use super::{
    mixer_error::MixerError,
    mixer_params::{MASTER, MixerParams, StripInput},
    send::Tap,
    strip_params::StripParams,
};
use alloc::{collections::BTreeMap, string::String, vec, vec::Vec};

/// Which way out of a strip: to its bus, or by a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Main,
    Send(usize),
}

/// One strip feeds another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FeedRoute {
    pub(super) from: usize,
    pub(super) output: Output,
    pub(super) tap: Tap,
}

/// One strip is the key of another's insert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyRoute {
    pub(super) from: usize,
    pub(super) insert: usize,
}

/// What a strip receives.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes {
    /// In byte order of the names of the sources, a strip's own in the order of main output and sends.
    pub(super) feeds: Vec<FeedRoute>,
    pub(super) keys: Vec<KeyRoute>,
    /// Strips whose feeds an edit has replaced: they come before it until those have faded out.
    leaving: Vec<usize>,
}

impl Routes {
    fn sources(&self) -> impl Iterator<Item = usize> {
        let keys = self.keys.iter().map(|key| key.from);
        self.feeds.iter().map(|feed| feed.from).chain(keys).chain(self.leaving.iter().copied())
    }
}

/// The routing of a mix.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    /// What each strip receives, the master last.
    pub(super) routes: Vec<Routes>,
    /// All strips, each after those that it receives from: by depth, strips of one depth in byte order of their names.
    pub(super) order: Vec<usize>,
    /// Ends of the depths in `order`: strips between two ends are independent of each other.
    pub(super) depths: Vec<usize>,
    /// All strips in byte order of their names.
    by_name: Vec<usize>,
}

impl Graph {
    /// Resolves the names of a mix.
    ///
    /// # Errors
    /// A name twice, an unknown or impossible destination or key, or a cycle with its path.
    pub(super) fn plan(mix: &MixerParams) -> Result<Self, MixerError> {
        let indices = indices(mix)?;
        let mut routes: Vec<Routes> = vec![Routes::default(); mix.strips.len() + 1];
        let mut by_name: Vec<(&str, usize)> = indices.iter().map(|(name, index)| (*name, *index)).collect();
        by_name.sort_unstable_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
        for &(name, from) in &by_name {
            let strip = mix.strip(from);
            let is_master = from == mix.strips.len();
            if !is_master {
                let to = bus(mix, &indices, name, &strip.to)?;
                routes[to].feeds.push(FeedRoute { from, output: Output::Main, tap: Tap::PostPan });
            }
            for (position, send) in strip.sends.iter().enumerate() {
                if is_master {
                    let path = vec![MASTER.into(), send.to.clone(), MASTER.into()];
                    return Err(MixerError::Cycle { path });
                }
                let to = bus(mix, &indices, name, &send.to)?;
                routes[to].feeds.push(FeedRoute { from, output: Output::Send(position), tap: send.tap });
            }
            for key in &strip.keys {
                let source = *indices.get(key.from.as_str()).ok_or_else(|| unknown(name, &key.from, &indices))?;
                routes[from].keys.push(KeyRoute { from: source, insert: key.insert });
            }
        }
        let by_name = by_name.into_iter().map(|(_, index)| index).collect::<Vec<_>>();
        let (order, depths) = sorted(&routes, &by_name).map_err(|cycle| {
            let path = cycle.into_iter().map(|index| mix.name(index).into()).collect();
            MixerError::Cycle { path }
        })?;
        Ok(Self { routes, order, depths, by_name })
    }

    /// Lets strips also come before those that they fed so far, as (from, to), unless that makes a circle.
    pub(super) fn keep_order(&mut self, fed: impl Iterator<Item = (usize, usize)>) {
        fed.for_each(|(from, to)| self.routes[to].leaving.push(from));
        match sorted(&self.routes, &self.by_name) {
            Ok((order, depths)) => (self.order, self.depths) = (order, depths),
            Err(_) => self.routes.iter_mut().for_each(|routes| routes.leaving.clear()),
        }
    }

    /// When the input of each strip is due, in frames after the input of the mix: late enough for the latest of its
    /// sources and keys. `before` is the latency of the first inserts of a strip, `usize::MAX` for all of them.
    pub(super) fn arrivals(&self, before: impl Fn(usize, usize) -> usize) -> Vec<usize> {
        let mut arrivals = vec![0; self.routes.len()];
        for &strip in &self.order {
            let routes = &self.routes[strip];
            let feeds = routes.feeds.iter().map(|feed| departure(&arrivals, &before, feed.from, feed.tap));
            let keys = routes.keys.iter().map(|key| {
                departure(&arrivals, &before, key.from, Tap::PreFader).saturating_sub(before(strip, key.insert))
            });
            arrivals[strip] = feeds.chain(keys).max().unwrap_or(0);
        }
        arrivals
    }

    /// Marks the strips that are heard while others are soloed: the soloed ones, what they feed, what feeds them, and
    /// those that are safe. All of them if none is soloed. Takes no memory: `kept` and `feeding` have one entry for
    /// each strip.
    pub(super) fn solo(&self, mix: &MixerParams, kept: &mut [bool], feeding: &mut [bool]) {
        if mix.strips.iter().all(|strip| !strip.params.solo) {
            return kept.fill(true);
        }
        let soloed = |index: usize| mix.strips.get(index).is_some_and(|strip| strip.params.solo);
        for &strip in &self.order {
            // Downstream of a soloed strip.
            kept[strip] = soloed(strip) || self.routes[strip].feeds.iter().any(|feed| kept[feed.from]);
            feeding[strip] = soloed(strip);
        }
        for &strip in self.order.iter().rev() {
            // Upstream.
            if feeding[strip] {
                for feed in &self.routes[strip].feeds {
                    feeding[feed.from] = true;
                }
            }
        }
        for (index, kept) in kept.iter_mut().enumerate() {
            let safe =
                mix.strips.get(index).is_none_or(|strip| strip.params.solo_safe || strip.input == StripInput::Return);
            *kept |= feeding[index] || safe;
        }
    }
}

/// When the signal at a tap of a strip is there.
pub(super) fn departure(arrivals: &[usize], before: impl Fn(usize, usize) -> usize, strip: usize, tap: Tap) -> usize {
    arrivals[strip] + if tap == Tap::PreInsert { 0 } else { before(strip, usize::MAX) }
}

/// Whether a strip may have this name: `/` separates the parts of a path to a parameter.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('/')
}

/// The index of every name, the master's included.
fn indices(mix: &MixerParams) -> Result<BTreeMap<&str, usize>, MixerError> {
    let mut indices = BTreeMap::from([(MASTER, mix.strips.len())]);
    for (index, strip) in mix.strips.iter().enumerate() {
        if !is_name(&strip.name) {
            return Err(MixerError::Name { name: strip.name.clone() });
        }
        if indices.insert(&strip.name, index).is_some() {
            return Err(MixerError::Duplicate { name: strip.name.clone() });
        }
    }
    Ok(indices)
}

/// The bus called `to` that the strip `from` feeds.
fn bus(mix: &MixerParams, indices: &BTreeMap<&str, usize>, from: &str, to: &str) -> Result<usize, MixerError> {
    let index = *indices.get(to).ok_or_else(|| unknown(from, to, indices))?;
    match mix.strips.get(index).map(|strip| strip.input) {
        Some(StripInput::Track { .. }) => Err(MixerError::NoBus { from: from.into(), to: to.into() }),
        _ => Ok(index),
    }
}

fn unknown(from: &str, to: &str, indices: &BTreeMap<&str, usize>) -> MixerError {
    let known = indices.keys().map(|name| String::from(*name)).collect();
    MixerError::Route { from: from.into(), to: to.into(), known }
}

/// All strips by depth, those of one depth by name; and the end of each depth. A cycle is the error.
fn sorted(routes: &[Routes], by_name: &[usize]) -> Result<(Vec<usize>, Vec<usize>), Vec<usize>> {
    let mut depth: Vec<Option<usize>> = vec![None; routes.len()];
    let (mut order, mut depths) = (Vec::with_capacity(routes.len()), Vec::new());
    while order.len() < routes.len() {
        let known = order.len();
        for &strip in by_name {
            let ready = routes[strip].sources().all(|from| depth[from].is_some_and(|depth| depth < depths.len()));
            if depth[strip].is_none() && ready {
                order.push(strip);
            }
        }
        if order.len() == known {
            return Err(cycle(routes, &depth));
        }
        for &strip in &order[known..] {
            depth[strip] = Some(depths.len());
        }
        depths.push(order.len());
    }
    Ok((order, depths))
}

/// A cycle among the strips without a depth, from a strip round to itself, in the direction of the signal.
fn cycle(routes: &[Routes], depth: &[Option<usize>]) -> Vec<usize> {
    let Some(mut strip) = depth.iter().position(Option::is_none) else { return Vec::new() };
    let mut path = Vec::new();
    // Every such strip receives from another one, so that the walk upstream meets itself.
    while !path.contains(&strip) {
        path.push(strip);
        strip = routes[strip].sources().find(|from| depth[*from].is_none()).unwrap_or(strip);
    }
    let start = path.iter().position(|other| *other == strip).unwrap_or(0);
    let mut cycle = path.split_off(start);
    cycle.push(strip);
    cycle.reverse();
    cycle
}

/// Names of the strips that a strip receives from or keys, for errors.
pub(super) fn feeders(mix: &MixerParams, name: &str) -> Vec<String> {
    let refers = |strip: &StripParams| {
        strip.to == name
            || strip.sends.iter().any(|send| send.to == name)
            || strip.keys.iter().any(|key| key.from == name)
    };
    let strips = mix.strips.iter().filter(|strip| strip.name != name && refers(&strip.params));
    let master = refers(&mix.master).then(|| MASTER.into());
    strips.map(|strip| strip.name.clone()).chain(master).collect()
}
