//! `sealpost serve`: the intake.

mod config;
mod confined;
mod files;
mod plan;
mod site;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use url::Url;

use super::Context;
use crate::{
    cli::Serve,
    disk::interrupt,
    intake::{
        self, Clock, Intake, Listeners, Parts, Server, Tls,
        store::{Alone, Store, StoreError},
    },
    terminal::{Exit, Failure, Hint},
};

use plan::Plan;
use site::SiteMaker;

/// Serves until it is told to end.
pub(super) fn run(args: Serve, context: &Context<'_>) -> Result<Exit, Failure> {
    let plan = Plan::resolve(args, context)?;
    // Looked up before the cage: what tells of a share of the processors cannot be read from within.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    confined::confine(&plan, context)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    runtime.block_on(serve(plan, context))
}

async fn serve(plan: Plan, context: &Context<'_>) -> Result<Exit, Failure> {
    let (store, _alone) = open(&plan, context).await?;
    let listeners = Listeners::bind(plan.listen, plan.admin).await?;
    let scheme = if plan.tls.is_some() { "https" } else { "http" };
    let at = Url::parse(&format!("{scheme}://{}/", listeners.address()?))?;
    let mut maker = SiteMaker::new(&plan, at.clone(), plan.signer(context)?);
    let parts = Parts {
        site: maker.make(context.now)?,
        store,
        certificate: plan.recipient.certificate().clone(),
        signing: plan.signer(context)?,
        limits: plan.limits.clone(),
        clock: Clock::System,
    };
    let intake = Intake::new(parts).map_err(|why| anyhow!("no randomness: {why}"))?;
    plan.log.start()?;
    let stop = signals(plan.tls.clone())?;
    let renewing = intake::renew(intake.clone(), RENEW, move |now| maker.make(now));
    tokio::spawn(renewing);
    let server = Server::new(intake, listeners, plan.tls.clone(), plan.connections);
    let at = at.as_str().trim_end_matches('/');
    context
        .output
        .notice(format!("sealpost serve: ready on {at}"));
    server.run(stop).await;
    Ok(Exit::Done)
}

/// SIGTERM or SIGINT: the end in order; a second one: at once. SIGHUP: TLS anew.
#[cfg(unix)]
fn signals(tls: Option<Arc<Tls>>) -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut end = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut again = signal(SignalKind::hangup())?;
    interrupt::hand_over();
    tokio::spawn(async move {
        while again.recv().await.is_some() {
            if let Some(tls) = &tls {
                tls.reload_and_say();
            }
        }
    });
    Ok(async move {
        let code = tokio::select! {
            _ = end.recv() => 143,
            _ = interrupt.recv() => 130,
        };
        tokio::spawn(async move {
            tokio::select! {
                _ = end.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(code);
        });
    })
}

#[cfg(not(unix))]
fn signals(_: Option<Arc<Tls>>) -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        let _unheard = tokio::signal::ctrl_c().await;
    })
}

/// The store, and the right to serve it.
async fn open(plan: &Plan, context: &Context<'_>) -> Result<(Store, Alone), Failure> {
    let store = Store::open(plan.store.clone()).await?;
    let alone = store.serve_alone().map_err(|why| match why {
        StoreError::Served(_) => Failure::from(why).with_hint(Hint::words(
            "give this one a folder of its own with --data, or let several share a PostgreSQL database (--database) and a bucket (--objects)",
        )),
        why => why.into(),
    })?;
    let (floor, space) = (plan.limits.min_free, store.space()?);
    if let Some(space) = space.filter(|space| space.free < floor) {
        context.output.warn(format!(
            "{} bytes are free on the disk of {}, and --min-free keeps {floor}: no report is taken until there are more",
            space.free,
            store.folder().display()
        ));
    }
    Ok((store, alone))
}

/// How often what is published is made anew.
const RENEW: Duration = Duration::from_hours(12);
