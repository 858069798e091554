//! Settings out of bytes, by the tables of parameters.

use arbitrary::{Result, Unstructured};
use mixdown::{
    convolution::*,
    dynamics::*,
    filters::*,
    modulation::*,
    params::{Kind, Number},
    *,
};

/// The kind of numbers to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    /// Nearly all legal, so that most streams run.
    Tame,
    /// Half of them any 64 bits, or any whole number.
    Wild,
}

/// Longest linear-phase filter, to leave time for other cases.
const LONGEST_FILTER_FRAMES: f64 = 2_048.0;
/// Longest delay.
const LONGEST_DELAY_FRAMES: f64 = 20_000.0;

fn number(u: &mut Unstructured<'_>, style: Style, number: Number) -> Result<f64> {
    let bits = if style == Style::Wild { 4 } else { 0 };
    Ok(match u.int_in_range(0..=15)? {
        n if n < bits => f64::from_bits(u.arbitrary()?),
        n if n < 2 * bits => u.arbitrary::<i32>()?.into(),
        11 => number.default,
        12 => number.at(0.0),
        13 => number.at(1.0),
        14 => 0_f64.max(number.min).min(number.max),
        _ => number.at(f64::from(u.arbitrary::<u16>()?) / 65_535.0),
    })
}

/// Draws every parameter of a table. A fixed one is likely to keep its default, so that changes of the others are not
/// refused for it.
fn draw(u: &mut Unstructured<'_>, style: Style, rate_hz: f64, settings: &mut dyn Fields) -> Result<()> {
    for field in settings.fields() {
        match field.kind {
            _ if field.fixed && u.arbitrary()? => {}
            Kind::Number(range) => {
                let value = match range.off {
                    Some(off) if u.arbitrary()? => off,
                    _ => number(u, style, range.within(range.range(rate_hz)))?,
                };
                // A fraction for an integer: it keeps its default.
                let _ = settings.set(field.name, value.into());
            }
            Kind::Switch { default } => {
                let _ = settings.set(field.name, (default ^ u.ratio(1, 4)?).into());
            }
            Kind::Choice { words, .. } => {
                let _ = settings.set(field.name, (*u.choose(words)?).into());
            }
            _ => {}
        }
    }
    if style == Style::Tame {
        legalise(settings);
    }
    Ok(())
}

/// Lowers values above a limit that depends on other parameters.
fn legalise(settings: &mut dyn Fields) {
    for Field { name, .. } in settings.fields() {
        if let Some(params::Value::Number(value)) = settings.get(name) {
            let _ = settings.set(name, value.min(settings.highest(name)).into());
        }
    }
}

