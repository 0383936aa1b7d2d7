//! From serving to gone, in three steps; and the work that must not be torn off in between.
//!
//! A request's work on the store runs in a task of its own: a client that hangs up does not stop
//! it, so what came is kept (tus: "core protocol", interrupted uploads).

use std::future::Future;

use tokio::sync::watch;

use super::refusal::{Answer, Refusal};
use crate::wire::ProblemType;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// All is well.
    Serving,
    /// No new connections; requests that came may end.
    Draining,
    /// Bodies that are still arriving are cut where they are.
    Cutting,
}

/// The phase, for all to see, and who still works.
pub(crate) struct Lifecycle {
    phase: watch::Sender<Phase>,
    /// One receiver a task: closed when none is left.
    work: watch::Sender<()>,
}

impl Lifecycle {
    pub(crate) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Serving),
            work: watch::Sender::new(()),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Sees each new phase.
    pub(crate) fn watch(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Does `work` to its end, whether or not the caller waits for it.
    pub(crate) async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Answer<T>> + Send + 'static,
    ) -> Answer<T> {
        let working = self.work.subscribe();
        let task = tokio::spawn(async move {
            let done = work.await;
            drop(working);
            done
        });
        match task.await {
            Ok(done) => done,
            Err(panic) => {
                tracing::error!(panicked = panic.is_panic(), "a request failed");
                Err(Refusal::new(ProblemType::Internal))
            }
        }
    }

    /// Waits until no work is left.
    pub(crate) async fn idle(&self) {
        self.work.closed().await;
    }
}

/// Waits until a phase is reached.
pub(crate) async fn reached(phase: &mut watch::Receiver<Phase>, wanted: Phase) {
    // The sender lives as long as the server: if it is gone, so is all else.
    let _gone = phase.wait_for(|now| *now >= wanted).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, time::Duration};
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits() {
        let life = Arc::new(Lifecycle::new());
        let (go, wait) = oneshot::channel::<()>();
        let (done, finished) = oneshot::channel();
        let abandoned = life.clone();
        let caller = tokio::spawn(async move {
            let work = async move {
                wait.await.unwrap();
                done.send(()).unwrap();
                Ok(())
            };
            abandoned.to_the_end(work).await
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        caller.abort();
        let idle = tokio::time::timeout(Duration::from_millis(20), life.idle()).await;
        assert!(idle.is_err());
        go.send(()).unwrap();
        finished.await.unwrap();
        life.idle().await;
    }

    #[tokio::test]
    async fn phases_are_seen_by_those_who_come_late() {
        let life = Lifecycle::new();
        let mut phase = life.watch();
        life.enter(Phase::Cutting);
        reached(&mut phase, Phase::Draining).await;
        assert_eq!(life.phase(), Phase::Cutting);
    }
}
