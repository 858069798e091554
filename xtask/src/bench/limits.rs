//! The limit of a kernel on this machine: counted operations, waits and bytes over what the calibration benches
//! (`limits/…`) measured in the same run. One table; a kernel is found by the longest beginning of its id.

use super::measurement::{Measurement, Work};

/// Working sets above these sizes do not fit into L1, L2 and L3 beside what else is there.
const LEVEL_BYTES: [f64; 3] = [40e3, 700e3, 24e6];
const LEVELS: [&str; 4] = ["l1", "l2", "l3", "memory"];

/// What a kernel cannot do without, per sample of its throughput.
struct Cost {
    /// The beginning of the ids: `group/variant`.
    id: &'static str,
    /// Multiply-adds in the format of the audio. A multiplication and an addition that are not fused count as one.
    multiply_adds: f64,
    /// Multiply-adds in f64 whatever the audio.
    multiply_adds_f64: f64,
    /// Multiply-adds of one recursion that wait for each other, per frame; a maximum waits half as long.
    waits: f64,
    traffic: Traffic,
    /// The derivation.
    why: &'static str,
}

/// Samples through the memory.
#[derive(Clone, Copy)]
enum Traffic {
    /// Read once.
    Read,
    /// Read and written in place, so many times.
    Update(f64),
}

const fn cost(
    id: &'static str,
    [multiply_adds, multiply_adds_f64]: [f64; 2],
    waits: f64,
    traffic: Traffic,
    why: &'static str,
) -> Cost {
    Cost { id, multiply_adds, multiply_adds_f64, waits, traffic, why }
}

use Traffic::{Read, Update};

const COSTS: [Cost; 39] = [
    cost("gain/still", [1.0, 0.0], 0.0, Update(1.0), "each sample is read and written once"),
    cost(
        "gain/ramp",
        [3.5, 0.0],
        0.0,
        Update(1.0),
        "a polynomial of degree 5 for both channels and a multiplication for each; each sample is read and written once",
    ),
    cost("mix/at_rest", [0.0, 2.0], 0.0, Read, "two multiply-adds in f64 for each sample of a mono track, read once"),
    cost(
        "mix/moving",
        [10.0, 2.0],
        0.0,
        Read,
        "two polynomials of degree 5 and two multiply-adds in f64 for each sample of a mono track",
    ),
    cost("width/wide", [1.5, 0.0], 0.0, Update(1.0), "sum, difference and a multiplication; read and written once"),
    cost("equalizer/1_band", [0.0, 5.0], 2.0, Update(1.0), EQ),
    cost("equalizer/4_bands", [0.0, 20.0], 2.0, Update(1.0), EQ),
    cost("equalizer/4_bands_placed", [0.0, 10.0], 2.0, Update(1.0), EQ),
    cost("equalizer/8_bands", [0.0, 40.0], 2.0, Update(1.0), EQ),
    cost(
        "equalizer/8_bands_gliding",
        [0.0, 80.0],
        4.0,
        Update(1.0),
        "a state-variable section takes ten multiply-adds in f64, four of which wait for each other",
    ),
    cost("compressor/linked", [9.0, 4.0], 1.5, Update(1.0), DYNAMICS),
    cost("compressor/64_mono", [17.0, 8.0], 0.0, Update(1.0), DYNAMICS),
    cost("compressor/unlinked", [17.0, 8.0], 1.5, Update(1.0), DYNAMICS),
    cost("compressor/rms", [9.0, 5.0], 1.5, Update(1.0), DYNAMICS),
    cost("compressor/peak_hold", [9.0, 5.0], 1.5, Update(1.0), DYNAMICS),
    cost("compressor/lookahead", [9.0, 4.0], 1.5, Update(2.0), DYNAMICS),
    cost("compressor/auto", [9.0, 8.0], 1.5, Update(1.0), DYNAMICS),
    cost("expander", [9.0, 4.0], 1.5, Update(1.0), DYNAMICS),
    cost("gate", [9.0, 4.0], 1.5, Update(1.0), DYNAMICS),
    cost("limiter/sample_peak", [4.0, 10.0], 1.5, Update(2.0), LIMITER),
    cost("limiter/standard", [60.0, 10.0], 1.5, Update(2.0), LIMITER),
    cost("limiter/master", [60.0, 10.0], 1.5, Update(2.0), LIMITER),
    cost("limiter/idle", [6.0, 0.0], 0.0, Update(2.0), "bounds of the points between samples, and the delay line"),
    cost(
        "tremolo",
        [6.0, 0.0],
        0.0,
        Update(1.0),
        "an oscillator by a polynomial; each sample is read and written once",
    ),
    cost(
        "phaser/6_stages",
        [0.0, 12.0],
        7.0,
        Update(1.0),
        "with feedback a frame passes six all-pass stages and the sum one after the other",
    ),
    cost("delay/whole", [1.0, 0.0], 0.0, Update(2.0), "block and line are read and written once each"),
    cost("delay/fractional", [33.0, 0.0], 0.0, Update(2.0), "32 taps of interpolation for each sample"),
    cost("delay/filters", [1.0, 10.0], 4.0, Update(2.0), "two sections in series in the feedback path"),
    cost(
        "reverb/hall",
        [225.0, 0.0],
        0.0,
        Update(1.0),
        "about 450 operations a frame, an addition counting as one: four steps of diffusion 180, absorption 100, feedback \
         matrix and output mix 70, eight modulated lines 70, taps 30",
    ),
    cost("loudness/integrated", [0.0, 11.0], 2.0, Read, "two sections and a square in f64 for each sample"),
    cost(
        "loudness/all",
        [6.0, 11.0],
        2.0,
        Read,
        "two sections and a square in f64 for each sample, and the bounds by which points between samples are skipped",
    ),
    cost("true_peak/standard", [6.0, 0.0], 0.0, Read, "the bounds by which points between samples are skipped"),
    cost("true_peak/high", [6.0, 0.0], 0.0, Read, "the bounds by which points between samples are skipped"),
    cost("true_peak/standard_in_full", [112.0, 0.0], 0.0, Read, "7 points of 32 taps, by mirrored pairs half of them"),
    cost("true_peak/high_in_full", [720.0, 0.0], 0.0, Read, "15 points of 96 taps, by mirrored pairs half of them"),
    cost("level", [1.0, 1.0], 0.0, Read, "a square in f64 and a maximum for each sample"),
    cost("correlation", [0.0, 1.5], 0.0, Read, "three products in f64 for each frame"),
    cost("goals/gain_60_s", [1.0, 0.0], 0.0, Update(1.0), "each sample is read and written once"),
    cost("goals/ramp_100_mb", [3.5, 0.0], 0.0, Update(1.0), "each sample is read from memory and written back once"),
];

