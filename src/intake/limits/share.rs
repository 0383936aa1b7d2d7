//! How many connections each client has, so that one alone cannot take all of them.
//!
//! Promises 39 and 41: clients are known by a pseudonym.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::ClientKey;

/// What each client has now.
pub(crate) struct Shares {
    most: Option<NonZeroUsize>,
    taken: Mutex<HashMap<ClientKey, usize>>,
}

/// One of them; given back when this is dropped.
pub(crate) struct Share {
    of: Arc<Shares>,
    client: Option<ClientKey>,
}

impl Shares {
    /// At most so many for each client; `None` is no limit.
    pub(crate) fn new(most: Option<NonZeroUsize>) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    /// One more for a client, unless it has its share. Who stands for many others, as a proxy does,
    /// is not counted.
    pub(crate) fn take(self: &Arc<Self>, client: Option<ClientKey>) -> Option<Share> {
        let client = client.filter(|_| self.most.is_some());
        if let (Some(client), Some(most)) = (client, self.most) {
            let mut taken = self.locked();
            let count = taken.entry(client).or_default();
            if *count >= most.get() {
                return None;
            }
            *count += 1;
        }
        Some(Share {
            of: Arc::clone(self),
            client,
        })
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<ClientKey, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(client) = self.client else { return };
        let mut taken = self.of.locked();
        if let Some(count) = taken.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::limits::Pseudonyms;

    #[test]
    fn p39_a_client_has_its_share_and_no_more() {
        let names = Pseudonyms::new([1; 32], vec!["10.0.0.0/8".parse().unwrap()]);
        let peer = |address: &str| names.of_peer(address.parse().unwrap());
        let shares = Shares::new(NonZeroUsize::new(2));
        let own = [1, 2].map(|_| shares.take(peer("2001:db8::1")).unwrap());
        assert!(shares.take(peer("2001:db8::2")).is_none(), "one customer");
        let _other = shares.take(peer("2001:db8:0:1::1")).unwrap();
        let [first, _second] = own;
        drop(first);
        let _again = shares.take(peer("2001:db8::3")).unwrap();
        assert!(shares.take(peer("2001:db8::1")).is_none());
        // A proxy stands for many.
        let _all = [1, 2, 3].map(|_| shares.take(peer("10.0.0.1")).unwrap());
        assert_eq!(shares.locked().len(), 2);
        let open = Shares::new(None);
        let _all = [1, 2, 3].map(|_| open.take(peer("192.0.2.1")).unwrap());
        assert_eq!(open.locked().len(), 0);
    }
}
