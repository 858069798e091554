//! Mono tracks, panned and summed to stereo by the mixer; stereo tracks, each channel panned by itself; a fader that is
//! automated. The scalar loops add in the format of the audio, those named `scalar_f64` in f64, as the mixer does.

use crate::{
    gain::{GLIDE_MS, MOVING_RATE_HZ},
    pair::{Group, alone, pair},
    scalar::Ramp,
    signal::{assert_close, block, format, pink, rounding},
};
use criterion::{Criterion, Throughput};
use mixdown::{
    Block, Mixer, Sample, StreamSpec, StripParams,
    console::{Lane, Point, Shape, StereoPan},
    db_to_gain, ms_to_frames,
};
use std::{
    f64::consts::FRAC_PI_4,
    hint::black_box,
    time::{Duration, Instant},
};

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("mix");
    for tracks in [8, 32, 64] {
        for frames in [64, 512, 4096] {
            still::<f32>(group, tracks, frames);
            moving::<f32>(group, tracks, frames);
        }
        still::<f64>(group, tracks, 512);
        moving::<f64>(group, tracks, 512);
    }
    for frames in [64, 512] {
        still::<f32>(group, 1, frames);
        crossed::<f32>(group, frames);
        automated::<f32>(group, frames);
    }
    crossed::<f64>(group, 512);
}

/// A track in one of two positions.
fn params(track: usize, there: bool) -> StripParams {
    let pan = (track as f64 * 0.37).sin();
    let fader_db = -12.0 - (track % 5) as f64;
    if there {
        StripParams { fader_db: fader_db - 4.0, pan: -pan, ..Default::default() }
    } else {
        StripParams { fader_db, pan, ..Default::default() }
    }
}

/// Constant power, the mixer's default.
fn gains(params: &StripParams) -> [f64; 2] {
    let angle = (params.pan + 1.0) * FRAC_PI_4;
    [angle.cos(), angle.sin()].map(|gain| gain * db_to_gain(params.fader_db))
}

fn name(track: usize) -> String {
    format!("track {track:02}")
}

pub fn mixer<S: Sample>(rate_hz: f64, tracks: usize) -> Mixer<S> {
    let mut mixer = Mixer::new(&StreamSpec::new(rate_hz, 2).expect("legal")).expect("stereo");
    for track in 0..tracks {
        mixer.add_track(&name(track), 1, &params(track, false)).expect("legal");
    }
    mixer
}

fn move_all<S: Sample>(mixer: &mut Mixer<S>, tracks: usize, there: bool) {
    for track in 0..tracks {
        mixer.set(&name(track), &params(track, there)).expect("legal");
    }
}

fn inputs<S: Sample>(sources: &[Vec<S>]) -> Vec<Block<'_, 'static, S>> {
    sources.iter().map(|source| Block::from_planar(source, 1).expect("mono")).collect()
}

fn plain_still<S: Sample>(sources: &[Vec<S>], gains: &[[S; 2]], out: &mut [S]) {
    out.fill(S::ZERO);
    let (left, right) = out.split_at_mut(out.len() / 2);
    for (source, [to_left, to_right]) in sources.iter().zip(gains) {
        for ((left, right), sample) in left.iter_mut().zip(&mut *right).zip(source) {
            *left += *sample * *to_left;
            *right += *sample * *to_right;
        }
    }
}

/// The same, added in f64 and rounded once.
fn wide_still<S: Sample>(sources: &[Vec<S>], gains: &[[S; 2]], sums: &mut [f64], out: &mut [S]) {
    sums.fill(0.0);
    let (left, right) = sums.split_at_mut(out.len() / 2);
    for (source, gains) in sources.iter().zip(gains) {
        let [to_left, to_right] = gains.map(Sample::to_f64);
        for ((left, right), sample) in left.iter_mut().zip(&mut *right).zip(source) {
            *left += sample.to_f64() * to_left;
            *right += sample.to_f64() * to_right;
        }
    }
    round(sums, out);
}

fn round<S: Sample>(sums: &[f64], out: &mut [S]) {
    for (sample, sum) in out.iter_mut().zip(sums) {
        *sample = S::from_f64(*sum);
    }
}

