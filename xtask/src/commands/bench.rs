//! `bench`: runs the benchmarks and writes BENCHMARKS.md; guards the speed of kernels against records.

use crate::{
    Outcome,
    bench::{
        counts, disassembly,
        guard::{self, Verdict},
        machine::{self, Circumstances},
        measurement::{self, Measurement},
        memory, plots,
        records::{self, Counts, Records},
        report::{Findings, report},
        tasks::Tasks,
    },
    environment::Environment,
    steps::{Steps, cannot_start, succeed},
    workspace::Workspace,
};
use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, SystemTime},
};

const REPORT: &str = "BENCHMARKS.md";
/// Where the report of some of the benches goes, in the target folder.
const PARTIAL: &str = "bench/BENCHMARKS.md";
/// Rounding of time stamps by file systems.
const CLOCK_GRAIN: Duration = Duration::from_secs(2);
/// As Python users get it: the kernels for AVX-512 too.
const BENCH: [&str; 7] =
    ["bench", "--package", "mixdown-benches", "--bench", "mixdown", "--features", "mixdown/avx512"];
const TASKS: &str = "benches/peers/goals.py";
/// Libraries that the tasks are timed beside.
const PEERS: [&str; 3] = ["pedalboard>=0.9", "pyloudnorm>=0.1", "scipy>=1.14"];
/// Left out where it cannot be installed.
const OPTIONAL_PEER: &str = "numba>=0.61";
/// A kernel that seems slower is measured again so many times: what else runs only ever adds.
const RETRIES: usize = 2;

/// Everything, or the benches whose name matches.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>) -> Outcome {
    let mut steps = Steps::new();
    let Some(measurements) = steps.run("benchmarks", || measure(workspace, filter)) else {
        return steps.finish("bench");
    };
    let mut findings = Findings {
        circumstances: Circumstances::find(workspace)?,
        measurements,
        tasks: Tasks::default(),
        memory: Vec::new(),
        disassembly: String::new(),
        is_partial: filter.is_some(),
    };
    if filter.is_some() {
        steps.run("report", || write(workspace, &findings));
        return steps.finish("bench");
    }
    let environment = steps.run("Python environment", || Environment::prepare(workspace));
    if let Some(environment) = &environment {
        findings.tasks = steps.run("tasks from Python", || tasks(workspace, environment)).unwrap_or_default();
    }
    findings.memory = steps.run("memory", || memory::measure(workspace)).unwrap_or_default();
    findings.disassembly = steps.run("disassembly", || disassembly::section(&program(workspace)?)).unwrap_or_default();
    if let Some(environment) = &environment {
        steps.run("plots", || plots::draw(workspace, environment, &findings.measurements, &findings.tasks));
    }
    steps.run("report", || write(workspace, &findings));
    let path = workspace.path(records::FILE);
    if let Some(mut records) = steps.run("records", || Records::read(&path)) {
        records.ratios = guard::ratios(&findings.measurements, &findings.circumstances.vectors);
        recount(workspace, &mut steps, &mut records);
        steps.run("writing records", || records.write(&path));
    }
    steps.finish("bench")
}

/// Measures the kernels beside their scalar loops, counts their instructions, and writes the records; with the beginning
/// of an id, only what begins so.
pub(crate) fn record(workspace: &Workspace, beginning: Option<&str>) -> Outcome {
    let mut steps = Steps::new();
    let path = workspace.path(records::FILE);
    let vectors = Circumstances::find(workspace)?.vectors;
    // All of them replace a file that cannot be read; some are added to it.
    let mut records =
        if beginning.is_some() { Records::read(&path)? } else { Records::read(&path).unwrap_or_default() };
    if beginning.is_some() && !records.ratios.kernels.is_empty() && records.ratios.vectors != vectors {
        let then = &records.ratios.vectors;
        return Err(format!("the records are of a machine with {then}, this one has {vectors}: record all of them"));
    }
    if let Some(measurements) = steps.run("kernels", || measure(workspace, Some(&kernels(workspace, beginning)?))) {
        let now = guard::ratios(&measurements, &vectors);
        if let Some(beginning) = beginning {
            if now.kernels.is_empty() {
                return Err(format!("no kernel with a scalar loop begins with \"{beginning}\""));
            }
            records.ratios.vectors = vectors;
            records.ratios.kernels.extend(now.kernels);
        } else {
            records.ratios = now;
        }
    }
    if beginning.is_none() {
        recount(workspace, &mut steps, &mut records);
    }
    steps.run("writing records", || records.write(&path));
    steps.finish("bench --record")
}

