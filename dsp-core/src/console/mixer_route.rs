//! Routing of a mixer: feeds, keys and delays of strips after an edit. What was routed before glides on.

use super::{
    chunk::CHUNK_FRAMES,
    feed::Feed,
    gains::Aims,
    graph::{FeedRoute, Graph, KeyRoute, Output, departure},
    insert::Key,
    lanes::{InsertLanes, OutputLanes, targets},
    mixer::Mixer,
    mixer_params::StripInput,
    send::Tap,
    strip::Strip,
    strip_id::StripId,
};
use crate::{
    foundation::{processor::Processor, sample::Sample, unit::ms_to_frames},
    primitives::ramp::GAIN_RAMP_MS,
};
use alloc::{vec, vec::Vec};

impl<S: Sample> Mixer<S> {
    /// All strips in the order of the settings, the master last.
    pub(super) fn take_strips(&mut self) -> Vec<Strip<S>> {
        let mut placed: Vec<Option<Strip<S>>> = core::mem::take(&mut self.strips).into_iter().map(Some).collect();
        self.positions.iter().filter_map(|&position| placed[position].take()).collect()
    }

    /// Installs strips after an edit that cannot make the routing illegal.
    pub(super) fn replan(&mut self, strips: Vec<Strip<S>>) {
        let graph = Graph::plan(&self.params).unwrap_or_else(|_| self.graph.clone());
        self.install(strips, graph);
    }