fn plain_moving<S: Sample>(sources: &[Vec<S>], ramps: &mut [[Ramp<S>; 2]], out: &mut [S]) {
    out.fill(S::ZERO);
    let (left, right) = out.split_at_mut(out.len() / 2);
    for (source, [to_left, to_right]) in sources.iter().zip(ramps) {
        for ((left, right), sample) in left.iter_mut().zip(&mut *right).zip(source) {
            *left += *sample * to_left.next();
            *right += *sample * to_right.next();
        }
    }
}

fn wide_moving<S: Sample>(sources: &[Vec<S>], ramps: &mut [[Ramp<S>; 2]], sums: &mut [f64], out: &mut [S]) {
    sums.fill(0.0);
    let (left, right) = sums.split_at_mut(out.len() / 2);
    for (source, [to_left, to_right]) in sources.iter().zip(ramps) {
        for ((left, right), sample) in left.iter_mut().zip(&mut *right).zip(source) {
            *left += sample.to_f64() * to_left.next().to_f64();
            *right += sample.to_f64() * to_right.next().to_f64();
        }
    }
    round(sums, out);
}

fn still<S: Sample>(group: &mut Group<'_>, tracks: usize, frames: usize) {
    let sources: Vec<Vec<S>> = (0..tracks).map(|track| pink(track, frames)).collect();
    let inputs = inputs(&sources);
    let gains: Vec<[S; 2]> = (0..tracks).map(|track| gains(&params(track, false)).map(S::from_f64)).collect();
    let mut mixer = mixer::<S>(48_000.0, tracks);
    let (mut out, mut other) = (vec![S::ZERO; 2 * frames], vec![S::ZERO; 2 * frames]);
    let mut sums = vec![0.0; 2 * frames];

    mixer.process(&inputs, &mut block(&mut out, 2));
    plain_still(&sources, &gains, &mut other);
    assert_close("mix at rest", &out, &other, 4.0 * rounding::<S>());

    pair(
        group,
        &format!("at_rest_{tracks}/{}/2ch/{frames}", format::<S>()),
        tracks * frames,
        || mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2)),
        || plain_still(black_box(&sources), black_box(&gains), black_box(&mut other)),
    );
    alone(group, &format!("at_rest_{tracks}/{}/2ch/{frames}/scalar_f64", format::<S>()), tracks * frames, || {
        wide_still(black_box(&sources), black_box(&gains), &mut sums, black_box(&mut other));
    });
}

/// Every fader and pan is re-targeted before each block; only the mixing is timed, not the design of settings.
fn moving<S: Sample>(group: &mut Group<'_>, tracks: usize, frames: usize) {
    let sources: Vec<Vec<S>> = (0..tracks).map(|track| pink(track, frames)).collect();
    let inputs = inputs(&sources);
    let glide = ms_to_frames(GLIDE_MS, MOVING_RATE_HZ);
    let mut ramps: Vec<[Ramp<S>; 2]> = (0..tracks)
        .map(|track| {
            let (from, to) = (gains(&params(track, false)), gains(&params(track, true)));
            [0, 1].map(|side| Ramp::new(from[side], to[side], glide))
        })
        .collect();
    let mut mixer = mixer::<S>(MOVING_RATE_HZ, tracks);
    let (mut out, mut other) = (vec![S::ZERO; 2 * frames], vec![S::ZERO; 2 * frames]);

    // Before the first block a mixer does not glide.
    mixer.process(&inputs, &mut block(&mut out, 2));
    move_all(&mut mixer, tracks, true);
    mixer.process(&inputs, &mut block(&mut out, 2));
    plain_moving(&sources, &mut ramps, &mut other);
    assert_close("moving mix", &out, &other, 4.0 * rounding::<S>());

    let id = format!("moving_{tracks}/{}/2ch/{frames}", format::<S>());
    group.throughput(Throughput::Elements((tracks * frames) as u64));
    let mut there = true;
    group.bench_function(&id, |bencher| {
        bencher.iter_custom(|rounds| {
            let mut total = Duration::ZERO;
            for _ in 0..rounds {
                there = !there;
                move_all(&mut mixer, tracks, there);
                let start = Instant::now();
                mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2));
                total += start.elapsed();
            }
            total
        });
    });
    alone(group, &format!("{id}/scalar"), tracks * frames, || {
        ramps.iter_mut().flatten().for_each(Ramp::turn);
        plain_moving(black_box(&sources), &mut ramps, black_box(&mut other));
    });
    let mut sums = vec![0.0; 2 * frames];
    alone(group, &format!("{id}/scalar_f64"), tracks * frames, || {
        ramps.iter_mut().flatten().for_each(Ramp::turn);
        wide_moving(black_box(&sources), &mut ramps, &mut sums, black_box(&mut other));
    });
}

