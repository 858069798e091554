//! Settings out of bytes. The one list asks for a way to draw each, so a new processor cannot be forgotten.

use arbitrary::{Result, Unstructured};
use mixdown::{convolution::*, dynamics::*, filters::*, levels::*, reverbs::*, *};

/// What kind of numbers are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    /// Nearly all legal, so that most streams run.
    Tame,
    /// Half of them any 64 bits.
    Wild,
}

/// Settings that can be drawn for a stream.
pub trait Drawn: Params {
    fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Self>;
}

fn number(u: &mut Unstructured<'_>, style: Style, [min, max]: [f64; 2]) -> Result<f64> {
    let bits = if style == Style::Wild { 8 } else { 0 };
    Ok(match u.int_in_range(0..=15)? {
        n if n < bits => f64::from_bits(u.arbitrary()?),
        12 => min,
        13 => max,
        14 => 0.0,
        _ => min + (max - min) * f64::from(u.arbitrary::<u16>()?) / 65_535.0,
    })
}

fn logarithmic(u: &mut Unstructured<'_>, style: Style, [min, max]: [f64; 2]) -> Result<f64> {
    let drawn = number(u, style, [min.ln(), max.ln()])?;
    Ok(if (min.ln()..=max.ln()).contains(&drawn) { drawn.exp().clamp(min, max) } else { drawn })
}

fn frequency_hz(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<f64> {
    logarithmic(u, style, [10.0, 22_000_f64.min(0.49 * rate_hz)])
}

fn q(u: &mut Unstructured<'_>, style: Style) -> Result<f64> {
    logarithmic(u, style, [0.1, 40.0])
}

fn band_gain_db(u: &mut Unstructured<'_>, style: Style) -> Result<f64> {
    number(u, style, [-24.0, 24.0])
}

fn slope(u: &mut Unstructured<'_>, style: Style) -> Result<f64> {
    if style == Style::Wild && u.ratio(1, 4)? {
        return number(u, style, [6.0, 96.0]);
    }
    Ok(6.0 * f64::from(u.int_in_range(1..=16_u8)?))
}

impl Drawn for GainParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        let gain_db = if u.ratio(1, 16)? { f64::NEG_INFINITY } else { number(u, style, [-150.0, 60.0])? };
        Ok(Self { gain_db, invert_polarity: u.arbitrary()? })
    }
}

impl Drawn for PanParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        let laws = [PanLaw::ConstantPower, PanLaw::Minus4_5Db, PanLaw::Minus6Db, PanLaw::Linear];
        Ok(Self { pan: number(u, style, [-1.0, 1.0])?, law: *u.choose(&laws)? })
    }
}

impl Drawn for WidthParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        let bass_mono_hz = if u.arbitrary()? { 0.0 } else { number(u, style, [20.0, 500.0])? };
        Ok(Self { width: number(u, style, [0.0, 2.0])?, bass_mono_hz })
    }
}

macro_rules! drawn {
    ($($params:ident { $($field:ident: $draw:expr),* })*) => {$(
        impl Drawn for $params {
            fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Self> {
                Ok(Self {
                    frequency_hz: frequency_hz(u, style, rate_hz)?,
                    $($field: $draw(u, style)?,)*
                })
            }
        }
    )*};
}
drawn! {
    BellParams { gain_db: band_gain_db, q: q }
    LowShelfParams { gain_db: band_gain_db, q: q }
    HighShelfParams { gain_db: band_gain_db, q: q }
    LowPassParams { slope_db_per_octave: slope }
    HighPassParams { slope_db_per_octave: slope }
    BandPassParams { q: q }
    NotchParams { q: q }
    AllPassParams { q: q }
    TiltParams { gain_db: band_gain_db }
}

