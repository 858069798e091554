//! Plays the signals of the conformance tests to other meters, the `ebur128` crate and ffmpeg if it is on the PATH, and
//! prints the differences from ours as Markdown: `cargo xtask conformance` appends it to docs/conformance.md.

#[path = "../../dsp-core/tests/standards/mod.rs"]
mod standards;

use ebur128::{Channel, EbuR128, Mode};
use standards::{Ask, Audio, Case, Figure, RATES_HZ, cases, weighting::PRINTED};
use std::{
    collections::BTreeMap,
    error::Error,
    f64::consts::PI,
    io::Write,
    process::{Command, Stdio},
};

/// A larger difference of loudness needs a reason, LU.
const NOTED_LU: f64 = 0.02;
/// The same for true peaks, dB: our tolerance at the high precision.
const NOTED_PEAK_DB: f64 = 0.05;
/// ffmpeg is slow: at these rates only.
const FFMPEG_RATES_HZ: [f64; 2] = [48_000.0, 192_000.0];
/// Tolerance of a reason: ffmpeg stores blocks in bins of 0.01 LU and prints three digits.
const REASON_LU: f64 = 0.012;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Peer {
    Crate,
    Ffmpeg,
}

/// One value of one case.
struct Found {
    case: String,
    rate_hz: f64,
    peer: Peer,
    ask: Ask,
    ours: f64,
    theirs: f64,
}

impl Found {
    fn difference(&self) -> f64 {
        if self.ours == self.theirs { 0.0 } else { self.theirs - self.ours }
    }

    fn noted(&self) -> bool {
        let limit = if self.ask.figure == Figure::TruePeak { NOTED_PEAK_DB } else { NOTED_LU };
        self.difference().abs() > limit
    }

    /// The reason of a difference, if there is one; the exact value tells which of the two is right.
    fn reason(&self) -> Option<&'static str> {
        if !self.noted() {
            return None;
        }
        let kept_numerator = (self.difference() - kept_numerator_db(self.rate_hz)).abs() < REASON_LU;
        Some(match (self.peer, self.ask.figure) {
            (_, Figure::Integrated) if self.ask.nominal == f64::NEG_INFINITY => "floor",
            (_, Figure::TruePeak) if self.rate_hz >= 96_000.0 => "oversampling",
            (_, Figure::TruePeak) => "interpolator",
            (_, Figure::Integrated) if self.case.starts_with("2217 7.1") && self.difference() > 1.0 => "rears",
            _ if kept_numerator => "numerator",
            (Peer::Ffmpeg, Figure::MaxMomentary | Figure::MaxShortTerm) => "hop",
            _ => "unexplained",
        })
    }
}

const REASONS: [(&str, &str); 7] = [
    (
        "numerator",
        "the numerator 1, -2, 1 of the high-pass is kept at every rate, although its gain in the pass band then changes \
         with the rate. BS.1770 asks for the response of 48 kHz, so the exact value, and ours, is right. ffmpeg's bins of 0.01 LU take up to 0.01 LU more.",
    ),
    (
        "hop",
        "momentary and short-term values come every 100 ms, so the maximum may fall between two. Tech 3341 asks for \
         -23.0 ± 0.1 LUFS wherever the burst begins; ours is right.",
    ),
    (
        "rears",
        "the rear pair weighs 1.41 like the side pair. BS.1770-5, Annex 3, gives loudspeakers at 135 degrees 1.00; ours \
         is right.",
    ),
    ("floor", "nothing to measure is shown as -70 LUFS. It is a convention; ours is minus infinity."),
    (
        "oversampling",
        "from 96 kHz on fewer points are searched, and none between the samples from 192 kHz on. BS.1770 allows that, as \
         programmes have little there; these signals follow the rate up, and only ours reads what they have.",
    ),
    (
        "interpolator",
        "the interpolator has fewer points or a start of its own. The exact value is that of the continuous signal; ours \
         is nearer.",
    ),
    ("unexplained", "we know no reason."),
];

/// Error by keeping the numerator of the high-pass at this rate, dB.
fn kept_numerator_db(rate_hz: f64) -> f64 {
    // Its gain in the pass band: 4 over the value of the denominator at half the rate.
    let gain = |rate_hz: f64| {
        let k = (PI * 38.135_470_876_024_44 / rate_hz).tan();
        1.0 + k / 0.500_327_037_323_877_3 + k * k
    };
    // The same from the printed denominator, so that the constants above are checked by use.
    let [_, [_, [a0, a1, a2]]] = PRINTED;
    20.0 * (gain(rate_hz) / (4.0 / (a0 - a1 + a2))).log10()
}

