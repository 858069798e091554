//! Memory of each processor, as measured here and stated by its card.

use crate::allocator::held;
use mixdown::*;

/// Rounding of the figures, and other layouts of compilers and targets.
const TOLERANCE: f64 = 0.1;

/// The figure of a processor with its defaults for stereo f32 at 48 kHz, in kB (1 000 bytes), and the source file of
/// its card.
const FIGURES_KB: &[(&str, f64, &str)] = &[
    ("Gain", 0.21, "levels/gain.rs"),
    ("Pan", 0.29, "levels/pan.rs"),
    ("Width", 23.8, "levels/width.rs"),
    ("Equalizer", 171.0, "filters/equalizer.rs"),
    ("Bell", 10.0, "filters/filter.rs"),
    ("LowShelf", 10.0, "filters/filter.rs"),
    ("HighShelf", 10.0, "filters/filter.rs"),
    ("LowPass", 14.1, "filters/filter.rs"),
    ("HighPass", 14.1, "filters/filter.rs"),
    ("BandPass", 10.0, "filters/filter.rs"),
    ("Notch", 10.0, "filters/filter.rs"),
    ("AllPass", 10.0, "filters/filter.rs"),
    ("Tilt", 10.0, "filters/filter.rs"),
    ("DynamicEqualizer", 569.0, "dynamics/dynamic_equalizer/mod.rs"),
    ("Compressor", 29.0, "dynamics/compressor.rs"),
    ("DeEsser", 36.5, "dynamics/de_esser/mod.rs"),
    ("MultibandCompressor", 73.4, "dynamics/multiband.rs"),
    ("Expander", 27.3, "dynamics/expander.rs"),
    ("Gate", 27.2, "dynamics/gate.rs"),
    ("TransientShaper", 41.0, "dynamics/transient_shaper/mod.rs"),
    ("Limiter", 78.0, "dynamics/limiter/mod.rs"),
    ("Delay", 780.0, "modulation/delay/mod.rs"),
    ("Chorus", 133.0, "modulation/chorus.rs"),
    ("Flanger", 42.0, "modulation/flanger.rs"),
    ("Phaser", 8.4, "modulation/phaser/mod.rs"),
    ("Tremolo", 1.3, "modulation/tremolo.rs"),
    ("Vibrato", 25.5, "modulation/vibrato.rs"),
    ("Saturator", 171.0, "saturation/saturator.rs"),
    ("Clipper", 298.0, "saturation/clipper.rs"),
    ("Reverb", 701.0, "reverbs/reverb/mod.rs"),
    ("Plate", 276.0, "reverbs/plate/mod.rs"),
    ("LinearPhaseEqualizer", 784.0, "convolution/linear_phase.rs"),
    ("Convolution", 197.0, "convolution/convolution/mod.rs"),
];

macro_rules! measured {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// Bytes of each processor of the list with its defaults: on the heap, and of the value itself.
        fn measured() -> Vec<(&'static str, usize)> {
            let spec = StreamSpec::new(48_000.0, 2).unwrap();
            vec![$({
                let params = <$params>::default();
                let (processor, heap) = held(|| params.build::<f32>(&spec).unwrap());
                (stringify!($name), heap + size_of_val(&processor))
            }),*]
        }
    };
}
for_each_processor!(measured);

#[test]
fn every_processor_takes_the_memory_of_its_figure() {
    let measured = measured();
    assert_eq!(measured.len(), FIGURES_KB.len(), "a figure for every processor of the list");
    let mut wrong = Vec::new();
    for ((name, bytes), (of, figure_kb, _)) in measured.into_iter().zip(FIGURES_KB) {
        assert_eq!(name, *of, "in the order of the list");
        let kb = bytes as f64 / 1e3;
        println!("{name}: {kb:.2} kB");
        if (kb / figure_kb - 1.0).abs() > TOLERANCE {
            wrong.push(format!("{name}: {kb:.2} kB, not {figure_kb} kB"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_card_states_its_figure() {
    for (name, figure_kb, file) in FIGURES_KB {
        let source = std::fs::read_to_string(format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let contract = source.split("/// # Contract").nth(1).expect(file).split("/// # Source").next().unwrap();
        let stated = contract.split("///\n").find(|paragraph| paragraph.contains("/// Memory: ")).expect(file);
        assert!(stated.contains("stereo f32 at 48 kHz"), "{name}, {file}");
        assert!(stated.contains(&format!(" {figure_kb} kB")), "{name}, {file}: {figure_kb} kB");
    }
}

/// Meters of stereo f32 at 48 kHz in kB, and the source file that states it.
const METERS_KB: [(f64, &str); 5] = [
    (0.34, "meters/level.rs"),
    (0.29, "meters/correlation.rs"),
    (614.0, "meters/mono_fold.rs"),
    (1293.0, "meters/spectrum.rs"),
    (176.0, "console/metering.rs"),
];

#[test]
fn every_meter_takes_the_memory_of_its_figure() {
    let spec = StreamSpec::new(48_000.0, 2).unwrap();
    let (level, level_heap) = held(|| meters::LevelParams::default().build::<f32>(&spec).unwrap());
    let (correlation, correlation_heap) = held(|| meters::CorrelationParams::default().build::<f32>(&spec).unwrap());
    let (fold, fold_heap) = held(|| meters::MonoFoldMeter::<f32>::new(&spec).unwrap());
    let (spectrum, spectrum_heap) = held(|| meters::SpectrumParams::default().build::<f32>(&spec).unwrap());
    let mut mixer = Mixer::<f32>::new(&spec).unwrap();
    let ((), strip_heap) = held(|| mixer.set_metering(console::Metering::All).unwrap());
    let bytes = [
        level_heap + size_of_val(&level),
        correlation_heap + size_of_val(&correlation),
        fold_heap + size_of_val(&fold),
        spectrum_heap + size_of_val(&spectrum),
        strip_heap,
    ];
    let mut wrong = Vec::new();
    for (bytes, (figure_kb, file)) in bytes.into_iter().zip(METERS_KB) {
        let kb = bytes as f64 / 1e3;
        println!("{file}: {kb:.2} kB");
        if (kb / figure_kb - 1.0).abs() > TOLERANCE {
            wrong.push(format!("{file}: {kb:.2} kB, not {figure_kb} kB"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_meter_states_its_figure() {
    for (figure_kb, file) in METERS_KB {
        let source = std::fs::read_to_string(format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(source.contains(&format!("{figure_kb} kB")), "{file}: {figure_kb} kB");
    }
}
