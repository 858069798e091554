//! What the machine can do at best: multiply-adds per time, the wait for one, and bytes per time from each level of the
//! memory. `cargo xtask bench` derives the limits of the kernels from them.

use criterion::{Criterion, Throughput};
use fearless_simd::{Level, Simd, SimdBase, SimdFloat, dispatch};
use std::hint::black_box;

/// Chains side by side: more than latency times units, and no more than a machine of 16 registers holds.
const CHAINS: usize = 12;
const ROUNDS: usize = 1_000;
/// Bytes that lie well within the cache of a level, and beyond all of them.
const LEVELS: [(&str, usize); 4] = [("l1", 16 << 10), ("l2", 512 << 10), ("l3", 6 << 20), ("memory", 192 << 20)];
/// Multiplied again and again, neither vanishes nor grows.
const FACTOR: f64 = 0.999;
const ADDEND: f64 = 0.001;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("limits");
    let level = Level::new();
    let (lanes_f32, lanes_f64) = dispatch!(level, simd => lanes(simd));
    group.throughput(Throughput::Elements((ROUNDS * CHAINS * lanes_f32) as u64));
    group.bench_function("multiply_add/f32", |bencher| {
        bencher.iter(|| dispatch!(level, simd => multiply_adds_f32(simd, black_box(FACTOR as f32))));
    });
    group.throughput(Throughput::Elements((ROUNDS * CHAINS * lanes_f64) as u64));
    group.bench_function("multiply_add/f64", |bencher| {
        bencher.iter(|| dispatch!(level, simd => multiply_adds_f64(simd, black_box(FACTOR))));
    });
    group.throughput(Throughput::Elements((ROUNDS * CHAINS) as u64));
    group.bench_function("latency/f64", |bencher| {
        bencher.iter(|| dispatch!(level, simd => one_chain(simd, black_box(FACTOR))));
    });
    for (name, bytes) in LEVELS {
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("read/{name}"), |bencher| {
            let samples = vec![0.5_f32; bytes / size_of::<f32>()];
            bencher.iter(|| dispatch!(level, simd => read(simd, black_box(&samples))));
        });
        group.bench_function(format!("update/{name}"), |bencher| {
            let mut samples = vec![0.5_f32; bytes / size_of::<f32>()];
            bencher.iter(|| dispatch!(level, simd => update(simd, black_box(&mut samples))));
        });
    }
}

#[inline(always)]
fn lanes<D: Simd>(_: D) -> (usize, usize) {
    (D::f32s::LEN, D::f64s::LEN)
}

#[inline(always)]
fn multiply_adds_f32<D: Simd>(simd: D, factor: f32) -> f32 {
    let (factor, addend) = (D::f32s::splat(simd, factor), D::f32s::splat(simd, ADDEND as f32));
    let mut sums = [D::f32s::splat(simd, 1.0); CHAINS];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, addend);
        }
    }
    let mut total = sums[0];
    for sum in &sums[1..] {
        total += *sum;
    }
    total.as_slice()[0]
}

#[inline(always)]
fn multiply_adds_f64<D: Simd>(simd: D, factor: f64) -> f64 {
    let (factor, addend) = (D::f64s::splat(simd, factor), D::f64s::splat(simd, ADDEND));
    let mut sums = [D::f64s::splat(simd, 1.0); CHAINS];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, addend);
        }
    }
    let mut total = sums[0];
    for sum in &sums[1..] {
        total += *sum;
    }
    total.as_slice()[0]
}

/// Each waits for the one before.
#[inline(always)]
fn one_chain<D: Simd>(simd: D, factor: f64) -> f64 {
    let (factor, addend) = (D::f64s::splat(simd, factor), D::f64s::splat(simd, ADDEND));
    let mut sum = D::f64s::splat(simd, 1.0);
    for _ in 0..ROUNDS * CHAINS {
        sum = sum.mul_add(factor, addend);
    }
    sum.as_slice()[0]
}

#[inline(always)]
fn read<D: Simd>(simd: D, samples: &[f32]) -> f32 {
    let lanes = D::f32s::LEN;
    let mut sums = [D::f32s::splat(simd, 0.0); 8];
    for run in samples.chunks_exact(8 * lanes) {
        // A count that the compiler knows: else the sums lie in memory.
        for (index, sum) in sums.iter_mut().enumerate() {
            *sum += D::f32s::from_slice(simd, &run[index * lanes..][..lanes]);
        }
    }
    let mut total = sums[0];
    for other in &sums[1..] {
        total += *other;
    }
    total.as_slice()[0]
}

/// In place, as most processors work.
#[inline(always)]
fn update<D: Simd>(simd: D, samples: &mut [f32]) {
    let lanes = D::f32s::LEN;
    let inverted = D::f32s::splat(simd, -1.0);
    for run in samples.chunks_exact_mut(8 * lanes) {
        for vector in run.chunks_exact_mut(lanes) {
            (D::f32s::from_slice(simd, vector) * inverted).store_slice(vector);
        }
    }
}
