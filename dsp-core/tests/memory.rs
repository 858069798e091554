//! How much memory does it take? The card of each processor says it, and it is measured here.

use crate::allocator::held;
use mixdown::*;

/// Rounding of the figures, and what compilers and targets lay out otherwise.
const TOLERANCE: f64 = 0.1;

/// The figure of a processor with its defaults for stereo f32 at 48 kHz, in kB (1 000 bytes), and the source file with
/// the card that states it. Cards of filters do not state theirs.
const FIGURES_KB: [(&str, f64, Option<&str>); 24] = [
    ("Gain", 0.26, Some("levels/gain.rs")),
    ("Pan", 0.38, Some("levels/pan.rs")),
    ("Width", 25.0, Some("levels/width.rs")),
    ("Equalizer", 218.0, None),
    ("Bell", 16.0, None),
    ("LowShelf", 16.0, None),
    ("HighShelf", 16.0, None),
    ("LowPass", 16.0, None),
    ("HighPass", 16.0, None),
    ("BandPass", 16.0, None),
    ("Notch", 16.0, None),
    ("AllPass", 16.0, None),
    ("Tilt", 16.0, None),
    ("DynamicEqualizer", 785.0, Some("dynamics/dynamic_equalizer/mod.rs")),
    ("Compressor", 28.0, Some("dynamics/compressor.rs")),
    ("DeEsser", 37.0, Some("dynamics/de_esser/mod.rs")),
    ("MultibandCompressor", 70.0, Some("dynamics/multiband.rs")),
    ("Expander", 16.0, Some("dynamics/expander.rs")),
    ("Gate", 16.0, Some("dynamics/gate.rs")),
    ("Limiter", 45.0, Some("dynamics/limiter/mod.rs")),
    ("Reverb", 677.0, Some("reverbs/reverb/mod.rs")),
    ("Plate", 205.0, Some("reverbs/plate/mod.rs")),
    ("LinearPhaseEqualizer", 784.0, Some("convolution/linear_phase.rs")),
    ("Convolution", 196.0, Some("convolution/convolution/mod.rs")),
];

macro_rules! measured {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        /// Bytes that each processor of the list takes with its defaults: on the heap, and itself.
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
    for ((name, bytes), (of, figure_kb, _)) in measured.into_iter().zip(FIGURES_KB) {
        assert_eq!(name, of, "in the order of the list");
        let kb = bytes as f64 / 1e3;
        println!("{name}: {kb:.2} kB");
        assert!((kb / figure_kb - 1.0).abs() <= TOLERANCE, "{name}: {kb:.2} kB, not {figure_kb} kB");
    }
}

#[test]
fn every_card_states_its_figure() {
    for (name, figure_kb, file) in FIGURES_KB {
        let Some(file) = file else { continue };
        let source = std::fs::read_to_string(format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let contract = source.split("/// # Contract").nth(1).expect(file).split("/// # Source").next().unwrap();
        let stated: Vec<_> = contract.match_indices("/// Memory: ").map(|(at, _)| &contract[at..]).collect();
        let expected = format!("/// Memory: {figure_kb} kB for stereo f32 at 48 kHz");
        assert!(matches!(stated[..], [line] if line.starts_with(&expected)), "{name}, {file}: {expected}");
    }
}