fn main() -> Result<(), Box<dyn Error>> {
    let ffmpeg = version("ffmpeg");
    let mut found = Vec::new();
    for case in cases() {
        for rate_hz in RATES_HZ {
            let audio = case.audio::<f32>(rate_hz);
            let ours = case.readings(rate_hz, &audio, || 4_096);
            let mut meter = open(&case, rate_hz, audio[0].channels().len())?;
            for (section, (reading, (_, asks))) in std::iter::zip(&ours, &case.sections).enumerate() {
                let figures = asks.iter().map(|ask| ask.figure).collect::<Vec<_>>();
                let by_crate = meter.play(&audio[section], &figures)?;
                let alone = case.sections.len() == 1 && FFMPEG_RATES_HZ.contains(&rate_hz);
                let by_ffmpeg =
                    if ffmpeg.is_some() && alone { Some(run(rate_hz, &audio[section], &figures)?) } else { None };
                for (n, ask) in asks.iter().enumerate() {
                    let values = [(Peer::Crate, Some(by_crate[n])), (Peer::Ffmpeg, by_ffmpeg.as_ref().map(|v| v[n]))];
                    for (peer, theirs) in values {
                        let Some(theirs) = theirs else { continue };
                        let precision = format!("{:?}", case.precision).to_lowercase();
                        let name = match ask.figure {
                            Figure::TruePeak => format!("{} | true peak, {precision}", case.name),
                            other => format!("{} | {}", case.name, label(other)),
                        };
                        found.push(Found {
                            case: name,
                            rate_hz,
                            peer,
                            ask: ask.clone(),
                            ours: ask.of(reading),
                            theirs,
                        });
                    }
                }
            }
        }
    }
    print(&found, ffmpeg.as_deref());
    Ok(())
}

fn label(figure: Figure) -> &'static str {
    match figure {
        Figure::Integrated => "integrated",
        Figure::MaxMomentary => "max momentary",
        Figure::MaxShortTerm => "max short-term",
        Figure::Momentary => "momentary, last",
        Figure::ShortTerm => "short-term, last",
        Figure::Range => "loudness range",
        Figure::TruePeak => "true peak",
    }
}

fn print(found: &[Found], ffmpeg: Option<&str>) {
    println!(
        "The same files (f32), measured by the `ebur128` crate and by {}. Shown is theirs minus ours, the largest of all",
        ffmpeg.unwrap_or("ffmpeg, which was not there")
    );
    println!(
        "files of a case, in LU or dB; *out* marks values that the standard does not allow. The crate is asked for"
    );
    println!(
        "maxima every 20 ms (momentary) and 50 ms (short-term); ffmpeg gives values every 100 ms, and no live cases."
    );
    println!(
        "The last column names the reasons for differences over {NOTED_LU} LU, or {NOTED_PEAK_DB} dB of true peak."
    );
    println!();
    let columns: Vec<(Peer, f64)> = RATES_HZ
        .map(|rate_hz| (Peer::Crate, rate_hz))
        .into_iter()
        .chain(FFMPEG_RATES_HZ.map(|rate_hz| (Peer::Ffmpeg, rate_hz)))
        .filter(|(peer, _)| *peer == Peer::Crate || ffmpeg.is_some())
        .collect();
    let title = |(peer, rate_hz): &(Peer, f64)| {
        let name = if *peer == Peer::Crate { "crate" } else { "ffmpeg" };
        format!("{name}, {} kHz", rate_hz / 1_000.0)
    };
    println!("| case | figure | {} | reasons |", columns.iter().map(title).collect::<Vec<_>>().join(" | "));
    println!("|---|---|{}---|", "--:|".repeat(columns.len()));
    let mut rows: Vec<&str> = Vec::new();
    for found in found {
        if !rows.contains(&found.case.as_str()) {
            rows.push(&found.case);
        }
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        let mut cells = Vec::new();
        let mut why: Vec<&str> = Vec::new();
        for (peer, rate_hz) in &columns {
            let cell = || found.iter().filter(|f| f.case == row && f.peer == *peer && f.rate_hz == *rate_hz);
            for reason in cell().filter_map(Found::reason) {
                *reasons.entry(reason).or_default() += 1;
                why.push(reason);
            }
            let largest = cell().max_by(|a, b| a.difference().abs().total_cmp(&b.difference().abs()));
            cells.push(largest.map_or("—".into(), |found| {
                let out = if cell().any(|f| !f.ask.meets_standard(f.theirs)) { " *out*" } else { "" };
                format!("{:+.3}{out}", found.difference())
            }));
        }
        why.sort_unstable();
        why.dedup();
        println!("| {row} | {} | {} |", cells.join(" | "), why.join(", "));
    }
    println!();
    let nearer = found.iter().filter(|f| f.noted() && f.ask.meets_ours(f.ours)).count();
    let noted = found.iter().filter(|f| f.noted()).count();
    println!(
        "Of {} values {noted} differ by more than that; in {nearer} of them ours is within our tolerance of the",
        found.len()
    );
    println!("exact value. The reasons:");
    println!();
    for (name, text) in REASONS {
        if let Some(count) = reasons.get(name) {
            println!("- *{name}* ({count} values): {text}");
        }
    }
}

