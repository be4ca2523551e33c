//! Numbers, times and spans as people read them, on the page and on a terminal.

use jiff::Timestamp;

use super::report::Condition;

/// A number with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span of so many seconds, in its two largest units from an hour on.
pub fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let with = |whole: u64, unit: &str, rest: u64, rest_unit: &str| match rest {
        0 => format!("{whole} {unit}"),
        rest => format!("{whole} {unit} {rest} {rest_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min"),
        3_600..86_400 => with(hours, "h", minutes % 60, "min"),
        86_400..8_640_000 => with(days, "d", hours % 24, "h"),
        _ => format!("{} d", grouped(days)),
    }
}

/// How far `time` is from `now`, either way.
pub fn relative(time: Timestamp, now: Timestamp) -> String {
    match now.as_second() - time.as_second() {
        // Clocks disagree by moments, and nobody cares for less.
        0..5 => "just now".to_owned(),
        -4..0 => "now".to_owned(),
        past @ 5.. => format!("{} ago", span(past.unsigned_abs())),
        ahead => format!("in {}", span(ahead.unsigned_abs())),
    }
}

/// A number of bytes, in decimal units.
pub fn size(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    for (unit, factor) in units {
        if bytes >= factor {
            return format!(
                "{}.{} {unit}",
                grouped(bytes / factor),
                bytes % factor * 10 / factor
            );
        }
    }
    format!("{bytes} B")
}

/// Whether a character gives orders to whatever displays it: control characters, and those that
/// turn the direction of the text around them.
pub fn is_unprintable(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Condition {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Failing => "failing",
            Self::Late => "late",
            Self::Starting => "starting",
            Self::BackFilling => "back-filling",
            Self::Fresh => "fresh",
            Self::Finished => "finished",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (7_260, "2 h 1 min"),
            (86_400, "1 d"),
            (90_000, "1 d 1 h"),
            (400_000_000, "4,629 d"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }

    #[test]
    fn times_are_told_from_now() {
        let now = Timestamp::from_second(1_000_000).expect("in range");
        for (second, text) in [
            (1_000_000, "just now"),
            (999_940, "1 min ago"),
            (1_000_030, "in 30 s"),
            (1_000_003, "now"),
        ] {
            let time = Timestamp::from_second(second).expect("in range");
            assert_eq!(relative(time, now), text);
        }
    }

    #[test]
    fn sizes_have_one_place() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_500, "1.5 kB"),
            (999_999, "999.9 kB"),
            (1_000_000_000, "1.0 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
