//! Programs that are measured from outside, built for it.

use crate::{Outcome, steps::succeed, workspace::Workspace};
use std::path::PathBuf;

const PACKAGE: [&str; 5] = ["build", "--release", "--package", "mixdown-probes", "--bin"];
/// Without optimisation at link time: half the time to build. In one unit: split into more, what is inlined, and so
/// the counts, would depend on where the borders fall, which code elsewhere in the crate moves.
const QUICK: [(&str, &str); 3] =
    [("CARGO_PROFILE_RELEASE_LTO", "off"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"), ("CARGO_INCREMENTAL", "0")];

/// Builds a program; its path.
pub(super) fn build(workspace: &Workspace, name: &str) -> Outcome<PathBuf> {
    // A folder of its own: with other settings in the common one, everything there would be built anew each time.
    let target = workspace.target().join("bench/probes");
    let mut build = workspace.cargo(&PACKAGE);
    succeed(build.arg(name).args(["--target-dir".as_ref(), target.as_os_str()]).envs(QUICK))?;
    Ok(target.join("release").join(name))
}
