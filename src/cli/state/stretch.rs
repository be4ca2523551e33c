//! A stretch of history on one line.

use std::fmt;

use crate::checkpoint::Segment;
use crate::cli::output::grouped;
use crate::record::Position;

/// What is still to be read of it, and for whom.
pub(super) struct Stretch<'a>(pub(super) &'a Segment);

impl fmt::Display for Stretch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Segment {
            position,
            until,
            streams,
            records,
            ..
        } = self.0;
        match (position, position.recovery_time()) {
            (Position::History(_), _) => f.write_str("from the lists")?,
            (_, Some(time)) => write!(f, "from {time}")?,
            (_, None) => f.write_str("from the configured `start`")?,
        }
        write!(
            f,
            " to {until}, for {}; {} records so far",
            streams.join(", "),
            grouped(*records)
        )
    }
}
