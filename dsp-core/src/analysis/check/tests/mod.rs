//! Known answers of the mix check.

mod edges;
mod levels;
mod pairs;
mod sounds;

use super::{CheckLimits, CheckStem, Finding, MixCheck, Severity, check_mix};
use crate::{
    console::Effect,
    foundation::{
        block::{Block, BlockMut},
        params::Params,
        processor::Processor,
        stream::StreamSpec,
    },
    primitives::random::Random,
};
use alloc::{vec, vec::Vec};
use core::{f64::consts::PI, ops::ControlFlow};

const RATE_HZ: f64 = 48_000.0;

fn checked_at(rows: &[&[f64]], rate_hz: f64, limits: &CheckLimits, stems: &[(&str, &[f64])]) -> MixCheck {
    let spec = StreamSpec::new(rate_hz, rows.len()).unwrap();
    let rows_of: Vec<[&[f64]; 1]> = stems.iter().map(|(_, samples)| [*samples]).collect();
    let blocks: Vec<Block<'_, '_, f64>> = rows_of.iter().map(|rows| Block::from_slices(rows).unwrap()).collect();
    let stems: Vec<CheckStem<'_>> =
        stems.iter().zip(&blocks).map(|((name, _), audio)| CheckStem { name, audio }).collect();
    let report = &mut |_| ControlFlow::Continue(());
    check_mix(&Block::from_slices(rows).unwrap(), &spec, &stems, limits, report).unwrap()
}

fn checked(rows: &[&[f64]]) -> MixCheck {
    checked_at(rows, RATE_HZ, &CheckLimits::default(), &[])
}

/// The finding of a check; `None` if there is not exactly one.
fn one<'a>(check: &'a MixCheck, name: &str) -> Option<&'a Finding> {
    let mut found = all(check, name);
    found.next().filter(|_| found.next().is_none())
}

fn all<'a>(check: &'a MixCheck, name: &str) -> impl Iterator<Item = &'a Finding> {
    check.findings.iter().filter(move |finding| finding.check == name)
}

/// Noise of a standard deviation of a quarter, which reaches beyond full scale once in some ten thousand samples.
fn noise(seed: u64, frames: usize) -> Vec<f64> {
    let mut random = Random::new(seed, 0);
    (0..frames).map(|_| 0.25 * (0..3).map(|_| random.triangular()).sum::<f64>() / libm::sqrt(0.5)).collect()
}

/// A tone at 48 kHz.
fn tone(amplitude: f64, hz: f64, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| amplitude * libm::sin(2.0 * PI * hz * n as f64 / RATE_HZ)).collect()
}

fn scaled(samples: &[f64], gain: f64) -> Vec<f64> {
    samples.iter().map(|sample| gain * sample).collect()
}

fn processed(effect: &Effect, rows: &[&[f64]]) -> Vec<Vec<f64>> {
    let spec = StreamSpec::new(RATE_HZ, rows.len()).unwrap();
    let mut audio: Vec<Vec<f64>> = rows.iter().map(|row| row.to_vec()).collect();
    let mut slices: Vec<&mut [f64]> = audio.iter_mut().map(|row| &mut row[..]).collect();
    effect.build::<f64>(&spec).unwrap().process(&mut BlockMut::from_slices(&mut slices).unwrap());
    audio
}

/// The effect of a suggestion.
fn effect(finding: &Finding) -> &Effect {
    let crate::analysis::Action::Effect(effect) = &finding.suggestion.as_ref().unwrap().action else {
        panic!("no effect: {finding:?}")
    };
    effect
}

/// A prediction of the suggestion: before and after.
fn predicted(finding: &Finding, name: &str) -> [f64; 2] {
    let changes = &finding.suggestion.as_ref().unwrap().predicted;
    let change = changes.iter().find(|change| change.name == name).unwrap();
    [change.before, change.after]
}

fn rows(audio: &[Vec<f64>]) -> Vec<&[f64]> {
    audio.iter().map(|row| &row[..]).collect()
}

#[test]
fn what_is_clean_has_no_findings() {
    let (left, right) = (scaled(&noise(1, 480_000), 0.15), scaled(&noise(2, 480_000), 0.15));
    let check = checked(&[&left, &right]);
    assert!(check.passed());
    let found: Vec<&str> = check.findings.iter().map(|finding| finding.check).collect();
    assert_eq!(found, ["noise_floor", "hum"], "neither is measurable in noise: {:?}", check.findings);
    assert_eq!(check.findings[0].severity, Severity::NotMeasurable);
    assert!(check.correlation.unwrap().abs() < 0.01 && (check.mono_change_db.unwrap() + 3.01).abs() < 0.1);
}

#[test]
fn findings_stand_in_order_and_their_figures_in_their_sentences() {
    let left = noise(3, 480_000);
    let mut right = scaled(&left, -1.0);
    right.iter_mut().for_each(|sample| *sample += 0.005);
    let check = checked(&[&left, &right]);
    assert!(check.findings.is_sorted_by_key(|finding| finding.severity) && check.findings.len() > 3);
    for finding in &check.findings {
        assert!(finding.message.ends_with('.') && !finding.message.contains("  "), "{}", finding.message);
    }
    let polarity = one(&check, "polarity").unwrap();
    assert!(polarity.message.contains("-1.00"), "{}", polarity.message);
}

#[test]
fn limits_are_taken_and_refused() {
    let left = scaled(&noise(4, 96_000), 0.2);
    let mut right = scaled(&left, 0.5);
    right.iter_mut().zip(noise(5, 96_000)).for_each(|(sample, noise)| *sample += 0.02 * noise);
    assert!(one(&checked(&[&left, &right]), "polarity").is_none());
    let strict = CheckLimits { polarity_warning: 1.0, ..Default::default() };
    assert!(one(&checked_at(&[&left, &right], RATE_HZ, &strict, &[]), "polarity").is_some());
    let illegal = CheckLimits { polarity_warning: 2.0, ..Default::default() };
    let rows = [&left[..]];
    let (block, spec) = (Block::from_slices(&rows).unwrap(), StreamSpec::new(RATE_HZ, 1).unwrap());
    let refused = check_mix(&block, &spec, &[], &illegal, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(alloc::format!("{refused}").starts_with("polarity_warning = 2 is out of range"), "{refused}");
    let reversed = CheckLimits { over_note_dbtp: -0.5, ..Default::default() };
    let refused = check_mix(&block, &spec, &[], &reversed, &mut |_| ControlFlow::Continue(())).unwrap_err();
    let expected = "over_note_dbtp = -0.5 is out of range: with over_warning_dbtp = -1 it must lie in -60..-1";
    assert_eq!(alloc::format!("{refused}"), expected);
}

#[test]
fn it_ends_when_asked_to() {
    let samples = vec![0.1; 1_000_000];
    let rows = [&samples[..]];
    let (block, spec) = (Block::from_slices(&rows).unwrap(), StreamSpec::new(RATE_HZ, 1).unwrap());
    let refused = check_mix(&block, &spec, &[], &CheckLimits::default(), &mut |_| ControlFlow::Break(())).unwrap_err();
    assert_eq!(refused, crate::analysis::AnalysisError::Interrupted);
}