/// Programmes that are one kernel over a long signal.
const LIKE: [(&str, &str); 11] = [
    ("goals/equalizer_8_bands_60_s", "equalizer/8_bands"),
    ("goals/compressor_60_s", "compressor/linked"),
    ("goals/delay_60_s", "delay/whole"),
    ("goals/delay_fractional_60_s", "delay/fractional"),
    ("goals/mix_32_mono_60_s", "mix/at_rest"),
    ("goals/limiter_sample_peak_60_s", "limiter/sample_peak"),
    ("goals/limiter_standard_60_s", "limiter/standard"),
    ("goals/limiter_master_60_s", "limiter/master"),
    ("goals/reverb_hall_60_s", "reverb/hall"),
    ("goals/loudness_integrated_10_min", "loudness/integrated"),
    ("goals/loudness_all_10_min", "loudness/all"),
];

const EQ: &str = "five multiply-adds in f64 for each section; of a section's recursion two wait for each other";
const DYNAMICS: &str = "logarithm, knee and exponential by polynomials once a frame (unlinked: once a sample), and the \
                        recursion of attack and release: a multiply-add and a maximum";
const LIMITER: &str = "gain, sliding minimum and three running sums in f64, once a frame; with true peaks about half of \
                       the interpolator's 112 multiply-adds a sample; the recursion of the release; the delay line";

/// The limit of one kernel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Limit {
    pub(crate) nanoseconds: f64,
    /// Whether bytes bound it, not arithmetic.
    pub(crate) is_memory: bool,
    pub(crate) why: &'static str,
}

/// What the calibration benches measured.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// Per ns: f32, f64.
    pub(crate) multiply_adds: [f64; 2],
    pub(crate) latency_ns: f64,
    /// Bytes per ns, from L1, L2, L3 and memory.
    pub(crate) read: [f64; 4],
    pub(crate) update: [f64; 4],
}

impl Machine {
    /// `None` if a calibration bench is missing, as with a filter.
    pub(crate) fn of(measurements: &[Measurement]) -> Option<Self> {
        let rate = |id: String| {
            let found = measurements.iter().find(|one| one.id == id)?;
            let (Work::Samples(count) | Work::Bytes(count)) = found.work?;
            Some(count / found.nanoseconds)
        };
        let levels = |kind: &str| {
            let rates = LEVELS.map(|level| rate(format!("limits/{kind}/{level}")));
            rates.iter().all(Option::is_some).then(|| rates.map(Option::unwrap_or_default))
        };
        Some(Self {
            multiply_adds: [rate("limits/multiply_add/f32".into())?, rate("limits/multiply_add/f64".into())?],
            latency_ns: 1.0 / rate("limits/latency/f64".into())?,
            read: levels("read")?,
            update: levels("update")?,
        })
    }

