//! Processors with bands: multiband compressor, dynamic equalizer, de-esser.

use crate::{
    pair::{Group, pair},
    scalar,
    signal::{assert_close, block, planar},
};
use criterion::Criterion;
use mixdown::{
    Effect, EffectProcessor, Params, Processor, StreamSpec,
    dynamics::{
        CompressorParams, DeEsserParams, DynamicBand, DynamicEqualizerParams, DynamicShape, MultibandCompressorParams,
    },
    filters::{BellParams, CrossoverParams},
};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
/// The compressors of the plain loop are in f32 throughout, mixdown's reductions in f64.
const TOLERANCE: f64 = 1e-5;

pub fn all_multiband(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("multiband");
    let band = CompressorParams { threshold_db: -28.0, ..Default::default() };
    let params = MultibandCompressorParams { bands: vec![band; 3], ..Default::default() };
    for frames in [64, 512, 4096] {
        let (source, mut ours) = (planar::<f32>(2, frames), build(&params.clone().into()));
        let mut plain = scalar::Multiband::new([200.0, 2_000.0], -28.0, RATE_HZ);
        let (mut audio, mut other) = (source.clone(), source.clone());
        ours.process(&mut block(&mut audio, 2));
        plain.process(&mut other);
        assert_close("multiband", &audio, &other, TOLERANCE);
        both(group, "3_bands", &source, &mut ours, |audio| plain.process(audio));
    }
    // The splitter alone.
    for frames in [64, 512, 4096] {
        let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
        let mut crossover = CrossoverParams::default().build::<f32>(&spec).expect("legal");
        let (source, mut bands) = (planar::<f32>(2, frames), vec![0.0; 6 * frames]);
        let mut splits = [(); 2].map(|()| scalar::Split::new([200.0, 2_000.0], RATE_HZ));
        let mut other = vec![0.0; 6 * frames];
        pair(
            group,
            &format!("split_3_bands/f32/2ch/{frames}"),
            2 * frames,
            || {
                let input = mixdown::Block::from_planar(black_box(&source), 2).expect("whole frames");
                crossover.process(&input, &mut block(black_box(&mut bands), 6));
            },
            || {
                for (channel, split) in splits.iter_mut().enumerate() {
                    for frame in 0..frames {
                        let bands = split.tick(f64::from(black_box(&source)[channel * frames + frame]));
                        for (band, sample) in bands.into_iter().enumerate() {
                            other[(2 * band + channel) * frames + frame] = sample as f32;
                        }
                    }
                }
                black_box(&mut other);
            },
        );
    }
}

pub fn all_dynamic_equalizer(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("dynamic_equalizer");
    let frequencies_hz = [100.0, 400.0, 1_600.0, 6_400.0];
    for (variant, threshold_db) in [("4_bands", -45.0), ("4_bands_at_rest", 0.0)] {
        let bell = |&frequency_hz: &f64| {
            let shape = DynamicShape::Bell(BellParams { frequency_hz, gain_db: 0.0, q: 1.0 });
            DynamicBand { shape, threshold_db, ..Default::default() }.into()
        };
        let params = DynamicEqualizerParams { bands: frequencies_hz.iter().map(bell).collect() };
        for frames in [64, 512, 4096] {
            let (source, mut ours) = (planar::<f32>(2, frames), build(&params.clone().into()));
            // Bells of another design, without quadrature: the output differs from ours, the work does not.
            let mut plain = scalar::DynamicBells::new(&frequencies_hz, threshold_db, RATE_HZ);
            both(group, variant, &source, &mut ours, |audio| plain.process(audio));
        }
    }
}

pub fn all_deesser(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("deesser");
    // Pink noise has its upper octaves 7 dB below the whole.
    for (variant, threshold_db) in [("acting", -14.0), ("at_rest", 0.0)] {
        let params = DeEsserParams { threshold_db, ..Default::default() };
        for frames in [64, 512, 4096] {
            let (source, mut ours) = (planar::<f32>(2, frames), build(&params.into()));
            // A split by Linkwitz-Riley filters, without lookahead.
            let mut plain = scalar::DeEsser::new(5_500.0, threshold_db, RATE_HZ);
            both(group, variant, &source, &mut ours, |audio| plain.process(audio));
        }
    }
}

fn build(effect: &Effect) -> EffectProcessor<f32> {
    effect.build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal")
}

/// Repeated reduction would end below the threshold: every call works on a fresh copy.
fn both(
    group: &mut Group<'_>,
    variant: &str,
    source: &[f32],
    ours: &mut EffectProcessor<f32>,
    mut plain: impl FnMut(&mut [f32]),
) {
    let (mut audio, mut other) = (source.to_vec(), source.to_vec());
    pair(
        group,
        &format!("{variant}/f32/2ch/{}", source.len() / 2),
        source.len(),
        || {
            audio.copy_from_slice(black_box(source));
            ours.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(black_box(source));
            plain(black_box(&mut other));
        },
    );
}
