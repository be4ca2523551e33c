//! Records from templates: JSON text in which a word after `$` stands for a value made up.
//!
//! | word | value |
//! | --- | --- |
//! | `$id`, `$sid`, `$parent`, `$sparent` | the record's and its parent's id; with `s` in text always |
//! | `$url(path)` | the record's address below `/api/v2/` |
//! | `$created`, `$updated` | its times |
//! | `$at` | the clock of its export, as a number |
//! | `$deleted` | whether it is deleted |
//! | `$tombstone` | a further key, `deleted_at`, if it is deleted; otherwise nothing |
//! | `$name` | what it is called, also after a change |
//! | `$text` | a text that changes with the record |
//! | `$int(n)`, `$bool`, `$pick(a\|b)` | a number below `n` and so on; change with the record |
//! | `$flip` | a truth that is another one after every change |
//! | `$ref(stream)`, `$sref(stream)` | the id of some record of that stream; in text |
//! | `$kind(a\|b)` | like `$pick`, but never changes |
//!
//! A `?` behind a word makes its value null in some records.

use std::io::Write as _;

use super::renderer::{Renderer, instant};
use super::row::Row;
use super::stream::Stream;
use super::user::ZENDESK_HOST;
use crate::sandbox::dice::Dice;

/// Share of nulls among values with a `?`, in percent.
const NULLS: u64 = 30;

const WORDS: &[&str] = &[
    "Returns",
    "Повернення",
    "請求",
    "Größe",
    "VIP 🎉",
    "Second line",
    "\\\"Quoted\\\" & <b>bold</b>",
    "Zażółć gęślą",
    "Billing",
    "فواتير",
];

/// Fills the template of `stream` for `row`.
pub(super) fn fill(renderer: &Renderer, stream: &Stream, template: &str, row: &Row) -> Vec<u8> {
    let mut pen = Pen {
        renderer,
        stream,
        row,
        stable: renderer.stable(row),
        changing: renderer.changing(row),
        out: Vec::with_capacity(template.len() * 2),
    };
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        pen.out.extend_from_slice(before.as_bytes());
        rest = pen.word(after);
    }
    pen.out.extend_from_slice(rest.as_bytes());
    pen.out
}

struct Pen<'a> {
    renderer: &'a Renderer,
    stream: &'a Stream,
    row: &'a Row,
    /// The same for all versions.
    stable: Dice,
    changing: Dice,
    out: Vec<u8>,
}

impl Pen<'_> {
    /// Writes the value of the word that `text` begins with; gives what comes after it.
    fn word<'t>(&mut self, text: &'t str) -> &'t str {
        let end = text.find(|c: char| !c.is_ascii_lowercase());
        let (word, mut rest) = text.split_at(end.unwrap_or(text.len()));
        let mut argument = "";
        if let Some((inside, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            (argument, rest) = (inside, after);
        }
        if let Some(after) = rest.strip_prefix('?') {
            rest = after;
            if self.stable.percent(NULLS) {
                self.out.extend_from_slice(b"null");
                return rest;
            }
        }
        let value = self.value(word, argument);
        self.out.extend_from_slice(value.as_bytes());
        rest
    }

    fn value(&mut self, word: &str, argument: &str) -> String {
        let row = self.row;
        let ids = self.stream.ids;
        match word {
            "id" => ids.json(row.id),
            "sid" => format!("\"{}\"", ids.text(row.id)),
            "url" => format!(
                "\"https://{ZENDESK_HOST}/api/v2/{argument}/{}.json\"",
                ids.text(row.id)
            ),
            "parent" => row.parent.to_string(),
            "sparent" => format!("\"{}\"", row.parent),
            "created" => instant(row.created),
            "updated" => instant(row.updated),
            "at" => row.place.to_string(),
            "deleted" => row.is_deleted().to_string(),
            "tombstone" if row.is_deleted() => format!(",\"deleted_at\":{}", instant(row.updated)),
            "tombstone" => String::new(),
            "name" => format!("\"{}\"", name(self.renderer, self.stream, row)),
            // As the export of custom objects has it.
            "text" if row.is_deleted() && self.stream.cursor.is_some() => "\"[DELETED]\"".into(),
            "text" => format!("\"{} · {}\"", self.changing.pick(WORDS), row.version + 1),
            "int" => self
                .changing
                .below(argument.parse().unwrap_or(1))
                .to_string(),
            "bool" => self.changing.percent(50).to_string(),
            "flip" => row.version.is_multiple_of(2).to_string(),
            "pick" => choice(&mut self.changing, argument),
            "kind" => choice(&mut self.stable, argument),
            "ref" => self.renderer.some(argument, &mut self.stable).1,
            "sref" => format!("\"{}\"", self.renderer.some(argument, &mut self.stable).0),
            // Nothing else is in the tables: every template is filled and parsed by a test.
            _ => String::new(),
        }
    }
}

fn choice(dice: &mut Dice, argument: &str) -> String {
    let choices: Vec<&str> = argument.split('|').collect();
    format!("\"{}\"", dice.pick(&choices))
}

/// What a record is called, in JSON text without its quotes. Unlike its id it says nothing about
/// its age, so that a list by name is in no useful order.
pub(super) fn name(renderer: &Renderer, stream: &Stream, row: &Row) -> String {
    let mut dice = renderer.stable(row);
    let mut out = Vec::new();
    let number = stream.keeper().ids.number(row.id);
    // Writing to memory cannot fail.
    let _ = write!(out, "{} {number}", dice.pick(WORDS));
    String::from_utf8(out).unwrap_or_default()
}
