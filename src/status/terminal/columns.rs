//! Text in columns of a fixed width, safe to print.

use crate::status::words::is_unprintable;

/// Others' text on one line, without what a terminal takes for orders.
pub(super) fn printable(text: &str) -> String {
    text.replace(is_unprintable, "\u{fffd}")
}

/// Text cut and padded to exactly so many characters.
pub(super) fn cell(text: &str, width: usize) -> String {
    format!("{:<width$}", cut(text, width))
}

/// Text of at most so many characters.
pub(super) fn cut(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => {
            let kept = text.chars().take(width.saturating_sub(1));
            kept.chain(['…']).collect()
        }
        false => text.to_owned(),
    }
}

/// Text on lines of at most `width` characters, the first behind `first`, the others behind as many
/// spaces. A word that is longer than a line is broken.
pub(super) fn wrapped(first: &str, text: &str, width: usize) -> Vec<String> {
    let indent = first.chars().count();
    let room = width.saturating_sub(indent).max(1);
    let mut lines = vec![String::new()];
    let words = text.split_whitespace().flat_map(|word| pieces(word, room));
    for word in words {
        let line = lines.last().map_or(0, |line| line.chars().count());
        let needed = word.chars().count() + usize::from(line > 0);
        if line + needed > room {
            lines.push(word);
        } else if let Some(last) = lines.last_mut() {
            if line > 0 {
                last.push(' ');
            }
            last.push_str(&word);
        }
    }
    let behind = " ".repeat(indent);
    let lines = lines.into_iter().enumerate();
    lines
        .map(|(place, line)| match place {
            0 => format!("{first}{line}"),
            _ => format!("{behind}{line}"),
        })
        .collect()
}

/// A word in pieces of at most so many characters.
fn pieces(word: &str, room: usize) -> Vec<String> {
    let chars: Vec<char> = word.chars().collect();
    let pieces = chars.chunks(room);
    pieces.map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_their_width() {
        assert_eq!(cell("abc", 5), "abc  ");
        assert_eq!(cell("abcdef", 5), "abcd…");
        assert_eq!(cell("äöüßé", 5), "äöüßé");
    }

    #[test]
    fn long_text_goes_on_below() {
        assert_eq!(wrapped("→ ", "one two three", 9), ["→ one two", "  three"]);
        assert_eq!(wrapped("", "abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrapped("- ", "", 9), ["- "]);
    }
}