/// Settings of one kind.
pub fn drawn<T: Fields + Default>(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<T> {
    let mut settings = T::default();
    draw(u, style, rate_hz, &mut settings)?;
    Ok(settings)
}

macro_rules! band {
    ($u:ident, $style:ident, $rate_hz:ident, $($params:ident)*) => {{
        let kinds: &[fn(&mut Unstructured<'_>, Style, f64) -> Result<_>] =
            &[$(|u, style, rate_hz| Ok(drawn::<$params>(u, style, rate_hz)?.into())),*];
        $u.choose(kinds)?($u, $style, $rate_hz)
    }};
}

fn band(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<Band> {
    band!(u, style, rate_hz, BellParams LowShelfParams HighShelfParams LowPassParams HighPassParams BandPassParams
        NotchParams AllPassParams TiltParams)
}

/// A band whose gain follows a level.
fn dynamic_band(u: &mut Unstructured<'_>, style: Style, rate_hz: f64) -> Result<DynamicBand> {
    let mut band = drawn::<DynamicBand>(u, style, rate_hz)?;
    band.shape = band!(u, style, rate_hz, BellParams LowShelfParams HighShelfParams TiltParams)?;
    if style == Style::Tame {
        legalise(&mut band);
    }
    Ok(band)
}

/// Now and then the maximum number, and one more.
fn band_count(u: &mut Unstructured<'_>) -> Result<usize> {
    if u.ratio(1, 16)? { u.int_in_range(0..=MAX_BANDS + 1) } else { u.int_in_range(0..=5) }
}

/// Draws the compound parameters of an effect: bands, crossovers, a response.
fn draw_parts(u: &mut Unstructured<'_>, style: Style, rate_hz: f64, effect: &mut Effect) -> Result<()> {
    match effect {
        Effect::Equalizer(params) => {
            for _ in 0..band_count(u)? {
                let band = band(u, style, rate_hz)?;
                let place = *u.choose(&[Place::Stereo, Place::Mid, Place::Side, Place::Left, Place::Right])?;
                // Most are not, since placed ones need two channels.
                let placed = u.ratio(1, 8)?;
                params.bands.push(if placed {
                    Placed { band, place, enabled: u.arbitrary()? }.into()
                } else {
                    band.into()
                });
            }
        }
        Effect::LinearPhaseEqualizer(params) => {
            params.bands = (0..u.int_in_range(0..=3)?).map(|_| band(u, style, rate_hz)).collect::<Result<_>>()?;
            if style == Style::Tame {
                params.length_ms = params.length_ms.min((LONGEST_FILTER_FRAMES * 1e3 / rate_hz).max(5.0));
            }
        }
        Effect::DynamicEqualizer(params) => {
            for _ in 0..band_count(u)? {
                let moves = u.ratio(3, 4)?;
                let band: DynamicEqualizerBand =
                    if moves { dynamic_band(u, style, rate_hz)?.into() } else { band(u, style, rate_hz)?.into() };
                params.bands.push(band);
            }
        }
        Effect::MultibandCompressor(params) => {
            // One number of bands is likely, so that changes of the other settings are not refused for it.
            let count = if u.arbitrary()? { 2 } else { u.int_in_range(1..=5)? };
            let Kind::Number(mut range) = BellParams::FIELDS[0].kind else { unreachable!("a frequency") };
            range.min = 20.0;
            params.crossovers_hz.clear();
            for left in (0..count).rev() {
                range.max = (0.49 * rate_hz).min(22_000.0) / 1.3_f64.powi(left);
                let frequency_hz = number(u, style, range)?;
                params.crossovers_hz.push(frequency_hz);
                range.min = (1.25001 * frequency_hz).max(20.0).min(1.3 * range.max);
            }
            params.bands = (0..=count).map(|_| drawn(u, style, rate_hz)).collect::<Result<_>>()?;
            params.solo = if u.ratio(1, 4)? { Some(u.int_in_range(0..=count as usize)?) } else { None };
            params.bypassed = (0..=count as usize).filter(|_| u.ratio(1, 4).unwrap_or(false)).collect();
        }
        // Little memory, and times that fit into it.
        Effect::Delay(params) if style == Style::Tame => {
            params.max_time_ms = params.max_time_ms.min((LONGEST_DELAY_FRAMES * 1e3 / rate_hz).max(1.0));
            params.time_ms = params.time_ms.min(params.max_time_ms);
        }
        // Depths that fit the delay or the rate, and notes that make a legal rate.
        Effect::Chorus(params) if style == Style::Tame => {
            params.depth_ms = params.depth_ms.min(params.delay_ms - 1.0).max(0.0);
            let spec = StreamSpec::new(rate_hz, 2).map_err(|_| arbitrary::Error::IncorrectFormat)?;
            if matches!(params.validate(&spec), Err(Error::Note { .. })) {
                params.note = NoteValue::Off;
            }
        }
        Effect::Flanger(params) if style == Style::Tame => {
            params.delay_ms = params.delay_ms.max(7.1e3 / rate_hz);
            let spec = StreamSpec::new(rate_hz, 1).map_err(|_| arbitrary::Error::IncorrectFormat)?;
            if matches!(params.validate(&spec), Err(Error::Note { .. })) {
                params.note = NoteValue::Off;
            }
        }
        Effect::Vibrato(params) if style == Style::Tame => {
            let spec = StreamSpec::new(rate_hz, 1).map_err(|_| arbitrary::Error::IncorrectFormat)?;
            if matches!(params.validate(&spec), Err(Error::Note { .. })) {
                params.note = NoteValue::Off;
            }
            if let Err(Error::Conflict { max, .. }) = params.validate(&spec) {
                params.depth_cents = max;
            }
        }
        Effect::Convolution(params) => {
            let rows = *u.choose(&[1, 2, 4])?;
            // Few responses, so that changes of the other settings are not refused for it.
            let frames = *u.choose(&[1, 64, 65, 700, 3_000])?;
            let samples = (0..rows * frames).map(|n| 0.5 * (n as f64 * 12.9898).sin() / (n + 1) as f64).collect();
            params.impulse_response =
                ImpulseResponse::from_planar(rows, samples).map_err(|_| arbitrary::Error::IncorrectFormat)?;
            if style == Style::Tame {
                params.trim_ms = params.trim_ms.min(1e3 * (frames - 1) as f64 / rate_hz);
            }
            // The other layouts fit one kind of response each.
            if u.arbitrary()? {
                params.layout = ConvolutionLayout::Auto;
            }
        }
        _ => {}
    }
    Ok(())
}

macro_rules! leaves {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// The processors of the list.
        pub fn leaves() -> &'static [&'static str] {
            &[$(stringify!($name)),*]
        }

        fn default_leaf(name: &str) -> Effect {
            match name {
                $(stringify!($name) => <$params>::default().into(),)*
                _ => unreachable!("{name} is not in the list"),
            }
        }
    };
}
for_each_processor!(leaves);

/// Settings of one of them.
pub fn leaf(u: &mut Unstructured<'_>, style: Style, rate_hz: f64, name: &str) -> Result<Effect> {
    let mut effect = default_leaf(name);
    draw(u, style, rate_hz, &mut effect)?;
    draw_parts(u, style, rate_hz, &mut effect)?;
    Ok(effect)
}

/// An effect of any kind; combinations nest at most `depth` deep.
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
                (0..effects.len()).map(|_| number(u, style, fader_db())).collect::<Result<_>>()?
            } else {
                Vec::new()
            };
            Effect::Parallel { effects, gains_db }
        }
        2 => Effect::MidSide { mid: series(u, 0)?, side: series(u, 0)? },
        _ => Effect::Bypass { effect: Box::new(effect(u, style, rate_hz, depth - 1)?) },
    })
}

