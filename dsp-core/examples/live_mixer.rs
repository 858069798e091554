//! A mixer in an audio callback, with its parameters on another thread: two queues and a meter, no lock, no memory in the
//! callback.
//!
//! `cargo run --release --example live_mixer`

use mixdown::{
    Block, BlockMut, Effect, EffectCoeffs, Mixer, Params, StreamSpec, StripId, StripParams,
    console::{Lane, Metering, Point, SendParams, Shape, VcaParams},
    dynamics::CompressorParams,
    filters::{BellParams, EqualizerParams},
    params::{Designed, Value},
    reverbs::{ReverbParams, Space},
};
use std::{error::Error, thread, time::Duration};

/// Frames of the longest block.
const FRAMES: usize = 128;
/// Block lengths of an irregular host.
const BLOCKS: [usize; 6] = [FRAMES, 64, 1, FRAMES, 0, 100];

/// Level of the guitar before it is turned down.
pub const GUITAR: f32 = 0.1;

/// What the parameter thread asks of the callback.
enum Change {
    /// A number, switch or choice of a strip.
    Value(StripId, &'static str, Value<'static>),
    /// The same of one of its sends.
    Send(StripId, usize, &'static str, Value<'static>),
    /// The same of a VCA group.
    Vca(usize, &'static str, Value<'static>),
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
            let mixer = &mut self.mixer;
            // A refused change changes nothing.
            let _ = match &mut change {
                Change::Value(strip, name, value) => mixer.set_value(*strip, name, *value),
                Change::Send(strip, send, name, value) => mixer.set_send_value(*strip, *send, name, *value),
                Change::Vca(vca, name, value) => mixer.set_vca_value(*vca, name, *value),
                Change::Insert(strip, insert, design) => {
                    let (effect, coeffs) = &mut **design;
                    mixer.set_insert(*strip, *insert, effect, coeffs)
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

/// The mix: a vocal, whose bell a lane moves, with a reverb, and a guitar.
fn mixer(spec: &StreamSpec) -> Result<(Mixer<f32>, StripId), Box<dyn Error>> {
    let mut mixer = Mixer::<f32>::new(spec)?;
    let hall = StripParams { inserts: vec![ReverbParams::space(Space::Hall).into()], ..Default::default() };
    mixer.add_return("hall", &hall)?;
    let bands = vec![BellParams::default().into()];
    let point = |time_s, value| Point { time_s, value, shape: Shape::Exponential };
    let sweep =
        Lane { parameter: "1/bands[0].frequency_hz".into(), points: vec![point(0.0, 500.0), point(1.0, 4_000.0)] };
    let vocal = StripParams {
        inserts: vec![
            BellParams::default().into(),
            EqualizerParams { bands, ..Default::default() }.into(),
            CompressorParams::default().into(),
        ],
        sends: vec![SendParams { to: "hall".into(), level_db: -18.0, ..Default::default() }],
        automation: vec![sweep],
        ..Default::default()
    };
    let vocal = mixer.add_track("vocal", 1, &vocal)?;
    mixer.add_track("guitar", 2, &StripParams::default())?;
    mixer.set_vcas(&[VcaParams { name: "all".into(), members: vec!["guitar".into()], ..Default::default() }])?;
    mixer.set_metering(Metering::Strips(vec![vocal]))?;
    Ok((mixer, vocal))
}

/// Plays until all changes have arrived. `run` calls the callback, once for each block. Returns the peak of each block that has
/// frames.
pub fn play(run: impl Fn(&mut dyn FnMut()) + Send + 'static) -> Result<Vec<f32>, Box<dyn Error>> {
    let spec = StreamSpec::new(48_000.0, 2)?;
    let (mixer, vocal) = mixer(&spec)?;
    let meter = mixer.meter(vocal).ok_or("the vocal is metered")?;
    let (mut changes, to_callback) = rtrb::RingBuffer::new(64);
    let (used, mut to_free) = rtrb::RingBuffer::new(64);
    let mut callback = Callback { mixer, changes: to_callback, used };

    let audio = thread::spawn(move || {
        let (tone, mut out) = ([GUITAR; 2 * FRAMES], [0.0_f32; 2 * FRAMES]);
        let mut peaks = Vec::new();
        // Some blocks more, in which the last changes take effect.
        let mut more = 100;
        for frames in BLOCKS.into_iter().cycle() {
            let out = &mut out[..2 * frames];
            run(&mut || callback.process(&tone[..frames], &tone[..2 * frames], out));
            if frames > 0 {
                peaks.push(out.iter().fold(0.0_f32, |peak, x| peak.max(x.abs())));
            }
            if callback.changes.is_abandoned() && callback.changes.is_empty() {
                more -= 1;
                if more == 0 {
                    break;
                }
            }
            thread::sleep(Duration::from_micros(200));
        }
        peaks
    });

    for step in 0..20 {
        let level_db = -f64::from(step);
        let bell: Effect = BellParams { gain_db: level_db / 2.0, ..Default::default() }.into();
        let coeffs = bell.design(&spec.with_channels(1)?)?;
        let bands = vec![BellParams { gain_db: 3.0, ..Default::default() }.into()];
        let equalizer: Effect = EqualizerParams { bands, output_gain_db: level_db, ..Default::default() }.into();
        let beside_a_lane = equalizer.design(&spec.with_channels(1)?)?;
        for change in [
            Change::Value(vocal, "fader_db", level_db.into()),
            Change::Value(vocal, "pan", (level_db / 20.0).into()),
            Change::Send(vocal, 0, "level_db", (level_db - 18.0).into()),
            Change::Vca(0, "fader_db", (level_db / 4.0).into()),
            Change::Insert(vocal, 0, Box::new((bell, coeffs))),
            Change::Insert(vocal, 1, Box::new((equalizer, beside_a_lane))),
        ] {
            let mut change = Some(change);
            while let Some(rtrb::PushError::Full(back)) = change.take().and_then(|change| changes.push(change).err()) {
                change = Some(back);
                thread::sleep(Duration::from_millis(1));
                while to_free.pop().is_ok() {}
            }
        }
        thread::sleep(Duration::from_millis(3));
        while to_free.pop().is_ok() {}
        let levels = meter.levels();
        println!("vocal {:5.1} dBFS, reduced by {:.1} dB", levels.rms_dbfs, levels.gain_reduction_db);
    }
    drop(changes);
    while !audio.is_finished() {
        while to_free.pop().is_ok() {}
        thread::sleep(Duration::from_millis(1));
    }
    audio.join().map_err(|_| "the audio thread has failed".into())
}

fn main() -> Result<(), Box<dyn Error>> {
    let peaks = play(|callback| callback())?;
    let (before, after) = (peaks[0], peaks[peaks.len() - 1]);
    println!("peak at first {before:.3}, in the end {after:.3}");
    assert!(after < GUITAR, "the changes have arrived");
    Ok(())
}
