use mixdown::*;
use std::time::Instant;
fn pink(seed: u64, n: usize) -> Vec<f32> {
    // Voss by a bank of one-poles an octave apart.
    let mut state = seed | 1;
    let mut white = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let mut z = [0.0f64; 12];
    let x: Vec<f64> = (0..n)
        .map(|_| {
            let mut s = 0.0;
            for (k, z) in z.iter_mut().enumerate() {
                let a = 1.0 - 0.9 * 0.5f64.powi(k as i32);
                let a = a.max(0.0);
                *z = a * *z + (1.0 - a * a).sqrt() * white();
                s += *z;
            }
            s
        })
        .collect();
    let rms = (x.iter().map(|v| v * v).sum::<f64>() / n as f64).sqrt();
    x.iter().map(|v| (v / rms * 10f64.powf(-18.0 / 20.0)) as f32).collect()
}
fn main() {
    let rate = 48_000.0;
    let n = 60 * 48_000;
    let spec = StreamSpec::new(rate, 2).unwrap();
    let mut sources: Vec<(String, Vec<f32>)> = vec![("pink".into(), [pink(1, n), pink(2, n)].concat())];
    if let Ok(raw) = std::fs::read("/tmp/limtools/music.f32") {
        let s: Vec<f32> = raw.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        let m = (s.len() / 2).min(n);
        let l: Vec<f32> = (0..n).map(|i| s[2 * (i % m)]).collect();
        let r: Vec<f32> = (0..n).map(|i| s[2 * (i % m) + 1]).collect();
        sources.push(("music".into(), [l, r].concat()));
    }
    let only = std::env::args().nth(1);
    for (name, source) in &sources {
        for gain_db in [0.0, 12.0] {
            for mode in [LimiterMode::SamplePeak, LimiterMode::Standard, LimiterMode::Master] {
                if only.as_ref().is_some_and(|o| !format!("{name}{mode:?}{gain_db}").contains(o)) {
                    continue;
                }
                for block in [512usize, 64] {
                    let mut best = f64::MAX;
                    let mut gr = GainReduction::default();
                    for _ in 0..7 {
                        let mut l = LimiterParams { gain_db, mode, ..Default::default() }.build::<f32>(&spec).unwrap();
                        let mut audio = source.clone();
                        let mut b = BlockMut::from_planar(&mut audio, 2).unwrap();
                        let t = Instant::now();
                        let mut s = 0;
                        while s < n {
                            let c = block.min(n - s);
                            l.process(&mut b.frames_mut(s, c));
                            s += c;
                        }
                        best = best.min(t.elapsed().as_secs_f64() * 1e3);
                        gr = l.gain_reduction();
                    }
                    println!("{name:6} +{gain_db:4} {mode:?} block {block}: {best:7.1} ms   GR {gr:?}");
                }
            }
        }
    }
}
