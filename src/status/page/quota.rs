//! How much of Zendesk's limits is used, by whom.

use std::fmt::{self, Display};

use super::cell::When;
use super::escaped::Escaped;
use crate::status::report::{Limit, Report};
use crate::status::words::grouped;

pub(super) struct Section<'a>(pub(super) &'a Report);

impl Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.limits.is_empty() {
            return Ok(());
        }
        f.write_str("<section aria-labelledby=\"quota\">\n<h2 id=\"quota\">Zendesk quota</h2>\n<p class=\"muted\">Requests in the present window of each limit: ours, others', and the mark up to which they are ours to make.</p>\n<ul class=\"card limits\">\n")?;
        for limit in &self.0.limits {
            write!(f, "{}", Bar(self.0, limit))?;
        }
        f.write_str("</ul>\n</section>\n")
    }
}

struct Bar<'a>(&'a Report, &'a Limit);

impl Display for Bar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(report, limit) = self;
        let number = |count: u32| grouped(count.into());
        write!(
            f,
            "<li><h3>{}</h3><p>{} of our {} used",
            Escaped(&limit.name),
            number(limit.used),
            number(limit.share),
        )?;
        if limit.used_by_others > 0 {
            write!(f, ", {} by others", number(limit.used_by_others))?;
        }
        write!(f, "; {} left for us", number(limit.left))?;
        if let Some(resets_at) = limit.resets_at {
            write!(f, ", new window {}", When(resets_at, report.at))?;
        }
        write!(f, ".")?;
        if !limit.confirmed {
            f.write_str(" Limit not confirmed by Zendesk yet.")?;
        }
        let total = f64::from(limit.total.max(1));
        let part = |count: u32| (f64::from(count) / total * 100.0).min(100.0);
        let (used, others, share) = (
            part(limit.used),
            part(limit.used_by_others),
            part(limit.share),
        );
        let others = others.min(100.0 - used);
        writeln!(
            f,
            "</p><svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"used\" width=\"{used:.1}\" height=\"4\"/><rect class=\"others\" x=\"{used:.1}\" width=\"{others:.1}\" height=\"4\"/><path class=\"share\" d=\"M{share:.1} 0V4\"/></svg></li>"
        )
    }
}