/// Counts the instructions of the kernels and writes the records, their ratios as they were.
pub(crate) fn record_counts(workspace: &Workspace) -> Outcome {
    let mut steps = Steps::new();
    let path = workspace.path(records::FILE);
    if let Some(reason) = counts::impossible() {
        return Err(reason);
    }
    let mut records = Records::read(&path)?;
    recount(workspace, &mut steps, &mut records);
    steps.run("writing records", || records.write(&path));
    steps.finish("bench --record --counts")
}

fn recount(workspace: &Workspace, steps: &mut Steps, records: &mut Records) {
    match counts::impossible() {
        Some(reason) => steps.skip("instruction counts", &reason),
        None => {
            if let Some(counts) = steps.run("instruction counts", || counts::count(workspace)) {
                records.counts = counts;
            }
        }
    }
}

/// Fails if a kernel lost too much of its recorded ratio to the scalar loop, or takes more instructions; with the
/// beginning of an id, the ratios of those that begin so.
pub(crate) fn guard(workspace: &Workspace, beginning: Option<&str>) -> Outcome {
    let mut steps = Steps::new();
    let mut recorded = Records::read(&workspace.path(records::FILE))?;
    recorded.ratios.any()?;
    if let Some(beginning) = beginning {
        recorded.ratios.kernels.retain(|id, _| id.starts_with(beginning));
        if recorded.ratios.kernels.is_empty() {
            return Err(format!("no recorded kernel begins with \"{beginning}\""));
        }
    } else {
        recorded.counts.any()?;
    }
    let verdict = steps.run("kernels", || {
        let vectors = Circumstances::find(workspace)?.vectors;
        let mut now = guard::ratios(&measure(workspace, Some(&kernels(workspace, beginning)?))?, &vectors);
        let mut verdict = guard::compare_ratios(&recorded.ratios, &now);
        for _ in 0..RETRIES {
            let Verdict::Fails(fails) = &verdict else { break };
            let ids: Vec<&str> = fails.iter().map(|(id, _)| id.as_str()).collect();
            println!("measuring {} again", ids.join(", "));
            let again = measure(workspace, Some(&format!("^({})(/scalar)?$", ids.join("|"))))?;
            for (id, ratio) in guard::ratios(&again, &vectors).kernels {
                now.kernels.entry(id).and_modify(|best| best.ratio = best.ratio.max(ratio.ratio)).or_insert(ratio);
            }
            verdict = guard::compare_ratios(&recorded.ratios, &now);
        }
        Ok(verdict)
    });
    if let Some(verdict) = verdict {
        judge(&mut steps, "ratios to the scalar loop", verdict);
    }
    if beginning.is_none() {
        check_counts(workspace, &recorded.counts, &mut steps);
    }
    steps.finish("bench --guard")
}

/// Fails if a kernel takes more instructions than recorded; says so where they cannot be counted.
pub(crate) fn count(workspace: &Workspace) -> Outcome {
    let mut steps = Steps::new();
    let recorded = Records::read(&workspace.path(records::FILE))?;
    recorded.counts.any()?;
    check_counts(workspace, &recorded.counts, &mut steps);
    steps.finish("bench --counts")
}

/// Prints what the disassembly of the bench program shows.
pub(crate) fn disassemble(workspace: &Workspace) -> Outcome {
    let mut steps = Steps::new();
    steps.run("disassembly", || {
        println!("{}", disassembly::section(&program(workspace)?)?);
        Ok(())
    });
    steps.finish("bench --disassembly")
}

