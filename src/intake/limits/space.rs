//! Space that bodies on their way in may still fill: the disk does not count it yet, so that many
//! small ones together would fall through the floor that each of them keeps to.
//!
//! Promise 40. Known to this process alone: another one on the same disk promises for itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is promised to all bodies together, in bytes.
#[derive(Clone, Default)]
pub(crate) struct Promised(Arc<Mutex<u64>>);

/// What is promised to one body; given back when this is dropped.
pub(crate) struct Promise {
    all: Promised,
    bytes: u64,
}

impl Promised {
    /// A promise of nothing yet.
    pub(crate) fn begin(&self) -> Promise {
        Promise {
            all: self.clone(),
            bytes: 0,
        }
    }

    /// What is promised now.
    pub(crate) fn total(&self) -> u64 {
        *self.locked()
    }

    fn locked(&self) -> MutexGuard<'_, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Promise {
    /// Promises `bytes` instead of what was promised, if `fits` agrees to the new total. Nobody else
    /// is promised anything in between.
    ///
    /// # Errors
    /// That of `fits`; then what was promised before stays.
    pub(crate) fn change<E>(
        &mut self,
        bytes: u64,
        fits: impl FnOnce(u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut total = self.all.locked();
        let others = total.saturating_sub(self.bytes);
        let now = others.saturating_add(bytes);
        fits(now)?;
        *total = now;
        drop(total);
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut total = self.all.locked();
        *total = total.saturating_sub(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p40_what_is_promised_to_one_is_not_there_for_another() {
        let all = Promised::default();
        let fits = |total| (total <= 100).then_some(()).ok_or("full");
        let (mut one, mut other) = (all.begin(), all.begin());
        assert_eq!(one.change(60, fits), Ok(()));
        assert_eq!(other.change(60, fits), Err("full"));
        assert_eq!(other.change(40, fits), Ok(()));
        // What one has does not stand in its own way.
        assert_eq!(one.change(50, fits), Ok(()));
        assert_eq!(all.total(), 90);
        drop(one);
        assert_eq!(all.total(), 40);
        drop(other);
        assert_eq!(all.total(), 0);
    }
}
