//! Room-acoustic measures of an impulse response. Own arithmetic, not the library's.

use realfft::RealFftPlanner;

/// Share of a Gaussian signal outside its standard deviation: erfc(1/√2).
const GAUSSIAN_OUTSIDE: f64 = 0.317_310_507_862_914;

/// Echo density over time: the share of samples outside the standard deviation, 1 for Gaussian noise, in Hann windows
/// of 20 ms every ms. Pairs of seconds (the windows' middles) and density.
///
/// J. Abel and P. Huang, "A simple, robust measure of reverberation echo density", AES 121st Convention, 2006.
pub fn echo_density(response: &[f64], rate_hz: f64) -> Vec<(f64, f64)> {
    let width = (0.02 * rate_hz) as usize;
    let window: Vec<f64> =
        (0..width).map(|n| 0.5 - 0.5 * (std::f64::consts::TAU * (n as f64 + 0.5) / width as f64).cos()).collect();
    let sum: f64 = window.iter().sum();
    let hop = (0.001 * rate_hz) as usize;
    (0..response.len().saturating_sub(width))
        .step_by(hop)
        .map(|start| {
            let samples = &response[start..start + width];
            let power: f64 = samples.iter().zip(&window).map(|(h, w)| w * h * h).sum::<f64>() / sum;
            let outside = samples.iter().zip(&window).filter(|(h, _)| *h * *h > power).map(|(_, w)| w).sum::<f64>();
            ((start + width / 2) as f64 / rate_hz, outside / sum / GAUSSIAN_OUTSIDE)
        })
        .collect()
}

/// Seconds after the onset in which the beginning of a response is judged.
const BEGINNING_S: f64 = 0.15;

/// Seconds from the onset to the last window, within the beginning, whose echo density is below 0.8; noise itself
/// strays to 0.85.
pub fn last_sparse_s(response: &[f64], rate_hz: f64) -> f64 {
    // Half a window of silence before the onset, so that the first window has its middle there.
    let silence = (0.01 * rate_hz) as usize;
    let from = onset(response);
    let to = (from + ((BEGINNING_S + 0.02) * rate_hz) as usize).min(response.len());
    let mut beginning = vec![0.0; silence];
    beginning.extend_from_slice(&response[from..to]);
    let onset_s = silence as f64 / rate_hz;
    let density = echo_density(&beginning, rate_hz);
    let sparse = density.into_iter().rfind(|&(at, density)| at >= onset_s && density < 0.8);
    sparse.map_or(0.0, |(at, _)| at - onset_s)
}

/// By how much the deepest 3 ms window of the beginning lies below both the loudest window before and the loudest
/// after, in dB, and its start after the onset, in ms. Windows every 0.5 ms.
pub fn deepest_window_db(response: &[f64], rate_hz: f64) -> (f64, f64) {
    let (width, hop) = ((0.003 * rate_hz).round() as usize, (0.0005 * rate_hz) as usize);
    let beginning = &response[onset(response)..];
    let to = ((BEGINNING_S * rate_hz) as usize).min(beginning.len() - width);
    let level = |start: usize| beginning[start..start + width].iter().map(|h| h * h).sum::<f64>();
    let levels: Vec<f64> = (0..to).step_by(hop).map(level).collect();
    let mut after = levels.clone();
    for index in (0..after.len() - 1).rev() {
        after[index] = after[index].max(after[index + 1]);
    }
    let (mut before, mut deepest) = (0.0_f64, (0.0, 0.0));
    for (index, level) in levels.iter().enumerate() {
        before = before.max(*level);
        let depth_db = 10.0 * (before.min(after[index]) / level).log10();
        if depth_db > deepest.0 {
            deepest = (depth_db, 0.5 * index as f64);
        }
    }
    deepest
}

/// By how much a 3 ms window of the beginning lies below the loudest of the 20 ms before, beyond what the decay of the
/// response itself takes in between, in dB; and its start after the onset, in ms. Windows every 0.5 ms.
///
/// Noise with a smooth decay reads 2.4 dB as a rule, 3.9 at most of 240.
pub fn steepest_fall_db(response: &[f64], rate_hz: f64) -> (f64, f64) {
    const WINDOWS_BEFORE: usize = 40;
    let (width, hop) = ((0.003 * rate_hz).round() as usize, (0.0005 * rate_hz) as usize);
    let beginning = &response[onset(response)..];
    let decay_db_per_window =
        60.0 * hop as f64 / rate_hz / decay_time_s(&decay_db(&[beginning]), rate_hz, [-20.0, -5.0]);
    let to = ((BEGINNING_S * rate_hz) as usize).min(beginning.len() - width);
    let level = |start: usize| 10.0 * beginning[start..start + width].iter().map(|h| h * h).sum::<f64>().log10();
    let levels: Vec<f64> =
        (0..to).step_by(hop).enumerate().map(|(index, at)| level(at) + decay_db_per_window * index as f64).collect();
    let mut steepest = (0.0, 0.0);
    for (index, level) in levels.iter().enumerate() {
        let before = levels[index.saturating_sub(WINDOWS_BEFORE)..index].iter().fold(f64::MIN, |a, b| a.max(*b));
        if before - level > steepest.0 {
            steepest = (before - level, 0.5 * index as f64);
        }
    }
    steepest
}