    /// The limit of a kernel, if the table has it.
    pub(crate) fn limit(&self, measurement: &Measurement) -> Option<Limit> {
        let cost = cost_of(&measurement.id)?;
        let Some(Work::Samples(samples)) = measurement.work else { return None };
        let frames = measurement.frames()?;
        let is_f64 = measurement.id.contains("/f64/");
        let bytes = samples * if is_f64 { 8.0 } else { 4.0 };
        let level = LEVEL_BYTES.iter().filter(|limit| bytes > **limit).count();
        let own_format = self.multiply_adds[usize::from(is_f64)];
        let arithmetic = samples * (cost.multiply_adds / own_format + cost.multiply_adds_f64 / self.multiply_adds[1]);
        let waits = frames * cost.waits * self.latency_ns;
        let traffic = match cost.traffic {
            Read => bytes / self.read[level],
            Update(times) => times * bytes / self.update[level],
        };
        let nanoseconds = arithmetic.max(waits).max(traffic);
        Some(Limit { nanoseconds, is_memory: traffic >= arithmetic.max(waits), why: cost.why })
    }
}

/// The entry with the longest beginning in common, whose name ends there or goes on behind `_` or `/`. On silence a
/// processor may skip its work, so that no limit holds.
fn cost_of(id: &str) -> Option<&'static Cost> {
    if id.contains("silence") {
        return None;
    }
    let id = LIKE.iter().find(|(programme, _)| begins(id, programme)).map_or(id, |(_, kernel)| kernel);
    COSTS.iter().filter(|cost| begins(id, cost.id)).max_by_key(|cost| cost.id.len())
}

fn begins(id: &str, name: &str) -> bool {
    id.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '_']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: Machine = Machine {
        multiply_adds: [128.0, 64.0],
        latency_ns: 1.0,
        read: [400.0, 200.0, 50.0, 20.0],
        update: [200.0, 100.0, 40.0, 10.0],
    };

    fn limit(id: &str, samples: f64) -> Option<Limit> {
        MACHINE.limit(&Measurement { id: id.into(), nanoseconds: 1.0, work: Some(Work::Samples(samples)) })
    }

    #[test]
    fn the_dearest_of_arithmetic_waits_and_bytes_is_the_limit() {
        let still = limit("gain/still/f32/2ch/512", 1024.0).unwrap();
        assert_eq!((still.nanoseconds, still.is_memory), (1024.0 * 4.0 / 200.0, true));
        let one = limit("equalizer/1_band/f32/2ch/512", 1024.0).unwrap();
        assert_eq!((one.nanoseconds, one.is_memory), (512.0 * 2.0, false));
        let many = limit("equalizer/8_bands/f32/64ch/512", 64.0 * 512.0).unwrap();
        assert_eq!(many.nanoseconds, 64.0 * 512.0 * 40.0 / 64.0);
    }

    #[test]
    fn a_larger_working_set_comes_from_farther() {
        let per_sample = |samples: f64, id: &str| limit(id, samples).unwrap().nanoseconds / samples;
        assert_eq!(per_sample(1e4, "gain/still/f32/2ch/5000"), 4.0 / 200.0);
        assert_eq!(per_sample(1e4, "gain/still/f64/2ch/5000"), 8.0 / 100.0);
        assert_eq!(per_sample(2e7, "goals/ramp_100_mb/f32/2ch/10000000"), 4.0 / 10.0);
    }

    #[test]
    fn the_longest_name_counts_and_a_programme_is_its_kernel() {
        let why = |id: &str| cost_of(id).map(|cost| cost.id);
        assert_eq!(why("equalizer/4_bands_placed/f32/2ch/512"), Some("equalizer/4_bands_placed"));
        assert_eq!(why("equalizer/4_bands/f32/64ch/512"), Some("equalizer/4_bands"));
        assert_eq!(why("mix/at_rest_64/f32/2ch/512"), Some("mix/at_rest"));
        assert_eq!(why("goals/mix_32_mono_60_s/f32/2ch/2880000"), Some("mix/at_rest"));
        assert_eq!(why("gains/still"), None);
        assert_eq!(why("reverb/hall/silence/f32/2ch/512"), None);
    }

    #[test]
    fn no_entry_is_there_twice_or_unexplained() {
        for (index, cost) in COSTS.iter().enumerate() {
            assert!(COSTS[..index].iter().all(|other| other.id != cost.id) && !cost.why.is_empty(), "{}", cost.id);
        }
        assert!(LIKE.iter().all(|(_, kernel)| COSTS.iter().any(|cost| cost.id == *kernel)));
    }
}
