//! Splits Rust source into the few kinds of token that paths are made of; comments and literals fall away.

/// A word, `::`, or one other character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'s> {
    pub(super) text: &'s str,
    pub(super) line: usize,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.text.starts_with(is_word_start)
    }
}

/// All tokens of a file.
pub(super) fn read(source: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest));
        let length = skipped.unwrap_or_else(|| match first {
            _ if is_word_start(first) => run(rest, is_word_part),
            _ if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        });
        let (text, after) = rest.split_at(length);
        // `$crate` in a macro is `crate`.
        if skipped.is_none() && !first.is_whitespace() && first != '$' {
            tokens.push(Token { text, line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Bytes from the start that `belongs` accepts.
fn run(text: &str, belongs: fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Length of the comment that `text` starts with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    let (mut depth, mut at) = (0_usize, 0);
    loop {
        let here = &text[at..];
        if here.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if depth == 0 {
            return None;
        } else if here.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += here.chars().next()?.len_utf8();
        }
    }
}

/// Length of the literal that `text` starts with: a number, a character or a string of any kind.
fn literal(text: &str) -> Option<usize> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(run(text, is_word_part));
    }
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        text.strip_prefix(prefix).is_some_and(|after| after.trim_start_matches('#').starts_with(['"', '\'']))
    })?;
    let body = &text[prefix.len()..];
    let hashes = run(body, |c| c == '#');
    if body.starts_with('\'') {
        return character(body).map(|length| prefix.len() + length);
    }
    if prefix.ends_with('r') {
        let close = format!("\"{}", &body[..hashes]);
        let start = prefix.len() + hashes + 1;
        return Some(text.get(start..)?.find(&close).map_or(text.len(), |at| start + at + close.len()));
    }
    if hashes > 0 {
        return None;
    }
    Some(prefix.len() + quoted(body, '"'))
}

/// Length of the character literal, but not of a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut inner = text.chars().skip(1);
    let first = inner.next()?;
    (first == '\\' || inner.next() == Some('\'')).then(|| quoted(text, '\''))
}

/// Length up to and with the closing quote, minding escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        read(source).iter().map(|token| token.text).collect()
    }

    #[test]
    fn paths_come_apart_with_their_lines() {
        let tokens = read("use a::\n  {b};");
        assert_eq!(
            tokens.iter().map(|token| (token.text, token.line)).collect::<Vec<_>>(),
            [("use", 1), ("a", 1), ("::", 1), ("{", 2), ("b", 2), ("}", 2), (";", 2)]
        );
    }

    #[test]
    fn literals_and_comments_fall_away() {
        assert_eq!(texts(r####"a "b\"c" d r#"e"f"# g b'x' 'h' '\'' '\u{41}' i"####), ["a", "d", "g", "i"]);
        assert_eq!(texts("a // b\nc /* d /* e */ f */ g"), ["a", "c", "g"]);
        assert_eq!(texts("1.0_f32 0xff x1"), [".", "x1"]);
    }

    #[test]
    fn lifetimes_raw_words_and_attributes_are_no_literals() {
        assert_eq!(texts("<'a, 'b>"), ["<", "'", "a", ",", "'", "b", ">"]);
        assert_eq!(texts("r#type #[b]"), ["r", "#", "type", "#", "[", "b", "]"]);
        assert_eq!(texts("'a: loop"), ["'", "a", ":", "loop"]);
    }
}
