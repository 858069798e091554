//! The threads of offline work: as many as `rayon` finds, or the caller's alone. They change no bit.

/// Threads beside the caller's.
#[derive(Debug)]
pub(crate) struct Threads {
    // Not the pool that a process shares: a process that is forked has none of its threads, and would wait for them.
    #[cfg(feature = "rayon")]
    pool: Option<rayon::ThreadPool>,
}

#[cfg(feature = "rayon")]
impl Threads {
    pub(crate) fn new() -> Self {
        let pool = rayon::ThreadPoolBuilder::new().build().ok();
        Self { pool: pool.filter(|pool| pool.current_num_threads() > 1) }
    }

    /// Whether work can be divided.
    pub(crate) fn are_several(&self) -> bool {
        self.pool.is_some()
    }

    /// Does the caller's work and, on another thread at the same time if there is one, other work.
    pub(crate) fn both(&self, own: impl FnOnce(), other: impl FnOnce() + Send) {
        match &self.pool {
            Some(pool) => pool.in_place_scope(|scope| {
                scope.spawn(|_| other());
                own();
            }),
            None => {
                other();
                own();
            }
        }
    }

    /// Calls `work` with every number below `count` on all threads, the caller's too, which calls `after` with the share
    /// begun after each of its own; its error ends the work.
    pub(crate) fn each<E>(
        &self,
        count: usize,
        work: impl Fn(usize) + Sync,
        mut after: impl FnMut(f64) -> Result<(), E>,
    ) -> Result<(), E> {
        use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
        let next = AtomicUsize::new(0);
        let take = || Some(next.fetch_add(1, Relaxed)).filter(|index| *index < count);
        let mut own = || {
            while let Some(index) = take() {
                work(index);
                if let Err(error) = after((index + 1) as f64 / count as f64) {
                    next.store(count, Relaxed);
                    return Err(error);
                }
            }
            Ok(())
        };
        let Some(pool) = &self.pool else { return own() };
        pool.in_place_scope(|scope| {
            for _ in 1..pool.current_num_threads() {
                scope.spawn(|_| {
                    while let Some(index) = take() {
                        work(index);
                    }
                });
            }
            own()
        })
    }

    /// The results of `work` on every number below `count`, in order, by all threads; the caller's calls `after` with
    /// the share begun after each of its own. Its error ends the work.
    #[cfg(feature = "analysis")]
    pub(crate) fn try_map<R: Send, E>(
        &self,
        count: usize,
        work: impl Fn(usize) -> R + Sync,
        after: impl FnMut(f64) -> Result<(), E>,
    ) -> Result<alloc::vec::Vec<R>, E> {
        use std::sync::{Mutex, PoisonError};
        let results: alloc::vec::Vec<_> = (0..count).map(|_| Mutex::new(None)).collect();
        let keep = |index: usize| {
            let result = work(index);
            *results[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        };
        self.each(count, keep, after)?;
        Ok(results
            .into_iter()
            .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect())
    }
}

/// Work beside which the caller's thread waits.
#[cfg(all(feature = "rayon", feature = "analysis"))]
impl Threads {
    /// The results of `work` on every number below `count`, in order, by other threads; meanwhile the caller's calls
    /// `poll` every 10 ms. `None` if there are no others: then nothing is done.
    pub(crate) fn beside<R: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> R + Sync,
        mut poll: impl FnMut(),
    ) -> Option<alloc::vec::Vec<R>> {
        use std::sync::{Condvar, Mutex, PoisonError};
        let pool = self.pool.as_ref()?;
        let results: Mutex<alloc::vec::Vec<Option<R>>> = Mutex::new((0..count).map(|_| None).collect());
        let ended = Condvar::new();
        let lock = || results.lock().unwrap_or_else(PoisonError::into_inner);
        pool.in_place_scope(|scope| {
            for index in 0..count {
                let (work, lock, ended) = (&work, &lock, &ended);
                scope.spawn(move |_| {
                    let result = work(index);
                    lock()[index] = Some(result);
                    ended.notify_one();
                });
            }
            let mut held = lock();
            poll();
            while held.iter().any(Option::is_none) {
                let pause = core::time::Duration::from_millis(10);
                held = ended.wait_timeout(held, pause).unwrap_or_else(PoisonError::into_inner).0;
                poll();
            }
        });
        Some(results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect())
    }
}

#[cfg(all(not(feature = "rayon"), feature = "analysis"))]
impl Threads {
    /// No other threads.
    pub(crate) fn beside<R>(
        &self,
        _count: usize,
        _work: impl Fn(usize) -> R,
        _poll: impl FnMut(),
    ) -> Option<alloc::vec::Vec<R>> {
        None
    }
}

#[cfg(not(feature = "rayon"))]
impl Threads {
    pub(crate) fn new() -> Self {
        Self {}
    }

    /// Does the caller's work and other work.
    pub(crate) fn both(&self, own: impl FnOnce(), other: impl FnOnce()) {
        other();
        own();
    }

    /// The results of `work` on every number below `count`, in order; `after` is called with the share done after each.
    /// Its error ends the work.
    #[cfg(feature = "analysis")]
    pub(crate) fn try_map<R, E>(
        &self,
        count: usize,
        work: impl Fn(usize) -> R,
        mut after: impl FnMut(f64) -> Result<(), E>,
    ) -> Result<alloc::vec::Vec<R>, E> {
        let one = |index: usize| {
            let result = work(index);
            after((index + 1) as f64 / count as f64).map(|()| result)
        };
        (0..count).map(one).collect()
    }
}

#[cfg(feature = "analysis")]
impl Threads {
    /// As `try_map`, to the end.
    pub(crate) fn map<R: Send>(&self, count: usize, work: impl Fn(usize) -> R + Sync) -> alloc::vec::Vec<R> {
        let Ok(results) = self.try_map(count, work, |_| Ok::<_, core::convert::Infallible>(()));
        results
    }
}

#[cfg(all(test, feature = "rayon", feature = "analysis"))]
impl Threads {
    /// So many threads in all.
    pub(crate) fn of(count: usize) -> Self {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().ok();
        Self { pool: pool.filter(|_| count > 1) }
    }
}

#[cfg(all(test, feature = "analysis"))]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_an_error_ends_the_work() {
        let threads = Threads::new();
        assert_eq!(
            threads.map(100, |index| 3 * index),
            (0..100).map(|index| 3 * index).collect::<alloc::vec::Vec<_>>()
        );
        assert!(threads.map(0, |index| index).is_empty());
        // Alone, the caller's thread comes to every number.
        let alone = Threads {
            #[cfg(feature = "rayon")]
            pool: None,
        };
        let ended = alone.try_map(1_000, |index| index, |share| if share > 0.5 { Err(share) } else { Ok(()) });
        assert!(ended.is_err_and(|share| share > 0.5));
    }
}