fn check_counts(workspace: &Workspace, recorded: &Counts, steps: &mut Steps) {
    let skip = counts::impossible().or_else(|| guard::incomparable(recorded, &machine::rustc()));
    if let Some(reason) = skip {
        return steps.skip("instruction counts", &reason);
    }
    if let Some(now) = steps.run("instruction counts", || counts::count(workspace)) {
        judge(steps, "counts beside the recorded ones", guard::compare_counts(recorded, &now));
    }
}

fn judge(steps: &mut Steps, name: &str, verdict: Verdict) {
    match verdict {
        Verdict::Skipped(reason) => steps.skip(name, &reason),
        Verdict::Holds(kernels) => {
            steps.run(name, || {
                println!("{kernels} kernels hold");
                Ok(())
            });
        }
        Verdict::Fails(fails) => {
            steps.run::<()>(name, || {
                fails.iter().for_each(|(_, line)| println!("{line}"));
                Err(format!("{} kernels fail", fails.len()))
            });
        }
    }
}

/// Runs the benches whose id matches, or all.
fn measure(workspace: &Workspace, filter: Option<&str>) -> Outcome<Vec<Measurement>> {
    let home = workspace.target().join("criterion");
    let started = SystemTime::now() - CLOCK_GRAIN;
    let mut command = workspace.cargo(&BENCH);
    command.args(["--"].into_iter().chain(filter));
    succeed(command.env("CRITERION_HOME", &home))?;
    let measurements = measurement::read(&home, started)?;
    match (measurements.is_empty(), filter) {
        (false, _) => Ok(measurements),
        (true, None) => Err("the benchmarks left no results".into()),
        (true, Some(filter)) => Err(format!("no bench matches \"{filter}\"")),
    }
}

/// What matches the benches of every group that has a scalar loop, or of one beginning, and the calibration.
fn kernels(workspace: &Workspace, beginning: Option<&str>) -> Outcome<String> {
    if let Some(beginning) = beginning {
        return Ok(format!("^({beginning}|limits/)"));
    }
    let mut command = workspace.cargo(&BENCH);
    let list = output(command.args(["--", "--list"]))?;
    let groups = list.lines().filter(|line| line.contains("/scalar: ") && !line.starts_with(guard::PROGRAMMES));
    let mut groups: BTreeSet<&str> = groups.filter_map(|line| line.split('/').next()).collect();
    groups.insert("limits");
    let groups: Vec<&str> = groups.into_iter().collect();
    Ok(format!("^({})/", groups.join("|")))
}

/// The bench program, built.
fn program(workspace: &Workspace) -> Outcome<PathBuf> {
    let mut command = workspace.cargo(&BENCH);
    let messages = output(command.args(["--no-run", "--message-format", "json"]))?;
    let executable = messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    executable.ok_or_else(|| "cargo named no bench program".into())
}

fn output(command: &mut Command) -> Outcome<String> {
    let output =
        command.stderr(std::process::Stdio::inherit()).output().map_err(|error| cannot_start(command, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(text) } else { Err(format!("it ended with {}", output.status)) }
}

fn tasks(workspace: &Workspace, environment: &Environment) -> Outcome<Tasks> {
    let root = workspace.path("");
    succeed(&mut environment.module("pip", &[&["install", "--quiet"], &PEERS[..]].concat(), &root))?;
    let optional = ["install", "--quiet", "--only-binary", ":all:", OPTIONAL_PEER];
    if succeed(&mut environment.module("pip", &optional, &root)).is_err() {
        println!("without {OPTIONAL_PEER}");
    }
    let out = workspace.target().join("bench/tasks.json");
    folder_of(&out)?;
    succeed(environment.command("python", &root).arg(TASKS).arg(&out))?;
    Tasks::read(&out)
}

fn write(workspace: &Workspace, findings: &Findings) -> Outcome {
    let path = if findings.is_partial { workspace.target().join(PARTIAL) } else { workspace.path(REPORT) };
    folder_of(&path)?;
    fs::write(&path, report(findings)).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote {} results to {}", findings.measurements.len(), path.display());
    Ok(())
}

fn folder_of(path: &std::path::Path) -> Outcome {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}