const STEREO_TRACKS: usize = 8;

/// Left and right of each stereo track panned by themselves: four gains a track.
fn crossed<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let sources: Vec<Vec<S>> = (0..2 * STEREO_TRACKS).map(|channel| pink(channel, frames)).collect();
    let stereo: Vec<[&[S]; 2]> = sources.chunks(2).map(|pair| [&pair[0][..], &pair[1][..]]).collect();
    let inputs: Vec<Block<'_, '_, S>> =
        stereo.iter().map(|channels| Block::from_slices(channels).expect("stereo")).collect();
    let params = |track: usize| {
        let left_pan = -0.8 + 0.1 * track as f64;
        StripParams { stereo_pan: StereoPan::Dual, left_pan, right_pan: left_pan + 0.7, ..Default::default() }
    };
    let mut mixer = Mixer::<S>::new(&StreamSpec::new(48_000.0, 2).expect("legal")).expect("stereo");
    // Each channel is a source of its own, to the left and to the right.
    let mut matrix: Vec<[S; 2]> = Vec::new();
    for track in 0..STEREO_TRACKS {
        let params = params(track);
        mixer.add_track(&name(track), 2, &params).expect("legal");
        for pan in [params.left_pan, params.right_pan] {
            matrix.push(gains(&StripParams { pan, ..Default::default() }).map(S::from_f64));
        }
    }
    let (mut out, mut other) = (vec![S::ZERO; 2 * frames], vec![S::ZERO; 2 * frames]);
    let mut sums = vec![0.0; 2 * frames];
    mixer.process(&inputs, &mut block(&mut out, 2));
    plain_still(&sources, &matrix, &mut other);
    assert_close("crossed gains", &out, &other, 4.0 * rounding::<S>());

    let id = format!("crossed_{STEREO_TRACKS}/{}/2ch/{frames}", format::<S>());
    pair(
        group,
        &id,
        2 * STEREO_TRACKS * frames,
        || mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2)),
        || plain_still(black_box(&sources), black_box(&matrix), black_box(&mut other)),
    );
    alone(group, &format!("{id}/scalar_f64"), 2 * STEREO_TRACKS * frames, || {
        wide_still(black_box(&sources), black_box(&matrix), &mut sums, black_box(&mut other));
    });
}

/// Length of an automated course, longer than any bench runs it.
const COURSE_S: f64 = 1e6;

/// The fader of one track on a line of its amplitude, drawn by an automation lane.
fn automated<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let source: Vec<S> = pink(0, frames);
    let inputs = [Block::from_planar(&source, 1).expect("mono")];
    let point = |time_s, value| Point { time_s, value, shape: Shape::Linear };
    let lane = Lane { parameter: "fader_db".into(), points: vec![point(0.0, -12.0), point(COURSE_S, -6.0)] };
    let params = StripParams { automation: vec![lane], ..Default::default() };
    let mut mixer = Mixer::<S>::new(&StreamSpec::new(48_000.0, 2).expect("legal")).expect("stereo");
    mixer.add_track("voice", 1, &params).expect("legal");
    let (mut out, mut other) = (vec![S::ZERO; 2 * frames], vec![S::ZERO; 2 * frames]);
    let centre = FRAC_PI_4.cos();
    let (from, to) = (db_to_gain(-12.0), db_to_gain(-6.0));
    let mut time = 0_u64;
    let mut plain = |out: &mut [S]| {
        let (left, right) = out.split_at_mut(frames);
        for ((left, right), sample) in left.iter_mut().zip(right).zip(black_box(&source)) {
            let gain = from + (to - from) * (time as f64 / 48_000.0 / COURSE_S);
            time += 1;
            *left = S::from_f64(sample.to_f64() * gain * centre);
            *right = *left;
        }
    };
    mixer.process(&inputs, &mut block(&mut out, 2));
    plain(&mut other);
    assert_close("automated fader", &out, &other, rounding::<S>());
    pair(
        group,
        &format!("automated_fader/{}/2ch/{frames}", format::<S>()),
        frames,
        || mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2)),
        || plain(black_box(&mut other)),
    );
}
