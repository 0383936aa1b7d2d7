//! The intake itself: what every request is handled with.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    clock::Clock,
    lifecycle::Lifecycle,
    limits::{Begun, Network, Pace, Promised, Pseudonyms, RateLimits},
    metrics::Metrics,
    receipt::Signing,
    refusal::{Answer, Refusal},
    site::Site,
    store::Store,
};
use crate::{
    openpgp::{Certificate, Doorkeeper, Fingerprint, Signer},
    wire::{MessageId, ProblemType, ReportId, UploadId},
};

/// What the vendor decided.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest report, in bytes.
    pub max_size: u64,
    /// How many uploads may be unfinished.
    pub max_uploads: u64,
    /// How many of them one client may have begun.
    pub uploads_per_client: Option<NonZeroUsize>,
    /// How many bytes stay free on the disk.
    pub min_free: u64,
    /// How long an upload may take.
    pub upload_expires: Duration,
    /// New reports, uploads and messages a minute and client.
    pub rate: Option<NonZeroU32>,
    /// How slowly a body may come.
    pub pace: Pace,
    /// Proxies that are believed about the addresses of others.
    pub proxies: Vec<Network>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_size: 2 << 30,
            max_uploads: 1000,
            uploads_per_client: NonZeroUsize::new(20),
            min_free: 256 << 20,
            upload_expires: Duration::from_hours(7 * 24),
            rate: NonZeroU32::new(60),
            pace: Pace {
                bytes_a_second: 512,
                window: Duration::from_secs(30),
            },
            proxies: Vec::new(),
        }
    }
}

/// What an intake is made of.
pub struct Parts {
    /// Where reports are kept.
    pub store: Store,
    /// For whom they are.
    pub certificate: Certificate,
    /// What signs receipts.
    pub signing: Option<Signer>,
    /// What the vendor decided.
    pub limits: Limits,
    /// Where the time comes from.
    pub clock: Clock,
    /// What is published.
    pub site: Site,
}

/// A running intake.
pub struct Intake {
    pub(crate) store: Store,
    /// Lets in what is sealed to the intake's certificate.
    pub(crate) ours: Doorkeeper,
    /// Lets in whatever is sealed.
    pub(crate) anyone: Doorkeeper,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) signing: Option<Signing>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) life: Lifecycle,
    pub(crate) metrics: Metrics,
    pub(crate) rates: RateLimits,
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) begun: Arc<Begun>,
    pub(crate) promised: Promised,
    site: RwLock<Arc<Site>>,
}

impl Intake {
    /// Puts an intake together.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn new(parts: Parts) -> Result<Arc<Self>, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Arc::new(Self {
            ours: Doorkeeper::of(&parts.certificate),
            anyone: Doorkeeper::anyone(),
            fingerprint: parts.certificate.fingerprint(),
            signing: parts.signing.map(Signing::new),
            pseudonyms: Pseudonyms::new(key, parts.limits.proxies.clone()),
            rates: RateLimits::new(parts.limits.rate),
            begun: Begun::new(parts.limits.uploads_per_client),
            promised: Promised::default(),
            limits: parts.limits,
            clock: parts.clock,
            life: Lifecycle::new(),
            metrics: Metrics::new(),
            site: RwLock::new(Arc::new(parts.site)),
            store: parts.store,
        }))
    }

    /// What is published now.
    pub(crate) fn site(&self) -> Arc<Site> {
        let site = self.site.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&site)
    }

    /// Publishes something else from now on.
    pub fn publish(&self, site: Site) {
        let mut place = self.site.write().unwrap_or_else(PoisonError::into_inner);
        *place = Arc::new(site);
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether there is room on the disk for so many bytes more than are promised.
    ///
    /// # Errors
    /// 507.
    pub(crate) fn room_for(&self, bytes: u64) -> Answer<()> {
        self.has_room(self.promised.total().saturating_add(bytes))
    }

    /// Whether the disk has so many bytes above the floor.
    ///
    /// # Errors
    /// 507.
    pub(crate) fn has_room(&self, bytes: u64) -> Answer<()> {
        let Some(space) = self.store.space()? else {
            return Ok(());
        };
        if space.free >= self.limits.min_free.saturating_add(bytes) {
            return Ok(());
        }
        tracing::warn!(free = space.free, floor = self.limits.min_free, "no space");
        Err(Refusal::new(ProblemType::NoSpace).closing())
    }
}

/// 128 random bits.
fn entropy() -> Answer<[u8; 16]> {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy).map_err(|why| Refusal::internal(&why))?;
    Ok(entropy)
}

/// An id for something new.
pub(crate) trait Fresh: Sized {
    /// A random one.
    ///
    /// # Errors
    /// 500 where the system gives no randomness.
    fn fresh() -> Answer<Self>;
}

impl Fresh for ReportId {
    fn fresh() -> Answer<Self> {
        entropy().map(Self::from_entropy)
    }
}

impl Fresh for UploadId {
    fn fresh() -> Answer<Self> {
        entropy().map(Self::from_entropy)
    }
}

impl Fresh for MessageId {
    fn fresh() -> Answer<Self> {
        entropy().map(Self::from_entropy)
    }
}
