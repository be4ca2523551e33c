//! Metrics, in the text format of OpenMetrics, which Prometheus reads.
//!
//! Nothing is held here: names, help and labels are put to what the status report and the meter say
//! at the moment of the scrape. Every label is one of a few known words, a configured stream or a
//! limit of Zendesk's. The names are documented in `docs/metrics.md` and stay.

mod of_daemon;
mod of_streams;
#[cfg(test)]
mod tests;
mod writer;

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;

use crate::checkpoint::Counts;
use crate::meter::{Meter, WalkReading};
use crate::status::report::Report;
use of_daemon::OfDaemon;
use writer::Writer;

/// What the text is. Prometheus reads it by this; as plain text it would misread the types.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What every name begins with.
const PREFIX: &str = "zendesk_aep";

/// Everything that is exported, at the moment of one scrape.
#[derive(Debug)]
struct Scrape {
    report: Report,
    of_daemon: OfDaemon,
    /// As the report has the streams.
    counts: Vec<Counts>,
    /// By root.
    walks: Vec<(String, WalkReading)>,
}

/// Writes all metrics; also tells their content type.
pub fn exposition(report: Report, meter: &Meter) -> (String, &'static str) {
    let roots = report.streams.iter().filter(|one| one.read_with.is_none());
    let scrape = Scrape {
        counts: report
            .streams
            .iter()
            .map(|stream| meter.stream(&stream.name))
            .collect(),
        walks: roots
            .map(|root| (root.name.clone(), meter.walk(&root.name)))
            .collect(),
        of_daemon: OfDaemon::read(meter),
        report,
    };
    let mut registry = Registry::with_prefix(PREFIX);
    registry.register_collector(Box::new(scrape));
    let mut text = String::new();
    if let Err(error) = text::encode(&mut text, &registry) {
        // Writing to memory does not fail; what is missing shows as an absent metric.
        tracing::debug!(%error, "the metrics were not written to their end");
    }
    (text, CONTENT_TYPE)
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let mut writer = Writer::new(encoder);
        self.daemon(&mut writer)?;
        self.streams(&mut writer)
    }
}
