//! The identity of a strip, whatever its name and position.

/// A strip of a mixer, for changes in a callback. It stays valid while strips are added, removed, renamed and moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StripId(pub(super) u32);