fn band(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Band> {
    Ok(match u.int_in_range(0..=8_u8)? {
        0 => BellParams::draw(u, style, rate_hz)?.into(),
        1 => LowShelfParams::draw(u, style, rate_hz)?.into(),
        2 => HighShelfParams::draw(u, style, rate_hz)?.into(),
        3 => LowPassParams::draw(u, style, rate_hz)?.into(),
        4 => HighPassParams::draw(u, style, rate_hz)?.into(),
        5 => BandPassParams::draw(u, style, rate_hz)?.into(),
        6 => NotchParams::draw(u, style, rate_hz)?.into(),
        7 => AllPassParams::draw(u, style, rate_hz)?.into(),
        _ => TiltParams::draw(u, style, rate_hz)?.into(),
    })
}

impl Drawn for EqualizerParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Self> {
        let count = if u.ratio(1, 16)? { u.int_in_range(0..=MAX_BANDS + 1)? } else { u.int_in_range(0..=5)? };
        let bands = (0..count).map(|_| band(u, style, rate_hz)).collect::<Result<_>>()?;
        Ok(Self { bands, design: *u.choose(&[Design::Matched, Design::Cookbook])? })
    }
}

impl Drawn for CompressorParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        let unbounded = |u: &mut Unstructured<'_>, range| {
            if u.ratio(1, 4)? { Ok(f64::INFINITY) } else { number(u, style, range) }
        };
        let modes = [CompressorRelease::Manual, CompressorRelease::Dual, CompressorRelease::Auto];
        Ok(Self {
            threshold_db: number(u, style, [-60.0, 0.0])?,
            ratio: unbounded(u, [1.0, 20.0])?,
            knee_db: number(u, style, [0.0, 24.0])?,
            attack_ms: logarithmic(u, style, [0.02, 250.0])?,
            release_ms: logarithmic(u, style, [5.0, 5_000.0])?,
            makeup_db: number(u, style, [-12.0, 24.0])?,
            detector: *u.choose(&[Detector::Peak, Detector::Rms])?,
            rms_ms: logarithmic(u, style, [1.0, 300.0])?,
            // None is likely, so that changes of the other settings are not refused for it.
            lookahead_ms: if u.arbitrary()? { 0.0 } else { number(u, style, [0.0, 20.0])? },
            link_percent: number(u, style, [0.0, 100.0])?,
            mix: number(u, style, [0.0, 1.0])?,
            range_db: unbounded(u, [0.0, 60.0])?,
            key_high_pass_hz: if u.arbitrary()? { 0.0 } else { number(u, style, [20.0, 500.0])? },
            release_mode: *u.choose(&modes)?,
            auto_makeup: u.arbitrary()?,
        })
    }
}

impl Drawn for LinearPhaseEqualizerParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Self> {
        let bands = (0..u.int_in_range(0..=3)?).map(|_| band(u, style, rate_hz)).collect::<Result<_>>()?;
        // Few lengths, so that changes of the bands are not refused for it.
        let length_frames =
            if style == Style::Wild && u.ratio(1, 8)? { u.arbitrary()? } else { *u.choose(&[256, 1_000, 2_048])? };
        Ok(Self { bands, length_frames })
    }
}

impl Drawn for ConvolutionParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        let rows = *u.choose(&[1, 2, 4])?;
        // Few responses, so that changes of the other settings are not refused for it.
        let frames = *u.choose(&[1, 64, 65, 700, 3_000])?;
        let samples = (0..rows * frames).map(|n| 0.5 * (n as f64 * 12.9898).sin() / (n + 1) as f64).collect();
        let impulse_response =
            ImpulseResponse::from_planar(rows, samples).map_err(|_| arbitrary::Error::IncorrectFormat)?;
        let layouts = [
            ConvolutionLayout::Auto,
            ConvolutionLayout::Auto,
            ConvolutionLayout::Mono,
            ConvolutionLayout::Stereo,
            ConvolutionLayout::TrueStereo,
        ];
        Ok(Self {
            impulse_response,
            layout: *u.choose(&layouts)?,
            predelay_ms: number(u, style, [0.0, 500.0])?,
            mix: number(u, style, [0.0, 1.0])?,
            normalize: u.arbitrary()?,
        })
    }
}

impl Drawn for ExpanderParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        Ok(Self {
            threshold_db: number(u, style, [-80.0, 0.0])?,
            ratio: number(u, style, [1.0, 100.0])?,
            knee_db: number(u, style, [0.0, 24.0])?,
            attack_ms: logarithmic(u, style, [0.02, 250.0])?,
            hold_ms: number(u, style, [0.0, 500.0])?,
            release_ms: logarithmic(u, style, [5.0, 5_000.0])?,
            range_db: if u.ratio(1, 4)? { f64::INFINITY } else { number(u, style, [0.0, 90.0])? },
            link_percent: number(u, style, [0.0, 100.0])?,
        })
    }
}

