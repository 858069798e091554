//! A chain in an audio callback, with settings designed on another thread: coefficients go to the callback, which
//! applies them without waiting and sends them back to be dropped.
//!
//! ```text
//! cargo run --release --example callback
//! ```
use mixdown::{filters::BellParams, levels::GainParams, prelude::*};
use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};

const RATE_HZ: f64 = 48_000.0;
const BLOCK_FRAMES: usize = 256;
const BLOCKS: usize = 400;

fn settings(presence_db: f64) -> Effect {
    vec![
        BellParams { frequency_hz: 3_000.0, gain_db: presence_db, q: 0.9 }.into(),
        GainParams { gain_db: -3.0, ..Default::default() }.into(),
    ]
    .into()
}

/// Owned by the audio thread. Its two ends never block; in an app that must avoid even the allocations of `std`'s
/// channels, use a lock-free ring of a crate such as `rtrb`.
struct Callback {
    chain: EffectProcessor<f32>,
    fresh: Receiver<Box<CoeffsOf<f32, EffectProcessor<f32>>>>,
    used: SyncSender<Box<CoeffsOf<f32, EffectProcessor<f32>>>>,
}

impl Callback {
    /// One block: nothing here allocates, frees, waits or fails.
    fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        if let Ok(coeffs) = self.fresh.try_recv() {
            // Coefficients of another effect would be refused, and the old settings stay.
            let _ = self.chain.set_coeffs(&coeffs);
            if let Err(TrySendError::Full(coeffs) | TrySendError::Disconnected(coeffs)) = self.used.try_send(coeffs) {
                // If the return channel is closed, leaking them is better than freeing them here.
                std::mem::forget(coeffs);
            }
        }
        if let Ok(mut block) = BlockMut::from_slices(&mut [left, right]) {
            self.chain.process(&mut block);
        }
    }
}

fn main() -> Result<(), Error> {
    let spec = StreamSpec::new(RATE_HZ, 2)?;
    let (to_callback, fresh) = sync_channel(8);
    let (used, from_callback) = sync_channel(8);
    let mut callback = Callback { chain: settings(0.0).build(&spec)?, fresh, used };

    // The editor thread: designs, which takes tens of microseconds, and drops the returned coefficients.
    let editor = thread::spawn(move || -> Result<usize, Error> {
        let mut dropped = 0;
        for step in 1..=20_i32 {
            let coeffs = settings(0.5 * f64::from(step)).design(&spec)?;
            let _ = to_callback.send(Box::new(coeffs));
            thread::sleep(Duration::from_millis(2));
            dropped += from_callback.try_iter().count();
        }
        drop(to_callback);
        Ok(dropped + from_callback.iter().count())
    });

    // The audio thread: a tone at the frequency of the bell.
    let (mut left, mut right) = ([0.0_f32; BLOCK_FRAMES], [0.0_f32; BLOCK_FRAMES]);
    let mut peak = 0.0_f32;
    for block in 0..BLOCKS {
        for (n, (left, right)) in left.iter_mut().zip(&mut right).enumerate() {
            let seconds = (block * BLOCK_FRAMES + n) as f64 / RATE_HZ;
            *left = (0.1 * (std::f64::consts::TAU * 3_000.0 * seconds).sin()) as f32;
            *right = *left;
        }
        callback.process(&mut left, &mut right);
        peak = left.iter().fold(0.0, |peak, x| peak.max(x.abs()));
        thread::sleep(Duration::from_micros(200));
    }
    drop(callback);
    let returned = editor.join().expect("the editor does not panic")?;
    println!("{returned} sets of coefficients came back; 3 kHz at {:.2} dBFS", mixdown::gain_to_db(f64::from(peak)));
    // 0.1 is -20 dBFS; the bell ends at +10 dB, the gain is -3 dB.
    assert!(returned == 20 && (mixdown::gain_to_db(f64::from(peak)) + 13.0).abs() < 0.05);
    Ok(())
}
