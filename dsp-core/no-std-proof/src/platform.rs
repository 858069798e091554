//! Entry and exit on Linux, without a C library.

use core::arch::{asm, global_asm};

// The kernel enters with the stack aligned to 16 bytes and nothing to return to; a frame pointer of 0 ends backtraces.
#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {start}", start = sym crate::start);
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "mov x29, xzr", "mov x30, xzr", "bl {start}", start = sym crate::start);

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
compile_error!("the proof is a program for Linux on x86-64 or 64-bit ARM");

/// Ends the program: the system call `exit_group`.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: exit_group takes one integer, touches no memory of ours and never returns.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        asm!("syscall", in("rax") 231, in("rdi") code, options(noreturn, nostack));
        #[cfg(target_arch = "aarch64")]
        asm!("svc 0", in("x8") 94, in("x0") code, options(noreturn, nostack));
    }
}
