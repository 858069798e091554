//! Whether kernels became slower: ratios to the scalar loop and counted instructions beside the recorded ones.

use super::{
    figures::figures,
    limits::Machine,
    measurement::Measurement,
    records::{Counts, Ratio, Ratios},
};

/// The part of its recorded ratio that a kernel keeps, bound by arithmetic or by memory.
const KEPT: [f64; 2] = [0.7, 0.5];
/// Whole programmes, which are no kernels.
pub(crate) const PROGRAMMES: &str = "goals/";
/// A rise of instructions that is no regression.
const RISE: f64 = 0.02;
/// How to record.
const ANEW: &str = "record anew with `cargo xtask bench --record`";
const COUNT_ANEW: &str = "record anew with `cargo xtask bench --record --counts`";

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Everything in order: so many kernels.
    Holds(usize),
    /// Cannot be compared, and why.
    Skipped(String),
    /// One line for each kernel that fails, with its id.
    Fails(Vec<(String, String)>),
}

/// Ratios of all kernels with a scalar loop in the same run.
pub(crate) fn ratios(measurements: &[Measurement], vectors: &str) -> Ratios {
    let machine = Machine::of(measurements);
    let kernels = measurements.iter().filter_map(|scalar| {
        let id = scalar.scalar_of().filter(|id| !id.starts_with(PROGRAMMES))?;
        let kernel = measurements.iter().find(|other| other.id == id)?;
        let limit = machine.as_ref().and_then(|machine| machine.limit(kernel));
        let is_memory = limit.is_some_and(|limit| limit.is_memory);
        Some((id.to_owned(), Ratio { ratio: scalar.nanoseconds / kernel.nanoseconds, is_memory }))
    });
    Ratios { vectors: vectors.to_owned(), kernels: kernels.collect() }
}

/// Compares the ratios of a run with the recorded ones.
pub(crate) fn compare_ratios(recorded: &Ratios, now: &Ratios) -> Verdict {
    if recorded.kernels.is_empty() {
        return Verdict::Skipped(format!("no ratios are recorded; {ANEW}"));
    }
    if recorded.vectors != now.vectors {
        let (then, now) = (&recorded.vectors, &now.vectors);
        return Verdict::Skipped(format!("the records are of a machine with {then}, this one has {now}"));
    }
    let fails = recorded.kernels.iter().filter_map(|(id, then)| {
        let least = then.ratio * KEPT[usize::from(then.is_memory)];
        match now.kernels.get(id) {
            None => Some((id.clone(), format!("{id}: recorded, but not measured; if it is gone, {ANEW}"))),
            Some(now) if now.ratio < least => {
                let [now, then, least] = [now.ratio, then.ratio, least].map(figures);
                Some((
                    id.clone(),
                    format!("{id}: {now} times the scalar loop, recorded {then}, at least {least} wanted"),
                ))
            }
            Some(_) => None,
        }
    });
    verdict(fails.collect(), recorded.kernels.len())
}

/// Compares the counts of a run with the recorded ones.
pub(crate) fn compare_counts(recorded: &Counts, now: &Counts) -> Verdict {
    if let Some(reason) = incomparable(recorded, &now.rustc) {
        return Verdict::Skipped(reason);
    }
    let mut fails: Vec<(String, String)> = recorded
        .kernels
        .iter()
        .filter_map(|(id, then)| match now.kernels.get(id) {
            None => Some((id.clone(), format!("{id}: recorded, but not counted; if it is gone, {COUNT_ANEW}"))),
            Some(now) if *now as f64 > *then as f64 * (1.0 + RISE) => {
                let rise = 100.0 * (*now as f64 / *then as f64 - 1.0);
                Some((id.clone(), format!("{id}: {now} instructions, recorded {then}: {rise:+.1} %")))
            }
            Some(_) => None,
        })
        .collect();
    let new = now.kernels.keys().filter(|id| !recorded.kernels.contains_key(*id));
    fails.extend(new.map(|id| (id.clone(), format!("{id}: counted, but not recorded; {COUNT_ANEW}"))));
    verdict(fails, recorded.kernels.len())
}

