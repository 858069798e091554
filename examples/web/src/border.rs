//! The C interface: the only place of `unsafe`. JavaScript reads and writes audio, numbers and text in the memory of the
//! module, at the addresses that these functions return.
//!
//! Every function but `host_new` takes what `host_new` returned, which nobody else uses meanwhile.

use crate::host::{Host, MAX_FRAMES};
use alloc::boxed::Box;
use core::ptr;
use mixdown::Cpu;

/// A host at a sample rate, or null if that is out of range. `reproducible`: multiply-adds rounded once, in software, so
/// that the bits are those of CPUs with fused multiply-add.
#[unsafe(no_mangle)]
extern "C" fn host_new(sample_rate_hz: f64, reproducible: u32) -> *mut Host {
    let cpu = if reproducible != 0 { Cpu::Reproducible } else { Cpu::Detected };
    Host::new(sample_rate_hz, cpu).map_or(ptr::null_mut(), |host| Box::into_raw(Box::new(host)))
}

/// # Safety
/// `host` came from `host_new` and is not used elsewhere.
unsafe fn of<'a>(host: *mut Host) -> &'a mut Host {
    // SAFETY: see above; a worklet or a page runs one thread.
    unsafe { &mut *host }
}

macro_rules! interface {
    ($($(#[$doc:meta])* $name:ident($host:ident $(, $argument:ident: $kind:ty)*) $(-> $result:ty)? $body:block)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `host` came from `host_new` and is not used elsewhere.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(host: *mut Host $(, $argument: $kind)*) $(-> $result)? {
            // SAFETY: see above.
            let $host = unsafe { of(host) };
            $body
        }
    )*};
}

interface! {
    /// Describes the panels as JSON, in the text.
    host_describe(host) { host.describe(); }

    /// The text, in UTF-8.
    host_text(host) -> *const u8 { host.text.as_ptr() }

    /// Its bytes.
    host_text_bytes(host) -> usize { host.text.len() }

    /// The value of a setting; NaN if there is none.
    host_value(host, panel: usize, field: usize) -> f64 { host.value(panel, field).unwrap_or(f64::NAN) }

    /// Sets it and returns 1; or 0, nothing changed and the reason in the text.
    host_set(host, panel: usize, field: usize, value: f64) -> u32 { u32::from(host.set(panel, field, value)) }

    /// The value at a position of a control, 0 to 1; NaN if it is no number.
    host_value_at(host, panel: usize, field: usize, position: f64) -> f64 {
        host.value_at(panel, field, position).unwrap_or(f64::NAN)
    }

    /// The position of a control at a value.
    host_position(host, panel: usize, field: usize, value: f64) -> f64 {
        host.position(panel, field, value).unwrap_or(f64::NAN)
    }

    /// Room for so many numbers, to be filled before `host_response` and `host_transfer`.
    host_numbers(host, count: usize) -> *mut f64 {
        host.numbers.resize(count, 0.0);
        host.numbers.as_mut_ptr()
    }

    /// Frequencies in Hz become gains of the equalizer in dB. Returns where they are.
    host_response(host) -> *const f64 {
        host.response();
        host.numbers.as_ptr()
    }

    /// Levels in dBFS become those after the compressor. Returns where they are.
    host_transfer(host) -> *const f64 {
        host.transfer();
        host.numbers.as_ptr()
    }

    /// Builds the chain with the settings of now and returns 1; or 0, with the reason in the text.
    host_start(host) -> u32 { u32::from(host.start()) }

    /// The delay of the running chain.
    host_latency_frames(host) -> usize { host.running().map_or(0, |running| running.latency_frames()) }

    /// The left channel of a block; the right one lies `host_max_frames` behind it.
    host_audio(host) -> *mut f32 { host.audio.as_mut_ptr() }

    /// Processes so many frames in place.
    host_process(host, frames: usize) { host.process(frames); }

    /// Switches the whole chain off or on, without a change of latency.
    host_bypass(host, bypassed: u32) {
        if let Some(running) = host.running() {
            running.set_bypassed(bypassed != 0);
        }
    }

    /// The readings of the meters, in the order of the description.
    host_readings(host) -> *const f64 {
        if let Some(readings) = host.running().map(|running| running.readings()) {
            host.numbers.clear();
            host.numbers.extend(readings);
        }
        host.numbers.as_ptr()
    }

    /// Has the meters start anew.
    host_reset_meters(host) {
        if let Some(running) = host.running() {
            running.reset_meters();
        }
    }
}

/// Most frames of a block.
#[unsafe(no_mangle)]
extern "C" fn host_max_frames() -> usize {
    MAX_FRAMES
}
