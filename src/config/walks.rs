//! Which streams are read together.

use super::{Config, Stream};

/// One export and the streams that are delivered from its pages.
#[derive(Clone, Debug)]
pub struct Walk<'c> {
    /// The stream that the export is named after. Its section says when and how it is read.
    pub root: &'c Stream,
    /// The other streams whose records are in its pages.
    pub members: Vec<&'c Stream>,
}

impl Config {
    /// The configured streams, grouped by the walk they are read in.
    pub fn walks(&self) -> Vec<Walk<'_>> {
        let roots = self
            .streams
            .iter()
            .filter(|stream| root(stream) == stream.spec.name);
        roots
            .map(|root| Walk {
                root,
                members: self.read_with(root).collect(),
            })
            .collect()
    }

    /// The name of the stream in whose walk `stream` is read: its own, or that of its root.
    /// `None` if it is not configured.
    pub fn root_of(&self, stream: &str) -> Option<&'static str> {
        let stream = self.streams.iter().find(|one| one.spec.name == stream)?;
        Some(root(stream))
    }

    fn read_with<'c>(&'c self, of: &'c Stream) -> impl Iterator<Item = &'c Stream> {
        let name = of.spec.name;
        self.streams
            .iter()
            .filter(move |stream| root(stream) == name && stream.spec.name != name)
    }
}

/// The stream whose export has the records of `stream` in its pages.
fn root(stream: &Stream) -> &'static str {
    stream.spec.name
}
