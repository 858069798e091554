//! A processor of your own among those of the crate: a soft clipper in a chain, behind an equalizer, before a limiter.
//!
//! ```text
//! cargo run --release --example own_processor
//! ```
use mixdown::{dynamics::LimiterParams, filters::LowShelfParams, prelude::*};

/// tanh(x): every sample by itself, so no state, no latency, no tail.
#[derive(Clone)]
struct SoftClip {
    spec: StreamSpec,
}

impl Processor<f32> for SoftClip {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, f32>) {
        for channel in 0..self.spec.channels().min(block.channels()) {
            block.channel_mut(channel).iter_mut().for_each(|sample| *sample = sample.tanh());
        }
    }

    fn reset(&mut self) {}
}

fn main() -> Result<(), Error> {
    let spec = StreamSpec::new(48_000.0, 2)?;
    let warmth: Effect = LowShelfParams { frequency_hz: 120.0, gain_db: 6.0, ..Default::default() }.into();
    let limiter: Effect = LimiterParams { ceiling_db: -1.0, gain_db: 3.0, ..Default::default() }.into();
    let mut chain = Chain::new(
        &spec,
        vec![warmth.build(&spec)?, EffectProcessor::custom(SoftClip { spec }), limiter.build(&spec)?],
    )?;

    let mut audio: Vec<f32> = (0..2 * 48_000).map(|n| (0.02 * (n % 48_000) as f32).sin()).collect();
    chain.process(&mut BlockMut::from_planar(&mut audio, 2)?);
    let peak = audio.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
    println!("latency {} frames, peak {:.2} dBFS", chain.latency_frames(), gain_to_db(f64::from(peak)));
    assert!(f64::from(peak) <= db_to_gain(-1.0) && peak > 0.5);

    // The members are tuned one by one: no `Effect` describes the clipper.
    let louder: Effect = LimiterParams { ceiling_db: -2.0, gain_db: 6.0, ..Default::default() }.into();
    if let Some(limiter) = chain.processors_mut().last() {
        limiter.set_params(&louder)?;
    }
    Ok(())
}
