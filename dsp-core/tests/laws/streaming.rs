//! Laws 1 and 2: the same bits however the stream is cut, whatever the neighbours, and on every CPU.

use super::*;

#[test]
fn law_1_g1_same_bits_however_the_stream_is_cut() {
    for_all(12, |entry, effect| {
        for channels in channel_counts(&effect) {
            let whole = render::<f32>(&effect, &spec(channels), &Cut::whole());
            for cut in Cut::all() {
                assert!(
                    same_bits(&render(&effect, &spec(channels), &cut), &whole),
                    "{} {channels} {cut:?}",
                    entry.name
                );
            }
        }
        let channels = channel_counts(&effect)[0];
        let whole = render::<f64>(&effect, &spec(channels), &Cut::whole());
        for cut in Cut::all() {
            assert!(same_bits(&render(&effect, &spec(channels), &cut), &whole), "{} f64 {cut:?}", entry.name);
        }
    });
}

#[test]
fn law_1_a_channels_bits_never_depend_on_its_neighbours() {
    for_all(12, |entry, effect| {
        if !entry.per_channel {
            return;
        }
        let alone = render::<f32>(&effect, &spec(1), &Cut::whole());
        for channels in [2, 3, 4, 5, 6, 7, 9] {
            let together = render::<f32>(&effect, &spec(channels), &Cut::whole());
            assert!(same_bits(&together[..FRAMES], &alone), "{} of {channels}", entry.name);
        }
    });
}

fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::is_x86_feature_detected!("fma") && std::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

#[test]
fn law_2_same_bits_on_every_cpu_with_fma() {
    if !has_fma() {
        eprintln!("SKIPPED: this CPU has no fused multiply-add");
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if !std::is_x86_feature_detected!("avx512f") {
        eprintln!("NOTE: no AVX-512 here; AVX2 and the scalar form are compared");
    }
    for_all(8, |entry, effect| {
        for channels in channel_counts(&effect) {
            let scalar = render::<f32>(&effect, &spec(channels).with_cpu(Cpu::Software), &Cut::whole());
            for cpu in [Cpu::Detected, Cpu::Avx2] {
                let vector = render::<f32>(&effect, &spec(channels).with_cpu(cpu), &Cut::whole());
                assert!(same_bits(&vector, &scalar), "{} {cpu:?}", entry.name);
            }
        }
    });
}

#[test]
fn law_2_cpus_without_fma_null() {
    /// Law 2: -140 dB of the louder of input and output.
    const LIMIT: f64 = 1e-7;
    for_all(8, |entry, effect| {
        for channels in channel_counts(&effect) {
            let scalar = render::<f64>(&effect, &spec(channels).with_cpu(Cpu::Software), &Cut::whole());
            let baseline = render::<f64>(&effect, &spec(channels).with_cpu(Cpu::Baseline), &Cut::whole());
            let peak = scalar.iter().fold(0.25, |peak: f64, x| peak.max(x.abs()));
            let error = scalar.iter().zip(&baseline).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error <= LIMIT * peak, "{}: {error}", entry.name);
        }
    });
}
