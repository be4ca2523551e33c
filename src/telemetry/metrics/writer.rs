//! Families of metrics: a name, a line of help, and a number for each set of labels.

use std::borrow::Cow;
use std::fmt;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::meter::Histogram;

/// Names and values of labels.
pub(super) type Labels<'a, const N: usize> = [(&'static str, Cow<'a, str>); N];

/// Writes one family after the other.
pub(super) struct Writer<'e>(DescriptorEncoder<'e>);

impl<'e> Writer<'e> {
    pub(super) fn new(encoder: DescriptorEncoder<'e>) -> Self {
        Self(encoder)
    }

    /// A family of numbers that go up and down. A unit becomes the end of the name.
    pub(super) fn gauge<'a, const N: usize>(
        &mut self,
        name: &str,
        unit: Option<Unit>,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a, N>, f64)>,
    ) -> fmt::Result {
        let kind = MetricType::Gauge;
        let mut family = self.0.encode_descriptor(name, help, unit.as_ref(), kind)?;
        for (labels, value) in samples {
            labelled(&mut family, labels, |metric| metric.encode_gauge(&value))?;
        }
        Ok(())
    }

    /// A family of numbers that only grow; `_total` is put behind the name and the unit.
    pub(super) fn counter<'a, const N: usize>(
        &mut self,
        name: &str,
        unit: Option<Unit>,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a, N>, impl EncodeCounterValue)>,
    ) -> fmt::Result {
        let kind = MetricType::Counter;
        let mut family = self.0.encode_descriptor(name, help, unit.as_ref(), kind)?;
        for (labels, value) in samples {
            labelled(&mut family, labels, |metric| {
                metric.encode_counter::<NoLabelSet, _, f64>(&value, None)
            })?;
        }
        Ok(())
    }

    /// A family of durations.
    pub(super) fn durations<'a, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Labels<'a, N>, &'a Histogram)>,
    ) -> fmt::Result {
        let (kind, unit) = (MetricType::Histogram, Unit::Seconds);
        let mut family = self.0.encode_descriptor(name, help, Some(&unit), kind)?;
        for (labels, told) in samples {
            labelled(&mut family, labels, |metric| {
                let (sum, count) = (told.sum_seconds, told.count);
                metric.encode_histogram::<NoLabelSet>(sum, count, &told.buckets, None)
            })?;
        }
        Ok(())
    }

    /// The one metric that is all labels.
    pub(super) fn info<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: Labels<'_, N>,
    ) -> fmt::Result {
        let kind = MetricType::Info;
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        family.encode_info(&labels)
    }
}

fn labelled<const N: usize>(
    family: &mut MetricEncoder<'_>,
    labels: Labels<'_, N>,
    encode: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    if N == 0 {
        return encode(family);
    }
    encode(&mut family.encode_family(&labels)?)
}
