//! Statistics of measurements.

use std::time::Duration;

/// Measurements in one unit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers(Vec<f64>);

impl Numbers {
    pub(crate) fn add(&mut self, number: f64) {
        let place = self.0.partition_point(|other| *other < number);
        self.0.insert(place, number);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The median.
    pub(crate) fn median(&self) -> f64 {
        self.at(50)
    }

    /// The 99th percentile.
    pub(crate) fn p99(&self) -> f64 {
        self.at(99)
    }

    fn at(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }
}

pub(crate) fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

pub(crate) fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}