    /// Routes strips that are in the order of the settings: feeds, keys, delays. What was routed before glides on.
    pub(super) fn install(&mut self, mut strips: Vec<Strip<S>>, mut graph: Graph) {
        let count = strips.len();
        if self.running {
            let position = |id: StripId| self.ids.iter().position(|own| *own == id);
            let of = |(to, strip): (usize, &Strip<S>)| {
                let feeds = strip.feeds.iter().filter(|feed| !feed.is_gone());
                feeds.filter_map(|feed| Some((position(feed.id)?, to))).collect::<Vec<_>>()
            };
            graph.keep_order(strips.iter().enumerate().flat_map(of).collect::<Vec<_>>().into_iter());
        }
        let before = |strip: usize, inserts: usize| strips[strip].latency_frames(inserts);
        let arrivals = graph.arrivals(before);
        let leaving: Vec<[usize; 2]> = (0..count)
            .map(|strip| [Tap::PreInsert, Tap::PreFader].map(|tap| departure(&arrivals, before, strip, tap)))
            .collect();
        let inserts_before: Vec<Vec<usize>> = (0..count)
            .map(|strip| graph.routes[strip].keys.iter().map(|key| before(strip, key.insert)).collect())
            .collect();
        let channels: Vec<[usize; 2]> = strips.iter().map(|strip| strip.channels()).collect();
        self.kept = vec![true; count];
        self.feeding = vec![false; count];
        graph.solo(&self.params, &mut self.kept, &mut self.feeding);
        let mut positions = vec![0; count];
        for (position, &strip) in graph.order.iter().enumerate() {
            positions[strip] = position;
        }
        let rate_hz = self.spec.sample_rate_hz();
        let fade = self.running.then(|| [ms_to_frames(GAIN_RAMP_MS, rate_hz), CHUNK_FRAMES]);
        let targets: Vec<_> = strips
            .iter()
            .enumerate()
            .map(|(index, strip)| targets(self.params.strip(index), &strip.spec()).unwrap_or_default())
            .collect();
        let mut outputs = vec![Vec::new(); count];
        let mut inputs = 0;
        let tapped_before: Vec<bool> = (0..count)
            .map(|strip| self.params.strip(strip).sends.iter().any(|send| send.tap == Tap::PreInsert))
            .collect();
        for (index, strip) in strips.iter_mut().enumerate() {
            let is_track = matches!(self.params.input(index), StripInput::Track { .. });
            strip.input = is_track.then_some(inputs);
            inputs += usize::from(is_track);
            strip.set_delay(if is_track { arrivals[index] } else { 0 }, fade);
            let (mut replaced, mut old): (Vec<_>, Vec<_>) =
                core::mem::take(&mut strip.feeds).into_iter().partition(Feed::is_leaving);
            for &route in &graph.routes[index].feeds {
                let FeedRoute { from, output, tap } = route;
                let late = arrivals[index] - leaving[from][usize::from(tap != Tap::PreInsert)];
                let width = channels[from][usize::from(tap != Tap::PreInsert)];
                let id = self.ids[from];
                let lanes = OutputLanes::of(self.params.strip(from), output, &targets[from]);
                let aims = Aims::of(self.params.strip(from), output, self.params.vca(from), self.kept[from]);
                let same = old.iter().position(|feed| {
                    feed.id == id && (feed.route.output, feed.route.tap, feed.channels()) == (output, tap, width)
                });
                let mut feed = match same.map(|same| old.swap_remove(same)) {
                    Some(feed) if feed.is_as(lanes.as_ref(), late, arrivals[index]) => feed,
                    Some(mut old) => {
                        let mut new = old.successor(lanes, late, arrivals[index]);
                        new.aim(&aims);
                        if self.running {
                            let wait = old.frames_to_fill(late);
                            new.enter(wait);
                            old.leave(wait);
                            // What sounds until the old one would have been filled does until the new one is.
                            replaced.iter_mut().filter(|feed| feed.waits_for(&old)).for_each(|feed| feed.leave(wait));
                            replaced.push(old);
                        } else {
                            new.settle();
                        }
                        new
                    }
                    None => {
                        let mut new = Feed::new(id, route, width, late, rate_hz);
                        new.lanes = lanes;
                        new.aim(&aims);
                        if self.running {
                            new.enter(late)
                        } else {
                            new.settle()
                        }
                        new
                    }
                };
                (feed.route, feed.source, feed.due) = (route, positions[from], arrivals[index]);
                outputs[from].push((positions[index], strip.feeds.len()));
                strip.feeds.push(feed);
            }
            if self.running {
                // Routes that are gone.
                replaced.extend(old.into_iter().map(|mut feed| {
                    feed.leave(0);
                    feed
                }));
            }
            // Those that can still be heard, if their sources still come before the bus and are as wide.
            let first = graph.depths.iter().rev().find(|end| **end <= positions[index]).copied().unwrap_or(0);
            for mut feed in replaced.into_iter().filter(|feed| !feed.is_gone()) {
                let Some(from) = self.ids.iter().position(|id| *id == feed.id) else { continue };
                let width = channels[from][usize::from(feed.route.tap != Tap::PreInsert)];
                feed.source = positions[from];
                let is_tapped = feed.route.tap != Tap::PreInsert || tapped_before[from];
                if feed.source < first && feed.channels() == width && is_tapped {
                    strip.feeds.push(feed);
                }
            }
            let mut keys: Vec<(KeyRoute, usize)> =
                graph.routes[index].keys.iter().copied().zip(inserts_before[index].iter().copied()).collect();
            let spec = strip.spec();
            let lanes = InsertLanes::of(self.params.strip(index), &spec, &targets[index]).unwrap_or_default();
            let lanes = lanes.into_iter().chain(core::iter::repeat(None));
            let mut due = arrivals[index];
            for (insert, lanes) in strip.inserts.iter_mut().zip(lanes) {
                (insert.lanes, insert.due) = (lanes, due);
                due += insert.latency_frames();
            }
            for (position, insert) in strip.inserts.iter_mut().enumerate() {
                let Some(found) = keys.iter().position(|(key, _)| key.insert == position) else {
                    insert.key = None;
                    continue;
                };
                let (route, inserts_before) = keys.swap_remove(found);
                let late = arrivals[index] + inserts_before - leaving[route.from][1];
                let (width, own) = (channels[route.from][1], insert.processor.spec().channels());
                let id = self.ids[route.from];
                let same = insert.key.take().filter(|key| (key.id, key.channels()) == (id, width.min(own)));
                let mut key = same.unwrap_or_else(|| Key::new(id, width, own, late));
                key.delay.set_frames(late, fade);
                key.source = positions[route.from];
                insert.key = Some(key);
            }
        }
        let master = count - 1;
        let lanes = OutputLanes::of(&self.params.master, Output::Main, &targets[master]);
        self.leaving.retain(|out| !out.is_gone());
        if !self.out.is_as(lanes.as_ref(), 0, leaving[master][1]) {
            let mut new = self.out.successor(lanes, 0, leaving[master][1]);
            new.aim(&Aims::of(&self.params.master, Output::Main, self.params.vca(master), true));
            if self.running {
                new.enter(0)
            } else {
                new.settle()
            }
            let mut old = core::mem::replace(&mut self.out, new);
            if self.running {
                old.leave(0);
                self.leaving.push(old);
            }
        }
        self.out.due = leaving[master][1];
        self.leaving.iter_mut().chain([&mut self.out]).for_each(|out| out.source = positions[master]);
        self.latency_frames = leaving[master][1];
        self.taps = graph.order.iter().map(|&strip| strips[strip].taps(tapped_before[strip])).collect();
        let mut placed: Vec<Option<Strip<S>>> = strips.into_iter().map(Some).collect();
        self.strips = graph.order.iter().filter_map(|&strip| placed[strip].take()).collect();
        (self.graph, self.positions, self.outputs) = (graph, positions, outputs);
        self.route_meters();
        self.aim_all();
    }
}
