//! BENCHMARKS.md: the circumstances, what was asked, and a table per family.

use super::{
    family::{APART, FAMILIES},
    figures::{figures, goal, scaled, time, verdict},
    goals::{GOALS, RIVALRIES},
    limits::Machine,
    loops::LOOPS,
    machine::Circumstances,
    measurement::{Measurement, Work},
    plots, scaling,
    tasks::{OURS, Tasks},
};
use std::fmt::Write;

/// The rate for "times real time".
const SAMPLE_RATE_HZ: f64 = 48_000.0;

/// What a run found.
pub(crate) struct Findings {
    pub(crate) circumstances: Circumstances,
    pub(crate) measurements: Vec<Measurement>,
    pub(crate) tasks: Tasks,
    /// Minutes and kilobytes.
    pub(crate) memory: Vec<(f64, f64)>,
    /// The section on the disassembly.
    pub(crate) disassembly: String,
    /// Whether only some benches were run, so that rows are missing and there are no plots.
    pub(crate) is_partial: bool,
}

/// The text of BENCHMARKS.md.
pub(crate) fn report(findings: &Findings) -> String {
    let machine = Machine::of(&findings.measurements);
    let mut text = head(findings);
    if let Some(machine) = &machine {
        text.push_str(&calibration(machine));
    }
    text.push_str(&loops(findings, machine.as_ref()));
    text.push_str(&goals(findings));
    text.push_str(&rivalries(findings));
    text.push_str(
        "\nWhat was tried for the rows that are short, what it reached and where the limit is: \
         [docs/decisions.md](docs/decisions.md#goals-of-speed).\n",
    );
    for family in &FAMILIES {
        let of_family = |one: &&Measurement| family.groups.contains(&one.group());
        let plot = (!findings.is_partial).then_some(family.name);
        section(&mut text, family.title, plot, findings.measurements.iter().filter(of_family), machine.as_ref());
    }
    let known = |group: &str| APART.contains(&group) || FAMILIES.iter().any(|family| family.groups.contains(&group));
    let others = findings.measurements.iter().filter(|one| !known(one.group()));
    section(&mut text, "Others", None, others, machine.as_ref());
    text.push_str(&scaling::section(&findings.measurements, &findings.memory));
    text.push_str(&findings.disassembly);
    text
}

