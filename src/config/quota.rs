//! `[zendesk.quota]`: how much of Zendesk's limits this program may use, and when.

use jiff::Timestamp;

use super::values::clock::{DAY, Zone};

/// The share of every limit that is ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Quota {
    /// At all other hours; above 0, at most 1.
    pub share: f64,
    /// Hours with a share of their own; they do not overlap.
    pub reserve: Vec<Hours>,
}

/// Hours of every day, and the share that holds then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hours {
    /// Minute of the day at which they begin.
    pub from: u32,
    /// Minute of the day at which they are over; before `from` if they go past midnight.
    pub to: u32,
    /// Above 0, at most 1.
    pub share: f64,
    /// Whose hours they are.
    pub timezone: Zone,
}

impl Quota {
    /// The share that holds now.
    pub fn share_at(&self, now: Timestamp) -> f64 {
        let hours = self
            .reserve
            .iter()
            .find(|hours| hours.contain(hours.timezone.minute_of_day(now)));
        hours.map_or(self.share, |hours| hours.share)
    }
}

impl Default for Quota {
    /// Four fifths at any hour.
    fn default() -> Self {
        Self {
            share: 0.8,
            reserve: Vec::new(),
        }
    }
}

impl Hours {
    fn contain(&self, minute: u32) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }

    /// Whether some minute belongs to both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        (0..DAY).any(|minute| self.contain(minute) && other.contain(minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_change_with_the_hour() {
        let hours = |from: u32, to: u32, share| Hours {
            from: from * 60,
            to: to * 60,
            share,
            timezone: Zone::default(),
        };
        let quota = Quota {
            share: 0.8,
            reserve: vec![hours(8, 18, 0.5), hours(22, 6, 1.0)],
        };
        for (time, share) in [
            ("07:59", 0.8),
            ("08:00", 0.5),
            ("17:59", 0.5),
            ("18:00", 0.8),
            ("22:00", 1.0),
            ("00:00", 1.0),
            ("05:59", 1.0),
            ("06:00", 0.8),
        ] {
            let now = format!("2026-05-04T{time}:30Z").parse().expect("a time");
            assert_eq!(quota.share_at(now).to_bits(), f64::to_bits(share), "{time}");
        }
        assert!(!quota.reserve[0].overlaps(&quota.reserve[1]));
        assert!(quota.reserve[1].overlaps(&hours(5, 7, 0.1)));
    }
}
