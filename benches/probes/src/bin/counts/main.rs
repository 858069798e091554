//! Every kernel under a name that `valgrind --tool=callgrind` can tell apart: `cargo xtask bench --counts` reads how
//! many instructions each takes. Prints `kernel/level`, one a line, in the order of callgrind's dumps.
//!
//! Only `mixdown_counted` is counted, and dumped whenever it ends. Valgrind shows a CPU with AVX2 to the program, so
//! the levels are AVX2 and the baseline.

mod cases;
#[path = "../../../../mixdown/listed.rs"]
mod listed;
#[path = "../../../../mixdown/signal.rs"]
#[allow(dead_code, reason = "the benches use all of it")]
mod signal;

use mixdown::{Cpu, StreamSpec};
use std::io::Write;

const RATE_HZ: f64 = 48_000.0;
const LEVELS: [(&str, Cpu); 2] = [("avx2", Cpu::Avx2), ("baseline", Cpu::Baseline)];

/// The function whose instructions are counted.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn mixdown_counted(case: &mut cases::Case) {
    (case.run)();
}

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let mut names = String::new();
    for (level, cpu) in LEVELS {
        let spec = StreamSpec::new(RATE_HZ, 2).expect("legal").with_cpu(cpu);
        for make in cases::all(&spec) {
            let name = format!("{}/{level}", make.name);
            if !name.contains(&filter) {
                continue;
            }
            let mut case = (make.build)();
            // Past the ramps of the beginning.
            (0..cases::WARM_UP).for_each(|_| (case.run)());
            mixdown_counted(&mut case);
            names += &name;
            names.push('\n');
        }
    }
    std::io::stdout().write_all(names.as_bytes()).expect("standard output");
}
