//! `conformance`: plays the standards' signals to the meters and writes docs/conformance.md from the readings.

use crate::{Outcome, steps::Steps, steps::cannot_start, workspace::Workspace};
use std::{fs, process::Stdio};

const REPORT: &str = "docs/conformance.md";
const MEASURE: [&str; 7] = ["run", "--quiet", "--release", "--package", "mixdown-benches", "--example", "conformance"];
/// Compares with other meters; part of the benches, the only package that depends on them.
const PEERS: &str = "benches/conformance/peers.rs";
const COMPARE: [&str; 7] =
    ["run", "--quiet", "--release", "--package", "mixdown-benches", "--example", "conformance_peers"];

const HEADER: &str = "\
# Conformance of the loudness meter

Written by `cargo xtask conformance`; every figure is measured, none typed. The values depend on no machine: the meter's
bits are the same on every CPU with fused multiply-add, and elsewhere differ far below the digits shown.

The signals are synthesised from the text of EBU Tech 3341 v4 and Tech 3342 (11/2023) and after the descriptions of ITU-R
BS.2217 (tones, channels, gates), at each sample rate, in f32 and f64. *Standard* is what the document expects and allows.
*Exact* is what the very signal has, computed from the response of the filters that BS.1770-5 prints for 48 kHz and from
the durations of the steps; *allowed* is our own tolerance around it. Where a case has several files, the value shown is
the one farthest from the exact one, of all files and both formats. Loudness is in LUFS, range and differences in LU, true
peaks in dBTP. Cases 7 and 8 of Tech 3341, and 5 and 6 of Tech 3342, are recordings and not included.

The tests assert the same (programmes over 30 s in f64 at 44.1 and 48 kHz only), streamed in odd blocks too; and that meters
made wrong on purpose (other gates, overlaps, weights and filters, momentary maxima every 100 ms, sample peaks) fail the
cases that are there to tell.

## Cases

";

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut steps = Steps::new();
    let cases = steps.run("cases", || output(workspace, &MEASURE));
    let peers = if workspace.path(PEERS).is_file() {
        steps.run("other meters", || output(workspace, &COMPARE))
    } else {
        steps.skip("other meters", "the benches do not have them");
        None
    };
    if let Some(cases) = cases {
        steps.run("report", || write(workspace, &cases, peers.as_deref()));
    }
    steps.finish("conformance")
}

/// The output of a program; its errors go to our own standard error.
fn output(workspace: &Workspace, arguments: &[&str]) -> Outcome<String> {
    let mut command = workspace.cargo(arguments);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| cannot_start(&command, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    print!("{text}");
    Err(format!("it ended with {}", output.status))
}

fn write(workspace: &Workspace, cases: &str, peers: Option<&str>) -> Outcome {
    let path = workspace.path(REPORT);
    let peers = peers.map(|peers| format!("\n## Other meters\n\n{peers}")).unwrap_or_default();
    fs::create_dir_all(workspace.path("docs"))
        .and_then(|()| fs::write(path, format!("{HEADER}{cases}{peers}")))
        .map_err(|error| format!("{REPORT}: {error}"))?;
    println!("wrote {REPORT}");
    Ok(())
}