/// The meter of the `ebur128` crate, and its maxima.
struct CrateMeter {
    meter: EbuR128,
    rate_hz: f64,
    momentary: f64,
    short_term: f64,
}

fn open(case: &Case, rate_hz: f64, channels: usize) -> Result<CrateMeter, Box<dyn Error>> {
    let peaks = case.sections.iter().any(|(_, asks)| asks.iter().any(|ask| ask.figure == Figure::TruePeak));
    let mode = Mode::I | Mode::LRA | if peaks { Mode::TRUE_PEAK } else { Mode::M };
    let mut meter = EbuR128::new(channels as u32, rate_hz as u32, mode)?;
    if channels == 8 {
        let map = [
            Channel::Left,
            Channel::Right,
            Channel::Center,
            Channel::Unused,
            Channel::Mp135,
            Channel::Mm135,
            Channel::Mp090,
            Channel::Mm090,
        ];
        meter.set_channel_map(&map)?;
    }
    Ok(CrateMeter { meter, rate_hz, momentary: f64::NEG_INFINITY, short_term: f64::NEG_INFINITY })
}

impl CrateMeter {
    fn play(&mut self, audio: &Audio<f32>, figures: &[Figure]) -> Result<Vec<f64>, Box<dyn Error>> {
        let channels = audio.channels();
        // Windows are summed anew for each query, so query no more than the case needs.
        let (momentary, short_term) =
            (figures.contains(&Figure::MaxMomentary), figures.contains(&Figure::MaxShortTerm));
        let hop_s = if momentary { 0.02 } else { 0.05 };
        let length = (hop_s * self.rate_hz) as usize;
        for (hop, start) in (0..channels[0].len()).step_by(length).enumerate() {
            let end = (start + length).min(channels[0].len());
            let part: Vec<&[f32]> = channels.iter().map(|channel| &channel[start..end]).collect();
            self.meter.add_frames_planar_f32(&part)?;
            if momentary {
                self.momentary = self.momentary.max(self.meter.loudness_momentary()?);
            }
            if short_term && (!momentary || hop % 5 == 4) {
                self.short_term = self.short_term.max(self.meter.loudness_shortterm()?);
            }
        }
        let mut peak = f64::NEG_INFINITY;
        if figures.contains(&Figure::TruePeak) {
            for channel in 0..channels.len() {
                peak = peak.max(20.0 * self.meter.true_peak(channel as u32)?.log10());
            }
        }
        let value = |figure: &Figure| {
            Ok(match figure {
                Figure::Integrated => self.meter.loudness_global()?,
                Figure::MaxMomentary => self.momentary,
                Figure::MaxShortTerm => self.short_term,
                Figure::Momentary => self.meter.loudness_momentary()?,
                Figure::ShortTerm => self.meter.loudness_shortterm()?,
                Figure::Range => self.meter.loudness_range()?,
                Figure::TruePeak => peak,
            })
        };
        figures.iter().map(value).collect()
    }
}

/// The first line of a program's version, up to the copyright.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("-version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next()?.split(" Copyright").next()?.replace(" version", "");
    Some(line)
}

/// ffmpeg's ebur128 filter.
fn run(rate_hz: f64, audio: &Audio<f32>, figures: &[Figure]) -> Result<Vec<f64>, Box<dyn Error>> {
    let channels = audio.channels();
    let mut bytes = Vec::with_capacity(4 * channels.len() * channels[0].len());
    for frame in 0..channels[0].len() {
        for channel in &channels {
            bytes.extend_from_slice(&channel[frame].to_le_bytes());
        }
    }
    let peak = if figures.contains(&Figure::TruePeak) { "true" } else { "none" };
    let filter = format!("ebur128=peak={peak}:metadata=1:framelog=verbose,ametadata=print:file=-");
    let mut child = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "f32le", "-ar", &rate_hz.to_string(), "-ac", &channels.len().to_string()])
        .args(["-i", "-", "-filter:a", &filter, "-f", "null", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no input")?;
    let writer = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| "the writer panicked")??;
    if !output.status.success() {
        return Err("ffmpeg failed".into());
    }
    let text = String::from_utf8(output.stdout)?;
    let values = |key: &str| -> Vec<f64> {
        let key = format!("lavfi.r128.{key}=");
        text.lines().filter_map(|line| line.strip_prefix(&key)?.parse().ok()).collect()
    };
    let last = |key: &str| values(key).last().copied().unwrap_or(f64::NAN);
    let max = |key: &str| values(key).into_iter().fold(f64::NEG_INFINITY, f64::max);
    let value = |figure: &Figure| match figure {
        Figure::Integrated => last("I"),
        Figure::MaxMomentary => max("M"),
        Figure::MaxShortTerm => max("S"),
        Figure::Momentary => last("M"),
        Figure::ShortTerm => last("S"),
        Figure::Range => last("LRA"),
        Figure::TruePeak => 20.0 * max("true_peak").log10(),
    };
    Ok(figures.iter().map(value).collect())
}