impl Drawn for GateParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        Ok(Self {
            threshold_db: number(u, style, [-80.0, 0.0])?,
            attack_ms: logarithmic(u, style, [0.02, 250.0])?,
            hold_ms: number(u, style, [0.0, 500.0])?,
            release_ms: logarithmic(u, style, [5.0, 5_000.0])?,
            range_db: if u.ratio(1, 4)? { f64::INFINITY } else { number(u, style, [0.0, 90.0])? },
            hysteresis_db: number(u, style, [0.0, 12.0])?,
            link_percent: number(u, style, [0.0, 100.0])?,
        })
    }
}

/// A band whose gain follows a level.
fn dynamic_band(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<DynamicBand> {
    let shape = match u.int_in_range(0..=3_u8)? {
        0 => DynamicShape::Bell(BellParams::draw(u, style, rate_hz)?),
        1 => DynamicShape::LowShelf(LowShelfParams::draw(u, style, rate_hz)?),
        2 => DynamicShape::HighShelf(HighShelfParams::draw(u, style, rate_hz)?),
        _ => DynamicShape::Tilt(TiltParams::draw(u, style, rate_hz)?),
    };
    Ok(DynamicBand {
        shape,
        threshold_db: number(u, style, [-80.0, 0.0])?,
        ratio: if u.ratio(1, 4)? { f64::INFINITY } else { number(u, style, [1.0, 20.0])? },
        range_db: number(u, style, [0.0, 12.0])?,
        attack_ms: logarithmic(u, style, [0.02, 250.0])?,
        release_ms: logarithmic(u, style, [5.0, 5_000.0])?,
    })
}

impl Drawn for DynamicEqualizerParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Self> {
        let count = if u.ratio(1, 16)? { u.int_in_range(0..=MAX_BANDS + 1)? } else { u.int_in_range(0..=5)? };
        let mut bands = Vec::with_capacity(count);
        for _ in 0..count {
            let moves = u.ratio(3, 4)?;
            bands.push(if moves { dynamic_band(u, style, rate_hz)?.into() } else { band(u, style, rate_hz)?.into() });
        }
        Ok(Self { bands })
    }
}

impl Drawn for DeEsserParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Self> {
        Ok(Self {
            frequency_hz: logarithmic(u, style, [1_000.0, 16_000_f64.min(0.45 * rate_hz)])?,
            threshold_db: number(u, style, [-40.0, 0.0])?,
            range_db: number(u, style, [0.0, 20.0])?,
            attack_ms: logarithmic(u, style, [0.02, 50.0])?,
            release_ms: logarithmic(u, style, [5.0, 1_000.0])?,
        })
    }
}

impl Drawn for MultibandCompressorParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Self> {
        // One number of bands is likely, so that changes of the other settings are not refused for it.
        let count = if u.arbitrary()? { 2 } else { u.int_in_range(1..=5)? };
        let mut lowest_hz = 20.0;
        let mut crossovers_hz = Vec::with_capacity(count);
        for left in (0..count).rev() {
            let highest_hz = 0.49 * rate_hz / 1.3_f64.powi(left as i32);
            let frequency_hz = logarithmic(u, style, [lowest_hz, highest_hz])?;
            crossovers_hz.push(frequency_hz);
            lowest_hz = (1.25001 * frequency_hz).clamp(20.0, 1.3 * highest_hz);
        }
        let bands = (0..=count).map(|_| CompressorParams::draw(u, style, rate_hz)).collect::<Result<_>>()?;
        let slope_db_per_octave = if u.arbitrary()? { 24.0 } else { *u.choose(&[12.0, 24.0, 48.0, 18.0])? };
        Ok(Self { crossovers_hz, bands, slope_db_per_octave })
    }
}

