//! Callgrind's dumps: one for each time that the counted function ended.

/// Instructions that the functions of the program itself took, without those of libraries: what the C library does
/// depends on its version.
///
/// Costs stand on lines of their own, `position cost`; the line behind `calls=` repeats what the callee took.
pub(crate) fn own_instructions(dump: &str, program: &str) -> Option<u64> {
    let mut objects: Vec<(&str, bool)> = Vec::new();
    let (mut in_program, mut is_call, mut total) = (false, false, 0);
    let mut seen = false;
    for line in dump.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            in_program = named(object, program, &mut objects)?;
        } else if let Some(object) = line.strip_prefix("cob=") {
            named(object, program, &mut objects)?;
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            let cost: u64 = line.split(' ').nth(1)?.parse().ok()?;
            if !is_call && in_program {
                total += cost;
            }
            (is_call, seen) = (false, true);
        }
    }
    seen.then_some(total)
}

/// Whether an object, `(id) path` or `(id)` once it was named, is the program.
fn named<'a>(object: &'a str, program: &str, objects: &mut Vec<(&'a str, bool)>) -> Option<bool> {
    let (id, path) =
        object.split_once(") ").map_or((object.trim_end_matches(')'), None), |(id, path)| (id, Some(path)));
    if let Some(path) = path {
        let is_program = path.rsplit('/').next() == Some(program);
        objects.push((id, is_program));
        return Some(is_program);
    }
    objects.iter().find(|(other, _)| *other == id).map(|(_, is_program)| *is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = "\
version: 1
creator: callgrind-3.19.0
positions: line
events: Ir
summary: 1160

ob=(1) /somewhere/target/release/mixdown-counts
fl=(1) a.rs
fn=(1) kernel
12 100
+3 20
cob=(2) /lib/libc.so.6
cfi=(2) ???
cfn=(2) memcpy
calls=2 0
* 1000
* 30
fn=(3) other
7 10

ob=(2)
fl=(2)
fn=(2)
0 1000

ob=(1)
fn=(1)
-2 5
";

    #[test]
    fn the_programs_own_lines_are_added_and_nothing_else() {
        assert_eq!(own_instructions(DUMP, "mixdown-counts"), Some(165));
        assert_eq!(own_instructions(DUMP, "libc.so.6"), Some(1000));
    }

    #[test]
    fn what_is_no_dump_is_refused() {
        assert_eq!(own_instructions("events: Ir\n", "mixdown-counts"), None);
        assert_eq!(own_instructions("ob=(9)\n1 1\n", "mixdown-counts"), None);
    }
}
