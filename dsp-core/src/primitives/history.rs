//! A history buffer: the last N samples of a stream in one contiguous slice, for filters and delays.
//!
//! Samples are appended behind the old ones; at the end of the buffer the last N move to its front. The buffer holds at
//! least 2N, so each sample moves at most once, however short the blocks are.

use alloc::{vec, vec::Vec};

/// The last `kept` items of a stream and those of the current chunk.
#[derive(Clone, Debug)]
pub(crate) struct History<T> {
    items: Vec<T>,
    kept: usize,
    /// Items readable beyond the newest one; their contents are stale.
    beyond: usize,
    end: usize,
}

impl<T: Copy + Default> History<T> {
    /// Keeps `kept` items, at first defaults, with up to `chunk` appended at a time; `beyond` more can be read after
    /// the newest.
    pub(crate) fn new(kept: usize, chunk: usize, beyond: usize) -> Self {
        Self { items: vec![T::default(); kept + kept.max(chunk) + beyond], kept, beyond, end: kept }
    }

    /// Appends `count` stale items, to be filled by the caller.
    #[inline(always)]
    pub(crate) fn append(&mut self, count: usize) -> &mut [T] {
        if self.end + count + self.beyond > self.items.len() {
            self.items.copy_within(self.end - self.kept..self.end, 0);
            self.end = self.kept;
        }
        self.end += count;
        &mut self.items[self.end - count..self.end]
    }

    /// The last `kept` items for reading, and `count` new ones to fill, as [`History::append`].
    #[inline(always)]
    pub(crate) fn past_and_fresh(&mut self, count: usize) -> (&[T], &mut [T]) {
        self.append(count);
        let (past, fresh) = self.items.split_at_mut(self.end - count);
        (&past[past.len() - self.kept..], &mut fresh[..count])
    }

    /// The items from `age` places before the end on, including stale ones beyond the end.
    #[inline(always)]
    pub(crate) fn from(&self, age: usize) -> &[T] {
        &self.items[self.end - age..]
    }

    /// Copies the contents of another buffer of the same size; does not allocate.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.items.copy_from_slice(&other.items);
        self.end = other.end;
    }

    /// Clears all items.
    pub(crate) fn reset(&mut self) {
        let Self { items, kept, beyond: _, end } = self;
        items.fill(T::default());
        *end = *kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_contiguous_for_any_chunk_length() {
        for (kept, chunks) in [(0, [3, 1]), (5, [1, 1]), (5, [7, 2]), (40, [1, 7])] {
            let mut history = History::<u32>::new(kept, 7, 2);
            let mut written = 0;
            for count in chunks.into_iter().cycle().take(100) {
                for item in history.append(count) {
                    written += 1;
                    *item = written;
                }
                let age = kept + count;
                for (place, item) in history.from(age)[..age].iter().enumerate() {
                    assert_eq!(*item as usize, (written as usize + place + 1).saturating_sub(age));
                }
                assert!(history.from(0).len() >= 2);
            }
            history.reset();
            assert!(history.from(kept)[..kept].iter().all(|&item| item == 0));
        }
    }
}
