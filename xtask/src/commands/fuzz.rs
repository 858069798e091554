//! `fuzz`: runs every fuzz target for a while.

use crate::{Outcome, steps::Steps, steps::succeed, tools, workspace::Workspace};
use std::process::Command;

pub(crate) const DEFAULT_SECONDS: u32 = 60;

const TARGETS: &str = "fuzz/fuzz_targets";
/// The target for inputs that debug assertions refuse.
const WITHOUT_ASSERTIONS: &str = "short_blocks";

pub(crate) fn run(workspace: &Workspace, seconds: u32) -> Outcome {
    tools::fuzzer()?;
    let targets = workspace.files(TARGETS, ".rs")?;
    if targets.is_empty() {
        return Err(format!("{TARGETS} holds no target"));
    }
    let mut steps = Steps::new();
    for file in &targets {
        let target = file.trim_end_matches(".rs").rsplit('/').next().unwrap_or_default();
        steps.run(target, || {
            // Not the cargo that runs us: only the one on PATH has other toolchains.
            let mut fuzz = Command::new("cargo");
            fuzz.args(["+nightly", "fuzz", "run", "--fuzz-dir", "fuzz"]);
            if target == WITHOUT_ASSERTIONS {
                fuzz.arg("-O");
            }
            fuzz.args([target, "--"]);
            // Long inputs from the start: a stream needs more bytes than libFuzzer reaches in a minute by growing them.
            fuzz.args(["-len_control=0", &format!("-max_total_time={seconds}")]);
            succeed(fuzz.current_dir(workspace.path("")))
        });
    }
    steps.finish("fuzz")
}
