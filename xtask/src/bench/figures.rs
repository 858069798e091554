//! Numbers as the report shows them.

/// A time with its unit.
pub(super) fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", figures(value))
}

/// Something per second.
pub(super) fn scaled(per_second: f64, unit: &str) -> String {
    match per_second {
        n if n < 1e6 => format!("{} k{unit}", figures(n / 1e3)),
        n if n < 1e9 => format!("{} M{unit}", figures(n / 1e6)),
        n => format!("{} G{unit}", figures(n / 1e9)),
    }
}

/// Two to three significant figures, and every whole digit.
pub(super) fn figures(value: f64) -> String {
    let decimals = match value {
        v if v < 0.1 => 4,
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// A goal as it is written: without zeros at its end.
pub(super) fn goal(value: f64) -> String {
    format!("{value}")
}

pub(super) fn verdict(passes: bool) -> &'static str {
    if passes { "pass" } else { "**short**" }
}
