//! Where the intake's store is, from what was typed and the environment.

use anyhow::anyhow;

use super::{Context, online::runtime};
use crate::{
    cli::StoreOptions,
    intake::store::{
        Absent, Bucket, DatabaseAt, Flushes, ObjectsAt, PostgresUrl, Settings, Store, StoreError,
    },
    terminal::{Exit, Failure, Hint},
};

/// Where the store is.
pub(super) fn settings(
    options: &StoreOptions,
    absent: Absent,
    context: &Context<'_>,
) -> Result<Settings, Failure> {
    let folder = options.data.clone();
    let folder = folder.unwrap_or_else(|| context.home.path().join("intake"));
    let objects = match &options.objects {
        None => ObjectsAt::Folder,
        Some(url) => {
            let bucket: Bucket = url.parse().map_err(|why| Failure::new(Exit::Usage, why))?;
            ObjectsAt::S3(Box::new(bucket))
        }
    };
    Ok(Settings {
        folder,
        database: database(options)?,
        objects,
        absent,
        row_limit: Settings::ROW_LIMIT,
        flushes: Flushes::default(),
    })
}

/// Opens the store for one piece of work.
pub(super) fn open(
    options: &StoreOptions,
    absent: Absent,
    context: &Context<'_>,
) -> Result<Opened, Failure> {
    let settings = settings(options, absent, context)?;
    let runtime = runtime()?;
    match runtime.block_on(Store::open(settings)) {
        Ok(store) => Ok(Opened { runtime, store }),
        Err(why @ StoreError::NoStore(_)) => Err(Failure::from(why).with_hint(Hint::words(
            "name its folder with --data, or its server with --database",
        ))),
        Err(why) => Err(why.into()),
    }
}

/// A store that is open, with the runtime that it lives on.
pub(super) struct Opened {
    runtime: tokio::runtime::Runtime,
    store: Store,
}

impl Opened {
    /// Does a piece of work, and closes the store.
    pub(super) fn wait<T, F: Future<Output = T>>(self, work: impl FnOnce(Store) -> F) -> T {
        self.runtime.block_on(async {
            let done = work(self.store.clone()).await;
            self.store.close().await;
            done
        })
    }
}

/// A URL that was an argument can be read by everybody on the machine; one of the environment
/// cannot.
fn database(options: &StoreOptions) -> Result<DatabaseAt, Failure> {
    let parse = |url: &str| -> Result<PostgresUrl, Failure> {
        url.parse().map_err(|why| Failure::new(Exit::Usage, why))
    };
    if let Some(typed) = &options.database {
        let url = parse(typed)?;
        if url.has_password() {
            let error =
                anyhow!("--database holds a password, which everybody on this machine can read");
            return Err(Failure::new(Exit::Usage, error).with_hint(Hint::words(
                "set SEALPOST_DATABASE to the URL instead, or name the password in the file of PGPASSFILE",
            )));
        }
        return Ok(DatabaseAt::Postgres(url));
    }
    match std::env::var(DATABASE) {
        Ok(url) if !url.is_empty() => Ok(DatabaseAt::Postgres(parse(&url)?)),
        _ => Ok(DatabaseAt::Folder),
    }
}

/// The environment's name for `--database`.
const DATABASE: &str = "SEALPOST_DATABASE";
