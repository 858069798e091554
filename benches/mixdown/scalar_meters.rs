//! Plain meters of levels and correlation, frame by frame: what one writes without further thought.

use mixdown::Sample;

/// Sample peak, RMS over an exponential window, clipped samples of one channel.
pub struct Level {
    decay: f64,
    power: f64,
    pub peak: f64,
    pub clipped: u64,
}

impl Level {
    pub fn new(time_ms: f64, rate_hz: f64) -> Self {
        Self { decay: (-1e3 / (time_ms * rate_hz)).exp(), power: 0.0, peak: 0.0, clipped: 0 }
    }

    pub fn observe<S: Sample>(&mut self, samples: &[S]) {
        for sample in samples {
            let x = sample.to_f64();
            self.power = self.decay * self.power + (1.0 - self.decay) * x * x;
            self.peak = self.peak.max(x.abs());
            self.clipped += u64::from(x.abs() >= 1.0);
        }
    }

    pub fn rms_dbfs(&self) -> f64 {
        10.0 * self.power.log10()
    }
}

/// Correlation of two channels over an exponential window.
pub struct Correlation {
    decay: f64,
    left: f64,
    right: f64,
    both: f64,
}

impl Correlation {
    pub fn new(time_ms: f64, rate_hz: f64) -> Self {
        Self { decay: (-1e3 / (time_ms * rate_hz)).exp(), left: 0.0, right: 0.0, both: 0.0 }
    }

    pub fn observe<S: Sample>(&mut self, samples: &[S]) {
        let (left, right) = samples.split_at(samples.len() / 2);
        for (left, right) in left.iter().zip(right) {
            let (l, r) = (left.to_f64(), right.to_f64());
            self.left = self.decay * self.left + l * l;
            self.right = self.decay * self.right + r * r;
            self.both = self.decay * self.both + l * r;
        }
    }

    pub fn correlation(&self) -> f64 {
        self.both / (self.left * self.right).sqrt()
    }
}
