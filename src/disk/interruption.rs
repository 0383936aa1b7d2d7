//! An interruption that long work is told of, so that it can wind up in its own way and say what is kept.
//!
//! Serves "Ctrl-C leaves nothing half-written" where that takes a word to a server.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

/// While one of these is held, the first SIGINT, SIGTERM or SIGHUP ends nothing: the work is told of it. The
/// second one ends the process at once.
#[derive(Clone, Debug)]
pub struct Interruption {
    signal: watch::Receiver<Option<i32>>,
    _expecting: Arc<Expecting>,
}

/// The person, or the system, broke the work off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted {
    /// The number of the signal.
    pub signal: i32,
}

impl Interruption {
    /// From here on, the work looks after interruptions itself.
    #[must_use]
    pub fn expected() -> Self {
        let (tell, signal) = watch::channel(None);
        *TOLD.lock().unwrap_or_else(PoisonError::into_inner) = Some(tell);
        Self {
            signal,
            _expecting: Arc::new(Expecting),
        }
    }

    /// The one that came.
    #[must_use]
    pub fn came(&self) -> Option<Interrupted> {
        self.signal.borrow().map(|signal| Interrupted { signal })
    }

    /// Waits for one.
    pub async fn coming(&self) -> Interrupted {
        let mut signal = self.signal.clone();
        let came = signal.wait_for(Option::is_some).await.is_ok();
        match self.came().filter(|_| came) {
            Some(interrupted) => interrupted,
            None => std::future::pending().await,
        }
    }
}

/// Tells the work of a signal; `false` if none wants to know, or has been told before.
#[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
pub(super) fn tell(signal: i32) -> bool {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.take()
        .is_some_and(|tell| tell.send(Some(signal)).is_ok())
}

#[derive(Debug)]
struct Expecting;

impl Drop for Expecting {
    fn drop(&mut self) {
        *TOLD.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

static TOLD: Mutex<Option<watch::Sender<Option<i32>>>> = Mutex::new(None);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_signal_is_told_and_the_second_is_not() {
        assert!(!tell(2), "nobody wants to know");
        let interruption = Interruption::expected();
        assert_eq!(interruption.came(), None);
        let again = interruption.clone();
        assert!(tell(15));
        assert_eq!(again.coming().await, Interrupted { signal: 15 });
        assert_eq!(interruption.came(), Some(Interrupted { signal: 15 }));
        assert!(!tell(2), "the second one ends the process");
        drop((interruption, again));
        let next = Interruption::expected();
        assert_eq!(next.came(), None);
        drop(next);
        assert!(!tell(2));
    }
}