/// Why counts of this compiler cannot be compared, if they cannot: known before anything is counted.
pub(crate) fn incomparable(recorded: &Counts, rustc: &str) -> Option<String> {
    if recorded.kernels.is_empty() {
        return Some(format!("no counts are recorded; {COUNT_ANEW}"));
    }
    let then = &recorded.rustc;
    (then != rustc).then(|| format!("the records are of {then}, this is {rustc}; {COUNT_ANEW}"))
}

fn verdict(fails: Vec<(String, String)>, kernels: usize) -> Verdict {
    if fails.is_empty() { Verdict::Holds(kernels) } else { Verdict::Fails(fails) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratios_of(vectors: &str, kernels: &[(&str, f64, bool)]) -> Ratios {
        let kernels = kernels
            .iter()
            .map(|(id, ratio, is_memory)| ((*id).to_owned(), Ratio { ratio: *ratio, is_memory: *is_memory }));
        Ratios { vectors: vectors.into(), kernels: kernels.collect() }
    }

    fn counts_of(rustc: &str, kernels: &[(&str, u64)]) -> Counts {
        Counts { rustc: rustc.into(), kernels: kernels.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect() }
    }

    fn ids(verdict: Verdict) -> Vec<String> {
        match verdict {
            Verdict::Fails(fails) => fails.into_iter().map(|(id, _)| id).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_ratio_fails_below_its_share_of_the_recorded_one() {
        let then = ratios_of("AVX2", &[("compute", 10.0, false), ("memory", 4.0, true)]);
        let now = |compute, memory| ratios_of("AVX2", &[("compute", compute, false), ("memory", memory, false)]);
        assert_eq!(compare_ratios(&then, &now(7.0, 2.0)), Verdict::Holds(2));
        assert_eq!(ids(compare_ratios(&then, &now(6.99, 2.0))), ["compute"]);
        assert_eq!(ids(compare_ratios(&then, &now(7.0, 1.99))), ["memory"]);
        assert_eq!(compare_ratios(&then, &now(99.0, 99.0)), Verdict::Holds(2));
    }

    #[test]
    fn a_kernel_that_is_missing_fails_and_another_machine_is_skipped() {
        let then = ratios_of("AVX-512", &[("a", 2.0, false), ("b", 2.0, false)]);
        assert_eq!(ids(compare_ratios(&then, &ratios_of("AVX-512", &[("a", 2.0, false)]))), ["b"]);
        assert!(matches!(compare_ratios(&then, &ratios_of("AVX2", &[])), Verdict::Skipped(_)));
        assert!(matches!(compare_ratios(&Ratios::default(), &then), Verdict::Skipped(_)));
    }

    #[test]
    fn counts_may_rise_by_two_percent() {
        let then = counts_of("rustc 1", &[("a", 10_000), ("b", 100)]);
        assert_eq!(compare_counts(&then, &counts_of("rustc 1", &[("a", 10_200), ("b", 1)])), Verdict::Holds(2));
        assert_eq!(ids(compare_counts(&then, &counts_of("rustc 1", &[("a", 10_201), ("b", 100)]))), ["a"]);
    }

    #[test]
    fn a_kernel_missing_on_either_side_fails() {
        let then = counts_of("rustc 1", &[("a", 1), ("b", 1)]);
        assert_eq!(ids(compare_counts(&then, &counts_of("rustc 1", &[("a", 1), ("c", 1)]))), ["b", "c"]);
    }

    #[test]
    fn another_compiler_is_skipped_and_both_are_named() {
        let then = counts_of("rustc 1.95.0", &[("a", 1)]);
        let Verdict::Skipped(reason) = compare_counts(&then, &counts_of("rustc 1.96.0", &[("a", 9)])) else {
            panic!("compared")
        };
        assert!(reason.contains("1.95.0") && reason.contains("1.96.0") && reason.contains("--record"), "{reason}");
        assert!(incomparable(&Counts::default(), "rustc 1").is_some());
        assert_eq!(incomparable(&then, "rustc 1.95.0"), None);
    }

    #[test]
    fn a_ratio_is_that_of_the_same_run() {
        let one = |id: &str, nanoseconds| Measurement { id: id.into(), nanoseconds, work: None };
        let run = [one("gain/still/f32/2ch/64", 10.0), one("gain/still/f32/2ch/64/scalar", 25.0), one("a/scalar", 1.0)];
        assert_eq!(ratios(&run, "AVX2"), ratios_of("AVX2", &[("gain/still/f32/2ch/64", 2.5, false)]));
    }
}