/// The part of the energy in the first 3 ms after the onset: the direct burst.
pub fn direct_burst(response: &[f64], rate_hz: f64) -> f64 {
    let onset = onset(response);
    let energy = |samples: &[f64]| samples.iter().map(|h| h * h).sum::<f64>();
    energy(&response[onset..onset + (0.003 * rate_hz) as usize]) / energy(response)
}

/// Clarity: energy of the first 80 ms after the onset over the rest, in dB.
pub fn c80_db(response: &[f64], rate_hz: f64) -> f64 {
    let (early, late) = response[onset(response)..].split_at((0.08 * rate_hz) as usize);
    let energy = |samples: &[f64]| samples.iter().map(|h| h * h).sum::<f64>();
    10.0 * (energy(early) / energy(late)).log10()
}

/// Mean power gain of a response over 1/f, 50 Hz to 3.5 kHz: that of pink noise which every sample rate can carry.
pub fn pink_power(response: &[f64], rate_hz: f64) -> f64 {
    let length = response.len().next_power_of_two();
    let (mut power, mut weights) = (0.0, 0.0);
    for (index, bin) in power_spectrum(response, length).into_iter().enumerate() {
        let hz = index as f64 * rate_hz / length as f64;
        if (50.0..=3_500.0).contains(&hz) {
            power += bin / hz;
            weights += 1.0 / hz;
        }
    }
    power / weights
}

/// The first sample above -60 dB of the largest.
pub fn onset(response: &[f64]) -> usize {
    let peak = response.iter().fold(0.0, |peak: f64, h| peak.max(h.abs()));
    response.iter().position(|h| h.abs() > 1e-3 * peak).unwrap_or(0)
}

/// |X(f)|² at multiples of rate / length, without a window.
pub fn power_spectrum(signal: &[f64], length: usize) -> Vec<f64> {
    let mut padded = signal.to_vec();
    padded.resize(length, 0.0);
    let plan = RealFftPlanner::<f64>::new().plan_fft_forward(length);
    let mut bins = plan.make_output_vec();
    plan.process(&mut padded, &mut bins).unwrap();
    bins.iter().map(|bin| bin.norm_sqr()).collect()
}

/// |X(f)|² at multiples of rate / length, with a Hann window over the whole signal.
fn spectrum(signal: &[f64]) -> Vec<f64> {
    let length = signal.len();
    let mut windowed: Vec<f64> = signal
        .iter()
        .enumerate()
        .map(|(n, x)| x * (0.5 - 0.5 * (std::f64::consts::TAU * (n as f64 + 0.5) / length as f64).cos()))
        .collect();
    let plan = RealFftPlanner::<f64>::new().plan_fft_forward(length);
    let mut bins = plan.make_output_vec();
    plan.process(&mut windowed, &mut bins).unwrap();
    bins.iter().map(|bin| bin.norm_sqr()).collect()
}

/// The part of `response` between two times, compensated for a decay of `t60_s`.
pub fn compensated(response: &[f64], rate_hz: f64, t60_s: f64, from_s: f64, to_s: f64) -> Vec<f64> {
    let (from, to) = ((from_s * rate_hz) as usize, ((to_s * rate_hz) as usize).min(response.len()));
    (from..to).map(|n| response[n] * 10_f64.powf(3.0 * n as f64 / rate_hz / t60_s)).collect()
}

