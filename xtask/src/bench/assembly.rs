//! The text of objdump, Intel syntax: functions and their inner loops.

/// One instruction.
#[derive(Clone, Copy, Debug)]
struct Instruction<'a> {
    address: u64,
    name: &'a str,
    operands: &'a str,
}

/// A function and what it consists of.
#[derive(Clone, Debug)]
pub(super) struct Function<'a> {
    pub(super) name: &'a str,
    instructions: Vec<Instruction<'a>>,
}

/// A loop that holds no other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Loop {
    /// The address of its first arithmetic instruction.
    pub(super) sample: u64,
    pub(super) instructions: usize,
    /// Arithmetic on packed numbers of 512, 256 and 128 bits.
    pub(super) vectors: [usize; 3],
    /// Arithmetic on one number.
    pub(super) scalars: usize,
    pub(super) calls: usize,
    /// Jumps out of it to where a panic is called.
    pub(super) panics: usize,
    /// Instructions that access the stack.
    pub(super) stack: usize,
}

impl Loop {
    pub(super) fn arithmetic(&self) -> usize {
        self.vectors.iter().sum()
    }
}

/// Beginnings of the names of arithmetic, with and without the prefix of AVX.
const ARITHMETIC: [&str; 9] = ["fmadd", "fmsub", "fnmadd", "fnmsub", "mul", "add", "sub", "max", "min"];
/// Functions of the core library that panic.
const PANICS: [&str; 4] = ["panic", "unwrap_failed", "expect_failed", "index_fail"];
/// How far behind an exit a panic is looked for: its arguments are few.
const PANIC_WITHIN: usize = 12;

/// Every function of the text.
pub(super) fn functions(text: &str) -> Vec<Function<'_>> {
    let mut functions: Vec<Function<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_suffix(">:").and_then(|line| line.split_once(" <")).map(|(_, name)| name) {
            functions.push(Function { name, instructions: Vec::new() });
        } else if let (Some(function), Some(instruction)) = (functions.last_mut(), instruction(line)) {
            function.instructions.push(instruction);
        }
    }
    functions
}

/// `  1234:\tvmulps zmm0,zmm1,zmm2`.
fn instruction(line: &str) -> Option<Instruction<'_>> {
    let (address, rest) = line.trim_start().split_once(":\t")?;
    let address = u64::from_str_radix(address, 16).ok()?;
    let (name, operands) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    Some(Instruction { address, name, operands: operands.trim_start() })
}

impl<'a> Instruction<'a> {
    /// Where a jump within a function leads.
    fn target(&self) -> Option<u64> {
        let target = self.name.starts_with('j').then(|| self.operands.split(' ').next())??;
        u64::from_str_radix(target.trim_start_matches("0x"), 16).ok()
    }

    fn is_call(&self) -> bool {
        self.name.starts_with("call")
    }

    /// Whether it is arithmetic on packed numbers, or on one.
    fn arithmetic(&self) -> Option<bool> {
        let name = self.name.strip_prefix('v').unwrap_or(self.name);
        let is_packed = match &name[name.len().saturating_sub(2)..] {
            "ps" | "pd" => true,
            "ss" | "sd" => false,
            _ => return None,
        };
        ARITHMETIC.iter().any(|beginning| name.starts_with(beginning)).then_some(is_packed)
    }

    fn width(&self) -> usize {
        match self.operands.get(..3) {
            Some("zmm") => 0,
            Some("ymm") => 1,
            _ => 2,
        }
    }
}

impl Function<'_> {
    /// Its loops that hold no other.
    pub(super) fn inner_loops(&self) -> Vec<Loop> {
        let place = |address: u64| self.instructions.binary_search_by_key(&address, |one| one.address).ok();
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for (end, jump) in self.instructions.iter().enumerate() {
            if let Some(start) = jump.target().and_then(place).filter(|start| *start <= end) {
                ranges.push((start, end));
            }
        }
        let holds =
            |outer: &(usize, usize), inner: &(usize, usize)| outer != inner && outer.0 <= inner.0 && inner.1 <= outer.1;
        let inner = ranges.iter().filter(|range| !ranges.iter().any(|other| holds(range, other)));
        inner.map(|(start, end)| self.look(*start, *end)).collect()
    }

    fn look(&self, start: usize, end: usize) -> Loop {
        let mut found = Loop { instructions: end + 1 - start, ..Default::default() };
        for instruction in &self.instructions[start..=end] {
            match instruction.arithmetic() {
                Some(true) => found.vectors[instruction.width()] += 1,
                Some(false) => found.scalars += 1,
                None => {}
            }
            if instruction.arithmetic() == Some(true) && found.sample == 0 {
                found.sample = instruction.address;
            }
            found.calls += usize::from(instruction.is_call());
            found.stack += usize::from(instruction.operands.contains("[rsp"));
            found.panics += usize::from(self.leads_to_a_panic(instruction, start, end));
        }
        found
    }

    fn leads_to_a_panic(&self, jump: &Instruction<'_>, start: usize, end: usize) -> bool {
        let Some(target) = jump.target() else { return false };
        let Ok(exit) = self.instructions.binary_search_by_key(&target, |one| one.address) else { return false };
        if (start..=end).contains(&exit) {
            return false;
        }
        for instruction in self.instructions[exit..].iter().take(PANIC_WITHIN) {
            if instruction.is_call() {
                return PANICS.iter().any(|name| instruction.operands.contains(name));
            }
            if instruction.name == "ret" || instruction.name.starts_with('j') {
                return false;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
prog:     file format elf64-x86-64

0000000000001000 <kernel>:
    1000:\tpush   rbp
    1004:\tvmulps zmm0,zmm1,zmm2
    1008:\tvfmadd231ps zmm0,zmm1,ZMMWORD PTR [rax]
    100c:\tvfmadd213pd ymm0,ymm1,ymm2
    1010:\tvaddsd xmm0,xmm1,xmm2
    1014:\tvmovups ZMMWORD PTR [rsp+0x40],zmm0
    1018:\tcmp    rax,rcx
    101c:\tjae    1040 <kernel+0x40>
    1020:\tjne    1004 <kernel+0x4>
    1024:\tvmulps zmm0,zmm1,zmm2
    1028:\tjmp    1000 <kernel>
    102c:\tret
    1040:\tlea    rdx,[rip+0x100]
    1044:\tcall   2000 <core::panicking::panic_bounds_check>
    1048:\tud2

0000000000002000 <other>:
    2000:\tmulps  xmm0,xmm1
    2004:\tcall   3000 <exp>
    2008:\tjb     2000 <other>
";

    #[test]
    fn the_inner_loop_is_found_and_what_is_in_it() {
        let functions = functions(TEXT);
        assert_eq!(functions.iter().map(|one| one.name).collect::<Vec<_>>(), ["kernel", "other"]);
        let expected =
            Loop { sample: 0x1004, instructions: 8, vectors: [2, 1, 0], scalars: 1, calls: 0, panics: 1, stack: 1 };
        assert_eq!(functions[0].inner_loops(), [expected]);
    }

    #[test]
    fn a_call_in_a_loop_is_told() {
        let loops = functions(TEXT)[1].inner_loops();
        assert_eq!((loops[0].calls, loops[0].panics, loops[0].vectors), (1, 0, [0, 0, 1]));
    }
}
