//! Law 8: no change of settings clicks.

use super::*;
use mixdown::{convolution::*, dynamics::*, filters::*, levels::*, modulation::*, reverbs::*, saturation::*};

#[test]
fn law_8_g3_no_change_of_settings_clicks() {
    /// G3: residue above 1 kHz of a 100 Hz sine at -6 dBFS on the louder side of the change.
    const LIMIT_DBFS: f64 = -100.0;
    const RATE_HZ: f64 = 48_000.0;
    const SINE_HZ: f64 = 100.0;
    let bell = |frequency_hz, gain_db, q| Effect::from(BellParams { frequency_hz, gain_db, q });
    let gain = |gain_db| Effect::from(GainParams { gain_db, invert_polarity: false });
    let pan = |pan| Effect::from(PanParams { pan, ..Default::default() });
    let width = |width, bass_mono_hz| Effect::from(WidthParams { width, bass_mono_hz });
    let high_pass =
        |frequency_hz, slope_db_per_octave| Effect::from(HighPassParams { frequency_hz, slope_db_per_octave });
    let low_pass =
        |frequency_hz, slope_db_per_octave| Effect::from(LowPassParams { frequency_hz, slope_db_per_octave });
    let equalizer =
        |bands: &[EqualizerBand]| Effect::from(EqualizerParams { bands: bands.to_vec(), ..Default::default() });
    let parallel = |gain_db| Effect::Parallel { effects: vec![Effect::default()], gains_db: vec![gain_db] };
    let low_shelf = |frequency_hz, gain_db, q| Effect::from(LowShelfParams { frequency_hz, gain_db, q });
    let high_shelf = |frequency_hz, gain_db, q| Effect::from(HighShelfParams { frequency_hz, gain_db, q });
    let notch = |frequency_hz, q| Effect::from(NotchParams { frequency_hz, q });
    let band_pass = |frequency_hz, q| Effect::from(BandPassParams { frequency_hz, q });
    let all_pass = |frequency_hz, q| Effect::from(AllPassParams { frequency_hz, q });
    let tilt = |frequency_hz, gain_db| Effect::from(TiltParams { frequency_hz, gain_db });
    let dynamic = |bands: &[DynamicEqualizerBand]| Effect::from(DynamicEqualizerParams { bands: bands.to_vec() });
    let moving = |frequency_hz, gain_db, threshold_db, range_db| -> DynamicEqualizerBand {
        let shape = DynamicShape::Bell(BellParams { frequency_hz, gain_db, q: 1.0 });
        DynamicBand { shape, threshold_db, range_db, ..Default::default() }.into()
    };
    let still = |frequency_hz, gain_db| -> DynamicEqualizerBand { BellParams { frequency_hz, gain_db, q: 1.0 }.into() };
    // A processor that compresses is tested as a compressor.
    let multiband = |crossovers_hz: &[f64], makeup_db| {
        let bands = vec![CompressorParams { ratio: 1.0, makeup_db, ..Default::default() }; crossovers_hz.len() + 1];
        Effect::from(MultibandCompressorParams { crossovers_hz: crossovers_hz.to_vec(), bands, ..Default::default() })
    };
    let soloed = |effect| {
        let Effect::MultibandCompressor(params) = effect else { unreachable!("a multiband compressor") };
        Effect::from(MultibandCompressorParams { solo: Some(1), ..params })
    };
    let bypassed = |effect| {
        let Effect::MultibandCompressor(params) = effect else { unreachable!("a multiband compressor") };
        Effect::from(MultibandCompressorParams { bypassed: vec![0, 1], ..params })
    };
    let de_esser = |frequency_hz, range_db, threshold_db| {
        Effect::from(DeEsserParams { frequency_hz, range_db, threshold_db, ..Default::default() })
    };
    // Its input far below the ceiling, or steadily above it: under a limiter a rising drive is reduced crest by crest,
    // which is not a click of the change.
    let limiter = |input_db, gain_db, ceiling_db| Effect::Chain {
        effects: vec![gain(input_db), LimiterParams { gain_db, ceiling_db, ..Default::default() }.into()],
    };
    // A compressor adds harmonics of its own to bass, which are not clicks either: slow times avoid them.
    let slow = CompressorParams {
        attack_ms: 100.0,
        release_ms: 2_000.0,
        detector: Detector::Rms,
        rms_ms: 300.0,
        threshold_db: -18.0,
        knee_db: 6.0,
        ..Default::default()
    };
    let compressor = |change: fn(&mut CompressorParams)| {
        let mut params = slow;
        change(&mut params);
        Effect::from(params)
    };
    let expander = |input_db, threshold_db, ratio, range_db| Effect::Chain {
        effects: vec![
            gain(input_db),
            ExpanderParams {
                threshold_db,
                ratio,
                range_db,
                attack_ms: 100.0,
                hold_ms: 20.0,
                release_ms: 1_000.0,
                ..Default::default()
            }
            .into(),
        ],
    };
    // Closed, since an opening is not a click of the change.
    let gate = |input_db, threshold_db, range_db| Effect::Chain {
        effects: vec![
            gain(input_db),
            GateParams { threshold_db, range_db, attack_ms: 100.0, release_ms: 1_000.0, ..Default::default() }.into(),
        ],
    };
    // With filters in the key, which leave less of the tone.
    let keyed = |chain| {
        let Effect::Chain { mut effects } = chain else { unreachable!("a chain") };
        match &mut effects[1] {
            Effect::Expander(p) => (p.key_high_pass_hz, p.key_low_pass_hz) = (150.0, 2_000.0),
            Effect::Gate(p) => (p.key_high_pass_hz, p.key_low_pass_hz) = (150.0, 2_000.0),
            _ => unreachable!("an expander or a gate"),
        }
        Effect::Chain { effects }
    };
    // Of a steady tone it changes nothing but by the output; the other settings act on the tone's fade.
    let shaper = |attack_db, sustain_db, output_db| {
        Effect::from(TransientShaperParams { attack_db, sustain_db, output_db, ..Default::default() })
    };
    // Slowly, so that the modulation itself stays below 1 kHz.
    let tremolo = |rate_hz, depth, shape, stereo_phase_degrees| {
        Effect::from(TremoloParams { rate_hz, depth, shape, stereo_phase_degrees, ..Default::default() })
    };
    let phaser = |frequency_hz, depth_octaves, feedback, mix| {
        Effect::from(PhaserParams { frequency_hz, depth_octaves, feedback, mix, ..Default::default() })
    };
    let room = ReverbParams { t60_s: 0.1, predelay_ms: 0.0, ..ReverbParams::space(Space::Room) };
    let reverb = |params: ReverbParams| Effect::from(params);
    let plate = |decay, predelay_ms, damping_hz| {
        Effect::from(PlateParams { decay, predelay_ms, damping_hz, ..PlateParams::default() })
    };
    let moved = |modulation_hz, modulation_depth_ms| {
        Effect::from(PlateParams { decay: 0.0, modulation_hz, modulation_depth_ms, ..PlateParams::default() })
    };
    let echo = DelayParams { time_ms: 20.0, feedback: 0.3, ..DelayParams::default() };
    let repitched = DelayParams { time_change: TimeChange::Repitch, ..echo };
    let delay = |params: DelayParams| Effect::from(params);
    // Quiet, as a curve adds harmonics of its own, and amplified behind it: the limit holds for the full level.
    let quiet = |effect: Effect| Effect::Chain { effects: vec![gain(-60.0), effect, gain(48.0)] };
    let saturator = |change: fn(&mut SaturatorParams)| {
        let mut params = SaturatorParams { drive_db: 12.0, ..Default::default() };
        change(&mut params);
        quiet(params.into())
    };
    let clipper = |change: fn(&mut ClipperParams)| {
        let mut params = ClipperParams::default();
        change(&mut params);
        quiet(params.into())
    };
    let mut steps = vec![
        (delay(echo), delay(DelayParams { time_ms: 40.0, ..echo })),
        (delay(echo), delay(DelayParams { time_ms: 0.31, ..echo })),
        (delay(echo), delay(DelayParams { note: NoteValue::SixtyFourth, tempo_bpm: 300.0, ..echo })),
        (delay(echo), delay(DelayParams { feedback: -0.3, ..echo })),
        (delay(echo), delay(DelayParams { feedback: 0.6, low_cut_hz: 150.0, high_cut_hz: 2_000.0, ..echo })),
        (delay(echo), delay(DelayParams { duck_db: 12.0, ..echo })),
        (delay(echo), delay(DelayParams { mix: 0.0, ..echo })),
        (delay(repitched), delay(DelayParams { time_ms: 40.0, ..repitched })),
        (delay(repitched), delay(DelayParams { time_ms: 0.31, ..repitched })),
        (saturator(|_| {}), saturator(|p| p.drive_db = 24.0)),
        (saturator(|_| {}), saturator(|p| p.mix = 0.0)),
        (saturator(|_| {}), saturator(|p| p.output_db = -12.0)),
        (saturator(|_| {}), saturator(|p| p.bias = 0.5)),
        (saturator(|p| p.bias = -1.0), saturator(|p| p.bias = 1.0)),
        (saturator(|p| p.bias = 0.8), saturator(|p| (p.bias, p.curve) = (0.8, SaturatorCurve::Cubic))),
        (saturator(|p| p.bias = 0.8), saturator(|p| (p.bias, p.curve) = (0.8, SaturatorCurve::Hard))),
        (saturator(|_| {}), saturator(|p| p.curve = SaturatorCurve::SoftClip)),
        (saturator(|p| p.oversample = 1), saturator(|p| (p.oversample, p.bias) = (1, 0.5))),
        (saturator(|_| {}), saturator(|p| p.auto_gain = true)),
        (saturator(|p| p.auto_gain = true), saturator(|p| (p.auto_gain, p.drive_db) = (true, 24.0))),
        (clipper(|_| {}), clipper(|p| p.gain_db = 12.0)),
        (clipper(|_| {}), clipper(|p| p.mix = 0.0)),
        (clipper(|_| {}), clipper(|p| (p.ceiling_db, p.knee_db) = (-12.1, 12.0))),
        (dynamic(&[moving(100.0, 0.0, 0.0, 12.0)]), dynamic(&[moving(100.0, 12.0, 0.0, 12.0)])),
        (dynamic(&[moving(100.0, -6.0, -30.0, 12.0)]), dynamic(&[moving(200.0, -6.0, -30.0, 12.0)])),
        (dynamic(&[moving(100.0, 0.0, -30.0, 12.0)]), dynamic(&[moving(100.0, 0.0, -30.0, 0.0)])),
        (dynamic(&[moving(100.0, 0.0, -10.0, 12.0)]), dynamic(&[moving(100.0, 0.0, -22.0, 12.0)])),
        (dynamic(&[moving(100.0, 0.0, -30.0, 12.0)]), dynamic(&[])),
        (dynamic(&[moving(100.0, 3.0, -30.0, 12.0)]), dynamic(&[still(120.0, -9.0)])),
        (multiband(&[200.0, 2_000.0], 0.0), multiband(&[100.0, 2_000.0], 0.0)),
        (multiband(&[150.0], 0.0), multiband(&[300.0], 0.0)),
        (multiband(&[200.0, 2_000.0], 0.0), multiband(&[200.0, 2_000.0], 12.0)),
        (multiband(&[200.0, 2_000.0], 0.0), soloed(multiband(&[200.0, 2_000.0], 0.0))),
        (soloed(multiband(&[80.0, 2_000.0], 0.0)), multiband(&[80.0, 2_000.0], 0.0)),
        (multiband(&[200.0, 2_000.0], 12.0), bypassed(multiband(&[200.0, 2_000.0], 12.0))),
        (de_esser(5_500.0, 6.0, -6.0), de_esser(11_000.0, 18.0, -40.0)),
        (de_esser(5_500.0, 6.0, -6.0), {
            DeEsserParams { listen: true, knee_db: 0.0, floor_db: -120.0, ..Default::default() }.into()
        }),
        (compressor(|_| {}), compressor(|p| p.threshold_db = -30.0)),
        (compressor(|_| {}), compressor(|p| p.ratio = f64::INFINITY)),
        (compressor(|_| {}), compressor(|p| p.knee_db = 24.0)),
        (compressor(|_| {}), compressor(|p| p.range_db = 2.0)),
        (compressor(|_| {}), compressor(|p| p.makeup_db = 12.0)),
        (compressor(|_| {}), compressor(|p| p.mix = 0.0)),
        (compressor(|_| {}), compressor(|p| p.link_percent = 0.0)),
        (compressor(|_| {}), compressor(|p| p.detector = Detector::Peak)),
        (compressor(|_| {}), compressor(|p| p.detector = Detector::PeakHold)),
        (compressor(|p| p.detector = Detector::Peak), compressor(|p| p.detector = Detector::PeakHold)),
        (compressor(|_| {}), compressor(|p| p.listen = true)),
        (compressor(|p| p.listen = true), compressor(|p| p.key_low_pass_hz = 200.0)),
        (compressor(|_| {}), compressor(|p| p.key_low_pass_hz = 100.0)),
        (compressor(|_| {}), compressor(|p| p.release_mode = CompressorRelease::Dual)),
        (compressor(|_| {}), compressor(|p| p.release_mode = CompressorRelease::Auto)),
        (compressor(|_| {}), compressor(|p| p.key_high_pass_hz = 200.0)),
        (compressor(|_| {}), compressor(|p| p.attack_ms = 50.0)),
        (compressor(|p| p.threshold_db = 0.0), compressor(|p| p.threshold_db = -12.0)),
        (expander(-40.0, -40.0, 2.0, 0.0), expander(-40.0, -40.0, 2.0, 12.0)),
        (expander(-40.0, -60.0, 2.0, 40.0), expander(-40.0, -40.0, 2.0, 40.0)),
        (expander(-40.0, -34.0, 1.0, 40.0), expander(-40.0, -34.0, 2.0, 40.0)),
        (expander(-40.0, -40.0, 2.0, 40.0), keyed(expander(-40.0, -40.0, 2.0, 40.0))),
        (gate(-40.0, -30.0, 0.0), gate(-40.0, -30.0, 12.0)),
        (gate(-40.0, -30.0, 12.0), keyed(gate(-40.0, -30.0, 12.0))),
        (shaper(0.0, 0.0, 0.0), shaper(24.0, -24.0, -12.0)),
        (shaper(12.0, 12.0, 0.0), {
            TransientShaperParams {
                fast_ms: 10.0,
                slow_ms: 300.0,
                link_percent: 0.0,
                output_db: 12.0,
                ..Default::default()
            }
            .into()
        }),
        (tremolo(5.0, 0.25, TremoloShape::Sine, 0.0), tremolo(5.0, 0.75, TremoloShape::Sine, 0.0)),
        (tremolo(5.0, 1.0, TremoloShape::Sine, 0.0), tremolo(5.0, 1.0, TremoloShape::Square, 0.0)),
        (tremolo(5.0, 1.0, TremoloShape::Triangle, 0.0), tremolo(5.0, 1.0, TremoloShape::Square, 0.0)),
        (tremolo(5.0, 1.0, TremoloShape::Sine, 0.0), tremolo(5.0, 1.0, TremoloShape::Sine, 180.0)),
        (tremolo(3.0, 1.0, TremoloShape::Sine, 90.0), tremolo(6.0, 1.0, TremoloShape::Sine, 90.0)),
        (phaser(800.0, 2.0, 0.5, 0.0), phaser(800.0, 2.0, 0.5, 1.0)),
        (phaser(800.0, 2.0, -0.9, 0.5), phaser(800.0, 2.0, 0.9, 0.5)),
        (phaser(400.0, 0.0, 0.0, 0.5), phaser(800.0, 0.0, 0.0, 0.5)),
        (phaser(800.0, 0.0, 0.5, 0.5), phaser(800.0, 2.0, 0.5, 0.5)),
        (phaser(800.0, 2.0, 0.5, 0.5), {
            PhaserParams { rate_hz: 0.8, stereo_phase_degrees: 180.0, ..Default::default() }.into()
        }),
        (reverb(room), reverb(ReverbParams { size: 1.0, ..room })),
        (reverb(room), reverb(ReverbParams { t60_s: 0.15, t60_high_ratio: 1.0, ..room })),
        (reverb(room), reverb(ReverbParams { predelay_ms: 20.0, ..room })),
        (reverb(room), reverb(ReverbParams { diffusion: 0.0, ..room })),
        (reverb(room), reverb(ReverbParams { early_db: f64::NEG_INFINITY, width: 0.0, ..room })),
        (reverb(room), reverb(ReverbParams { modulation_hz: 3.0, modulation_depth_ms: 1.0, ..room })),
        (reverb(room), reverb(ReverbParams { modulation_depth_ms: 1.0, modulation_hz: 0.2, ..room })),
        (reverb(room), reverb(ReverbParams { mix: 0.0, ..room })),
        (plate(0.0, 0.0, 7_000.0), plate(0.1, 0.0, 7_000.0)),
        (plate(0.0, 0.0, 7_000.0), plate(0.0, 15.0, 500.0)),
        (moved(1.0, 0.1), moved(1.0, 1.0)),
        (moved(1.0, 0.1), moved(3.0, 0.1)),
        (
            plate(0.0, 0.0, 7_000.0),
            Effect::from(PlateParams { decay: 0.0, diffusion: 0.5, width: 0.0, ..PlateParams::default() }),
        ),
        (
            plate(0.0, 0.0, 7_000.0),
            Effect::from(PlateParams { decay: 0.0, low_cut_hz: 150.0, ..PlateParams::default() }),
        ),
        (reverb(room), reverb(ReverbParams { low_cut_hz: 150.0, high_cut_hz: 2_000.0, ..room })),
        (reverb(room), reverb(ReverbParams { duck_db: 12.0, ..room })),
        (limiter(-30.0, 0.0, -1.0), limiter(-30.0, 12.0, -1.0)),
        (limiter(12.0, 0.0, -1.0), limiter(12.0, 0.0, -13.0)),
        (gain(0.0), gain(-12.0)),
        (gain(-6.0), gain(6.0)),
        (gain(0.0), gain(f64::NEG_INFINITY)),
        (gain(0.0), Effect::from(GainParams { gain_db: 0.0, invert_polarity: true })),
        (pan(-1.0), pan(1.0)),
        (pan(0.0), pan(1.0)),
        (width(1.0, 0.0), width(0.0, 0.0)),
        (width(1.0, 0.0), width(2.0, 0.0)),
        (width(1.0, 0.0), width(1.0, 120.0)),
        (width(1.0, 250.0), width(1.0, 125.0)),
        (bell(100.0, 0.0, 1.0), bell(100.0, 12.0, 1.0)),
        (bell(100.0, 12.0, 1.0), bell(200.0, 12.0, 1.0)),
        (bell(100.0, -12.0, 1.0), bell(50.0, -12.0, 1.0)),
        (bell(120.0, 12.0, 1.0), bell(120.0, 12.0, 2.0)),
        (bell(2_000.0, 12.0, 4.0), bell(4_000.0, 12.0, 4.0)),
        (low_shelf(100.0, -6.0, 0.7), low_shelf(100.0, 6.0, 0.7)),
        (low_shelf(100.0, 12.0, 0.7), low_shelf(200.0, 12.0, 0.7)),
        (high_shelf(100.0, 12.0, 0.5), high_shelf(100.0, 12.0, 1.0)),
        (high_shelf(8_000.0, 0.0, 0.7), high_shelf(8_000.0, 12.0, 0.7)),
        (high_pass(40.0, 12.0), high_pass(80.0, 12.0)),
        (high_pass(80.0, 12.0), high_pass(80.0, 48.0)),
        (high_pass(60.0, 6.0), high_pass(120.0, 6.0)),
        (low_pass(400.0, 24.0), low_pass(200.0, 24.0)),
        (low_pass(18_000.0, 12.0), low_pass(9_000.0, 96.0)),
        (notch(200.0, 2.0), notch(100.0, 2.0)),
        (notch(130.0, 2.0), notch(130.0, 4.0)),
        (band_pass(100.0, 1.0), band_pass(200.0, 1.0)),
        (band_pass(150.0, 1.0), band_pass(150.0, 2.0)),
        (all_pass(100.0, 1.0), all_pass(200.0, 1.0)),
        (tilt(650.0, -6.0), tilt(650.0, 6.0)),
        (tilt(650.0, 12.0), tilt(1_300.0, 12.0)),
        (equalizer(&[]), equalizer(&[BellParams { frequency_hz: 90.0, gain_db: 12.0, q: 1.0 }.into()])),
        (
            equalizer(&[BellParams { frequency_hz: 90.0, gain_db: 12.0, q: 1.0 }.into()]),
            equalizer(&[HighPassParams { frequency_hz: 60.0, slope_db_per_octave: 24.0 }.into()]),
        ),
        (parallel(0.0), parallel(-12.0)),
    ];
    let chorus = |change: fn(&mut ChorusParams)| {
        let mut params = ChorusParams::default();
        change(&mut params);
        Effect::from(params)
    };
    let flanger = |change: fn(&mut FlangerParams)| {
        let mut params = FlangerParams::default();
        change(&mut params);
        Effect::from(params)
    };
    let vibrato = |rate_hz, depth_cents| Effect::from(VibratoParams { rate_hz, depth_cents, ..Default::default() });
    steps.extend([
        (chorus(|_| {}), chorus(|p| p.rate_hz = 1.6)),
        (chorus(|_| {}), chorus(|p| p.depth_ms = 4.0)),
        (chorus(|_| {}), chorus(|p| p.delay_ms = 24.0)),
        (chorus(|_| {}), chorus(|p| p.feedback = 0.5)),
        (chorus(|_| {}), chorus(|p| p.width = 0.0)),
        (chorus(|_| {}), chorus(|p| p.low_cut_hz = 150.0)),
        (chorus(|_| {}), chorus(|p| p.mix = 1.0)),
        (chorus(|_| {}), chorus(|p| (p.tempo_bpm, p.note) = (90.0, NoteValue::Quarter))),
        (flanger(|_| {}), flanger(|p| p.rate_hz = 0.5)),
        (flanger(|_| {}), flanger(|p| p.delay_ms = 2.0)),
        (flanger(|_| {}), flanger(|p| p.depth_ms = 8.0)),
        (flanger(|_| {}), flanger(|p| p.feedback = -0.5)),
        (flanger(|_| {}), flanger(|p| p.stereo_phase_degrees = 180.0)),
        (flanger(|_| {}), flanger(|p| p.invert = true)),
        (flanger(|_| {}), flanger(|p| p.mix = 0.0)),
        (flanger(|p| p.through_zero = true), flanger(|p| (p.through_zero, p.invert) = (true, true))),
        (flanger(|_| {}), flanger(|p| (p.tempo_bpm, p.note) = (120.0, NoteValue::Whole))),
        (vibrato(5.0, 30.0), vibrato(10.0, 30.0)),
        (vibrato(5.0, 30.0), vibrato(5.0, 0.0)),
        (vibrato(5.0, 30.0), vibrato(5.0, 60.0)),
    ]);
    let linear =
        |bands: &[Band]| Effect::from(LinearPhaseEqualizerParams { bands: bands.to_vec(), ..Default::default() });
    let bell = |frequency_hz, gain_db, q| -> Band { BellParams { frequency_hz, gain_db, q }.into() };
    let impulse_response = ImpulseResponse::from_rows(&[&decay(3, 6_000), &decay(4, 6_000)]).unwrap();
    let convolution = |mix, predelay_ms, normalize| {
        let impulse_response = impulse_response.clone();
        Effect::from(ConvolutionParams { impulse_response, mix, predelay_ms, normalize, ..Default::default() })
    };
    steps.extend([
        (linear(&[]), linear(&[bell(100.0, 12.0, 1.0)])),
        (linear(&[bell(100.0, 12.0, 1.0)]), linear(&[bell(200.0, 12.0, 2.0), bell(3_000.0, -12.0, 1.0)])),
        (convolution(0.0, 0.0, false), convolution(1.0, 0.0, false)),
        (convolution(1.0, 0.0, false), convolution(1.0, 37.0, false)),
        (convolution(0.5, 0.0, false), convolution(0.5, 5.0, true)),
    ]);
    let placed = |place, enabled| -> EqualizerBand { Placed { band: bell(100.0, 12.0, 1.0), place, enabled }.into() };
    let louder = |output_gain_db| Effect::from(EqualizerParams { output_gain_db, ..Default::default() });
    // Slow: what follows the level of a bass tone adds harmonics of its own.
    let directed = |threshold_db, knee_db, direction, action| {
        let shape = DynamicShape::Bell(BellParams { frequency_hz: 100.0, gain_db: 0.0, q: 1.0 });
        let slow = DynamicBand { attack_ms: 100.0, release_ms: 1_000.0, ..Default::default() };
        dynamic(&[DynamicBand { shape, threshold_db, knee_db, direction, action, ..slow }.into()])
    };
    let shortened = |trim_ms, decay| {
        let impulse_response = impulse_response.clone();
        Effect::from(ConvolutionParams { impulse_response, trim_ms, decay, ..Default::default() })
    };
    steps.extend([
        (equalizer(&[placed(Place::Mid, true)]), equalizer(&[placed(Place::Side, true)])),
        (equalizer(&[placed(Place::Left, true)]), equalizer(&[placed(Place::Mid, true)])),
        (equalizer(&[placed(Place::Stereo, true)]), equalizer(&[placed(Place::Right, true)])),
        (equalizer(&[placed(Place::Side, true)]), equalizer(&[placed(Place::Side, false)])),
        (louder(0.0), louder(12.0)),
        (
            directed(-12.0, 0.0, DynamicDirection::Above, DynamicAction::Reduce),
            directed(-12.0, 24.0, DynamicDirection::Above, DynamicAction::Boost),
        ),
        (
            directed(-20.0, 6.0, DynamicDirection::Above, DynamicAction::Reduce),
            directed(0.0, 6.0, DynamicDirection::Below, DynamicAction::Reduce),
        ),
    ]);
    // Only one way: the other needs a longer response.
    let one_way = [(shortened(0.0, 1.0), shortened(5.0, 1.0)), (shortened(0.0, 1.0), shortened(0.0, 0.3))];
    macro_rules! names {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            [$(stringify!($name)),*]
        };
    }
    let text = format!("{steps:?}");
    for name in for_each_processor!(names) {
        assert!(text.contains(&format!("{name}(")), "no change of {name}");
    }
    let mut worst: f64 = f64::NEG_INFINITY;
    let both_ways = steps.iter().flat_map(|(from, to)| [(from, to), (to, from)]);
    for (from, to) in both_ways.chain(one_way.iter().map(|(from, to)| (from, to))) {
        {
            let stereo = StreamSpec::new(RATE_HZ, 2).unwrap();
            let frames = 48_000;
            // Unchanged for effects between the channels, so that mid and side both have signal.
            // It fades in, as its onset would ring on in resonant effects.
            let fade_in = |n: usize| {
                let u = (n as f64 / 4_800.0).min(1.0);
                u * u * u * (10.0 + u * (6.0 * u - 15.0))
            };
            let sine = |n: usize| fade_in(n) * (std::f64::consts::TAU * SINE_HZ * n as f64 / RATE_HZ).sin();
            let input: Vec<f64> = (0..frames).map(sine).chain((0..frames).map(|n| 0.5 * sine(n))).collect();
            let mut processor = from.build::<f64>(&stereo).unwrap();
            let mut audio = input.clone();
            let change: Edit<'_, EffectProcessor<f64>> = Box::new(|p| p.set_params(to).unwrap());
            // Half-way, at a phase off the zero crossing.
            run(&mut processor, &mut audio, &Cut(vec![512]), vec![(frames / 2 + 131, change)]);
            // The louder side of the change, scaled to a sine of -6 dBFS.
            let level = |range: std::ops::Range<usize>| audio[range].iter().fold(0.0, |peak: f64, x| peak.max(x.abs()));
            for channel in 0..2 {
                let at = channel * frames;
                let louder =
                    level(at + frames / 4..at + frames / 2).max(level(at + frames / 2 + 9_600..at + frames * 3 / 4));
                let scaled: Vec<f64> = audio[at..at + frames].iter().map(|x| x * 0.5 / louder).collect();
                let residue = residue_dbfs(&scaled, RATE_HZ);
                worst = worst.max(residue);
                println!("{residue:7.1} dBFS  {from:?} -> {to:?}");
                assert!(residue <= LIMIT_DBFS, "{residue} dBFS: {from:?} -> {to:?}");
            }
        }
    }
    println!("G3 worst {worst:.1} dBFS");
}
