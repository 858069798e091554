//! Edits of a mixer: strips added, removed, renamed, moved and set. Each is checked whole before it takes effect.

use super::{
    effect::{EffectCoeffs, EffectProcessor},
    graph::{Graph, feeders, is_name},
    insert::Insert,
    lanes::move_insert,
    mixer::Mixer,
    mixer_check::{build_strip, check_keys},
    mixer_error::{MixerError, setting},
    mixer_params::{MASTER, NamedStrip, StripInput, VcaParams},
    series::design_series,
    strip::check_series,
    strip_id::StripId,
    strip_params::StripParams,
};
use crate::foundation::{
    error::Error,
    params::{Designed, Params, Tunable},
    processor::Processor,
    sample::Sample,
};
use alloc::{boxed::Box, vec::Vec};

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
