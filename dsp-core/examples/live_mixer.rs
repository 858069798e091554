//! A mixer in an audio callback, with its parameters on another thread: two queues and a meter, no lock, no memory in the
//! callback.
//!
//! `cargo run --release --example live_mixer`

use mixdown::{
    Block, BlockMut, Effect, EffectCoeffs, Mixer, Params, StreamSpec, StripId, StripParams,
    console::{Metering, SendParams},
    dynamics::CompressorParams,
    filters::BellParams,
    params::{Designed, Value},
    reverbs::{ReverbParams, Space},
};
use std::{error::Error, thread, time::Duration};

/// Frames of a block.
const FRAMES: usize = 128;

/// What the parameter thread asks of the callback.
enum Change {
    /// A number, switch or choice of a strip.
    Value(StripId, &'static str, Value<'static>),
    /// An insert, designed on the parameter thread.
    Insert(StripId, usize, Box<(Effect, Designed<EffectCoeffs>)>),
}

/// The audio thread: what a host calls for every block.
struct Callback {
    mixer: Mixer<f32>,
    changes: rtrb::Consumer<Change>,
    /// Used changes go back, so that the parameter thread frees them.
    used: rtrb::Producer<Change>,
}

impl Callback {
    fn process(&mut self, vocal: &[f32], guitar: &[f32], out: &mut [f32]) {
        // A change that finds no room to go back waits for the next block.
        while self.used.slots() > 0
            && let Ok(mut change) = self.changes.pop()
        {
            // A refused change changes nothing.
            let _ = match &mut change {
                Change::Value(strip, name, value) => self.mixer.set_value(*strip, name, *value),
                Change::Insert(strip, insert, design) => {
                    let (effect, coeffs) = &mut **design;
                    self.mixer.set_insert(*strip, *insert, effect, coeffs)
                }
            };
            let _ = self.used.push(change);
        }
        let blocks = (Block::from_planar(vocal, 1), Block::from_planar(guitar, 2), BlockMut::from_planar(out, 2));
        if let (Ok(vocal), Ok(guitar), Ok(mut out)) = blocks {
            self.mixer.process(&[vocal, guitar], &mut out);
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let spec = StreamSpec::new(48_000.0, 2)?;
    let mut mixer = Mixer::<f32>::new(&spec)?;
    let hall = StripParams { inserts: vec![ReverbParams::space(Space::Hall).into()], ..Default::default() };
    mixer.add_return("hall", &hall)?;
    let vocal = StripParams {
        inserts: vec![BellParams::default().into(), CompressorParams::default().into()],
        sends: vec![SendParams { to: "hall".into(), level_db: -18.0, ..Default::default() }],
        ..Default::default()
    };
    let vocal = mixer.add_track("vocal", 1, &vocal)?;
    mixer.add_track("guitar", 2, &StripParams::default())?;
    mixer.set_metering(Metering::Strips(vec![vocal]))?;
    let meter = mixer.meter(vocal).ok_or("the vocal is metered")?;

    let (mut changes, to_callback) = rtrb::RingBuffer::new(64);
    let (used, mut to_free) = rtrb::RingBuffer::new(64);
    let mut callback = Callback { mixer, changes: to_callback, used };

    let audio = thread::spawn(move || {
        let (tone, mut out) = ([0.1_f32; 2 * FRAMES], [0.0_f32; 2 * FRAMES]);
        let mut peaks = Vec::with_capacity(400);
        for _ in 0..400 {
            callback.process(&tone[..FRAMES], &tone, &mut out);
            peaks.push(out.iter().fold(0.0_f32, |peak, x| peak.max(x.abs())));
            thread::sleep(Duration::from_micros(200));
        }
        peaks
    });

    for step in 0..20 {
        let level_db = -f64::from(step);
        changes.push(Change::Value(vocal, "fader_db", level_db.into())).map_err(|_| "the queue is full")?;
        let bell: Effect = BellParams { gain_db: level_db / 2.0, ..Default::default() }.into();
        let coeffs = bell.design(&spec.with_channels(1)?)?;
        let design = Box::new((bell, coeffs));
        changes.push(Change::Insert(vocal, 0, design)).map_err(|_| "the queue is full")?;
        thread::sleep(Duration::from_millis(3));
        while to_free.pop().is_ok() {}
        let levels = meter.levels();
        println!("vocal {:5.1} dBFS, reduced by {:.1} dB", levels.rms_dbfs, levels.gain_reduction_db);
    }
    let peaks = audio.join().map_err(|_| "the audio thread has failed")?;
    let (before, after) = (peaks[5], peaks[peaks.len() - 1]);
    println!("peak at first {before:.3}, with the vocal down {after:.3}");
    assert!(after < before, "the changes have arrived");
    Ok(())
}
