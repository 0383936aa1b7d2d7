//! How often one client may ask: a bucket each for what costs much, what costs little, and what
//! failed.
//!
//! Promises 39 and 41: clients are known by a pseudonym. The generic cell rate algorithm of
//! `governor` keeps one number a client.

use std::{num::NonZeroU32, time::Duration};

use axum::http::{HeaderValue, header::RETRY_AFTER};
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    state::keyed::DefaultKeyedStateStore,
};

use super::ClientKey;
use crate::{
    intake::refusal::{Answer, Refusal},
    wire::ProblemType,
};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Any request.
    Request,
    /// A new report, upload or message.
    Creation,
    /// A token that opened nothing.
    FailedToken,
}

/// The buckets; none of them where limits are off.
pub(crate) struct RateLimits(Option<Buckets>);

struct Buckets {
    requests: Bucket,
    creations: Bucket,
    failures: Bucket,
}

type Bucket = RateLimiter<ClientKey, DefaultKeyedStateStore<ClientKey>, DefaultClock>;

impl RateLimits {
    /// `creations` a minute and client, 20 times as many other requests; `None` is no limit.
    pub(crate) fn new(creations: Option<NonZeroU32>) -> Self {
        let bucket = |count| Bucket::keyed(Quota::per_minute(count));
        let factor = NonZeroU32::MIN.saturating_add(REQUESTS_FOR_A_CREATION - 1);
        Self(creations.map(|creations| Buckets {
            requests: bucket(creations.saturating_mul(factor)),
            creations: bucket(creations),
            failures: bucket(creations),
        }))
    }

    /// Counts one.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub(crate) fn count(&self, what: Counted, client: Option<ClientKey>) -> Answer<()> {
        let (Some(buckets), Some(client)) = (&self.0, client) else {
            return Ok(());
        };
        let bucket = match what {
            Counted::Request => &buckets.requests,
            Counted::Creation => &buckets.creations,
            Counted::FailedToken => &buckets.failures,
        };
        bucket.check_key(&client).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let wait = wait.saturating_add(Duration::from_millis(999)).as_secs();
            Refusal::new(ProblemType::TooMany).header(RETRY_AFTER, HeaderValue::from(wait.max(1)))
        })
    }

    /// Forgets clients that have not asked for so long that their buckets are full again.
    pub(crate) fn forget_idle(&self) {
        if let Some(buckets) = &self.0 {
            for bucket in [&buckets.requests, &buckets.creations, &buckets.failures] {
                bucket.retain_recent();
                bucket.shrink_to_fit();
            }
        }
    }
}

const REQUESTS_FOR_A_CREATION: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::limits::Pseudonyms;
    use axum::http::HeaderMap;

    fn client(address: &str) -> ClientKey {
        let names = Pseudonyms::new([1; 32], Vec::new());
        names.of(address.parse().unwrap(), &HeaderMap::new())
    }

    #[test]
    fn each_client_has_its_own_buckets() {
        let limits = RateLimits::new(NonZeroU32::new(2));
        let (one, other) = (Some(client("192.0.2.1")), Some(client("192.0.2.2")));
        for _ in 0..2 {
            assert!(limits.count(Counted::Creation, one).is_ok());
        }
        let refusal = limits.count(Counted::Creation, one).unwrap_err();
        assert_eq!(refusal.kind(), ProblemType::TooMany);
        assert!(limits.count(Counted::Creation, other).is_ok());
        assert!(limits.count(Counted::FailedToken, one).is_ok());
        for _ in 0..40 {
            assert!(limits.count(Counted::Request, one).is_ok());
        }
        assert!(limits.count(Counted::Request, one).is_err());
        limits.forget_idle();
        assert!(limits.count(Counted::Creation, one).is_err());
    }

    #[test]
    fn limits_can_be_off() {
        let limits = RateLimits::new(None);
        for _ in 0..10_000 {
            assert!(
                limits
                    .count(Counted::Creation, Some(client("192.0.2.1")))
                    .is_ok()
            );
        }
    }
}
