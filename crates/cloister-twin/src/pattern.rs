//! Texts that a regular expression matches: classes, repeats, alternatives, literals and groups.

use crate::draw::Draw;
use regex_syntax::hir::{Class, Hir, HirKind};

/// How often something is repeated that may be repeated without end.
const REPEATS_MORE: u32 = 3;
/// The longest text.
const CHARS_MAX: usize = 200;

/// A text that the whole pattern matches; none where the pattern asks for what is not made here, such as
/// look-around.
pub(crate) fn text_of(pattern: &str, draw: &mut Draw) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut text = String::new();
    write(&hir, draw, &mut text)?;
    Some(text)
}

fn write(hir: &Hir, draw: &mut Draw, text: &mut String) -> Option<()> {
    if text.len() > CHARS_MAX {
        return None;
    }
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(class) => text.push(one_of(class, draw)?),
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(repetition.min.saturating_add(REPEATS_MORE));
            let most = most.min(repetition.min.saturating_add(12));
            let more = draw.below(u64::from(most.saturating_sub(repetition.min)) + 1);
            for _ in 0..u64::from(repetition.min) + more {
                write(&repetition.sub, draw, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, draw, text)?,
        HirKind::Concat(parts) => {
            for part in parts {
                write(part, draw, text)?;
            }
        }
        HirKind::Alternation(parts) => write(draw.any_of(parts)?, draw, text)?,
        // The pattern is for the whole text anyway.
        HirKind::Look(look) => match look {
            regex_syntax::hir::Look::Start | regex_syntax::hir::Look::End => {}
            _ => return None,
        },
    }
    Some(())
}

/// A character of a class; a visible one of ASCII where it has any.
fn one_of(class: &Class, draw: &mut Draw) -> Option<char> {
    let ranges: Vec<(u32, u32)> = match class {
        Class::Unicode(class) => class.iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
        Class::Bytes(class) => class.iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
    };
    let visible = ranges.iter().map(|(from, to)| ((*from).max(0x20), (*to).min(0x7e)));
    let visible: Vec<(u32, u32)> = visible.filter(|(from, to)| from <= to).collect();
    let ranges = if visible.is_empty() { ranges } else { visible };
    let total: u64 = ranges.iter().map(|(from, to)| u64::from(to - from) + 1).sum();
    let mut at = draw.below(total);
    for (from, to) in ranges {
        let size = u64::from(to - from) + 1;
        if at < size {
            return char::from_u32(from + u32::try_from(at).ok()?);
        }
        at -= size;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_their_pattern() {
        for pattern in [
            "[0-9]{6,18}",
            "[A-Z][0-9]{2}[0-9X]?",
            "[A-Za-z]{1,2}[0-9][0-9A-Za-z]? ?[0-9][A-Za-z]{2}",
            "F|M|X",
            "(ab|cd)+e*",
            "a{3}",
            "^\\d{4}-\\w+$",
            "[^a-z]",
            ".",
            "(?i)abc",
            "",
            "é{2}[à-ü]",
        ] {
            let whole = regex::Regex::new(&format!("^(?:{pattern})$")).unwrap();
            let mut draw = Draw::shared(pattern);
            for _ in 0..200 {
                let text = text_of(pattern, &mut draw).unwrap();
                assert!(whole.is_match(&text), "{pattern}: {text:?}");
            }
        }
        for unmade in ["\\bword\\b", "(", "(a{100}){100}"] {
            assert_eq!(text_of(unmade, &mut Draw::shared("")), None, "{unmade}");
        }
    }
}