/// Median over third octaves, 125 Hz to 6 kHz, of geometric over arithmetic mean power: 0.56 for noise, less for tones.
pub fn flatness(signal: &[f64], rate_hz: f64) -> f64 {
    let spectrum = spectrum(signal);
    let bin_hz = rate_hz / signal.len() as f64;
    let mut values = vec![];
    let mut centre_hz = 125.0;
    while centre_hz < 6_000.0 {
        let (low, high) = ((centre_hz / 1.122 / bin_hz) as usize, (centre_hz * 1.122 / bin_hz) as usize);
        let bins = &spectrum[low..high];
        let geometric = (bins.iter().map(|p| p.ln()).sum::<f64>() / bins.len() as f64).exp();
        values.push(geometric / (bins.iter().sum::<f64>() / bins.len() as f64));
        centre_hz *= 2_f64.powf(1.0 / 3.0);
    }
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Fourth moment over squared second: 3 for Gaussian noise.
pub fn kurtosis(signal: &[f64]) -> f64 {
    let n = signal.len() as f64;
    let second = signal.iter().map(|x| x * x).sum::<f64>() / n;
    signal.iter().map(|x| x * x * x * x).sum::<f64>() / n / (second * second)
}

/// Largest |autocorrelation| over lags of 5 to 60 ms, relative to that at 0.
pub fn largest_autocorrelation(signal: &[f64], rate_hz: f64) -> f64 {
    let length = (2 * signal.len()).next_power_of_two();
    let mut padded = signal.to_vec();
    padded.resize(length, 0.0);
    let mut planner = RealFftPlanner::<f64>::new();
    let forward = planner.plan_fft_forward(length);
    let mut bins = forward.make_output_vec();
    forward.process(&mut padded, &mut bins).unwrap();
    bins.iter_mut().for_each(|bin| *bin = bin.norm_sqr().into());
    planner.plan_fft_inverse(length).process(&mut bins, &mut padded).unwrap();
    let lags = (0.005 * rate_hz) as usize..(0.06 * rate_hz) as usize;
    padded[lags].iter().fold(0.0, |largest: f64, r| largest.max(r.abs())) / padded[0]
}

/// An octave band around a frequency: Butterworth flanks of 36 dB per octave with zero phase.
pub fn octave(signal: &[f64], rate_hz: f64, centre_hz: f64) -> Vec<f64> {
    octaves(signal, rate_hz, &[centre_hz]).remove(0)
}

/// Several of them.
pub fn octaves(signal: &[f64], rate_hz: f64, centres_hz: &[f64]) -> Vec<Vec<f64>> {
    let length = (signal.len() + rate_hz as usize / 2).next_power_of_two();
    let mut padded = signal.to_vec();
    padded.resize(length, 0.0);
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (planner.plan_fft_forward(length), planner.plan_fft_inverse(length));
    let mut all = forward.make_output_vec();
    forward.process(&mut padded, &mut all).unwrap();
    let octave = |centre_hz: &f64| {
        let mut bins = all.clone();
        for (index, bin) in bins.iter_mut().enumerate() {
            let hz = (index as f64 * rate_hz / length as f64).max(1e-9);
            let (low, high) = (centre_hz / hz / 2_f64.sqrt(), hz / centre_hz / 2_f64.sqrt());
            *bin *= 1.0 / ((1.0 + low.powi(12)) * (1.0 + high.powi(12))).sqrt() / length as f64;
        }
        inverse.process(&mut bins, &mut padded).unwrap();
        padded[..signal.len()].to_vec()
    };
    centres_hz.iter().map(octave).collect()
}

/// Remaining energy from each sample on, in dB of all (Schroeder's backward integral), over several channels.
pub fn decay_db<C: AsRef<[f64]>>(channels: &[C]) -> Vec<f64> {
    let mut left = vec![0.0; channels[0].as_ref().len()];
    let mut sum = 0.0;
    for n in (0..left.len()).rev() {
        sum += channels.iter().map(|channel| channel.as_ref()[n]).map(|h| h * h).sum::<f64>();
        left[n] = sum;
    }
    left.iter().map(|energy| 10.0 * (energy / sum).log10()).collect()
}

/// Time to -60 dB by a line through the decay from -5 to -35 dB.
pub fn t60_s(decay_db: &[f64], rate_hz: f64) -> f64 {
    decay_time_s(decay_db, rate_hz, [-35.0, -5.0])
}

/// The same between two levels.
fn decay_time_s(decay_db: &[f64], rate_hz: f64, [from_db, to_db]: [f64; 2]) -> f64 {
    let (mut n, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, &level) in decay_db.iter().enumerate().filter(|(_, level)| (from_db..=to_db).contains(*level)) {
        let t = index as f64 / rate_hz;
        n += 1.0;
        x += t;
        y += level;
        xx += t * t;
        xy += t * level;
    }
    -60.0 / ((n * xy - x * y) / (n * xx - x * x))
}

/// Correlation of two signals at lag 0.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

/// Level in dB over windows of 50 ms, over several channels.
pub fn levels_db(channels: &[Vec<f64>], rate_hz: f64) -> Vec<f64> {
    let width = (0.05 * rate_hz) as usize;
    (0..channels[0].len() / width)
        .map(|index| {
            let energy: f64 = channels.iter().flat_map(|h| &h[index * width..(index + 1) * width]).map(|h| h * h).sum();
            10.0 * energy.log10()
        })
        .collect()
}
