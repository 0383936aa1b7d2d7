//! The time, for a program that runs for years: the one place beside `run.rs` that reads the clock.
//!
//! Everything in the intake that needs the time is handed this; tests hand in a clock that stands.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::SystemTime,
};

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system.
    System,
    /// A clock that goes when it is pushed: seconds since 1970.
    Pushed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now` until [`Clock::push`].
    #[must_use]
    pub fn standing(now: Timestamp) -> Self {
        Self::Pushed(Arc::new(AtomicI64::new(now.as_second())))
    }

    /// Moves a clock that is pushed; the system's goes by itself.
    pub fn push(&self, seconds: i64) {
        if let Self::Pushed(at) = self {
            at.fetch_add(seconds, Ordering::Relaxed);
        }
    }

    /// The time, in whole microseconds: no database keeps more.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "a server runs longer than one reading of the clock holds"
            )]
            Self::System => Timestamp::now(),
            Self::Pushed(at) => {
                Timestamp::from_second(at.load(Ordering::Relaxed)).unwrap_or_default()
            }
        };
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// The same, for those that count in the system's way.
    #[must_use]
    pub fn system_time(&self) -> SystemTime {
        self.now().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_goes_when_it_is_pushed() {
        let start: Timestamp = "2026-11-26T10:00:00Z".parse().unwrap();
        let clock = Clock::standing(start);
        let other = clock.clone();
        other.push(60);
        assert_eq!(clock.now().as_second() - start.as_second(), 60);
        assert_eq!(Clock::System.now().as_nanosecond() % 1000, 0);
    }
}
