//! Values of a mixer set while it runs, without memory: each is checked, kept and glided to.

use super::{
    effect::{Effect, EffectCoeffs},
    gains::Aims,
    graph::Output,
    mixer::Mixer,
    send::Tap,
    strip_id::StripId,
};
use crate::foundation::{
    error::{Error, count_in},
    field::Value,
    params::Designed,
    sample::Sample,
    table::Fields,
};

impl<S: Sample> Mixer<S> {
    /// Sets one number, switch or choice of a strip, by its name in
    /// [`StripParams::FIELDS`](crate::StripParams::FIELDS), and glides to it; takes no memory.
    ///
    /// ```
    /// use mixdown::{Mixer, StreamSpec, StripInput, StripParams};
    ///
    /// let mut mixer = Mixer::<f32>::new(&StreamSpec::new(48_000.0, 2)?)?;
    /// let bass = mixer.add("bass", StripInput::Track { channels: 1 }, &StripParams::default())?;
    /// mixer.set_value(bass, "fader_db", (-6.0).into())?;
    /// mixer.set_value(bass, "mute", true.into())?;
    /// assert_eq!(mixer.params().strips[0].params.fader_db, -6.0);
    /// assert!(mixer.set_value(bass, "pan", 2.0.into()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`] for another name, and for a strip that is gone; [`Error::Mismatch`], [`Error::OutOfRange`].
    /// Nothing changes then.
    pub fn set_value(&mut self, strip: StripId, name: &str, value: Value<'_>) -> Result<(), Error> {
        let index = self.index_of(strip)?;
        let position = self.positions[index];
        let after = self.spec.with_channels(self.taps[position].channels(Tap::PreFader))?;
        let params = self.params.strip_mut(index);
        let old = params.get(name);
        params.set(name, value)?;
        if let Err(error) = params.validate_after_inserts(&after) {
            if let Some(old) = old {
                params.set(name, old)?;
            }
            return Err(error);
        }
        match name {
            "solo" | "solo_safe" => self.aim_all(),
            _ => self.aim(index),
        }
        Ok(())
    }

    /// As [`set_value`](Self::set_value), for one send of a strip.
    ///
    /// # Errors
    /// As [`set_value`](Self::set_value); [`Error::Count`] if there is no such send; [`Error::NeedsRebuild`] for its
    /// tap.
    pub fn set_send_value(&mut self, strip: StripId, send: usize, name: &str, value: Value<'_>) -> Result<(), Error> {
        let index = self.index_of(strip)?;
        let rate_hz = self.spec.sample_rate_hz();
        let sends = &mut self.params.strip_mut(index).sends;
        count_in("sends", send + 1, 1, sends.len())?;
        let params = &mut sends[send];
        if name == "tap" {
            return Err(Error::NeedsRebuild { param: "tap" });
        }
        let old = params.get(name);
        params.set(name, value)?;
        if let Err(error) = params.validate(rate_hz) {
            if let Some(old) = old {
                params.set(name, old)?;
            }
            return Err(error);
        }
        self.aim(index);
        Ok(())
    }

    /// As [`set_value`](Self::set_value), for a VCA group by its position.
    ///
    /// # Errors
    /// As [`set_value`](Self::set_value); [`Error::Count`] if there is no such group.
    pub fn set_vca_value(&mut self, vca: usize, name: &str, value: Value<'_>) -> Result<(), Error> {
        let rate_hz = self.spec.sample_rate_hz();
        count_in("vcas", vca + 1, 1, self.params.vcas.len())?;
        let params = &mut self.params.vcas[vca];
        let old = params.get(name);
        params.set(name, value)?;
        if let Err(error) = params.check_fields(rate_hz) {
            if let Some(old) = old {
                params.set(name, old)?;
            }
            return Err(error);
        }
        self.aim_all();
        Ok(())
    }

    /// Glides an insert to coefficients designed on another thread from `effect`, and exchanges `effect` with its
    /// settings so far, which the caller drops elsewhere; takes no memory.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a strip that is gone, [`Error::Count`] if there is no such insert, and what
    /// [`Tunable::check`](crate::Tunable::check) refuses. Nothing changes then.
    pub fn set_insert(
        &mut self,
        strip: StripId,
        insert: usize,
        effect: &mut Effect,
        coeffs: &Designed<EffectCoeffs>,
    ) -> Result<(), Error> {
        let index = self.index_of(strip)?;
        let settings = &mut self.params.strip_mut(index).inserts;
        count_in("inserts", insert + 1, 1, settings.len())?;
        self.strips[self.positions[index]].inserts[insert].set(effect, coeffs)?;
        core::mem::swap(&mut settings[insert], effect);
        Ok(())
    }

    fn index_of(&self, strip: StripId) -> Result<usize, Error> {
        let index = self.ids.iter().position(|id| *id == strip);
        // A name would take memory: an empty one takes none, and as a `String` it would need unwinding to link.
        index.ok_or_else(|| Error::Unknown { name: "".into() })
    }

    /// Glides a strip to its settings.
    pub(super) fn aim(&mut self, index: usize) {
        let (params, vca) = (self.params.strip(index), self.params.vca(index));
        let is_master = index == self.params.strips.len();
        for &(bus, feed) in &self.outputs[index] {
            let feed = &mut self.strips[bus].feeds[feed];
            feed.aim(&Aims::of(params, feed.route.output, vca, self.kept[index]));
            if !self.running {
                feed.settle();
            }
        }
        if is_master {
            self.out.aim(&Aims::of(params, Output::Main, vca, true));
            if !self.running {
                self.out.settle();
            }
        }
        let strip = &mut self.strips[self.positions[index]];
        strip.aim(self.params.strip(index));
        if !self.running {
            strip.settle();
        }
    }

    /// The same for all strips, after a change of what is soloed.
    pub(super) fn aim_all(&mut self) {
        self.graph.solo(&self.params, &mut self.kept, &mut self.feeding);
        for index in 0..=self.params.strips.len() {
            self.aim(index);
        }
    }
}
