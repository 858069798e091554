//! Plays the signals of EBU Tech 3341, Tech 3342 and ITU-R BS.2217 to the loudness meter, and prints its readings as a
//! Markdown table: `cargo xtask conformance` puts it into `docs/conformance.md`.

#[path = "../../dsp-core/tests/standards/mod.rs"]
mod standards;

use mixdown::{Sample, meters::Precision};
use standards::{Ask, Case, Figure, RATES_HZ, cases};

/// Frames per block; the tests show that the block length has no influence.
const BLOCK: usize = 4_096;

/// Cases of one name: all values of one figure, with the required ones.
struct Row {
    name: String,
    figure: &'static str,
    files: usize,
    /// For each rate the values, f32 and f64.
    values: [Vec<(Ask, f64)>; RATES_HZ.len()],
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = measure();
    let rates = RATES_HZ.map(|rate_hz| format!("{} kHz", rate_hz / 1_000.0)).join(" | ");
    println!("| case | figure | standard | exact | {rates} | allowed | largest error | verdict |");
    println!("|---|---|--:|--:|{}--:|--:|---|", "--:|".repeat(RATES_HZ.len()));
    for row in &rows {
        println!("{}", line(row));
    }
    let values: Vec<&(Ask, f64)> = rows.iter().flat_map(|row| row.values.iter().flatten()).collect();
    let failed = values.iter().filter(|(ask, value)| !passes(ask, *value)).count();
    println!();
    println!("{} of {} values are within both tolerances.", values.len() - failed, values.len());
    if failed > 0 { Err(format!("{failed} values are out of tolerance").into()) } else { Ok(()) }
}

fn measure() -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for case in cases() {
        for (rate, rate_hz) in RATES_HZ.into_iter().enumerate() {
            let values = [read::<f32>(&case, rate_hz), read::<f64>(&case, rate_hz)].concat();
            for (ask, value) in values {
                let figure = label(&ask, &case);
                let found = rows.iter().position(|row| row.name == case.name && row.figure == figure);
                let index = found.unwrap_or(rows.len());
                if found.is_none() {
                    rows.push(Row { name: case.name.clone(), figure, files: 0, values: Default::default() });
                }
                rows[index].values[rate].push((ask, value));
                rows[index].files = rows[index].values[rate].len() / 2;
            }
        }
    }
    rows
}

/// Every value required by the case.
fn read<S: Sample>(case: &Case, rate_hz: f64) -> Vec<(Ask, f64)> {
    let readings = case.readings(rate_hz, &case.audio::<S>(rate_hz), || BLOCK);
    let asked = std::iter::zip(&readings, &case.sections);
    asked.flat_map(|(reading, (_, asks))| asks.iter().map(|ask| (ask.clone(), ask.of(reading)))).collect()
}

fn label(ask: &Ask, case: &Case) -> &'static str {
    match (ask.figure, case.precision) {
        (Figure::Integrated, _) => "integrated",
        (Figure::MaxMomentary, _) => "max momentary",
        (Figure::MaxShortTerm, _) => "max short-term",
        (Figure::Momentary, _) => "momentary, constant",
        (Figure::ShortTerm, _) => "short-term, constant",
        (Figure::Range, _) => "loudness range",
        (Figure::TruePeak, Precision::High) => "true peak, high",
        (Figure::TruePeak, _) => "true peak, standard",
    }
}

fn passes(ask: &Ask, value: f64) -> bool {
    ask.meets_standard(value) && ask.meets_ours(value)
}

/// Distance from the exact value; 0 between two that are minus infinity.
fn error(ask: &Ask, value: f64) -> f64 {
    if value == ask.exact { 0.0 } else { value - ask.exact }
}

fn line(row: &Row) -> String {
    let all = || row.values.iter().flatten();
    let Some((first, _)) = all().next() else { return String::new() };
    // Files of several levels are shown by their differences from these.
    let one_level = all().all(|(ask, _)| ask.nominal == first.nominal);
    let shown = |ask: &Ask, value: f64| {
        let shown = if one_level { value } else { value - ask.nominal };
        if shown == f64::NEG_INFINITY { "-inf".into() } else { format!("{shown:.3}") }
    };
    let worst = |values: &mut dyn Iterator<Item = &(Ask, f64)>| {
        values.max_by(|a, b| error(&a.0, a.1).abs().total_cmp(&error(&b.0, b.1).abs())).cloned()
    };
    let rates = row.values.iter().map(|values| {
        let worst = worst(&mut values.iter());
        worst.map_or("missing".into(), |(ask, value)| shown(&ask, value))
    });
    let rates: Vec<String> = rates.collect();
    let largest = worst(&mut all()).map_or(f64::NAN, |(ask, value)| error(&ask, value));
    let name = match row.files {
        1 => row.name.clone(),
        files if one_level => format!("{}, {files} files", row.name),
        files => format!("{}, {files} levels, differences", row.name),
    };
    let [below, above] = first.standard;
    let standard = if below == above { format!("±{above}") } else { format!("+{above} −{below}") };
    let verdict = if all().all(|(ask, value)| passes(ask, *value)) { "pass" } else { "**FAIL**" };
    let nominal = if one_level { first.nominal } else { 0.0 };
    let nominal = if nominal == f64::NEG_INFINITY { "-inf".into() } else { format!("{nominal:.2}") };
    format!(
        "| {name} | {} | {nominal} {standard} | {} | {} | ±{} | {largest:+.4} | {verdict} |",
        row.figure,
        shown(first, first.exact),
        rates.join(" | "),
        first.ours,
    )
}
