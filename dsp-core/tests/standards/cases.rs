//! The list of cases.

use super::{
    Ask, Case, Figure, Signal,
    signal::{Tone, period_peak_dbtp},
    weighting::{lufs, weighting_power},
};
use mixdown::meters::{Layout, Precision};

/// Tolerance of Tech 3341 for loudness, LU; BS.2217 has the same.
const STANDARD_LU: [f64; 2] = [0.1, 0.1];
/// Tolerance of Tech 3342, LU.
const STANDARD_RANGE_LU: [f64; 2] = [1.0, 1.0];
/// Tolerance of Tech 3341 for true peaks, below and above, dB.
const STANDARD_PEAK_DB: [f64; 2] = [0.4, 0.2];
/// Our tolerance: filter transients at the steps of the signals are most of it.
const OURS_LU: f64 = 0.01;
/// The same for maxima over 400 ms, where an onset is a larger share of the window.
const OURS_MOMENTARY_LU: f64 = 0.02;
/// The same for the loudness range.
const OURS_RANGE_LU: f64 = 0.05;
/// The same for true peaks at 16 points per sample.
const OURS_PEAK_DB: f64 = 0.05;
/// The same at 8 points per sample: cos(π 0.25 / 8) at a quarter of the rate is 0.04 dB, onsets add to it.
const OURS_STANDARD_PEAK_DB: f64 = 0.1;

/// Silence as a level.
const NONE: f64 = f64::NEG_INFINITY;

/// Every case.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = tech_3341_levels();
    cases.extend(tech_3341_windows());
    cases.extend(tech_3341_peaks());
    cases.extend(tech_3342());
    cases.extend(bs_2217());
    cases.extend(gates());
    cases
}

fn loudness(figure: Figure, nominal: f64, exact: f64) -> Ask {
    let ours = if figure == Figure::MaxMomentary { OURS_MOMENTARY_LU } else { OURS_LU };
    Ask { figure, nominal, standard: STANDARD_LU, exact, ours }
}

fn case(name: impl Into<String>, tone: Tone, asks: Vec<Ask>) -> Case {
    Case { name: name.into(), precision: Precision::Off, sections: vec![(Signal::Tone(tone), asks)] }
}

/// A case of integrated loudness.
fn integrated(name: impl Into<String>, nominal: f64, tone: Tone) -> Case {
    let exact = tone.integrated_lufs();
    case(name, tone, vec![loudness(Figure::Integrated, nominal, exact)])
}

/// Loudness of a steady 1 kHz tone in stereo.
fn steady_lufs(level_dbfs: f64) -> f64 {
    lufs(Tone::stereo(&[(1.0, level_dbfs)]).energy(0.0, 1.0))
}

fn tech_3341_levels() -> Vec<Case> {
    let steady = |name: &str, level_dbfs: f64| {
        let figures = [Figure::Integrated, Figure::MaxMomentary, Figure::MaxShortTerm];
        let asks = figures.map(|figure| loudness(figure, level_dbfs, steady_lufs(level_dbfs)));
        case(name, Tone::stereo(&[(20.0, level_dbfs)]), asks.to_vec())
    };
    let steps = |name: &str, steps: &[(f64, f64)]| integrated(name, -23.0, Tone::stereo(steps));
    let surround = Tone {
        frequency_hz: 1_000,
        channels_db: vec![-28.0, -28.0, -24.0, -30.0, -30.0],
        weights: Layout::Surround50.weights().to_vec(),
        steps: vec![(20.0, 0.0)],
    };
    vec![
        steady("3341-01", -23.0),
        steady("3341-02", -33.0),
        steps("3341-03", &[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]),
        steps("3341-04", &[(10.0, -72.0), (10.0, -36.0), (60.0, -23.0), (10.0, -36.0), (10.0, -72.0)]),
        steps("3341-05", &[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)]),
        integrated("3341-06", -23.0, surround),
    ]
}

fn tech_3341_windows() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut constant = |name: &str, figure: Figure, pattern: [(f64, f64); 2], times: usize| {
        let tone = Tone::stereo(&pattern.repeat(times));
        let exact = lufs(tone.energy(0.0, pattern[0].0 + pattern[1].0));
        cases.push(case(name, tone, vec![loudness(figure, -23.0, exact)]));
    };
    constant("3341-09", Figure::ShortTerm, [(1.34, -20.0), (1.66, -30.0)], 5);
    constant("3341-12", Figure::Momentary, [(0.18, -20.0), (0.22, -30.0)], 25);
    // Files that start later and later, and the same live: louder and louder, without a reset.
    for (name, live, figure, window_s) in
        [("3341-10", "3341-11", Figure::MaxShortTerm, 3.0), ("3341-13", "3341-14", Figure::MaxMomentary, 0.4)]
    {
        let delays_s = (0..20).map(|i| window_s / 20.0 * f64::from(i));
        for delay_s in delays_s.clone() {
            let tone = Tone::stereo(&[(delay_s, NONE), (window_s, -23.0), (1.0, NONE)]);
            cases.push(case(name, tone, vec![loudness(figure, -23.0, steady_lufs(-23.0))]));
        }
        let section = |(i, delay_s): (i32, f64)| {
            let level = f64::from(i) - 38.0;
            let tone = Tone::stereo(&[(delay_s, NONE), (window_s, level), (window_s - delay_s, NONE)]);
            (Signal::Tone(tone), vec![loudness(figure, level, steady_lufs(level))])
        };
        let sections = (0..).zip(delays_s).map(section).collect();
        cases.push(Case { name: live.into(), precision: Precision::Off, sections });
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn tech_3341_peaks() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut peak = |name: String, signal: Signal, nominal: f64, exact: f64| {
        for (precision, ours) in [(Precision::Standard, OURS_STANDARD_PEAK_DB), (Precision::High, OURS_PEAK_DB)] {
            let ask = Ask { figure: Figure::TruePeak, nominal, standard: STANDARD_PEAK_DB, exact, ours };
            cases.push(Case { name: name.clone(), precision, sections: vec![(signal.clone(), vec![ask])] });
        }
    };
    for (number, divisor, amplitude, phase_degrees, nominal) in
        [(15, 4, 0.5, 0.0, -6.0), (16, 4, 0.5, 45.0, -6.0), (17, 6, 0.5, 60.0, -6.0), (18, 8, 0.5, 67.5, -6.0)]
            .into_iter()
            .chain([(19, 4, 1.41, 45.0, 3.0)])
    {
        let signal = Signal::Faded { divisor, amplitude, phase_degrees };
        peak(format!("3341-{number}"), signal, nominal, 20.0 * f64::log10(amplitude));
    }
    let exact = period_peak_dbtp();
    for offset in 0..4 {
        peak(format!("3341-{}", 20 + offset), Signal::Period { offset }, 0.0, exact);
    }
    cases
}

