//! Equalizer of up to 32 bands.

use super::{
    band::{Design, MAX_BAND_SECTIONS, MAX_BANDS},
    biquad::BiquadCoeffs,
    cascade::Cascade,
    placed::{EqualizerBand, Place},
    places::Places,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine},
        error::{Error, channels_in, count_in},
        fit::fit,
        grid::GRID_FRAMES,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::{db_to_gain, ms_to_frames},
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp},
        sanitize::sanitize,
        scale,
    },
};
use alloc::{vec, vec::Vec};
use num_complex::Complex64;

/// Equalizer of up to 32 bands.
///
/// # Signal
/// in -> bands on all channels -> placed bands, in the order of the list -> × output gain -> out; each band 1 to 8
/// second-order sections. The order matters between a band on mid or side and one on left or right alone: all other
/// pairs commute, those on all channels with any.
///
/// # Parameters
/// Those of [`EqualizerParams`]; a band may be [`Placed`](super::Placed).
///
/// # Contract
/// Latency 0. Tail until every section has decayed below -400 dB. Any channel count, 2 with an enabled band on a part of
/// the stereo signal; all channels get the same filter, except by placed bands. State and coefficients are f64 for both
/// sample formats; one rounding at the end, and one more for an output gain. Changes glide over 50 ms (log frequency
/// and q, mix terms on a C2 ramp), also when a band changes its kind, is added, removed or switched; a band that changes
/// its place fades out and in again, 50 ms each. The output gain glides over 20 ms. Neutral without bands, and with bands
/// at 0 dB.
///
/// The matched design follows the analog curve from 20 Hz to 20 kHz where that is above -60 dB; at 44.1 kHz, the hardest
/// rate, with every legal setting: bell within 0.3 dB; tilt 0.5 dB; notch 0.75 dB; band pass 0.65 dB; low pass 0.4 dB to
/// 24 dB per octave, 0.5 dB to 48, 0.7 dB to 96; high pass 0.55, 0.9 and 1.2 dB; shelf of a q up to 2.5 0.5 dB (0.6 dB
/// above 21 kHz). At 88.2 kHz and above 0.35 dB. A shelf of a higher q has a peak and a dip, of which one may lie beyond
/// half the rate: 1 dB up to q 4, several dB above (up to 31 dB for q 40 at 44.1 kHz). No design exceeds the largest gain
/// of its analog curve by more than 0.5 dB, at any frequency up to half the rate.
///
/// Memory: 171 kB for stereo f32 at 48 kHz, whatever its bands: any may glide to 96 dB per octave, in any place.
///
/// # Source
/// `filters::band` for the shapes, `filters::cascade` for the realisation.
#[derive(Clone, Debug)]
pub struct Equalizer<S> {
    spec: StreamSpec,
    cascade: Cascade,
    places: Places,
    output: Ramp<1>,
    /// One chunk of left and right, while placed bands act.
    chunk: Vec<f64>,
    non_finite: u64,
    sample: core::marker::PhantomData<S>,
}

params! {
    /// Settings of [`Equalizer`].
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::{BellParams, EqualizerParams, HighPassParams}, gain_to_db};
    ///
    /// let rumble = HighPassParams { frequency_hz: 40.0, ..Default::default() };
    /// let presence = BellParams { frequency_hz: 3_000.0, gain_db: 2.5, q: 0.8 };
    /// let equalizer = EqualizerParams { bands: vec![rumble.into(), presence.into()], ..Default::default() };
    /// let response = equalizer.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[40.0, 3_000.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) + 3.01).abs() < 0.02);
    /// assert!((gain_to_db(response[1].norm()) - 2.5).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    EqualizerParams {
        bands: compound Vec<EqualizerBand>, default Vec::new(),
            "The bands, in order, at most 32; memory for as many is taken when it is built";
        design: choice Design, "How they become digital filters";
        output_gain_db: dB, -24.0..=24.0, default 0.0, "Gain after the bands";
    }
}

impl Params for EqualizerParams {
    type Coeffs = EqualizerCoeffs;
    type Processor<S: Sample> = Equalizer<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        match self.bands.iter().position(EqualizerBand::acts_on_a_part) {
            Some(band) => channels_in(input, 2, 2).map(|()| input).map_err(|error| error.within("bands", band)),
            None => Ok(input),
        }
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        count_in("bands", self.bands.len(), 0, MAX_BANDS)?;
        for (position, band) in self.bands.iter().enumerate() {
            band.check(spec).map_err(|error| error.within("bands", position))?;
        }
        self.check_fields(spec.sample_rate_hz())
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<EqualizerCoeffs>, Error> {
        let mut coeffs = EqualizerCoeffs {
            sections: vec![BiquadCoeffs::IDENTITY; MAX_BANDS * MAX_BAND_SECTIONS],
            places: vec![Place::Stereo; MAX_BANDS],
            origins: vec![None; MAX_BANDS],
            gain: 1.0,
        };
        self.redesign(spec, &mut coeffs)?;
        Ok(Designed::new(spec, coeffs))
    }

