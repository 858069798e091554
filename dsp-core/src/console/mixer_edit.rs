//! Edits of a mixer: strips added, removed, renamed, moved and set. Each is checked whole before it takes effect.

use super::{
    chunk::CHUNK_FRAMES,
    effect::{EffectCoeffs, EffectProcessor},
    feed::Feed,
    gains::Aims,
    graph::{FeedRoute, Graph, KeyRoute, Output, departure, feeders, is_name},
    insert::{Insert, Key},
    lanes::{InsertLanes, OutputLanes, move_insert, targets},
    mixer::Mixer,
    mixer_check::{build_strip, check_keys},
    mixer_error::{MixerError, setting},
    mixer_params::{MASTER, NamedStrip, StripInput, VcaParams},
    send::Tap,
    series::design_series,
    strip::{Strip, check_series},
    strip_id::StripId,
    strip_params::StripParams,
};
use crate::{
    foundation::{
        error::Error,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        unit::ms_to_frames,
    },
    primitives::ramp::GAIN_RAMP_MS,
};
use alloc::{boxed::Box, vec, vec::Vec};

impl<S: Sample> Mixer<S> {
    /// Adds a track of 1 or 2 channels: see [`add`](Self::add).
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_track(&mut self, name: &str, channels: usize, params: &StripParams) -> Result<StripId, MixerError> {
        self.add(name, StripInput::Track { channels }, params)
    }

    /// Adds a group, which other strips feed: see [`add`](Self::add).
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_group(&mut self, name: &str, params: &StripParams) -> Result<StripId, MixerError> {
        self.add(name, StripInput::Group, params)
    }

    /// Adds a return, which sends feed: see [`add`](Self::add).
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_return(&mut self, name: &str, params: &StripParams) -> Result<StripId, MixerError> {
        self.add(name, StripInput::Return, params)
    }

    /// Adds a strip, whose destinations and keys must exist. A track's input is the next one of [`process`](Self::process).
    ///
    /// # Errors
    /// [`MixerError`] for a name that is taken or not allowed, a destination, a send or a key that does not exist, and a
    /// setting out of range.
    pub fn add(&mut self, name: &str, input: StripInput, params: &StripParams) -> Result<StripId, MixerError> {
        self.add_with(name, input, params, Vec::new())
    }

