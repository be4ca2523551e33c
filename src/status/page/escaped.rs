//! The only way of others' text onto the page.

use std::fmt::{self, Display, Write};

use crate::status::words::is_unprintable;

/// Text as content of an element or of a quoted attribute, whatever it holds.
pub(super) struct Escaped<T>(pub(super) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Writer(f), "{}", self.0)
    }
}

struct Writer<'a, 'f>(&'a mut fmt::Formatter<'f>);

impl Write for Writer<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '&' => self.0.write_str("&amp;"),
            '<' => self.0.write_str("&lt;"),
            '>' => self.0.write_str("&gt;"),
            '"' => self.0.write_str("&quot;"),
            '\'' => self.0.write_str("&#39;"),
            char if is_unprintable(char) => self.0.write_char('\u{fffd}'),
            char => self.0.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let hostile = "a<b> & \"c\" 'd' \u{0}\u{202e}é</td>";
        assert_eq!(
            Escaped(hostile).to_string(),
            "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39; \u{fffd}\u{fffd}é&lt;/td&gt;"
        );
        assert_eq!(Escaped(format_args!("{}<", 7)).to_string(), "7&lt;");
    }
}