impl Drawn for LimiterParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        Ok(Self {
            ceiling_db: number(u, style, [-20.0, 0.0])?,
            gain_db: number(u, style, [0.0, 24.0])?,
            // One length is likely, so that changes of the other settings are not refused for it.
            lookahead_ms: if u.arbitrary()? { 1.5 } else { number(u, style, [0.5, 10.0])? },
            hold_ms: number(u, style, [0.0, 15.0])?,
            release_ms: logarithmic(u, style, [5.0, 2_000.0])?,
            release_mode: *u.choose(&[ReleaseMode::Manual, ReleaseMode::Dual])?,
            mode: *u.choose(&[LimiterMode::Standard, LimiterMode::SamplePeak, LimiterMode::Master])?,
        })
    }
}

impl Drawn for ReverbParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        let spaces = [Space::Room, Space::Club, Space::Chamber, Space::Hall, Space::Cathedral];
        // One space is likely, so that changes of the other settings are not refused for it.
        let space = if u.arbitrary()? { Space::Room } else { *u.choose(&spaces)? };
        Ok(Self {
            space,
            predelay_ms: number(u, style, [0.0, 250.0])?,
            size: number(u, style, [0.0, 1.0])?,
            t60_s: logarithmic(u, style, [0.1, 6.0])?,
            t60_low_ratio: number(u, style, [0.2, 3.0])?,
            t60_high_ratio: number(u, style, [0.1, 1.5])?,
            low_frequency_hz: logarithmic(u, style, [50.0, 1_000.0])?,
            high_frequency_hz: logarithmic(u, style, [1_000.0, 16_000.0])?,
            diffusion: number(u, style, [0.0, 1.0])?,
            modulation_hz: number(u, style, [0.0, 3.0])?,
            modulation_depth_ms: number(u, style, [0.0, 1.0])?,
            early_db: if u.ratio(1, 8)? { f64::NEG_INFINITY } else { number(u, style, [-60.0, 12.0])? },
            width: number(u, style, [0.0, 2.0])?,
            freeze: u.ratio(1, 8)?,
            mix: number(u, style, [0.0, 1.0])?,
        })
    }
}

impl Drawn for PlateParams {
    fn draw(u: &mut Unstructured<'_>, style: Style, _rate_hz: f64) -> Result<Self> {
        Ok(Self {
            decay: number(u, style, [0.0, 0.99])?,
            predelay_ms: number(u, style, [0.0, 250.0])?,
            damping_hz: logarithmic(u, style, [200.0, 20_000.0])?,
            mix: number(u, style, [0.0, 1.0])?,
        })
    }
}

macro_rules! leaves {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// The processors of the one list.
        pub fn leaves() -> &'static [&'static str] {
            &[$(stringify!($name)),*]
        }

        /// Settings of one of them.
        pub fn leaf(u: &mut Unstructured<'_>, style: Style, rate_hz: f64, name: &str) -> Result<Effect> {
            $(if name == stringify!($name) {
                return Ok(<$params>::draw(u, style, rate_hz)?.into());
            })*
            unreachable!("{name} is not in the list")
        }
    };
}
for_each_processor!(leaves);

/// An effect of any kind; those that hold others do so at most `depth` deep.
pub fn effect(u: &mut Unstructured<'_>, style: Style, rate_hz: f64, depth: u8) -> Result<Effect> {
    let series = |u: &mut Unstructured<'_>, fewest: u8| -> Result<Vec<Effect>> {
        let count = u.int_in_range(fewest..=3)?;
        (0..count).map(|_| effect(u, style, rate_hz, depth - 1)).collect()
    };
    if depth == 0 || u.ratio(1, 2)? {
        let name = u.choose(leaves())?;
        return leaf(u, style, rate_hz, name);
    }
    Ok(match u.int_in_range(0..=3_u8)? {
        0 => Effect::Chain { effects: series(u, 0)? },
        1 => {
            let effects = series(u, 1)?;
            let gains_db = if u.arbitrary()? {
                (0..effects.len()).map(|_| number(u, style, [-80.0, 12.0])).collect::<Result<_>>()?
            } else {
                Vec::new()
            };
            Effect::Parallel { effects, gains_db }
        }
        2 => Effect::MidSide { mid: series(u, 0)?, side: series(u, 0)? },
        _ => Effect::Bypass { effect: Box::new(effect(u, style, rate_hz, depth - 1)?) },
    })
}

