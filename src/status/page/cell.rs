//! Small things that stand in several places.

use std::fmt::{self, Display};

use jiff::Timestamp;

use super::escaped::Escaped;
use crate::status::words::relative;

/// A time as told at another one, the exact one at hand.
#[derive(Clone, Copy)]
pub(super) struct When(pub(super) Timestamp, pub(super) Timestamp);

impl When {
    /// The exact time itself.
    pub(super) fn exact(self) -> String {
        let time = self.0;
        let text = time.strftime("%Y-%m-%d %H:%M:%S UTC");
        format!("<time datetime=\"{time:.0}\">{text}</time>")
    }
}

impl Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time, now) = *self;
        write!(
            f,
            "<time datetime=\"{time:.0}\" title=\"{}\">{}</time>",
            time.strftime("%Y-%m-%d %H:%M:%S UTC"),
            relative(time, now)
        )
    }
}

/// Text with its parts between backticks as code, as errors and remedies are written.
pub(super) struct Prose<'a>(pub(super) &'a str);

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces: Vec<&str> = self.0.split('`').collect();
        if pieces.len().is_multiple_of(2) {
            // One backtick too many: nobody knows which.
            return write!(f, "{}", Escaped(self.0));
        }
        for (place, piece) in pieces.into_iter().enumerate() {
            match place % 2 {
                0 => write!(f, "{}", Escaped(piece))?,
                _ => write!(f, "<code>{}</code>", Escaped(piece))?,
            }
        }
        Ok(())
    }
}

/// A cell of a table that becomes a card on a narrow screen, where `label` stands beside it.
///
/// The roles are said because `display: block` takes them away in some browsers.
pub(super) struct Cell<T>(pub(super) &'static str, pub(super) T);

impl<T: Display> Display for Cell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(label, content) = self;
        write!(
            f,
            "<td role=\"cell\" data-label=\"{label}\"><div>{content}</div></td>"
        )
    }
}

/// Begin of such a table, with its caption and the heads of its columns.
pub(super) struct TableHead<'a>(pub(super) &'a str, pub(super) &'a [&'a str]);

impl Display for TableHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(caption, columns) = self;
        write!(
            f,
            "<table role=\"table\" class=\"card\">\n<caption>{caption}</caption>\n<thead role=\"rowgroup\"><tr role=\"row\">"
        )?;
        for column in *columns {
            write!(f, "<th role=\"columnheader\" scope=\"col\">{column}</th>")?;
        }
        f.write_str("</tr></thead>\n<tbody role=\"rowgroup\">\n")
    }
}

/// Its end.
pub(super) const TABLE_END: &str = "</tbody>\n</table>\n";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_in_prose_are_code() {
        for (prose, html) in [
            ("run `a <b>` now", "run <code>a &lt;b&gt;</code> now"),
            ("an odd ` one", "an odd ` one"),
            ("", ""),
        ] {
            assert_eq!(Prose(prose).to_string(), html);
        }
    }
}
