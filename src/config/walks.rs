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

impl Walk<'_> {
    /// The names of its streams, the root first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let members = self.members.iter().copied();
        std::iter::once(self.root)
            .chain(members)
            .map(|stream| &*stream.spec.name)
    }
}

impl Config {
    /// The configured streams, grouped by the walk they are read in.
    pub fn walks(&self) -> Vec<Walk<'_>> {
        let mut walks: Vec<Walk<'_>> = Vec::new();
        for stream in &self.streams {
            let root = self.root(stream);
            if root.spec.name == stream.spec.name {
                let of_root = |one: &&Stream| {
                    one.spec.name != root.spec.name && self.root(one).spec.name == root.spec.name
                };
                walks.push(Walk {
                    root,
                    members: self.streams.iter().filter(of_root).collect(),
                });
            }
        }
        walks
    }

    /// The walk in which `stream` is read. `None` if it is not configured.
    pub fn walk_of(&self, stream: &str) -> Option<Walk<'_>> {
        self.walks()
            .into_iter()
            .find(|walk| walk.names().any(|name| name == stream))
    }

    /// The stream whose export has the records of `stream` in its pages.
    fn root<'c>(&'c self, stream: &'c Stream) -> &'c Stream {
        let named = |name: &str| self.streams.iter().find(|one| one.spec.name == name);
        let mut root = stream;
        while let Some(parent) = root.spec.parent().and_then(named) {
            root = parent;
        }
        root
    }
}
