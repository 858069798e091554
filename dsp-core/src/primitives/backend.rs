//! Dispatch: which instruction set runs a kernel.
//!
//! A kernel is an `#[inline(always)]` function over slices: a plain loop that the compiler vectorises for the level
//! that it is inlined into, or a generic function over a [`Form`](super::lanes::Form). [`run!`] picks the form once per
//! block.
//!
//! On x86 each kernel is compiled for SSE2 and for AVX2 with FMA, with the feature `avx512` for AVX-512 as well; those
//! that fuse multiply-adds once more for the exact form, with the feature `reproducible`. Each of the four costs a
//! quarter of the crate's compile time and size. SSE4.2 alone, of CPUs before 2013, runs the SSE2 code. On 64-bit ARM,
//! where every machine fuses, the exact form is NEON's. WebAssembly has one level, chosen when it is compiled: its
//! 128-bit vectors with the target feature `simd128`, scalars without; it fuses nothing, and has the exact form as SSE2.
//!
//! Bits: element-wise loops use no fused multiply-add at all, so every form agrees everywhere. Recursions and FIRs fuse
//! every multiply-add: AVX2, AVX-512, NEON, the exact form of the baseline and the scalar form agree bit for bit;
//! the plain baseline of machines without FMA, and of WebAssembly, rounds twice and nulls below -140 dB.

use crate::foundation::stream::Cpu;
use fearless_simd::Level;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use fearless_simd::{Avx2, Sse2};

/// Which instruction set runs: chosen when a processor is built, looked at once per block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    /// None: the scalar form.
    #[cfg(test)]
    Scalar,
    /// The baseline, with multiply-adds rounded once.
    #[cfg(all(any(test, feature = "reproducible"), not(target_arch = "aarch64")))]
    Exact(Baseline),
    /// AVX-512.
    #[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
    Avx512(fearless_simd::Avx512),
    /// AVX2 with FMA.
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Avx2(Avx2),
    /// SSE2, the baseline of x86-64; elsewhere the one level that the architecture has.
    Baseline(Baseline),
}

/// The level that every machine of the target has.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) type Baseline = Sse2;
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) type Baseline = Level;

impl Backend {
    pub(crate) fn new(cpu: Cpu) -> Self {
        match cpu {
            Cpu::Detected => detected(),
            Cpu::Baseline => Self::Baseline(baseline()),
            Cpu::Avx2 => avx2(),
            #[cfg(any(test, feature = "reproducible"))]
            Cpu::Reproducible => fused().unwrap_or_else(exact),
            #[cfg(any(test, feature = "reproducible"))]
            Cpu::Software => exact(),
            #[cfg(test)]
            Cpu::Scalar => Self::Scalar,
        }
    }
}

#[cfg(all(any(test, feature = "reproducible"), not(target_arch = "aarch64")))]
fn exact() -> Backend {
    Backend::Exact(baseline())
}

#[cfg(all(any(test, feature = "reproducible"), target_arch = "aarch64"))]
fn exact() -> Backend {
    Backend::Baseline(baseline())
}

#[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
fn detected() -> Backend {
    Level::try_detect().and_then(Level::as_avx512).map_or_else(avx2, Backend::Avx512)
}

