//! Points in time and days: read in every form Zendesk has, written in the one Adobe takes.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::value::{self, Value};

/// Reads a point in time: RFC 3339 with an offset, a day alone (its midnight in UTC), or Unix
/// seconds.
pub(super) fn read(value: &Value<'_>) -> Option<Timestamp> {
    let text = value.as_text()?;
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') && !text.contains("--") {
        if let Ok(seconds) = text.parse() {
            return Timestamp::from_second(seconds).ok().filter(is_of_our_era);
        }
        let date: Date = text.parse().ok()?;
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        return Offset::UTC
            .to_timestamp(midnight)
            .ok()
            .filter(is_of_our_era);
    }
    text.parse().ok().filter(is_of_our_era)
}

/// RFC 3339 has years of four digits, and no negative ones.
fn is_of_our_era(moment: &Timestamp) -> bool {
    (1..=9999).contains(&Offset::UTC.to_datetime(*moment).year())
}

/// A point in time as it is sent, `2026-03-02T10:15:30.000Z`: UTC, milliseconds, `Z`.
pub(super) struct Sent([u8; 24]);

impl Sent {
    fn of(moment: Timestamp) -> Self {
        let time = Offset::UTC.to_datetime(moment);
        let mut sent = Self(*b"0000-00-00T00:00:00.000Z");
        // Years have four digits and no sign: others were not read.
        sent.put(0..4, time.year().unsigned_abs());
        sent.put(5..7, time.month().unsigned_abs().into());
        sent.put(8..10, time.day().unsigned_abs().into());
        sent.put(11..13, time.hour().unsigned_abs().into());
        sent.put(14..16, time.minute().unsigned_abs().into());
        sent.put(17..19, time.second().unsigned_abs().into());
        sent.put(20..23, time.millisecond().unsigned_abs());
        sent
    }

    /// Writes `number` into the digits at `place`.
    fn put(&mut self, place: Range<usize>, mut number: u16) {
        for digit in self.0[place].iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
    }

    /// It, as text.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Writes a point in time as it is sent, in quotes; `false` if it is none.
pub(super) fn write(value: &Value<'_>, out: &mut Vec<u8>) -> bool {
    if let Value::Json(json) = value
        && let [b'"', text @ .., b'"'] = json.as_bytes()
        && is_zendesks_own(text)
    {
        // With the quote, and up to the `Z`.
        out.extend_from_slice(&json.as_bytes()[..20]);
        out.extend_from_slice(b".000Z\"");
        return true;
    }
    let Some(text) = normalised(value) else {
        return false;
    };
    value::write_text(text.as_str(), out);
    true
}

/// A point in time as it is sent.
pub(super) fn normalised(value: &Value<'_>) -> Option<Sent> {
    if let Value::Text(text) = value
        && is_as_sent(text.as_bytes())
    {
        return text.as_bytes().try_into().ok().map(Sent);
    }
    if let Some(text) = value.as_string()
        && is_zendesks_own(text.as_bytes())
    {
        // Zendesk's own form, checked: only the milliseconds are missing.
        let mut sent = Sent(*b"0000-00-00T00:00:00.000Z");
        sent.0[..19].copy_from_slice(&text.as_bytes()[..19]);
        return Some(sent);
    }
    read(value).map(Sent::of)
}

/// Whether `text` is `2026-03-02T10:15:30Z` with a day and a time that exist for certain: the 29th
/// to 31st and leap seconds are left to the real reader.
fn is_zendesks_own(text: &[u8]) -> bool {
    const LOWEST: &[u8; 20] = b"0000-00-00T00:00:00Z";
    const HIGHEST: &[u8; 20] = b"9999-19-29T29:59:59Z";
    let Ok(text) = <&[u8; 20]>::try_from(text) else {
        return false;
    };
    let number = |at: usize| (text[at] - b'0') * 10 + (text[at + 1] - b'0');
    // Without a way out, so that it is one comparison for many bytes.
    let is_wrong = (0..20).fold(false, |wrong, at| {
        wrong | (text[at] < LOWEST[at]) | (text[at] > HIGHEST[at])
    });
    !is_wrong
        && text[..4] != *b"0000"
        && (1..=12).contains(&number(5))
        && (1..=28).contains(&number(8))
        && number(11) < 24
}

/// Whether `text` is what [`Sent`] makes of such a moment.
fn is_as_sent(text: &[u8]) -> bool {
    let [moment @ .., b'.', a, b, c, b'Z'] = text else {
        return false;
    };
    let mut whole = [b'Z'; 20];
    let Some(seconds) = whole.first_chunk_mut::<19>() else {
        return false;
    };
    let Ok(moment) = <&[u8; 19]>::try_from(moment) else {
        return false;
    };
    *seconds = *moment;
    [a, b, c].iter().all(|digit| digit.is_ascii_digit()) && is_zendesks_own(&whole)
}

/// The day of a date or of a point in time, in that time's own offset: a day that somebody chose
/// in a calendar must not move with the time zone.
pub(super) fn day(value: &Value<'_>) -> Option<String> {
    let text = value.as_string()?;
    let text = text.trim();
    let day = match text.split_once(['T', ' ']) {
        None => text,
        Some((day, _)) => {
            text.parse::<Timestamp>().ok()?;
            day
        }
    };
    let date: Date = day.parse().ok()?;
    (1..=9999)
        .contains(&date.year())
        .then(|| format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<&str>) {
        assert_eq!(
            normalised(&Value::Json(json)).as_ref().map(Sent::as_str),
            expected,
            "{json}"
        );
    }

    #[test]
    fn every_form_becomes_one() {
        check(
            r#""2026-03-02T10:15:30Z""#,
            Some("2026-03-02T10:15:30.000Z"),
        );
        check(
            r#""2024-02-29T23:59:59Z""#,
            Some("2024-02-29T23:59:59.000Z"),
        );
        check(
            r#""2026-03-02T12:15:30.25+02:00""#,
            Some("2026-03-02T10:15:30.250Z"),
        );
        check(r#""2026-03-02""#, Some("2026-03-02T00:00:00.000Z"));
        check("1772446531", Some("2026-03-02T10:15:31.000Z"));
        check(r#""1772446531""#, Some("2026-03-02T10:15:31.000Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for json in [
            r#""2026-02-30T10:15:30Z""#,
            r#""2025-02-29T10:15:30Z""#,
            r#""2026-03-02T24:15:30Z""#,
            r#""2026-03-02T10:15:30""#,
            r#""0000-01-01T00:00:00Z""#,
            r#""-000001-01-01T00:00:00Z""#,
            r#""yesterday""#,
            r#""--""#,
            "1e30",
            "99999999999999999",
            "true",
            "[1]",
        ] {
            check(json, None);
        }
    }

    #[test]
    fn a_day_stays_the_day_it_was() {
        for (json, expected) in [
            (r#""2025-11-30T00:00:00+00:00""#, Some("2025-11-30")),
            (r#""2025-11-30T00:00:00+13:00""#, Some("2025-11-30")),
            (r#""2025-11-30""#, Some("2025-11-30")),
            (r#""2025-11-31""#, None),
            (r#""2025-11-30T25:00:00Z""#, None),
            ("20251130", None),
        ] {
            assert_eq!(day(&Value::Json(json)).as_deref(), expected, "{json}");
        }
    }
}
