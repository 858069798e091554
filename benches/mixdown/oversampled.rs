//! A curve at a multiple of the rate in plain loops, one channel: windowed sinc interpolation, the curve, decimation,
//! sample by sample. No antialiasing but the oversampling: what a user would write.

use std::f64::consts::PI;

pub struct Oversampled {
    taps: Vec<f64>,
    factor: usize,
    input: Line,
    curved: Line,
}

impl Oversampled {
    /// Frames on either side of an interpolation: as long as the cascade.
    const REACH: usize = 28;

    pub fn new(factor: usize) -> Self {
        let half = (factor * Self::REACH) as f64;
        let taps = (1..2 * factor * Self::REACH).map(|n| {
            let x = n as f64 - half;
            let sinc = if x == 0.0 { 1.0 } else { (PI * x / factor as f64).sin() / (PI * x / factor as f64) };
            sinc * (0.42 + 0.5 * (PI * x / half).cos() + 0.08 * (2.0 * PI * x / half).cos())
        });
        Self {
            taps: taps.collect(),
            factor,
            input: Line::new(2 * Self::REACH),
            curved: Line::new(2 * factor * Self::REACH),
        }
    }

    pub fn latency(&self) -> usize {
        if self.factor == 1 { 0 } else { 2 * Self::REACH - 1 }
    }

    /// The input as late as the output.
    pub fn delayed(&self) -> f64 {
        self.input.newest_first().last().copied().expect("not empty")
    }

    pub fn tick(&mut self, x: f64, curve: impl Fn(f64) -> f64) -> f64 {
        if self.factor == 1 {
            return curve(x);
        }
        self.input.push(x);
        let mut down = 0.0;
        for phase in 0..self.factor {
            // Tap factor k + phase meets the frame k ago.
            let taps = self.taps[phase..].iter().step_by(self.factor);
            let up: f64 = taps.zip(self.input.newest_first()).map(|(h, x)| h * x).sum();
            self.curved.push(curve(up));
            // Both filters delay by factor REACH - 1 samples: this one ends on a whole frame.
            if phase == self.factor - 2 {
                down = self.taps.iter().zip(self.curved.newest_first()).map(|(h, x)| h * x).sum();
            }
        }
        down / self.factor as f64
    }
}

/// The newest samples in one piece: each is written twice, a length apart.
struct Line {
    samples: Vec<f64>,
    newest: usize,
}

impl Line {
    fn new(length: usize) -> Self {
        Self { samples: vec![0.0; 2 * length], newest: 0 }
    }

    fn push(&mut self, sample: f64) {
        let length = self.samples.len() / 2;
        self.newest = (self.newest + length - 1) % length;
        self.samples[self.newest] = sample;
        self.samples[self.newest + length] = sample;
    }

    fn newest_first(&self) -> &[f64] {
        &self.samples[self.newest..][..self.samples.len() / 2]
    }
}
