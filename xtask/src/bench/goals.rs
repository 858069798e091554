//! The tasks that have a goal, and what is asked beside peers.

/// A task, what it may take, and where it is timed.
pub(crate) struct Goal {
    pub(crate) title: &'static str,
    pub(crate) most_ns: f64,
    /// The bench in Rust, if there is one; its time decides.
    pub(crate) bench: Option<&'static str>,
    /// The task of `goals.py`.
    pub(crate) task: Option<&'static str>,
}

const MS: f64 = 1e6;
const US: f64 = 1e3;

const fn goal(title: &'static str, most_ns: f64, bench: &'static str, task: &'static str) -> Goal {
    Goal { title, most_ns, bench: named(bench), task: named(task) }
}

const fn named(name: &'static str) -> Option<&'static str> {
    if name.is_empty() { None } else { Some(name) }
}

/// 48 kHz, f32, stereo, one core; 60 s unless said.
pub(crate) const GOALS: [Goal; 23] = [
    goal("gain", 1.3 * MS, "goals/gain_60_s/f32/2ch/2880000", "gain"),
    goal("mix 32 mono tracks to stereo with pan", 15.0 * MS, "goals/mix_32_mono_60_s/f32/2ch/2880000", "mix_32"),
    goal("EQ, 8 bands", 12.0 * MS, "goals/equalizer_8_bands_60_s/f32/2ch/2880000", "equalizer"),
    goal("compressor", 10.0 * MS, "goals/compressor_60_s/f32/2ch/2880000", "compressor"),
    goal("algorithmic reverb", 70.0 * MS, "goals/reverb_hall_60_s/f32/2ch/2880000", "reverb"),
    goal("convolution, 2 s, blocks of 512", 110.0 * MS, "goals/convolution_2_s_60_s/f32/2ch/2880000", "convolution_2"),
    goal("convolution, 6 s, blocks of 512", 160.0 * MS, "goals/convolution_6_s_60_s/f32/2ch/2880000", "convolution_6"),
    goal("delay", 8.0 * MS, "goals/delay_60_s/f32/2ch/2880000", "delay"),
    goal("limiter, sample peak", 25.0 * MS, "goals/limiter_sample_peak_60_s/f32/2ch/2880000", "limiter_sample_peak"),
    goal("limiter, true peak, standard", 60.0 * MS, "goals/limiter_standard_60_s/f32/2ch/2880000", "limiter_standard"),
    goal("limiter, true peak, master", 130.0 * MS, "goals/limiter_master_60_s/f32/2ch/2880000", "limiter_master"),
    goal("loudness, 10 min, integrated", 110.0 * MS, "goals/loudness_integrated_10_min/f32/2ch/28800000", ""),
    goal("loudness, 10 min, all figures", 320.0 * MS, "goals/loudness_all_10_min/f32/2ch/28800000", "loudness"),
    goal("normalise 4 min to -14 LUFS, -1 dBTP, file to file", 900.0 * MS, "", "normalise"),
    goal("16 stereo stems x 3 min: the whole job", 1_000.0 * MS, "", "stems"),
    goal("12 stereo stems x 3 min: every report of the judgement", 4_000.0 * MS, "", "judgement"),
    goal("chain from Python, block of 32", 2.0 * US, "", "chain_32"),
    goal("chain from Python, block of 64", 3.0 * US, "", "chain_64"),
    goal("chain from Python, block of 128", 5.0 * US, "", "chain_128"),
    goal("chain from Python, block of 512", 14.0 * US, "", "chain_512"),
    goal("128 such chains, one block of 512", 1_600.0 * US, "goals/chain_128_tracks/f32/2ch/512", "chains"),
    goal("scan 200 files x 30 s, all meters", 4_500.0 * MS, "", "scan"),
    goal("delay, a fraction of a frame", 8.0 * MS, "goals/delay_fractional_60_s/f32/2ch/2880000", ""),
];

/// A task that is to take less than a peer of the same run.
pub(crate) struct Rivalry {
    pub(crate) title: &'static str,
    /// The task of `goals.py`, or a bench.
    pub(crate) task: &'static str,
    pub(crate) peer: &'static str,
    /// So many times as fast.
    pub(crate) goal: f64,
}

const fn rivalry(title: &'static str, task: &'static str, peer: &'static str, goal: f64) -> Rivalry {
    Rivalry { title, task, peer, goal }
}

pub(crate) const RIVALRIES: [Rivalry; 7] = [
    rivalry("limiter, sample peak (0.45 of its time)", "limiter_sample_peak", "pedalboard", 1.0 / 0.45),
    rivalry("reverb (0.9 of its time)", "goals/reverb_hall_60_s/f32/2ch/2880000", "freeverb", 1.0 / 0.9),
    rivalry("loudness with all meters", "loudness", "pyloudnorm, integrated only", 4.0),
    rivalry("chain, block of 32", "chain_32", "pedalboard", 3.0),
    rivalry("chain, block of 64", "chain_64", "pedalboard", 3.0),
    rivalry("chain, block of 128", "chain_128", "pedalboard", 3.0),
    rivalry("chain, block of 512", "chain_512", "pedalboard", 3.0),
];
