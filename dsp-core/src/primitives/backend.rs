//! Dispatch: which instruction set runs a kernel.
//!
//! A kernel is an `#[inline(always)]` function over slices: a plain loop that the compiler vectorises for the level
//! that it is inlined into, or a generic function over a [`Form`](super::lanes::Form). [`run!`] picks the form once per
//! block.
//!
//! On x86 each kernel is compiled for SSE2 and for AVX2 with FMA, with the feature `avx512` for AVX-512 as well: every
//! further level costs a third of the crate's compile time. SSE4.2 alone, of CPUs before 2013, runs the SSE2 code.
//!
//! Bits: element-wise loops use no fused multiply-add at all, so every form agrees everywhere. Recursions and FIRs fuse
//! every multiply-add, as the hardware does: AVX2, AVX-512, NEON and the scalar form (`libm::fma`) agree bit for bit;
//! machines without FMA round twice and null below -140 dB.

use crate::foundation::stream::Cpu;
use fearless_simd::Level;
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
use fearless_simd::{Avx2, Sse2};

/// Which instruction set runs: chosen when a processor is built, looked at once per block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    /// None: the scalar form.
    Scalar,
    /// AVX-512.
    #[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
    Avx512(fearless_simd::Avx512),
    /// AVX2 with FMA.
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Avx2(Avx2),
    /// SSE2, the baseline of x86-64.
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    Sse2(Sse2),
    /// The one level that other architectures have.
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    Vector(Level),
}

impl Backend {
    pub(crate) fn new(cpu: Cpu) -> Self {
        match cpu {
            Cpu::Detected => detected(),
            Cpu::Baseline => baseline(),
            Cpu::Avx2 => avx2(),
            Cpu::Reproducible => Self::Scalar,
        }
    }
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
    Level::try_detect().and_then(Level::as_avx2).map_or_else(baseline, Backend::Avx2)
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn baseline() -> Backend {
    Level::baseline().as_sse2().map_or(Backend::Scalar, Backend::Sse2)
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn detected() -> Backend {
    Level::try_detect().map_or_else(baseline, Backend::Vector)
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn avx2() -> Backend {
    baseline()
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn baseline() -> Backend {
    Backend::Vector(Level::baseline())
}

/// Whether the detected level fuses multiply-adds, and so must agree with the scalar form bit for bit.
#[cfg(test)]
pub(crate) fn fuses() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return matches!(avx2(), Backend::Avx2(_));
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    return cfg!(target_arch = "aarch64");
}

/// Runs a kernel: `run!(backend, form => kernel(form, ..))`, or `_ => kernel(..)` for a plain loop.
macro_rules! run {
    ($backend:expr, $form:pat => $kernel:expr) => {
        match $backend {
            $crate::primitives::backend::Backend::Scalar => {
                let $form = $crate::primitives::lanes::Scalar;
                $kernel
            }
            #[cfg(all(feature = "avx512", any(target_arch = "x86", target_arch = "x86_64")))]
            $crate::primitives::backend::Backend::Avx512(token) => {
                $crate::primitives::backend::vectorized!(token, $form => $kernel)
            }
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            $crate::primitives::backend::Backend::Avx2(token) => {
                $crate::primitives::backend::vectorized!(token, $form => $kernel)
            }
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            $crate::primitives::backend::Backend::Sse2(token) => {
                $crate::primitives::backend::vectorized!(token, $form => $kernel)
            }
            #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
            $crate::primitives::backend::Backend::Vector(level) => fearless_simd::dispatch!(level, simd => {
                let $form = $crate::primitives::lanes::Vector(simd);
                $kernel
            }),
        }
    };
}
pub(crate) use run;

/// A kernel in a function that is compiled for the level of `$token`.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
macro_rules! vectorized {
    ($token:expr, $form:pat => $kernel:expr) => {
        fearless_simd::Simd::vectorize(
            $token,
            // A closure that is not inlined into the function would lose its level.
            #[inline(always)]
            || {
                let $form = $crate::primitives::lanes::Vector($token);
                $kernel
            },
        )
    };
}
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) use vectorized;