    /// Designs the bands that have changed alone.
    fn redesign(&self, spec: &StreamSpec, coeffs: &mut EqualizerCoeffs) -> Result<(), Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        coeffs.gain = db_to_gain(self.output_gain_db);
        let slots = coeffs.sections.chunks_exact_mut(MAX_BAND_SECTIONS).zip(&mut coeffs.places);
        for (index, ((slots, place), origin)) in slots.zip(&mut coeffs.origins).enumerate() {
            let band = self.bands.get(index);
            let own = band.map(|band| (*band, self.design, rate_hz));
            if *origin == own {
                continue;
            }
            *origin = own;
            let designed = band.and_then(|band| band.sections(rate_hz, self.design));
            *place = designed.map_or(Place::Stereo, |(place, _)| place);
            match designed {
                Some((_, sections)) => slots.copy_from_slice(sections.padded()),
                None => slots.fill(BiquadCoeffs::IDENTITY),
            }
        }
        Ok(())
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Equalizer<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }

    /// A single response exists only without bands on a part of the stereo signal, `None` with them.
    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let bands: Vec<_> = self.bands.iter().filter_map(|band| band.sections(rate_hz, self.design)).collect();
        if bands.iter().any(|(place, _)| *place != Place::Stereo) {
            return Ok(None);
        }
        let gain = Complex64::from(db_to_gain(self.output_gain_db));
        let at = |&hz: &f64| gain * bands.iter().map(|(_, band)| band.response(hz, rate_hz)).product::<Complex64>();
        Ok(Some(frequencies_hz.iter().map(at).collect()))
    }
}

/// Coefficients of an [`Equalizer`]: the sections of all bands, each band in its own slots.
#[derive(Clone, Debug, PartialEq)]
pub struct EqualizerCoeffs {
    sections: Vec<BiquadCoeffs>,
    places: Vec<Place>,
    /// What each slot was designed from: the band, by which design, at which rate.
    origins: Vec<Option<(EqualizerBand, Design, f64)>>,
    gain: f64,
}

impl<S: Sample> Equalizer<S> {
    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let mut start = 0;
        while start < block.frames() {
            let Some(arrival) = self.places.frames_to_arrival(&mut self.cascade) else { break };
            let count = (block.frames() - start).min(self.cascade.frames_to_grid()).min(arrival);
            self.run_placed(&mut block.frames_mut(start, count));
            start += count;
        }
        if start < block.frames() {
            let count = block.frames() - start;
            self.non_finite += self.cascade.process(&mut block.frames_mut(start, count));
        }
        if !self.output.is_at([1.0]) {
            let backend = Backend::new(self.spec.cpu());
            scale::gain(backend, block, self.spec.channels(), &mut self.output);
        }
    }

    /// A chunk of the grid with placed bands: rounded once, as without them.
    fn run_placed(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let count = block.frames();
        for (channel, wide) in self.chunk.chunks_exact_mut(GRID_FRAMES).enumerate() {
            self.non_finite += sanitize(block.channel_mut(channel));
            wide.iter_mut().zip(block.channel(channel)).for_each(|(wide, sample)| *wide = sample.to_f64());
        }
        let (left, right) = self.chunk.split_at_mut(GRID_FRAMES);
        let (left, right) = (&mut left[..count], &mut right[..count]);
        self.places.process(&mut self.cascade, left, right);
        for (channel, wide) in [left, right].into_iter().enumerate() {
            for (sample, wide) in block.channel_mut(channel).iter_mut().zip(wide) {
                *sample = S::from_f64(*wide).audible();
            }
        }
    }
}

impl<S: Sample> Engine<S> for Equalizer<S> {
    type Params = EqualizerParams;

    fn build(params: &EqualizerParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let (backend, rate_hz) = (Backend::new(spec.cpu()), spec.sample_rate_hz());
        let cascade = Cascade::new(backend, spec.channels(), rate_hz, &coeffs.sections);
        Ok(Equalizer {
            spec: *spec,
            places: Places::new(&coeffs.places, &coeffs.sections, &cascade),
            cascade,
            output: Ramp::new([coeffs.gain], ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            chunk: vec![0.0; if spec.channels() == 2 { 2 * GRID_FRAMES } else { 0 }],
            non_finite: 0,
            sample: core::marker::PhantomData,
        })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.spec.channels(), |block| self.run(block));
    }
}

compiled!(EqualizerParams => Equalizer);

impl<S: Sample> Processor<S> for Equalizer<S> {
    engine!(EqualizerParams);

    fn reset(&mut self) {
        let Self { spec: _, cascade, places, output, chunk: _, non_finite, sample: _ } = self;
        places.reset(cascade);
        output.jump_to(output.target());
        *non_finite = 0;
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.cascade.tail_frames() + self.places.tail_frames())
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Equalizer<S> {
    type Params = EqualizerParams;

    fn apply(&mut self, coeffs: &EqualizerCoeffs) {
        self.places.set(&coeffs.places, &coeffs.sections, &mut self.cascade);
        self.output.set_target([coeffs.gain]);
    }
}
