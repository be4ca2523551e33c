//! What is wrong with a configuration, and the report that says so.

use std::fmt;
use std::path::PathBuf;

/// Where a value was given. The order is the order of the report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// Nowhere in particular: something the file lacks.
    File,
    /// A line of the file, from 1.
    Line(usize),
    /// An environment variable, by name.
    Variable(String),
}

/// What is wrong with a value, before anyone says which value it is.
#[derive(Debug)]
pub(super) struct Problem {
    what: String,
    remedy: String,
}

impl Problem {
    /// `what` is wrong, for a person; `remedy` says what to write instead.
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            remedy: remedy.into(),
        }
    }

    /// The same in one entry of a list; entries are counted from 1.
    pub(super) fn of_entry(self, number: usize) -> Self {
        Self {
            what: format!("entry {number}: {}", self.what),
            ..self
        }
    }
}

/// Proof that a fault was recorded: only [`Faults::record`] makes one. A reader that has no
/// value to return can therefore not forget to say why.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused(());

/// A value, or the certainty that the report explains its absence.
pub(super) type Read<T> = Result<T, Refused>;

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

#[derive(Debug)]
struct Fault {
    place: Place,
    key: String,
    problem: Problem,
}

impl Faults {
    /// Records a problem with the value of `key`.
    pub(super) fn record(
        &mut self,
        place: Place,
        key: impl Into<String>,
        problem: Problem,
    ) -> Refused {
        self.0.push(Fault {
            place,
            key: key.into(),
            problem,
        });
        Refused(())
    }

    /// Forgets the faults of `key`. Only for replacing them by a better one: a [`Refused`] of
    /// theirs must stay true.
    pub(super) fn withdraw(&mut self, key: &str) {
        self.0.retain(|fault| fault.key != key);
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The report on the configuration in `file`.
    pub(super) fn into_report(mut self, file: PathBuf) -> Report {
        self.0.sort_by(|a, b| a.place.cmp(&b.place));
        Report {
            file,
            faults: self.0,
        }
    }
}

/// Every fault of a configuration, each with its place, its key, what is wrong and what to
/// write instead. Printing it never shows a value that could be a secret.
#[derive(Debug)]
pub struct Report {
    file: PathBuf,
    faults: Vec<Fault>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.faults.len() {
            1 => writeln!(f, "the configuration has 1 fault")?,
            count => writeln!(f, "the configuration has {count} faults")?,
        }
        let file = self.file.display();
        for fault in &self.faults {
            match &fault.place {
                Place::File => write!(f, "\n  {file}")?,
                Place::Line(line) => write!(f, "\n  {file}:{line}")?,
                Place::Variable(name) => write!(f, "\n  environment variable {name}")?,
            }
            let Problem { what, remedy } = &fault.problem;
            write!(f, ": {}: {what}\n      {remedy}", fault.key)?;
        }
        Ok(())
    }
}

/// Why there is no configuration to run on.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file does not exist.
    #[error(
        "there is no configuration file at `{}`\n    {NAME_THE_FILE}",
        .0.display()
    )]
    Missing(PathBuf),
    /// The file exists and cannot be read.
    #[error(
        "cannot read the configuration file `{}`\n    \
         let the user of this program read it, or {NAME_THE_FILE}",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is far larger than any configuration.
    #[error(
        "`{}` is larger than 16 MiB, so it is no configuration file\n    {NAME_THE_FILE}",
        .0.display()
    )]
    TooLarge(PathBuf),
    /// The file is not UTF-8.
    #[error(
        "`{}` is not UTF-8 text, so it is no configuration file\n    \
         save it as UTF-8, or {NAME_THE_FILE}",
        .0.display()
    )]
    NotText(PathBuf),
    /// The file is not TOML.
    #[error("{}:{line}: {message}\n    the file is written in TOML, see https://toml.io", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the parser says; it quotes nothing of the file.
        message: String,
    },
    /// The layers could not be joined.
    #[error("cannot join the configuration file and the environment")]
    Layers(#[from] ::config::ConfigError),
    /// The values are wrong.
    #[error("{0}")]
    Faults(Report),
}

const NAME_THE_FILE: &str =
    "name the right file with `--config` or the environment variable `ZENDESK_AEP_CONFIG`";
