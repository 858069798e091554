//! Metering of a mixer: which strips have meters, and their run after each chunk.

use super::{
    feed::Feed,
    graph::Output,
    meter_reader::MeterReader,
    mixer::Mixer,
    strip_id::StripId,
    strip_meter::{Metering, StripMeter},
};
use crate::{
    foundation::{error::Error, sample::Sample},
    meters::loudness::Memory,
};
use alloc::{collections::BTreeMap, vec::Vec};

impl<S: Sample> Mixer<S> {
    /// Meters these strips from now on: an edit, which takes 176 kB for each. What was metered before goes on.
    ///
    /// ```
    /// use mixdown::{Block, BlockMut, Mixer, StreamSpec, StripParams, console::Metering};
    ///
    /// let mut mixer = Mixer::<f32>::new(&StreamSpec::new(48_000.0, 2)?)?;
    /// let bass = mixer.add_track("bass", 1, &StripParams { fader_db: -6.0, ..Default::default() })?;
    /// mixer.set_metering(Metering::All)?;
    /// let meter = mixer.meter(bass).expect("metered");
    /// let (audio, mut out) = ([0.5; 480], [0.0; 960]);
    /// mixer.process(&[Block::from_planar(&audio, 1)?], &mut BlockMut::from_planar(&mut out, 2)?);
    /// // On any thread: -6 dBFS, the fader, and a pan to the centre.
    /// let levels = std::thread::spawn(move || meter.levels()).join().unwrap();
    /// assert!((levels.sample_peak_dbfs + 6.02 + 6.0 + 3.01).abs() < 0.01);
    /// assert_eq!((levels.frames, levels.correlation), (480, 1.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`] for a strip that is gone; nothing changes then.
    pub fn set_metering(&mut self, metering: Metering) -> Result<(), Error> {
        if let Metering::Strips(ids) = &metering
            && ids.iter().any(|id| !self.ids.contains(id))
        {
            return Err(Error::Unknown { name: "".into() });
        }
        self.metering = metering;
        self.route_meters();
        Ok(())
    }

    /// The meter of a strip, for any thread; `None` if it has none.
    #[must_use]
    pub fn meter(&self, strip: StripId) -> Option<MeterReader> {
        self.meters.iter().find(|meter| meter.id == strip).map(StripMeter::reader)
    }

    /// Builds the meters that are missing, and leads to each what its strip gives to its bus.
    pub(super) fn route_meters(&mut self) {
        let old = core::mem::take(&mut self.meters);
        let mut old: BTreeMap<u32, StripMeter> = old.into_iter().map(|meter| (meter.id.0, meter)).collect();
        for (index, &id) in self.ids.iter().enumerate() {
            if !self.metering.includes(id) {
                continue;
            }
            // Legal for every stereo stream.
            let Some(mut meter) = old.remove(&id.0).or_else(|| StripMeter::new(id, &self.spec, Memory::Constant).ok())
            else {
                continue;
            };
            meter.position = self.positions[index];
            meter.feed = self.outputs[index]
                .iter()
                .copied()
                .find(|&(bus, feed)| self.strips[bus].feeds[feed].route.output == Output::Main);
            let due = meter.feed.map_or(self.out.due, |(bus, feed)| self.strips[bus].feeds[feed].due);
            meter.set_due(due, self.running);
            self.meters.push(meter);
        }
        self.lead_to_meters();
    }

    /// Gives every feed that is metered a chunk of memory, and takes it from the others.
    pub(super) fn lead_to_meters(&mut self) {
        let mut places: Vec<Option<(usize, usize)>> = self.meters.iter().map(|meter| meter.feed).collect();
        places.sort_unstable();
        let lead = |feed: &mut Feed<S>, place: Option<(usize, usize)>| {
            feed.keep_heard(places.binary_search(&place).is_ok());
        };
        for (bus, strip) in self.strips.iter_mut().enumerate() {
            strip.feeds.iter_mut().enumerate().for_each(|(position, feed)| lead(feed, Some((bus, position))));
        }
        lead(&mut self.out, None);
    }
}
