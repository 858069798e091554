//! Exploration.
mod acoustics;
use acoustics::*;
use mixdown::*;

fn response(params: &ReverbParams, rate_hz: f64, inputs: [f64;2], seconds: f64) -> [Vec<f64>; 2] {
    let spec = StreamSpec::new(rate_hz, 2).unwrap();
    let frames = (rate_hz * seconds) as usize;
    let mut audio = vec![0.0_f32; 2 * frames];
    audio[0] = inputs[0] as f32;
    audio[frames] = inputs[1] as f32;
    let mut reverb = params.build::<f32>(&spec).unwrap();
    reverb.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    let (l, r) = audio.split_at(frames);
    [l, r].map(|c| c.iter().map(|x| f64::from(*x)).collect())
}

#[test]
fn explore() {
    for space in [Space::Room, Space::Club, Space::Chamber, Space::Hall, Space::Cathedral] {
        for rate in [48000.0] {
            let base = ReverbParams::space(space);
            let flat = ReverbParams { size: 0.5, predelay_ms: 0.0, t60_s: 2.0, t60_low_ratio: 1.0, t60_high_ratio: 1.0, modulation_depth_ms: 0.0, ..base };
            for early_db in [f64::NEG_INFINITY, -6.0] {
                let h = response(&ReverbParams { early_db, ..flat }, rate, [1.0, 0.0], 3.0);
                let m = response(&ReverbParams { early_db, ..flat }, rate, [0.7, 0.7], 3.0);
                for (n, h) in [&h[0], &h[1], &m[0], &m[1]].into_iter().enumerate() {
                    let on = onset(h) as f64 / rate;
                    let ned = echo_density(h, rate);
                    let late: Vec<f64> = ned.iter().filter(|(t, _)| *t > on + 0.06 && *t < 1.5).map(|x| x.1).collect();
                    let (lo, hi) = late.iter().fold((9.0_f64, 0.0_f64), |(a, b), &x| (a.min(x), b.max(x)));
                    let tail = compensated(h, rate, 2.0, 0.15, 1.2);
                    println!("{space:?} early {early_db} ch{n}: onset {:.1} ms mix {:.1} ms ned {lo:.2}..{hi:.2} sfm {:.3} kurt {:.2} ac {:.3}", on * 1e3, mixing_time_s(h, rate) * 1e3, flatness(&tail, rate), kurtosis(&tail), largest_autocorrelation(&tail, rate));
                }
                let (l, r) = (compensated(&h[0], rate, 2.0, 0.1, 1.0), compensated(&h[1], rate, 2.0, 0.1, 1.0));
                let (ml, mr) = (compensated(&m[0], rate, 2.0, 0.1, 1.0), compensated(&m[1], rate, 2.0, 0.1, 1.0));
                println!("   corr {:.3} {:.3} coh {:.3} {:.3}", correlation(&l, &r), correlation(&ml, &mr), coherence(&l, &r), coherence(&ml, &mr));
                let lv = levels_db(&h, rate);
                println!("   levels {:?}", lv.iter().take(14).map(|x| (x * 10.0).round() / 10.0).collect::<Vec<_>>());
                let lv = levels_db(&h, rate).iter().enumerate().map(|(n, x)| x + n as f64 * 0.05 * 60.0 / 2.0).collect::<Vec<_>>();
                println!("   flat {:?}", lv.iter().take(20).map(|x| (x * 10.0).round() / 10.0).collect::<Vec<_>>());
            }
            // T60
            let h = response(&base, rate, [1.0, 0.0], base.t60_s * 2.0 + 0.5);
            let mut line = String::new();
            for c in [63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0] {
                let bands: Vec<Vec<f64>> = h.iter().map(|h| octave(h, rate, c)).collect();
                line += &format!(" {c}: {:.3}", t60_s(&decay_db(&bands), rate) / base.t60_s);
            }
            println!("   t60 ratios{line}");
        }
    }
}

#[test]
fn speed() {
    let spec = StreamSpec::new(48000.0, 2).unwrap();
    for space in [Space::Room, Space::Hall, Space::Cathedral] {
        let mut reverb = ReverbParams::space(space).build::<f32>(&spec).unwrap();
        let mut x = 1_u32;
        let mut audio: Vec<f32> = (0..2 * 480000).map(|_| { x = x.wrapping_mul(1664525).wrapping_add(1013904223); (x >> 8) as f32 / 16777216.0 - 0.5 }).collect();
        for frames in [512] {
            let mut best = f64::MAX;
            for _ in 0..20 {
                let start = std::time::Instant::now();
                let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
                let mut at = 0;
                while at < 480000 { let n = frames.min(480000 - at); reverb.process(&mut block.frames_mut(at, n)); at += n; }
                best = best.min(start.elapsed().as_secs_f64());
            }
            println!("{space:?} {frames}: {:.1} ms per 60 s, {:.1} ns/frame", best * 6e3, best * 1e9 / 480000.0);
        }
    }
}

#[test]
fn count() {
    let spec = StreamSpec::new(48000.0, 2).unwrap();
    let mut reverb = ReverbParams::default().build::<f32>(&spec).unwrap();
    let mut x = 1_u32;
    let mut audio: Vec<f32> = (0..2 * 64000).map(|_| { x = x.wrapping_mul(1664525).wrapping_add(1013904223); (x >> 8) as f32 / 16777216.0 - 0.5 }).collect();
    reverb.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
}
