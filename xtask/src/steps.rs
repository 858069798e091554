//! Runs the steps of a task: names each, times it, continues after a failure, and sums up.

use crate::Outcome;
use std::{
    process::{Command, ExitStatus},
    time::Instant,
};

/// The steps of a task so far.
pub(crate) struct Steps {
    started: Instant,
    passed: usize,
    failed: Vec<String>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), passed: 0, failed: Vec::new() }
    }

    /// Runs one step and returns its result, or nothing if it failed.
    pub(crate) fn run<T>(&mut self, name: &str, action: impl FnOnce() -> Outcome<T>) -> Option<T> {
        println!("==> {name}");
        let started = Instant::now();
        let outcome = action();
        let seconds = started.elapsed().as_secs_f64();
        match outcome {
            Ok(value) => {
                println!("<== {name}: ok, {seconds:.1} s");
                self.passed += 1;
                Some(value)
            }
            Err(message) => {
                println!("<== {name}: FAILED after {seconds:.1} s: {message}");
                self.failed.push(name.to_owned());
                None
            }
        }
    }

    /// Runs one program as a step.
    pub(crate) fn command(&mut self, name: &str, command: &mut Command) -> bool {
        self.run(name, || succeed(command)).is_some()
    }

    /// Reports that a step could not run, and why.
    pub(crate) fn skip(&self, name: &str, reason: &str) {
        println!("=== {name}: not run, {reason}");
    }

    /// Prints the closing line, or returns it as a failure.
    pub(crate) fn finish(self, task: &str) -> Outcome {
        let Self { started, passed, failed } = self;
        let steps = passed + failed.len();
        let seconds = started.elapsed().as_secs_f64();
        if failed.is_empty() {
            println!("{task}: {steps} of {steps} steps passed in {seconds:.1} s");
            return Ok(());
        }
        Err(format!("{} of {steps} steps failed in {seconds:.1} s: {}", failed.len(), failed.join(", ")))
    }
}

/// Runs a program to its end, with our output and input; anything but success is a failure.
pub(crate) fn succeed(command: &mut Command) -> Outcome {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(ended(command, status)) }
}

/// Reports in one line that a program could not be started.
pub(crate) fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start {}: {error}", name(command))
}

fn ended(command: &Command, status: ExitStatus) -> String {
    format!("{} ended with {status}", name(command))
}

fn name(command: &Command) -> String {
    std::path::Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_does_not_stop_the_rest_and_fails_the_task() {
        let mut steps = Steps::new();
        assert_eq!(steps.run::<()>("first", || Err("no".into())), None);
        assert_eq!(steps.run("second", || Ok(3)), Some(3));
        let message = steps.finish("test").unwrap_err();
        assert!(message.starts_with("1 of 2 steps failed in ") && message.ends_with(": first"), "{message}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let message = succeed(&mut Command::new("no-such-program-of-mixdown")).unwrap_err();
        assert!(message.starts_with("cannot start no-such-program-of-mixdown: "), "{message}");
    }
}
