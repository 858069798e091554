//! The entry point to the tasks of mixdown. `cargo xtask --help` lists them.

mod bench;
mod commands;
mod cross;
mod environment;
mod layers;
mod steps;
mod tools;
mod workspace;

use std::process::ExitCode;
use workspace::Workspace;

/// The result of a task; a failure is one line for the reader.
type Outcome<T = ()> = Result<T, String>;

const HELP: &str = "\
The tasks of mixdown.

Usage: cargo xtask <COMMAND>

Commands:
  demo [DIR]       build the Python package and render the demonstration into DIR (default: out/demo)
  test             all tests: Rust, the no_std proof, Python
  test --aarch64   whether 64-bit ARM gives the same bits, under emulation
  lint             formatting, clippy, rustdoc, layers; ruff, mypy, stubtest
  layers           the order of the families and the absence of circles, as lint checks them
  bench [FILTER]   run all benchmarks, beside peers, and write BENCHMARKS.md; of those whose name matches, target/bench
  bench --record [BEGINNING]  record how fast each kernel is beside its scalar loop, and its instructions, in
                   benches/records.json; --record --counts: the instructions alone
  bench --guard [BEGINNING]  fail if a kernel is slower than recorded, or takes more instructions
  bench --counts   fail if a kernel takes more instructions than recorded
  bench --disassembly  show the inner loops of the hottest kernels
  package          the crate, a wheel and a source distribution in out/dist, judged and tried in an empty environment
  package --source the same, and the source distribution built in an empty environment
  conformance      play the standards' signals to the meters and write docs/conformance.md
  compare          play the same signals to mixdown and its peers and write docs/comparison.md
  docs             build the documentation site into out/docs: pages, measured figures, reference; any gap fails
  golden           regenerate the reference vectors of dsp-core/tests/golden
  web              build the example for the browser, and the song that it plays, into out/web
  web --without-song  the same without Python: the page alone
  fuzz [SECONDS]   run every fuzz target for that long (default: 60)

The Python commands keep an environment of their own in .venv and rebuild it when it is out of date.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if arguments.is_empty() || arguments.iter().any(|argument| ["-h", "--help", "help"].contains(argument)) {
        println!("{HELP}");
        return if arguments.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}: {message}", arguments[0]);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Outcome {
    let workspace = Workspace::find()?;
    match arguments {
        ["demo"] => commands::demo::run(&workspace, None),
        ["demo", directory] => commands::demo::run(&workspace, Some(directory)),
        ["test"] => commands::test::run(&workspace),
        ["test", "--aarch64"] => commands::aarch64::run(&workspace),
        ["layers"] => layers::check(&workspace),
        ["lint"] => commands::lint::run(&workspace),
        ["bench"] => commands::bench::run(&workspace, None),
        ["bench", "--record"] => commands::bench::record(&workspace, None),
        ["bench", "--record", "--counts"] => commands::bench::record_counts(&workspace),
        ["bench", "--record", beginning] => commands::bench::record(&workspace, Some(beginning)),
        ["bench", "--guard"] => commands::bench::guard(&workspace, None),
        ["bench", "--guard", beginning] => commands::bench::guard(&workspace, Some(beginning)),
        ["bench", "--counts"] => commands::bench::count(&workspace),
        ["bench", "--disassembly"] => commands::bench::disassemble(&workspace),
        ["bench", filter] if !filter.starts_with('-') => commands::bench::run(&workspace, Some(filter)),
        ["package"] => commands::package::run(&workspace, false),
        ["package", "--source"] => commands::package::run(&workspace, true),
        ["conformance"] => commands::conformance::run(&workspace),
        ["compare"] => commands::compare::run(&workspace),
        ["docs"] => commands::docs::run(&workspace),
        ["golden"] => commands::golden::run(&workspace),
        ["web"] => commands::web::run(&workspace, true),
        ["web", "--without-song"] => commands::web::run(&workspace, false),
        ["fuzz"] => commands::fuzz::run(&workspace, commands::fuzz::DEFAULT_SECONDS),
        ["fuzz", seconds] => match seconds.parse() {
            Ok(seconds) => commands::fuzz::run(&workspace, seconds),
            Err(_) => Err(format!("\"{seconds}\" is not a number of seconds")),
        },
        [
            "demo" | "test" | "lint" | "layers" | "bench" | "conformance" | "compare" | "docs" | "golden" | "package"
            | "web" | "fuzz",
            rest @ ..,
        ] => Err(format!("cannot read \"{}\"; see cargo xtask --help", rest.join(" "))),
        _ => Err("no such command; see cargo xtask --help".into()),
    }
}
