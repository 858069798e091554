//! What compiled code calls where an instruction is missing, for a library built from Debian's source, which comes
//! without the crate of this name: memory, remainders and extrema of numbers, products of 128 bits.
#![feature(compiler_builtins)]
#![compiler_builtins]
#![no_std]

/// Compiled with bulk memory, by which these three are one instruction each.
#[no_mangle]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    core::ptr::copy_nonoverlapping(from, to, bytes);
    to
}

#[no_mangle]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, bytes: usize) -> *mut u8 {
    core::ptr::copy(from, to, bytes);
    to
}

#[no_mangle]
pub unsafe extern "C" fn memset(to: *mut u8, value: i32, bytes: usize) -> *mut u8 {
    core::ptr::write_bytes(to, value as u8, bytes);
    to
}

#[no_mangle]
pub unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, bytes: usize) -> i32 {
    let mut at = 0;
    while at < bytes {
        let (left, right) = (*a.add(at), *b.add(at));
        if left != right {
            return left as i32 - right as i32;
        }
        at += 1;
    }
    0
}

macro_rules! extrema {
    ($($name:ident: $number:ty, $comparison:tt;)*) => {$(
        /// The other number if one is NaN.
        #[no_mangle]
        pub extern "C" fn $name(a: $number, b: $number) -> $number {
            if a $comparison b || b != b { a } else { b }
        }
    )*};
}
extrema! {
    fmax: f64, >;
    fmin: f64, <;
    fmaxf: f32, >;
    fminf: f32, <;
}

/// Exact: the divisor times a power of two that is between half of the rest and the rest is subtracted without rounding.
#[no_mangle]
pub extern "C" fn fmod(number: f64, divisor: f64) -> f64 {
    const SIGN: u64 = 1 << 63;
    let sign = number.to_bits() & SIGN;
    let (mut rest, divisor) = (f64::from_bits(number.to_bits() & !SIGN), f64::from_bits(divisor.to_bits() & !SIGN));
    if !(rest < f64::INFINITY && divisor > 0.0) {
        return f64::NAN;
    }
    while rest >= divisor {
        let mut part = divisor;
        while part <= 0.5 * rest {
            part += part;
        }
        rest -= part;
    }
    f64::from_bits(rest.to_bits() | sign)
}

/// Exact in f64.
#[no_mangle]
pub extern "C" fn fmodf(number: f32, divisor: f32) -> f32 {
    fmod(number as f64, divisor as f64) as f32
}

#[no_mangle]
pub extern "C" fn __multi3(a: i128, b: i128) -> i128 {
    let (a, b) = (a as u128, b as u128);
    let (a_low, a_high, b_low, b_high) = (a as u64, (a >> 64) as u64, b as u64, (b >> 64) as u64);
    const HALF: u64 = 0xFFFF_FFFF;
    let low = (a_low & HALF) * (b_low & HALF);
    let first = (a_low >> 32) * (b_low & HALF) + (low >> 32);
    let second = (a_low & HALF) * (b_low >> 32) + (first & HALF);
    let high = (a_low >> 32) * (b_low >> 32) + (first >> 32) + (second >> 32);
    let high = high.wrapping_add(a_low.wrapping_mul(b_high)).wrapping_add(a_high.wrapping_mul(b_low));
    (((high as u128) << 64) | ((second << 32) | (low & HALF)) as u128) as i128
}
