//! Dispatch: which instruction set runs a kernel.
//!
//! A kernel is an `#[inline(always)]` function over slices: a plain loop that the compiler vectorises for the level that it
//! is inlined into, or a generic function over a [`Form`](super::lanes::Form). [`run!`] picks the form once per block.
//!
//! Bits: element-wise loops use no fused multiply-add at all, so every form agrees everywhere. Recursions and FIRs fuse
//! every multiply-add, as the hardware does: AVX2, AVX-512, NEON and the scalar form (`libm::fma`) agree bit for bit;
//! machines without FMA round twice and null below -140 dB.

use crate::foundation::stream::Cpu;
use fearless_simd::Level;

/// Which instruction set runs: chosen when a processor is built, looked at once per block.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Backend {
    /// None: the scalar form.
    Scalar,
    /// The vector form at this level.
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

/// Whether the detected level fuses multiply-adds, and so must agree with the scalar form bit for bit.
#[cfg(test)]
pub(crate) fn fuses() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return detected().as_avx2().is_some();
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    return cfg!(target_arch = "aarch64");
}

/// Runs a kernel: `run!(backend, form => kernel(form, ..))`, or `_ => kernel(..)` for a plain loop.
macro_rules! run {
    ($backend:expr, $scalar:expr, $simd:ident => $vector:expr) => {
        match $backend {
            $crate::primitives::backend::Backend::Scalar => $scalar,
            $crate::primitives::backend::Backend::Vector(level) => fearless_simd::dispatch!(level, $simd => $vector),
        }
    };
    ($backend:expr, $form:pat => $kernel:expr) => {
        match $backend {
            $crate::primitives::backend::Backend::Scalar => {
                let $form = $crate::primitives::lanes::Scalar;
                $kernel
            }
            $crate::primitives::backend::Backend::Vector(level) => fearless_simd::dispatch!(level, simd => {
                let $form = $crate::primitives::lanes::Vector(simd);
                $kernel
            }),
        }
    };
}
pub(crate) use run;
