//! Groups of benches by the family of the field, in its order.

/// Title, name of the plot, and the groups of criterion that belong to it.
pub(super) struct Family {
    pub(super) title: &'static str,
    pub(super) name: &'static str,
    pub(super) groups: &'static [&'static str],
}

const fn family(title: &'static str, name: &'static str, groups: &'static [&'static str]) -> Family {
    Family { title, name, groups }
}

pub(super) const FAMILIES: [Family; 9] = [
    family("Levels and mixing", "levels", &["gain", "pan", "width", "mix", "console"]),
    family("Filters", "filters", &["equalizer", "crossover", "tilt"]),
    family(
        "Dynamics",
        "dynamics",
        &[
            "compressor",
            "expander",
            "gate",
            "multiband",
            "multiband_compressor",
            "dynamic_equalizer",
            "deesser",
            "de_esser",
            "transient_shaper",
            "limiter",
        ],
    ),
    family("Modulation", "modulation", &["delay", "chorus", "flanger", "phaser", "tremolo", "vibrato"]),
    family("Saturation", "saturation", &["saturator", "clipper"]),
    family("Reverbs", "reverbs", &["reverb", "plate"]),
    family("Convolution", "convolution", &["convolution"]),
    family("Meters", "meters", &["loudness", "true_peak", "level", "correlation", "mono_fold", "spectrum"]),
    family("Whole programmes", "programmes", &["goals"]),
];

/// Groups with sections of their own.
pub(super) const APART: [&str; 2] = ["limits", "scaling"];
