//! How long to wait before the next attempt: longer each time, never all clients at once, and not
//! for ever.

use std::time::Duration;

use tokio::time::Instant;

use super::IntakeError;

/// The patience of one exchange that may be tried again.
#[derive(Clone, Debug)]
pub struct Pace {
    patience: Duration,
    jitter: u64,
    attempts: u32,
    /// When it began to fail.
    failing_since: Option<Instant>,
}

impl Pace {
    /// Tries as long as something gets through at least once in `patience`; `seed` is random, so
    /// that clients which were cut off together do not come back together.
    #[must_use]
    pub fn new(patience: Duration, seed: u64) -> Self {
        Self {
            patience,
            jitter: seed,
            attempts: 0,
            failing_since: None,
        }
    }

    /// Something got through.
    pub fn moved(&mut self) {
        self.attempts = 0;
        self.failing_since = None;
    }

    /// Waits before the next attempt; `false` when trying again is of no use, or has gone on for too
    /// long.
    pub async fn wait(&mut self, error: &IntakeError) -> bool {
        if !error.is_passing() {
            return false;
        }
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let left = self.patience.saturating_sub(since.elapsed());
        let asked = error.refused().and_then(|refused| refused.retry_after);
        let pause = self.pause().max(asked.unwrap_or_default());
        if pause > left {
            return false;
        }
        tokio::time::sleep(pause).await;
        true
    }

    /// Between half and all of 0.2 s, doubled with each attempt, up to 15 s.
    fn pause(&mut self) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << self.attempts.min(10));
        self.attempts = self.attempts.saturating_add(1);
        let whole = doubled.min(LONGEST_PAUSE);
        // SplitMix64 (Steele, Lea and Flood, 2014).
        self.jitter = self.jitter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.jitter;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let per_mille = u32::try_from((mixed ^ (mixed >> 31)) % 500).unwrap_or_default();
        whole * (500 + per_mille) / 1000
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::FetchError;

    #[test]
    fn pauses_double_and_differ_between_clients() {
        let (mut one, mut other) = (
            Pace::new(Duration::from_mins(1), 1),
            Pace::new(Duration::from_mins(1), 2),
        );
        let pauses: Vec<Duration> = (0..12).map(|_| one.pause()).collect();
        for (attempt, pause) in pauses.iter().enumerate() {
            let whole =
                (FIRST_PAUSE * 2_u32.pow(u32::try_from(attempt).unwrap())).min(LONGEST_PAUSE);
            assert!(
                *pause <= whole && *pause >= whole / 2,
                "{attempt}: {pause:?}"
            );
        }
        assert_ne!(pauses, (0..12).map(|_| other.pause()).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_will_not_pass_is_not_waited_for() {
        let mut pace = Pace::new(Duration::from_mins(1), 1);
        assert!(!pace.wait(&IntakeError::Senseless("x")).await);
        let mut impatient = Pace::new(Duration::ZERO, 1);
        let error = IntakeError::Fetch(FetchError::Stalled);
        assert!(!impatient.wait(&error).await);
        assert!(pace.wait(&error).await);
    }
}
