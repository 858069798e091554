//! Layer 1: the hot loops, the only hand-vectorised code.
//!
//! Each is an `#[inline(always)]` function over slices, written once over the vector types of `fearless_simd`, beside a
//! scalar twin with the same order of operations. [`run!`] picks a form once per block.
//!
//! Bits: element-wise loops use no fused multiply-add at all, so every form agrees everywhere. Recursions and FIRs fuse
//! every multiply-add, as the hardware does: AVX2, AVX-512, NEON and the scalar twin (`libm::fma`) agree bit for bit;
//! machines without FMA round twice and null below -140 dB.

use crate::foundation::stream::Cpu;
use fearless_simd::Level;

/// Which form of a kernel runs: chosen when a processor is built, looked at once per block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    /// The scalar twin.
    Scalar,
    /// Vector code at this level.
    Vector(Level),
}

impl Backend {
    pub(crate) fn new(cpu: Cpu) -> Self {
        match cpu {
            Cpu::Detected => Self::Vector(detected()),
            Cpu::Baseline => Self::Vector(Level::baseline()),
            Cpu::Avx2 => Self::Vector(avx2()),
            Cpu::Reproducible => Self::Scalar,
        }
    }
}

fn detected() -> Level {
    Level::try_detect().unwrap_or(Level::baseline())
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn avx2() -> Level {
    detected().as_avx2().map_or(Level::baseline(), fearless_simd::Simd::level)
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn avx2() -> Level {
    Level::baseline()
}

/// Whether the detected level fuses multiply-adds, and so must agree with the scalar twins bit for bit.
#[cfg(test)]
pub(crate) fn fuses() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return detected().as_avx2().is_some();
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    return cfg!(target_arch = "aarch64");
}

/// Runs the scalar twin or the vector form of a kernel: `run!(backend, scalar(..), simd => vector(simd, ..))`.
macro_rules! run {
    ($backend:expr, $scalar:expr, $simd:ident => $vector:expr) => {
        match $backend {
            $crate::primitives::backend::Backend::Scalar => $scalar,
            $crate::primitives::backend::Backend::Vector(level) => fearless_simd::dispatch!(level, $simd => $vector),
        }
    };
}
pub(crate) use run;