fn tech_3342() -> Vec<Case> {
    let range = |name: &str, levels: &[f64], nominal: f64| {
        let steps: Vec<(f64, f64)> = levels.iter().map(|level| (20.0, *level)).collect();
        let standard = STANDARD_RANGE_LU;
        let ask = Ask { figure: Figure::Range, nominal, standard, exact: nominal, ours: OURS_RANGE_LU };
        case(name, Tone::stereo(&steps), vec![ask])
    };
    vec![
        range("3342-01", &[-20.0, -30.0], 10.0),
        range("3342-02", &[-20.0, -15.0], 5.0),
        range("3342-03", &[-40.0, -20.0], 20.0),
        range("3342-04", &[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ]
}

/// Tones, channels and gates after the descriptions of BS.2217; its own files are recordings of such signals.
fn bs_2217() -> Vec<Case> {
    let mut cases = Vec::new();
    for frequency_hz in [25, 100, 500, 1_000, 2_000, 10_000] {
        for nominal in [-24.0, -23.0] {
            // The level at which the printed filters give this loudness; two channels.
            let level = nominal - lufs(weighting_power(f64::from(frequency_hz)));
            let tone = Tone { frequency_hz, ..Tone::stereo(&[(4.0, level)]) };
            cases.push(integrated(format!("2217 tone {frequency_hz} Hz"), nominal, tone));
        }
    }
    for (layout, name, channels) in [
        (Layout::Surround51, "5.1", ["L", "R", "C", "LFE", "Ls", "Rs"].as_slice()),
        (Layout::Surround71, "7.1", &["L", "R", "C", "LFE", "Lb", "Rb", "Ls", "Rs"]),
    ] {
        for (index, channel) in channels.iter().enumerate() {
            let mut channels_db = vec![NONE; channels.len()];
            channels_db[index] = 0.0;
            let nominal = match *channel {
                "LFE" => NONE,
                "Ls" | "Rs" => -24.0 + 10.0 * f64::log10(1.41),
                _ => -24.0,
            };
            let level = -24.0 - lufs(weighting_power(1_000.0) / 2.0);
            let weights = layout.weights().to_vec();
            let tone = Tone { frequency_hz: 1_000, channels_db, weights, steps: vec![(2.0, level)] };
            cases.push(integrated(format!("2217 {name} {channel}"), nominal, tone));
        }
    }
    // BS.1770-5: a full-scale tone of 997 Hz in one front channel.
    let full_scale = Tone { frequency_hz: 997, channels_db: vec![0.0], weights: vec![1.0], steps: vec![(10.0, 0.0)] };
    cases.push(integrated("1770 calibration", -3.01, full_scale));
    cases
}

/// Programmes that only correct gates read correctly.
fn gates() -> Vec<Case> {
    // Levels as root mean squares, 3.01 dB below the peaks.
    let rms = |steps: &[(f64, f64)]| {
        let peaks: Vec<(f64, f64)> = steps.iter().map(|&(s, db)| (s, db - 10.0 * f64::log10(0.5))).collect();
        Tone::stereo(&peaks)
    };
    // The description of that file (levels to a tenth, edges to a tenth of a second) reads -10.08; with 0.07 dB more
    // and the second edge 20 ms later it reads the expected -10.0.
    let relative = rms(&[(0.5, -91.8), (0.92, -22.83), (1.28, -10.03), (0.8, -22.83), (0.5, -91.8)]);
    let burst = [(0.5, NONE), (0.5, -72.5)];
    let absolute = rms(&[&burst.repeat(3)[..], &[(0.5, NONE)]].concat());
    // The quiet half is 9.3 LU below the mean of both.
    let tight = Tone::stereo(&[(30.0, -20.0), (30.0, -32.0)]);
    let tight_lufs = lufs(tight.energy(0.0, 60.0));
    vec![
        integrated("2217 RelGate", -10.0, relative),
        integrated("2217 AbsGate", -69.5, absolute),
        integrated("gate of -10 LU, not -8", tight_lufs, tight),
        integrated("gate of -70 LUFS", -69.0, Tone::stereo(&[(20.0, -69.0), (20.0, -71.0)])),
    ]
}
