//! Noticing that files have changed.

use crate::config::Contents;

/// Looks at the content of files, again and again.
///
/// Not by the kernel's notices: a mounted ConfigMap changes by a link that is replaced, a bind mount
/// keeps the old file, a network file system tells nobody. Reading some kilobytes every few seconds
/// always works.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// What was there at the last attempt.
    pub(super) tried: Option<Contents>,
    /// What was there at the last look.
    seen: Option<Contents>,
}

impl Watch {
    /// Whether there is something new, and it has stayed the same since the last look: what is still
    /// being written is not taken, and what turned out to be wrong is tried once.
    pub(super) fn look(&mut self, now: Contents) -> bool {
        let rests = self.seen.as_ref() == Some(&now);
        let is_new = self.tried.as_ref() != Some(&now);
        self.seen = Some(now);
        rests && is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rests_is_tried_and_what_was_tried_is_not_tried_again() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("config.toml");
        let written = |text: &str| {
            std::fs::write(&path, text).expect("written");
            Contents::default().and_of_file(&path)
        };
        let (one, half, two) = (written("one"), written("tw"), written("two"));
        let mut watch = Watch {
            tried: Some(one.clone()),
            ..Watch::default()
        };
        let mut look = |now: &Contents| watch.look(now.clone());
        let looks = [&one, &one, &half, &two, &two];
        assert_eq!(
            looks.map(&mut look),
            [false, false, false, false, true],
            "what is half written never rests"
        );
        watch.tried = Some(two.clone());
        let mut look = |now: &Contents| watch.look(now.clone());
        assert_eq!(
            [&two, &two, &one, &one].map(&mut look),
            [false, false, false, true]
        );
        std::fs::remove_file(&path).expect("removed");
        let gone = Contents::default().and_of_file(&path);
        assert_eq!(
            [&gone, &gone].map(&mut look),
            [false, true],
            "gone is a change too"
        );
    }
}
