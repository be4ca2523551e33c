//! `streams`: the catalogue, chapter by chapter.

use serde::Serialize;

use crate::catalogue::{self, StreamSpec};
use crate::cli::output::grouped;
use crate::cli::{Output, exit, output};

/// A row, for programs.
#[derive(Debug, Serialize)]
struct Row<'s> {
    name: &'s str,
    area: &'static str,
    /// What `export` may be, the default first; empty for a stream that is read with another.
    exports: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_with: Option<&'s str>,
    path: Option<&'s str>,
    records_key: &'s str,
    id_field: &'s str,
    version_field: Option<&'s str>,
    page_max: u32,
    needs: &'s str,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'s str,
}

impl<'s> Row<'s> {
    fn new(spec: &'s StreamSpec) -> Self {
        Self {
            name: &spec.name,
            area: spec.area.title(),
            exports: spec.exports(),
            read_with: spec.parent(),
            path: spec.path(),
            records_key: &spec.records_key,
            id_field: &spec.id_field,
            version_field: spec.version_field.as_deref(),
            page_max: spec.page_max,
            needs: &spec.needs,
            note: &spec.note,
        }
    }

    fn export(&self) -> String {
        match self.read_with {
            Some(parent) => format!("with {parent}"),
            None => self.exports.join(", "),
        }
    }
}

pub(super) fn run(output: Output) -> u8 {
    let rows: Vec<Row<'_>> = catalogue::all().iter().map(Row::new).collect();
    match output {
        Output::Json => output::json(&rows),
        Output::Human => print(&rows),
    }
    exit::SUCCESS
}

fn print(rows: &[Row<'_>]) {
    let heads = ["stream", "export", "key", "version", "page", "needs"];
    let cells = |row: &Row<'_>| {
        [
            row.name.to_owned(),
            row.export(),
            row.id_field.replace('+', " + "),
            row.version_field.unwrap_or("-").to_owned(),
            grouped(row.page_max.into()),
            row.needs.to_owned(),
        ]
    };
    let mut widths = heads.map(str::len);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(cells(row)) {
            *width = (*width).max(cell.len());
        }
    }
    let line = |cells: [String; 6]| {
        let mut text = String::from(" ");
        for (place, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let pad = " ".repeat(width.saturating_sub(cell.len()));
            // Numbers end together.
            let cell = match place {
                4 => format!("{pad}{cell}"),
                _ => format!("{cell}{pad}"),
            };
            text = format!("{text} {cell} ");
        }
        output::line(text.trim_end());
    };
    let mut area = "";
    for row in rows {
        if row.area != area {
            let gap = if area.is_empty() { "" } else { "\n" };
            area = row.area;
            output::line(&format!("{gap}{area}"));
            line(heads.map(str::to_owned));
        }
        line(cells(row));
        if !row.note.is_empty() {
            output::line(&format!("  {:1$}  {2}", "", widths[0], row.note));
        }
    }
    output::line(
        "\nThe first export named is the default. A stream is kept in sync once it has a section\n[streams.NAME] in the configuration; others can be declared there, by `path` or `like`.",
    );
}