    /// As [`add`](Self::add), with processors of your own after the inserts of `params`.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_with(
        &mut self,
        name: &str,
        input: StripInput,
        params: &StripParams,
        processors: Vec<EffectProcessor<S>>,
    ) -> Result<StripId, MixerError> {
        if name == MASTER || self.index(name).is_some() {
            return Err(MixerError::Duplicate { name: name.into() });
        }
        let strip = build_strip(&self.spec, input, params, processors, name)?;
        self.params.strips.push(NamedStrip { name: name.into(), input, params: params.clone() });
        let graph = match Graph::plan(&self.params) {
            Ok(graph) => graph,
            Err(error) => {
                self.params.strips.pop();
                return Err(error);
            }
        };
        let id = StripId(self.next_id);
        self.next_id += 1;
        let mut strips = self.take_strips();
        let index = strips.len() - 1;
        strips.insert(index, strip);
        self.ids.insert(index, id);
        self.install(strips, graph);
        Ok(id)
    }

    /// Removes a strip, which no other one may feed or have as its key. It leaves its VCA groups.
    ///
    /// # Errors
    /// [`MixerError::Unknown`], [`MixerError::Fed`], [`MixerError::Master`].
    pub fn remove(&mut self, name: &str) -> Result<(), MixerError> {
        let index = self.editable(name)?;
        let by = feeders(&self.params, name);
        if !by.is_empty() {
            return Err(MixerError::Fed { name: name.into(), by });
        }
        let mut strips = self.take_strips();
        strips.remove(index);
        self.ids.remove(index);
        self.params.strips.remove(index);
        for vca in &mut self.params.vcas {
            vca.members.retain(|member| member != name);
        }
        self.replan(strips);
        Ok(())
    }

    /// Renames a strip, also where others feed it. The order of adding up follows the new name.
    ///
    /// # Errors
    /// [`MixerError::Unknown`], [`MixerError::Duplicate`], [`MixerError::Name`], [`MixerError::Master`].
    pub fn rename(&mut self, old: &str, new: &str) -> Result<(), MixerError> {
        let index = self.editable(old)?;
        if new == old {
            return Ok(());
        }
        if self.index(new).is_some() {
            return Err(MixerError::Duplicate { name: new.into() });
        }
        if !is_name(new) {
            return Err(MixerError::Name { name: new.into() });
        }
        self.params.strips[index].name = new.into();
        for other in 0..=self.params.strips.len() {
            let params = self.params.strip_mut(other);
            let names = core::iter::once(&mut params.to)
                .chain(params.sends.iter_mut().map(|send| &mut send.to))
                .chain(params.keys.iter_mut().map(|key| &mut key.from));
            names.filter(|name| *name == old).for_each(|name| *name = new.into());
        }
        for vca in &mut self.params.vcas {
            vca.members.iter_mut().filter(|member| *member == old).for_each(|member| *member = new.into());
        }
        let strips = self.take_strips();
        self.replan(strips);
        Ok(())
    }

    /// Moves a strip to another position among the others: a track's input moves with it.
    ///
    /// # Errors
    /// [`MixerError::Unknown`], [`MixerError::Master`]. Positions beyond the end are the end.
    pub fn reorder(&mut self, name: &str, position: usize) -> Result<(), MixerError> {
        let index = self.editable(name)?;
        let position = position.min(self.params.strips.len() - 1);
        let mut strips = self.take_strips();
        let strip = strips.remove(index);
        strips.insert(position, strip);
        let id = self.ids.remove(index);
        self.ids.insert(position, id);
        let named = self.params.strips.remove(index);
        self.params.strips.insert(position, named);
        self.replan(strips);
        Ok(())
    }

    /// Sets a strip, the master included. What can glide does, and routes crossfade; an insert that cannot is built anew.
    ///
    /// # Errors
    /// As [`add`](Self::add), and [`MixerError::Cycle`].
    pub fn set(&mut self, name: &str, params: &StripParams) -> Result<(), MixerError> {
        let index = self.index(name).ok_or_else(|| MixerError::Unknown { name: name.into() })?;
        let position = self.positions[index];
        let old = self.params.strip(index).clone();
        let fresh = self.fresh_inserts(index, params).map_err(|error| setting(name, error))?;
        // Custom processors stand after the inserts of the settings.
        let (running, custom) = self.strips[position].inserts.split_at(old.inserts.len());
        let series = || {
            let own = fresh.iter().enumerate().map(|(position, insert)| match insert {
                Fresh::Kept(_) => &running[position].processor,
                Fresh::Built(processor) => processor,
            });
            own.chain(custom.iter().map(|insert| &insert.processor))
        };
        let spec = self.strips[position].spec();
        check_series(&spec, series(), params).map_err(|error| setting(name, error))?;
        check_keys(name, params, series().map(Processor::takes_key))?;
        let reroutes = routes_differ(&old, params) || fresh.len() != old.inserts.len();
        *self.params.strip_mut(index) = params.clone();
        let graph = if reroutes {
            match Graph::plan(&self.params) {
                Ok(graph) => Some(graph),
                Err(error) => {
                    *self.params.strip_mut(index) = old;
                    return Err(error);
                }
            }
        } else {
            None
        };
        let rebuilt = fresh.iter().any(|insert| matches!(insert, Fresh::Built(_)));
        let strip = &mut self.strips[position];
        if rebuilt || fresh.len() != old.inserts.len() {
            let mut running: Vec<Option<Insert<S>>> =
                core::mem::take(&mut strip.inserts).into_iter().map(Some).collect();
            let custom = running.split_off(old.inserts.len());
            let mut inserts = Vec::with_capacity(fresh.len() + custom.len());
            for (position, insert) in fresh.into_iter().enumerate() {
                match (insert, running.get_mut(position).and_then(Option::take)) {
                    (Fresh::Kept(coeffs), Some(mut running)) => {
                        if !move_insert(params, position) {
                            running.processor.apply(&coeffs);
                        }
                        inserts.push(running);
                    }
                    (Fresh::Built(processor), _) => inserts.push(Insert::new(*processor)),
                    (Fresh::Kept(_), None) => {}
                }
            }
            inserts.extend(custom.into_iter().flatten());
            strip.set_inserts(inserts, params).map_err(|error| setting(name, error))?;
        } else {
            for (position, (insert, fresh)) in strip.inserts.iter_mut().zip(&fresh).enumerate() {
                // What lanes move follows them, from the next frame on the grid.
                if let Fresh::Kept(coeffs) = fresh
                    && !move_insert(params, position)
                {
                    insert.processor.apply(coeffs);
                }
            }
        }
        if rebuilt || graph.is_some() {
            let graph = graph.unwrap_or_else(|| self.graph.clone());
            let strips = self.take_strips();
            self.install(strips, graph);
        }
        self.aim_all();
        Ok(())
    }

    /// Replaces the VCA groups; the members glide.
    ///
    /// # Errors
    /// [`MixerError`] for a name twice, a member that does not exist, a setting out of range.
    pub fn set_vcas(&mut self, vcas: &[VcaParams]) -> Result<(), MixerError> {
        let old = core::mem::replace(&mut self.params.vcas, vcas.to_vec());
        if let Err(error) = self.params.check_vcas(self.spec.sample_rate_hz()) {
            self.params.vcas = old;
            return Err(error);
        }
        self.aim_all();
        Ok(())
    }

    fn fresh_inserts(&self, index: usize, params: &StripParams) -> Result<Vec<Fresh<S>>, Error> {
        let strip = &self.strips[self.positions[index]];
        let old = self.params.strip(index).inserts.len();
        params.validate(&strip.spec())?;
        let designs = design_series(&params.inserts, "inserts", &strip.spec())?;
        let mut fresh = Vec::with_capacity(designs.len());
        let mut stage = strip.spec();
        for (position, (coeffs, effect)) in designs.into_iter().zip(&params.inserts).enumerate() {
            let running = strip.inserts[..old].get(position);
            fresh.push(match running {
                Some(running) if running.processor.check(&coeffs).is_ok() => Fresh::Kept(Box::new(coeffs)),
                _ => Fresh::Built(Box::new(effect.build(&stage).map_err(|error| error.within("inserts", position))?)),
            });
            stage = stage.with_channels(effect.output_channels(stage.channels())?)?;
        }
        Ok(fresh)
    }

    fn editable(&self, name: &str) -> Result<usize, MixerError> {
        if name == MASTER {
            return Err(MixerError::Master);
        }
        self.index(name).ok_or_else(|| MixerError::Unknown { name: name.into() })
    }

    /// All strips in the order of the settings, the master last.
    fn take_strips(&mut self) -> Vec<Strip<S>> {
        let mut placed: Vec<Option<Strip<S>>> = core::mem::take(&mut self.strips).into_iter().map(Some).collect();
        self.positions.iter().filter_map(|&position| placed[position].take()).collect()
    }

    /// Installs strips after an edit that cannot make the routing illegal.
    fn replan(&mut self, strips: Vec<Strip<S>>) {
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

/// An insert after a change of its settings.
enum Fresh<S: Sample> {
    /// It glides.
    Kept(Box<Designed<EffectCoeffs>>),
    /// It starts anew.
    Built(Box<EffectProcessor<S>>),
}

/// Whether two settings of a strip differ in what the graph is made of.
fn routes_differ(old: &StripParams, new: &StripParams) -> bool {
    let sends = |params: &StripParams| params.sends.iter().map(|send| (send.to.clone(), send.tap)).collect::<Vec<_>>();
    // Lanes of inserts set the other parameters as well.
    let sets_lanes = old.inserts != new.inserts && !new.automation.is_empty();
    sets_lanes
        || old.to != new.to
        || old.keys != new.keys
        || old.automation != new.automation
        || sends(old) != sends(new)
}