fn head(findings: &Findings) -> String {
    let Circumstances { cpu, vectors, rustc, flags, profile, commit } = &findings.circumstances;
    let commit = commit.as_ref().map(|commit| format!("- commit: {commit}\n")).unwrap_or_default();
    let peers = match findings.tasks.versions.as_str() {
        "" => String::new(),
        versions => format!("- Python peers: {versions}\n"),
    };
    let partial = if findings.is_partial { "**Only some of the benches were run.**\n\n" } else { "" };
    format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench`; all but goals and prototypes is measured in one run. Run it again for another\n\
         machine. Ratios compare what was measured in the same run; times compare only on the same machine.\n\n{partial}\
         - CPU: {cpu}; vectors: {vectors}; one thread\n- compiler: {rustc}\n- RUSTFLAGS: {flags}; the vector level is \
         found at run time\n- profile: {profile}; feature `avx512`\n{commit}{peers}\n\
         Ids read `processor/variant/format/channels/frames`. A time is the 5th percentile of 10 to 30 samples, as \
         whatever else runs only ever adds.\n\
         *Real time* is the length of the block at {SAMPLE_RATE_HZ} Hz over its time. *Over scalar* is how many times as \
         fast as the plain scalar\nloop of the same run, *over peers* as other libraries. *Of limit* is the least time \
         that the machine could take, as derived\nbelow each table, over the time it took; blank where none is derived. Rates of memory are measured, too, and hold within some percent.\n"
    )
}

fn calibration(machine: &Machine) -> String {
    let [f32s, f64s] = machine.multiply_adds;
    let bytes = |rates: &[f64; 4]| rates.map(figures).join(" / ");
    format!(
        "\n## The machine\n\nMeasured in the same run; the limits of the kernels are counted operations, waits and bytes \
         over these.\n\n| | |\n|---|--:|\n| multiply-adds f32 | {} per ns |\n| multiply-adds f64 | {} per ns |\n\
         | wait for a multiply-add | {} ns |\n| read from L1 / L2 / L3 / memory | {} B/ns |\n\
         | update in place in L1 / L2 / L3 / memory | {} B/ns |\n",
        figures(f32s),
        figures(f64s),
        figures(machine.latency_ns),
        bytes(&machine.read),
        bytes(&machine.update)
    )
}

fn loops(findings: &Findings, machine: Option<&Machine>) -> String {
    let mut text = String::from(
        "\n## Loops beside the scalar loop\n\nTimes as fast as the plain scalar loop of the same run. Prototypes reached \
         the figures named on another machine with\nAVX-512, with f32 state where their row says f32; filters here keep \
         f64 state, which halves their lanes.\n\n\
         | loop | bench | goal | prototype | measured | of limit | |\n|---|---|--:|--:|--:|--:|---|\n",
    );
    for row in &LOOPS {
        let kernel = findings.measurements.iter().find(|one| one.id == row.id);
        let scalar = findings.measurements.iter().find(|one| one.scalar_of() == Some(row.id));
        let ratio = kernel.zip(scalar).map(|(kernel, scalar)| scalar.nanoseconds / kernel.nanoseconds);
        let limit = machine.zip(kernel).and_then(|(machine, kernel)| of_limit(machine, kernel)).unwrap_or_default();
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} | {} | {limit} | {} |",
            row.title,
            row.id,
            goal(row.goal),
            row.prototype.map(goal).unwrap_or_default(),
            ratio.map(figures).unwrap_or_default(),
            ratio.map_or("not measured", |ratio| verdict(ratio >= row.goal)),
        );
    }
    text
}

fn goals(findings: &Findings) -> String {
    let mut text = String::from(
        "\n## Tasks\n\nOne core, 48 kHz, f32, stereo, 60 s unless said. The verdict is on the time in Rust where there is \
         one, else on that\nfrom Python. Behind each peer: its time, and how many times as long it takes as we do in the \
         same run and language.\n\n\
         | task | goal | Rust | from Python | peers | |\n|---|--:|--:|--:|---|---|\n",
    );
    for row in &GOALS {
        let bench = row.bench.and_then(|id| findings.measurements.iter().find(|one| one.id == id));
        let task = row.task.and_then(|name| findings.tasks.find(name));
        let mut peers: Vec<String> = Vec::new();
        if let Some(bench) = bench {
            let others = findings.measurements.iter();
            peers.extend(others.filter_map(|other| {
                let (_, name) = other.peer_of().filter(|(id, _)| *id == bench.id)?;
                Some(beside(name, other.nanoseconds, other.nanoseconds / bench.nanoseconds))
            }));
        }
        if let Some(task) = task {
            let ratios = task.ratios().into_iter();
            peers.extend(ratios.map(|(name, ratio)| beside(name, task.time_ns(name).unwrap_or_default(), ratio)));
            peers.extend(task.notes.iter().map(|(name, note)| format!("{name} reads {note}")));
        }
        let python = task.and_then(|task| task.time_ns(OURS));
        let deciding = bench.map(|bench| bench.nanoseconds).or(python);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            row.title,
            time(row.most_ns),
            bench.map(|bench| time(bench.nanoseconds)).unwrap_or_default(),
            python.map(time).unwrap_or_default(),
            peers.join("; "),
            deciding.map_or("not measured", |ns| verdict(ns <= row.most_ns)),
        );
    }
    text.push_str(
        "\nThe copy that gives each call fresh audio is part of the time of the compressor's peers, delay, reverbs and \
         limiters.\n`fundsp` has no compressor: its limiter stands in the chain. Of a scan, 20 files of 16 bits are visited \
         ten times each.\nThe chain is a gain, an equalizer of four bands, a compressor and a reverb. 128 of them hold 128 \
         reverbs of 0.7 MB, more than the caches do: memory\nsets their time. The mixer of `console/strips_…` has a reverb \
         on a return, which a single strip pays alone; that under Scaling has none.\n",
    );
    text
}

fn beside(name: &str, nanoseconds: f64, ratio: f64) -> String {
    format!("{name} {} (x{})", time(nanoseconds), figures(ratio))
}

fn rivalries(findings: &Findings) -> String {
    let mut text = String::from(
        "\n## Asked beside peers\n\nTimes as fast as the peer, in the same run.\n\n\
         | what | peer | goal | measured | |\n|---|---|--:|--:|---|\n",
    );
    for row in &RIVALRIES {
        let task = findings.tasks.find(row.task).and_then(|task| {
            let ratios = task.ratios();
            ratios.iter().find(|(name, _)| *name == row.peer).map(|(_, ratio)| *ratio)
        });
        let bench = || {
            let own = findings.measurements.iter().find(|one| one.id == row.task)?;
            let mut others = findings.measurements.iter();
            let peer = others.find(|other| other.peer_of() == Some((row.task, row.peer)))?;
            Some(peer.nanoseconds / own.nanoseconds)
        };
        let ratio = task.or_else(bench);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.title,
            row.peer,
            figures(row.goal),
            ratio.map(figures).unwrap_or_default(),
            ratio.map_or("not measured", |ratio| verdict(ratio >= row.goal)),
        );
    }
    text
}

/// A table of benches, each with its scalar loop and its peers in its row; nothing if there are none.
fn section<'a>(
    text: &mut String,
    title: &str,
    plot: Option<&str>,
    members: impl Iterator<Item = &'a Measurement>,
    machine: Option<&Machine>,
) {
    let members: Vec<&Measurement> = members.collect();
    if members.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n");
    if let Some(name) = plot {
        let _ =
            write!(text, "![{title}: times as fast as the scalar loop and peers]({}/{name}.png)\n\n", plots::FOLDER);
    }
    text.push_str("| id | time | throughput | real time | over scalar | of limit | over peers |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|---|\n");
    let has = |id: &str| members.iter().any(|other| other.id == id);
    let beside =
        |member: &Measurement| member.scalar_of().is_some_and(has) || member.peer_of().is_some_and(|(id, _)| has(id));
    let own: Vec<&&Measurement> = members.iter().filter(|member| !beside(member)).collect();
    for member in &own {
        text.push_str(&row(member, &members, machine));
    }
    let mut derived: Vec<(&str, Vec<String>)> = Vec::new();
    for member in own {
        let Some(limit) = machine.and_then(|machine| machine.limit(member)) else { continue };
        let name = variant(&member.id);
        match derived.iter_mut().find(|(why, _)| *why == limit.why) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => derived.push((limit.why, vec![name])),
        }
    }
    if !derived.is_empty() {
        text.push_str("\nLimits: ");
        let sentences: Vec<String> =
            derived.iter().map(|(why, names)| format!("{}: {why}", names.join(", "))).collect();
        let _ = writeln!(text, "{}.", sentences.join(". "));
    }
}

/// `gain/ramp/f32/2ch/512` without what comes behind the format.
fn variant(id: &str) -> String {
    let end = id.find("/f32").or(id.find("/f64")).unwrap_or(id.len());
    format!("`{}`", &id[..end])
}

fn of_limit(machine: &Machine, measurement: &Measurement) -> Option<String> {
    let limit = machine.limit(measurement)?;
    Some(format!("{:.0} %", 100.0 * limit.nanoseconds / measurement.nanoseconds))
}

fn row(member: &Measurement, members: &[&Measurement], machine: Option<&Machine>) -> String {
    let Measurement { id, nanoseconds, work } = member;
    let seconds = nanoseconds * 1e-9;
    let throughput = match work {
        Some(Work::Samples(samples)) => scaled(samples / seconds, "samples/s"),
        Some(Work::Bytes(bytes)) => scaled(bytes / seconds, "B/s"),
        None => String::new(),
    };
    let real_time = member.frames().map(|frames| figures(frames / SAMPLE_RATE_HZ / seconds)).unwrap_or_default();
    let scalar = members.iter().find(|other| other.scalar_of() == Some(id));
    let over_scalar = scalar.map(|scalar| format!("{:.2}", scalar.nanoseconds / nanoseconds)).unwrap_or_default();
    let limit = machine.and_then(|machine| of_limit(machine, member)).unwrap_or_default();
    let peers = members.iter().filter(|other| other.scalar_of() != Some(id));
    let over_peers: Vec<String> = peers
        .filter_map(|other| Some((other, other.peer_of().filter(|(own, _)| own == id)?.1)))
        .map(|(peer, name)| format!("{name} {:.2}", peer.nanoseconds / nanoseconds))
        .collect();
    let over_peers = over_peers.join(", ");
    format!(
        "| `{id}` | {} | {throughput} | {real_time} | {over_scalar} | {limit} | {over_peers} |\n",
        time(*nanoseconds)
    )
}

#[cfg(test)]
mod tests {
    use super::{super::tasks::Task, *};

    fn measurement(id: &str, nanoseconds: f64, work: Option<Work>) -> Measurement {
        Measurement { id: id.into(), nanoseconds, work }
    }

    fn findings(measurements: Vec<Measurement>, tasks: Vec<Task>) -> Findings {
        let circumstances = Circumstances {
            cpu: "a CPU".into(),
            vectors: "AVX2".into(),
            rustc: "rustc".into(),
            flags: "none".into(),
            profile: "release".into(),
            commit: Some("abc".into()),
        };
        let tasks = Tasks { versions: String::new(), tasks };
        let (memory, disassembly) = (Vec::new(), String::new());
        Findings { circumstances, measurements, tasks, memory, disassembly, is_partial: true }
    }

    #[test]
    fn a_row_relates_time_to_work_to_real_time_and_to_the_scalar() {
        let fast = measurement("gain/glide/f32/2ch/480", 1_000.0, Some(Work::Samples(960.0)));
        let scalar = measurement("gain/glide/f32/2ch/480/scalar", 2_500.0, Some(Work::Samples(960.0)));
        let peer = measurement("gain/glide/f32/2ch/480/library", 4_000.0, Some(Work::Samples(960.0)));
        let lonely = measurement("design/bell", 250.0, None);
        let alone = measurement("mix/sum/scalar", 5.0, None);
        let text = report(&findings(vec![lonely, fast, scalar, peer, alone], vec![]));
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            [
                "| `gain/glide/f32/2ch/480` | 1.00 µs | 960 Msamples/s | 10000 | 2.50 |  | library 4.00 |",
                "| `mix/sum/scalar` | 5.00 ns |  |  |  |  |  |",
                "| `design/bell` | 250 ns |  |  |  |  |  |",
            ]
        );
        assert!(text.contains("- CPU: a CPU; vectors: AVX2") && text.contains("- commit: abc\n"));
        assert!(text.contains("\n## Levels and mixing\n") && text.contains("\n## Others\n"));
    }

    #[test]
    fn every_goal_has_a_row_measured_or_not() {
        let row = &GOALS[1];
        let own = measurement(row.bench.unwrap(), row.most_ns, None);
        let peer = measurement(&format!("{}/library", row.bench.unwrap()), 3.0 * row.most_ns, None);
        let times_ns = vec![(OURS.to_owned(), 2e6), ("numpy".to_owned(), 1e6)];
        let task = Task { name: row.task.unwrap().into(), times_ns, notes: vec![] };
        let text = goals(&findings(vec![own, peer], vec![task]));
        for goal in &GOALS {
            assert_eq!(text.matches(&format!("| {} |", goal.title)).count(), 1, "{}", goal.title);
        }
        let line = text.lines().find(|line| line.contains(row.title)).unwrap();
        assert!(line.ends_with("| library 45.0 ms (x3.00); numpy 1.00 ms (x0.50) | pass |"), "{line}");
        assert_eq!(text.matches("| not measured |").count(), GOALS.len() - 1);
    }

    #[test]
    fn a_loop_below_its_goal_is_short() {
        let row = &LOOPS[0];
        let kernel = measurement(row.id, 10.0, None);
        let scalar = measurement(&format!("{}/scalar", row.id), 10.0 * (row.goal - 0.1), None);
        let text = loops(&findings(vec![kernel, scalar], vec![]), None);
        assert!(text.lines().any(|line| line.contains(row.id) && line.ends_with("| **short** |")), "{text}");
    }
}