/// A stream of up to `channels` channels.
pub fn stream(u: &mut Unstructured<'_>, channels: usize) -> Result<StreamSpec> {
    let rates = [8_000.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0];
    let rate_hz = if u.ratio(1, 4)? { number(u, Style::Tame, [8_000.0, 384_000.0])? } else { *u.choose(&rates)? };
    let levels = [Cpu::Detected, Cpu::Baseline, Cpu::Avx2, Cpu::Reproducible];
    let spec =
        StreamSpec::new(rate_hz, u.int_in_range(1..=channels)?).map_err(|_| arbitrary::Error::IncorrectFormat)?;
    Ok(spec.with_cpu(*u.choose(&levels)?))
}

/// How much louder an effect can make a steady sound, in dB: an upper bound by the sum of all boosts.
pub fn boost_db(effect: &Effect) -> f64 {
    let all = |effects: &[Effect]| effects.iter().map(boost_db).sum::<f64>();
    match effect {
        Effect::Gain(params) => params.gain_db.max(0.0),
        Effect::Limiter(params) => params.gain_db.max(0.0),
        // The automatic make-up gain adds half of the threshold at most.
        Effect::Compressor(params) => params.makeup_db.max(0.0) + if params.auto_makeup { 30.0 } else { 0.0 },
        // Modes build up on a steady tone, and the more the longer they decay.
        Effect::Reverb(_) | Effect::Plate(_) => 60.0,
        Effect::Width(_) => 10.0,
        Effect::Equalizer(params) => params.bands.iter().map(|band| boost_db(&of_band(band))).sum(),
        Effect::DynamicEqualizer(params) => {
            let all = params.bands.iter().map(|band| match *band {
                // Its gain only falls; a shelf of high q overshoots.
                DynamicEqualizerBand::DynamicBand(band) => match band.shape {
                    DynamicShape::Bell(shape) => shape.gain_db.max(0.0),
                    DynamicShape::LowShelf(LowShelfParams { gain_db, .. })
                    | DynamicShape::HighShelf(HighShelfParams { gain_db, .. }) => gain_db.abs() + band.range_db + 40.0,
                    DynamicShape::Tilt(shape) => (shape.gain_db.abs() + band.range_db) / 2.0,
                },
                DynamicEqualizerBand::Bell(params) => boost_db(&params.into()),
                DynamicEqualizerBand::LowShelf(params) => boost_db(&params.into()),
                DynamicEqualizerBand::HighShelf(params) => boost_db(&params.into()),
                DynamicEqualizerBand::Tilt(params) => boost_db(&params.into()),
                _ => 0.0,
            });
            all.sum()
        }
        // Every band by its compressor, and six that turn their phases add up.
        Effect::MultibandCompressor(params) => {
            params.bands.iter().map(|&band| boost_db(&band.into())).fold(0.0, f64::max) + 16.0
        }
        Effect::LinearPhaseEqualizer(params) => {
            params.bands.iter().map(|band| boost_db(&of_band(band))).sum::<f64>() + 20.0
        }
        // No response drawn here adds up to more than 5, normalised ones to little more.
        Effect::Convolution(_) => 60.0,
        Effect::Bell(params) => params.gain_db.max(0.0),
        // A shelf of high q overshoots.
        Effect::LowShelf(LowShelfParams { gain_db, .. }) | Effect::HighShelf(HighShelfParams { gain_db, .. }) => {
            gain_db.abs() + 40.0
        }
        Effect::Tilt(params) => params.gain_db.abs() / 2.0,
        Effect::Chain { effects } => all(effects),
        Effect::Parallel { effects, gains_db } => {
            let branch = |(n, effect): (usize, &Effect)| boost_db(effect) + gains_db.get(n).map_or(0.0, |g| g.max(0.0));
            effects.iter().enumerate().map(branch).fold(0.0, f64::max) + 12.0
        }
        Effect::MidSide { mid, side } => all(mid).max(all(side)) + 6.0,
        _ => 0.0,
    }
}

fn of_band(band: &Band) -> Effect {
    match *band {
        Band::Bell(params) => params.into(),
        Band::LowShelf(params) => params.into(),
        Band::HighShelf(params) => params.into(),
        Band::LowPass(params) => params.into(),
        Band::HighPass(params) => params.into(),
        Band::BandPass(params) => params.into(),
        Band::Notch(params) => params.into(),
        Band::AllPass(params) => params.into(),
        Band::Tilt(params) => params.into(),
    }
}
