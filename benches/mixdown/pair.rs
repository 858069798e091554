//! A kernel and a plain scalar loop under one id.

use criterion::{BenchmarkGroup, Throughput, measurement::WallTime};

/// The group of a processor's benches.
pub type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Times one call that processes `samples`.
pub fn alone(group: &mut Group<'_>, id: &str, samples: usize, mut call: impl FnMut()) {
    group.throughput(Throughput::Elements(samples as u64));
    group.bench_function(id, |bencher| bencher.iter(&mut call));
}

/// Times a kernel, and right after it the scalar loop for its ratio.
pub fn pair(group: &mut Group<'_>, id: &str, samples: usize, kernel: impl FnMut(), scalar: impl FnMut()) {
    alone(group, id, samples, kernel);
    alone(group, &format!("{id}/scalar"), samples, scalar);
}