#[cfg(all(not(feature = "avx512"), any(target_arch = "x86", target_arch = "x86_64")))]
fn detected() -> Backend {
    avx2()
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn avx2() -> Backend {
    fused().unwrap_or(Backend::Baseline(baseline()))
}

/// The level whose multiply-adds are rounded once by the machine.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn fused() -> Option<Backend> {
    Level::try_detect().and_then(Level::as_avx2).map(Backend::Avx2)
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn baseline() -> Baseline {
    let Some(sse2) = Level::baseline().as_sse2() else { unreachable!("the baseline of the target holds SSE2") };
    sse2
}

#[cfg(all(any(target_arch = "x86", target_arch = "x86_64"), not(target_feature = "sse2")))]
compile_error!("on x86 mixdown needs SSE2, which targets from i686 on have");

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn detected() -> Backend {
    Backend::Baseline(Level::try_detect().unwrap_or_else(baseline))
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn avx2() -> Backend {
    Backend::Baseline(baseline())
}

#[cfg(all(any(test, feature = "reproducible"), not(any(target_arch = "x86", target_arch = "x86_64"))))]
fn fused() -> Option<Backend> {
    cfg!(target_arch = "aarch64").then(|| Backend::Baseline(baseline()))
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn baseline() -> Baseline {
    Level::baseline()
}

/// What runs the recursion of one channel: at most AVX2, for AVX-512 compares into mask registers, which a comparison
/// with the state then waits for, and its wide vectors have nothing to hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recursion {
    #[cfg(test)]
    Scalar,
    #[cfg(all(any(test, feature = "reproducible"), not(target_arch = "aarch64")))]
    Exact(Baseline),
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Avx2(Avx2),
    Baseline(Baseline),
}

impl From<Backend> for Recursion {
    fn from(backend: Backend) -> Self {
        match backend {
            #[cfg(test)]
            Backend::Scalar => Self::Scalar,
            #[cfg(all(any(test, feature = "reproducible"), not(target_arch = "aarch64")))]
            Backend::Exact(level) => Self::Exact(level),
            #[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
            Backend::Avx512(level) => {
                fearless_simd::Simd::level(level).as_avx2().map_or(Self::Baseline(baseline()), Self::Avx2)
            }
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Backend::Avx2(level) => Self::Avx2(level),
            Backend::Baseline(level) => Self::Baseline(level),
        }
    }
}

/// Whether the machine fuses multiply-adds, so that its bits must be those of the scalar form.
#[cfg(test)]
pub(crate) fn fuses() -> bool {
    fused().is_some()
}

/// Runs a kernel: `run!(backend, form => kernel(form, ..))`, or `_ => kernel(..)` for a plain loop, which the exact form
/// shares with the baseline.
macro_rules! run {
    ($backend:expr, _ => $kernel:expr) => {
        match $backend {
            #[cfg(test)]
            $crate::primitives::backend::Backend::Scalar => $kernel,
            #[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
            $crate::primitives::backend::Backend::Avx512(level) => {
                $crate::primitives::backend::vectorized!(level, false, _ => $kernel)
            }
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            $crate::primitives::backend::Backend::Avx2(level) => {
                $crate::primitives::backend::vectorized!(level, false, _ => $kernel)
            }
            $crate::primitives::backend::exact_or_baseline!(level) => {
                $crate::primitives::backend::vectorized!(level, false, _ => $kernel)
            }
        }
    };
    ($backend:expr, $form:pat => $kernel:expr) => {
        match $backend {
            #[cfg(test)]
            $crate::primitives::backend::Backend::Scalar => {
                let $form = $crate::primitives::lanes::Scalar;
                $kernel
            }
            #[cfg(all(any(test, feature = "reproducible"), not(target_arch = "aarch64")))]
            $crate::primitives::backend::Backend::Exact(level) => {
                $crate::primitives::backend::vectorized!(level, true, $form => $kernel)
            }
            #[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
            $crate::primitives::backend::Backend::Avx512(level) => {
                $crate::primitives::backend::vectorized!(level, false, $form => $kernel)
            }
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            $crate::primitives::backend::Backend::Avx2(level) => {
                $crate::primitives::backend::vectorized!(level, false, $form => $kernel)
            }
            $crate::primitives::backend::Backend::Baseline(level) => {
                $crate::primitives::backend::vectorized!(level, false, $form => $kernel)
            }
        }
    };
}
pub(crate) use run;

/// The pattern of the two.
#[cfg(all(any(test, feature = "reproducible"), not(target_arch = "aarch64")))]
macro_rules! exact_or_baseline {
    ($level:ident) => {
        $crate::primitives::backend::Backend::Exact($level) | $crate::primitives::backend::Backend::Baseline($level)
    };
}
#[cfg(not(all(any(test, feature = "reproducible"), not(target_arch = "aarch64"))))]
macro_rules! exact_or_baseline {
    ($level:ident) => {
        $crate::primitives::backend::Backend::Baseline($level)
    };
}
pub(crate) use exact_or_baseline;

/// [`run!`] for a kernel that is mostly a [`Recursion`].
macro_rules! run_recursion {
    ($backend:expr, $form:pat => $kernel:expr) => {
        match $crate::primitives::backend::Recursion::from($backend) {
            #[cfg(test)]
            $crate::primitives::backend::Recursion::Scalar => {
                let $form = $crate::primitives::lanes::Scalar;
                $kernel
            }
            #[cfg(all(any(test, feature = "reproducible"), not(target_arch = "aarch64")))]
            $crate::primitives::backend::Recursion::Exact(level) => {
                $crate::primitives::backend::vectorized!(level, true, $form => $kernel)
            }
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            $crate::primitives::backend::Recursion::Avx2(level) => {
                $crate::primitives::backend::vectorized!(level, false, $form => $kernel)
            }
            $crate::primitives::backend::Recursion::Baseline(level) => {
                $crate::primitives::backend::vectorized!(level, false, $form => $kernel)
            }
        }
    };
}
pub(crate) use run_recursion;

/// A kernel in a function that is compiled for `$level`, its form exact or not.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
macro_rules! vectorized {
    ($level:expr, $exact:literal, $form:pat => $kernel:expr) => {
        fearless_simd::Simd::vectorize(
            $level,
            // A closure that is not inlined into the function would lose its level.
            #[inline(always)]
            || {
                let $form = $crate::primitives::lanes::Vector::<_, $exact>($level);
                $kernel
            },
        )
    };
}
#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
macro_rules! vectorized {
    ($level:expr, $exact:literal, $form:pat => $kernel:expr) => {
        fearless_simd::dispatch!($level, level => {
            let $form = $crate::primitives::lanes::Vector::<_, $exact>(level);
            $kernel
        })
    };
}
pub(crate) use vectorized;
