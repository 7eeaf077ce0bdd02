//! Work side by side: on numbered pieces, of which threads take the next until none is left (`map`), or on what is only
//! found while working (`spread`).

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread;

use crate::error::{Error, Result};

/// The kernel allocates inodes on at most a few cores at a time on local file systems.
const LOCAL: usize = 4;

/// The number for work that only computes or reads a local disk.
pub(crate) fn for_cpu() -> usize {
    // Asking reads a dozen files of the control groups, so it is done once.
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| thread::available_parallelism().map_or(1, NonZeroUsize::get).min(LOCAL))
}

/// Calls `work` for 0..`count` on up to `threads` threads and returns the results in order. The first failure
/// stops the rest.
pub(crate) fn map<T: Send>(
    threads: usize,
    count: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    if threads <= 1 || count <= 1 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let failed = AtomicBool::new(false);
    let worker = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                break;
            }
            let result = work(at).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
            done.push((at, result));
        }
        Ok(done)
    };
    let parts = thread::scope(|scope| {
        // The calling thread works too: one thread fewer to start, and none at all for small jobs.
        let others: Vec<_> = (1..threads.min(count)).map(|_| scope.spawn(worker)).collect();
        let mine = worker();
        let mut parts = vec![mine];
        parts.extend(others.into_iter().map(|other| other.join().unwrap_or_else(|_| Err(ended()))));
        parts
    });
    let mut done = Vec::with_capacity(count);
    for part in parts {
        done.extend(part?);
    }
    done.sort_unstable_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Does `aside` on a thread of its own while `here` is done on this one.
pub(crate) fn both<A: Send, B>(
    aside: impl FnOnce() -> Result<A> + Send,
    here: impl FnOnce() -> Result<B>,
) -> Result<(A, B)> {
    thread::scope(|scope| {
        let other = scope.spawn(aside);
        let here = here();
        let aside = other.join().unwrap_or_else(|_| Err(ended()));
        Ok((aside?, here?))
    })
}

fn ended() -> Error {
    Error::new("a worker thread ended unexpectedly; this is a bug in mlenv")
}

/// Pieces that wait, and how many are being worked on: only when both are none is everything done.
struct Queue<T> {
    waiting: Vec<T>,
    busy: usize,
    failed: bool,
}

/// Calls `work` for each of `first`, and for each piece that `work` returns, on `threads` threads at once; a piece waits
/// for nothing but a free thread. Whoever calls sees to it that this comes to an end. The first failure stops the rest.
pub(crate) fn spread<T: Send>(
    threads: usize,
    first: Vec<T>,
    work: impl Fn(T) -> Result<Vec<T>> + Sync,
) -> Result<()> {
    let queue = Mutex::new(Queue { waiting: first, busy: 0, failed: false });
    let changed = Condvar::new();
    let lock = || queue.lock().unwrap_or_else(PoisonError::into_inner);
    let worker = |_| -> Result<()> {
        let mut pieces = lock();
        while !pieces.failed {
            let Some(piece) = pieces.waiting.pop() else {
                if pieces.busy == 0 {
                    return Ok(());
                }
                pieces = changed.wait(pieces).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            pieces.busy += 1;
            drop(pieces);
            let found = work(piece);
            pieces = lock();
            pieces.busy -= 1;
            changed.notify_all();
            match found {
                Ok(found) => pieces.waiting.extend(found),
                Err(error) => {
                    pieces.failed = true;
                    return Err(error);
                }
            }
        }
        Ok(())
    };
    map(threads, threads, worker).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_the_first_failure_ends_the_work() {
        assert_eq!(
            map(4, 100, |at| Ok(at * 2)).unwrap(),
            (0..100).map(|at| at * 2).collect::<Vec<_>>()
        );
        let failure = map(4, 100, |at| if at == 7 { Err(Error::new("seven")) } else { Ok(()) });
        assert_eq!(failure.unwrap_err().to_string(), "seven");
    }
    #[test]
    fn what_is_found_while_working_is_worked_on_too_each_piece_once() {
        for threads in [1, 4] {
            let done = Mutex::new(Vec::new());
            let work = |at: usize| {
                done.lock().unwrap().push(at);
                Ok([2 * at, 2 * at + 1].into_iter().filter(|next| *next < 500).collect())
            };
            spread(threads, vec![1], work).unwrap();
            let mut done = done.into_inner().unwrap();
            done.sort_unstable();
            assert_eq!(done, (1..500).collect::<Vec<_>>());
            let work = |at| if at == 9 { Err(Error::new("nine")) } else { Ok(vec![at + 1]) };
            assert_eq!(spread(threads, vec![1], work).unwrap_err().to_string(), "nine");
        }
        spread(4, Vec::new(), |(): ()| Ok(Vec::new())).unwrap();
    }
}
