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
}
