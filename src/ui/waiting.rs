//! A sign of life while something takes its time: one line, from half a second on, which goes again.
//!
//! There is one such line. Work that is part of other work changes what it says and gives it back; whatever is written
//! meanwhile stands above it.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What ends sooner is not worth a line.
const SOON: Duration = Duration::from_millis(500);
const TICK: Duration = Duration::from_millis(120);

/// The line that is there, or will be, and its number.
static LINE: Mutex<Option<(u32, ProgressBar)>> = Mutex::new(None);
static NEXT: AtomicU32 = AtomicU32::new(0);

fn line() -> MutexGuard<'static, Option<(u32, ProgressBar)>> {
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Work that takes its time, until this goes.
#[must_use = "the line goes with it"]
pub(crate) struct Waiting(Option<Shown>);

struct Shown {
    bar: ProgressBar,
    /// What the line said before, where it was there for other work.
    before: Option<String>,
}

impl Waiting {
    /// Nothing is shown.
    pub(super) fn unseen() -> Self {
        Self(None)
    }

    /// A line on stderr.
    pub(super) fn shown(what: &str) -> Self {
        let mut there = line();
        if let Some((_, bar)) = there.as_ref() {
            let before = Some(bar.message());
            bar.set_message(what.to_owned());
            return Self(Some(Shown { bar: bar.clone(), before }));
        }
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // A line that is too long for the terminal is cut, not wrapped.
        let style = ProgressStyle::with_template("{spinner} {wide_msg}");
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden())
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
            .with_message(what.to_owned());
        *there = Some((number, bar.clone()));
        thread::spawn(move || draw_later(number));
        Self(Some(Shown { bar, before: None }))
    }

    /// Says what is being done now.
    pub(crate) fn say(&self, what: impl Into<Cow<'static, str>>) {
        if let Some(shown) = &self.0 {
            shown.bar.set_message(what);
        }
    }

    /// Another piece is done.
    pub(crate) fn step(&self) {
        if let Some(shown) = &self.0 {
            shown.bar.inc(1);
        }
    }
}

fn draw_later(number: u32) {
    thread::sleep(SOON);
    if let Some((_, bar)) = line().as_ref().filter(|(there, _)| *there == number) {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        bar.enable_steady_tick(TICK);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(Shown { bar, before }) = self.0.take() else { return };
        if let Some(before) = before {
            bar.set_message(before);
        } else {
            *line() = None;
            bar.finish_and_clear();
        }
    }
}

/// Does something on the terminal while the line is away.
pub(crate) fn aside<T>(work: impl FnOnce() -> T) -> T {
    let bar = line().as_ref().map(|(_, bar)| bar.clone());
    match bar {
        Some(bar) => bar.suspend(work),
        None => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_within_work_has_the_same_line_and_gives_it_back() {
        let outer = Waiting::shown("looking");
        {
            let inner = Waiting::shown("reading");
            inner.say("reading more");
            assert_eq!(line().as_ref().unwrap().1.message(), "reading more");
        }
        assert_eq!(line().as_ref().unwrap().1.message(), "looking");
        assert_eq!(aside(|| 7), 7);
        drop(outer);
        assert!(line().is_none());
        Waiting::unseen().say("nothing");
    }
}
