//! The tail: how long a processor sounds after its input has ended.

/// How long a processor sounds after its input has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// After this many frames of silence the response to a 0 dBFS input is exactly 0.0.
    Frames(u64),
    /// It never ends by itself (freeze, feedback of 1 or more).
    Infinite,
}

impl Tail {
    /// The tail of two processors in series.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Frames(a), Self::Frames(b)) => Self::Frames(a.saturating_add(b)),
            _ => Self::Infinite,
        }
    }

    /// The tail of two processors in parallel.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::Frames(a), Self::Frames(b)) => Self::Frames(a.max(b)),
            _ => Self::Infinite,
        }
    }
}
