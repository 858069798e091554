//! The inner loops of the hottest kernels, as objdump shows them in the bench program: what they call, whether they can
//! panic, and how wide their vectors are.

use super::assembly::{Function, Loop, functions};
use crate::{Outcome, steps::cannot_start};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// A kernel, and where its source stands.
const KERNELS: [(&str, &str); 5] = [
    ("equalizer, cascade of sections", "src/filters/cascade/"),
    ("mix bus, gains at rest", "src/primitives/bus.rs"),
    ("compressor, passes", "src/dynamics/passes.rs"),
    ("true peak, taps", "src/true_peak/"),
    ("convolver, multiply-accumulate", "src/convolution/fft/multiply.rs"),
];
/// Kernels are compiled into functions of these names, one for each level.
const LEVELS: [(&str, &str); 2] = [("AVX-512", "vectorize_avx512"), ("AVX2", "vectorize_avx2")];
/// Loops with less vector arithmetic, or less of it among their instructions, are not what the time goes to: copies,
/// remainders, chunks.
const LEAST_ARITHMETIC: usize = 3;
const LEAST_SHARE: f64 = 0.25;

/// The section of the report.
pub(crate) fn section(program: &Path) -> Outcome<String> {
    let mut objdump = Command::new("objdump");
    let text = output(objdump.args(["-d", "--no-show-raw-insn", "-C", "-M", "intel"]).arg(program), "")?;
    let all = functions(&text);
    let named = |name: &str| -> Vec<&Function<'_>> { all.iter().filter(|one| one.name.contains(name)).collect() };
    let Some((level, functions)) =
        LEVELS.iter().map(|(level, name)| (*level, named(name))).find(|(_, found)| !found.is_empty())
    else {
        return Err("the program has no function for AVX2 or AVX-512".into());
    };
    let loops: Vec<Loop> = functions.iter().flat_map(|function| function.inner_loops()).collect();
    let busy: Vec<Loop> = loops.into_iter().filter(is_busy).collect();
    let sources = sources(program, &busy)?;
    Ok(table(level, &busy, &sources))
}

fn is_busy(one: &Loop) -> bool {
    let arithmetic = one.arithmetic();
    arithmetic >= LEAST_ARITHMETIC && arithmetic as f64 >= LEAST_SHARE * one.instructions as f64
}

fn table(level: &str, loops: &[Loop], sources: &BTreeMap<u64, String>) -> String {
    let mut text = format!(
        "\n## Disassembly\n\nInner loops of the hottest kernels in the bench program, in their forms for {level}: those of \
         whose instructions a quarter or\nmore are vector arithmetic, by the source that it comes from; calls and paths to \
         a panic in all of them. Then the loop with\nmost arithmetic: its instructions, of them arithmetic on 512 / 256 / \
         128 bits and on one number, and accesses of the stack.\n\n\
         | kernel | source | loops | calls | panic paths | largest: instructions | arithmetic | stack | |\n\
         |---|---|--:|--:|--:|--:|--:|--:|---|\n"
    );
    for (kernel, source) in KERNELS {
        let of_kernel: Vec<&Loop> =
            loops.iter().filter(|one| sources.get(&one.sample).is_some_and(|frames| frames.contains(source))).collect();
        let Some(largest) = of_kernel.iter().max_by_key(|one| one.arithmetic()) else {
            let _ = writeln!(text, "| {kernel} | `{source}` | 0 | | | | | | not found |");
            continue;
        };
        let calls: usize = of_kernel.iter().map(|one| one.calls).sum();
        let panics: usize = of_kernel.iter().map(|one| one.panics).sum();
        let [zmm, ymm, xmm] = largest.vectors;
        let verdict = super::figures::verdict(calls == 0 && panics == 0);
        let _ = writeln!(
            text,
            "| {kernel} | `{source}` | {} | {calls} | {panics} | {} | {zmm} / {ymm} / {xmm} / {} | {} | {verdict} |",
            of_kernel.len(),
            largest.instructions,
            largest.scalars,
            largest.stack,
        );
    }
    text
}

/// The inlined functions that an instruction of each loop comes from, by its address.
fn sources(program: &Path, loops: &[Loop]) -> Outcome<BTreeMap<u64, String>> {
    let addresses: String = loops.iter().map(|one| format!("{:#x}\n", one.sample)).collect();
    let mut addr2line = Command::new("addr2line");
    let text = output(addr2line.args(["-a", "-i", "-e"]).arg(program), &addresses)?;
    let mut sources: BTreeMap<u64, String> = BTreeMap::new();
    let mut address = 0;
    for line in text.lines() {
        match line.strip_prefix("0x") {
            Some(digits) => {
                address = u64::from_str_radix(digits, 16).map_err(|error| format!("addr2line: {line}: {error}"))?;
            }
            None => {
                let frames = sources.entry(address).or_default();
                frames.push_str(line);
                frames.push('\n');
            }
        }
    }
    Ok(sources)
}

/// The output of a program that is given `input`.
fn output(command: &mut Command, input: &str) -> Outcome<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut child = command.spawn().map_err(|error| cannot_start(command, &error))?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let input = input.to_owned();
    // Beside us, as the program may answer before it has read all.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    writer.join().map_err(|_| "writing failed")?.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{} ended with {}", command.get_program().to_string_lossy(), output.status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_told_by_the_source_of_its_arithmetic() {
        let one = |sample, calls| Loop { sample, vectors: [8, 0, 0], calls, instructions: 12, ..Default::default() };
        let loops = [one(1, 0), one(2, 0), one(3, 1)];
        let sources = [
            (1, "/somewhere/avx512.rs:1\n/dsp-core/src/primitives/bus.rs:7\n".to_owned()),
            (2, "/dsp-core/src/primitives/mix.rs:7\n".to_owned()),
            (3, "/dsp-core/src/dynamics/passes.rs:7\n".to_owned()),
        ];
        let text = table("AVX-512", &loops, &sources.into());
        assert!(text.contains("`src/primitives/bus.rs` | 1 | 0 | 0 | 12 | 8 / 0 / 0 / 0 | 0 | pass |"), "{text}");
        assert!(text.contains("`src/dynamics/passes.rs` | 1 | 1 | 0 | 12 | 8 / 0 / 0 / 0 | 0 | **short** |"), "{text}");
        assert!(text.contains("`src/true_peak/` | 0 | | | | | | not found |"), "{text}");
    }
}