/// The range of a fader.
fn fader_db() -> Number {
    let fader = StripParams::FIELDS.iter().find(|field| field.name == "fader_db").map(|field| field.kind);
    let Some(Kind::Number(range)) = fader else { unreachable!("a master has a fader") };
    range
}

/// A stream of up to `channels` channels.
pub fn stream(u: &mut Unstructured<'_>, channels: usize) -> Result<StreamSpec> {
    let rates = [8_000.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0];
    let rate_hz = if u.ratio(1, 4)? { u.int_in_range(8_000..=384_000)?.into() } else { *u.choose(&rates)? };
    let levels = [Cpu::Detected, Cpu::Baseline, Cpu::Avx2, Cpu::Software];
    let spec =
        StreamSpec::new(rate_hz, u.int_in_range(1..=channels)?).map_err(|_| arbitrary::Error::IncorrectFormat)?;
    Ok(spec.with_cpu(*u.choose(&levels)?))
}

/// The most gain of an effect for a steady signal, in dB: an upper bound by the sum of all boosts.
pub fn boost_db(effect: &Effect) -> f64 {
    let all = |effects: &[Effect]| effects.iter().map(boost_db).sum::<f64>();
    match effect {
        Effect::Gain(params) => params.gain_db.max(0.0),
        Effect::Limiter(params) => params.gain_db.max(0.0),
        // The automatic make-up gain adds half of the threshold at most.
        Effect::Compressor(params) => params.makeup_db.max(0.0) + if params.auto_makeup { 30.0 } else { 0.0 },
        // The automatic gain adds 6 dB at most; a curve or a clip adds what its filters overshoot.
        Effect::Saturator(params) => {
            params.drive_db + params.output_db.max(0.0) + if params.auto_gain { 6.0 } else { 0.0 } + 6.0
        }
        Effect::Clipper(params) => params.gain_db.max(0.0) + 12.0,
        Effect::TransientShaper(params) => {
            [params.attack_db, params.sustain_db, params.output_db].map(|level_db| level_db.max(0.0)).iter().sum()
        }
        // Modes build up on a steady tone, the more the longer they decay.
        Effect::Reverb(_) | Effect::Plate(_) => 60.0,
        // A steady tone adds up to 1 / (1 - feedback); from 1 on it grows as long as the input lasts.
        Effect::Delay(params) => 20.0 - 20.0 * (1.0 - params.feedback.abs()).max(1e-7).log10(),
        // The bass of all voices adds up; a steady tone in the loop to 1 / (1 - feedback).
        Effect::Chorus(params) => 20.0 - 20.0 * (1.0 - 1.002 * params.feedback.abs()).log10(),
        Effect::Flanger(params) => 6.0 - 20.0 * (1.0 - 1.002 * params.feedback.abs()).log10(),
        Effect::Vibrato(_) => 1.0,
        Effect::Width(_) => 10.0,
        // Mid and side of one channel turn back into both.
        Effect::Equalizer(params) => {
            let band = |band: &EqualizerBand| match *band {
                EqualizerBand::Placed(Placed { band, .. }) => boost_db(&of_band(&band)) + 6.1,
                EqualizerBand::Bell(params) => boost_db(&params.into()),
                EqualizerBand::LowShelf(params) => boost_db(&params.into()),
                EqualizerBand::HighShelf(params) => boost_db(&params.into()),
                EqualizerBand::Tilt(params) => boost_db(&params.into()),
                _ => 0.0,
            };
            params.bands.iter().map(band).sum::<f64>() + params.output_gain_db.max(0.0)
        }
        Effect::DynamicEqualizer(params) => {
            let all = params.bands.iter().map(|band| match *band {
                // A shelf of high q overshoots.
                DynamicEqualizerBand::DynamicBand(band) => match band.shape {
                    DynamicShape::Bell(shape) if band.action == DynamicAction::Reduce => shape.gain_db.max(0.0),
                    DynamicShape::Bell(shape) => (shape.gain_db + band.range_db).max(0.0),
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
        // Every band by its compressor, plus six whose phases add up.
        Effect::MultibandCompressor(params) => {
            params.bands.iter().map(|&band| boost_db(&band.into())).fold(0.0, f64::max) + 16.0
        }
        Effect::LinearPhaseEqualizer(params) => {
            params.bands.iter().map(|band| boost_db(&of_band(band))).sum::<f64>() + 20.0
        }
        // No response drawn here sums to more than 5, normalised ones to little more.
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
        Effect::Bypass { effect } => boost_db(effect),
        Effect::Pan(_)
        | Effect::LowPass(_)
        | Effect::HighPass(_)
        | Effect::BandPass(_)
        | Effect::Notch(_)
        | Effect::AllPass(_)
        | Effect::DeEsser(_)
        | Effect::Expander(_)
        | Effect::Gate(_)
        | Effect::Phaser(_)
        | Effect::Tremolo(_)
        // Without an answer it passes its input.
        | Effect::Function(_) => 0.0,
        other => panic!("no bound is known of {other:?}"),
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
