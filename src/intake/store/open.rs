//! Opening the store, and making it on the first start: the data folder, the tables, the folder of
//! objects; owner-only from their first moment.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Absent, DatabaseAt, Inner, ObjectsAt, Settings, Store, StoreError,
    batch::Batch,
    database::Database,
    objects::{Folder, Objects, S3},
    schema,
};

impl Settings {
    /// Makes the data folder where it is needed and is not there; it, and that of the objects, which may be
    /// a link to elsewhere. Nothing where nothing is kept in it.
    ///
    /// # Errors
    /// It cannot be made, or others may write into it.
    pub fn prepare(&self) -> Result<Vec<PathBuf>, StoreError> {
        let rows_here = matches!(self.database, DatabaseAt::Folder);
        if !rows_here && !matches!(self.objects, ObjectsAt::Folder) {
            return Ok(Vec::new());
        }
        let file = self.folder.join(DATABASE);
        let ready = make_ready(&self.folder, rows_here.then_some(&*file));
        ready.map_err(|source| StoreError::Folder {
            path: self.folder.clone(),
            source,
        })?;
        Ok(vec![self.folder.clone(), self.folder.join(OBJECTS)])
    }

    /// Whether rows or objects are with a server.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        !matches!(
            (&self.database, &self.objects),
            (DatabaseAt::Folder, ObjectsAt::Folder)
        )
    }
}

impl Store {
    /// Opens the store that the settings name; with [`Absent::Create`] it is made where it is not.
    ///
    /// # Errors
    /// It is not there or cannot be used, or the database is of a newer version.
    pub async fn open(settings: Settings) -> Result<Self, StoreError> {
        let rows_here = matches!(settings.database, DatabaseAt::Folder);
        let file = settings.folder.join(DATABASE);
        if rows_here && settings.absent == Absent::Refuse && !file.is_file() {
            return Err(StoreError::NoStore(settings.folder));
        }
        settings.prepare()?;
        let database = match &settings.database {
            DatabaseAt::Folder => Database::sqlite(&file, settings.flushes).await?,
            DatabaseAt::Postgres(url) => Database::postgres(url).await?,
        };
        schema::migrate(&database).await?;
        let objects: Arc<dyn Objects> = match &settings.objects {
            ObjectsAt::Folder => {
                let folder = Folder::open(settings.folder.join(OBJECTS));
                Arc::new(folder.map_err(StoreError::object_io)?)
            }
            ObjectsAt::S3(bucket) => Arc::new(S3::open(bucket)?),
        };
        Ok(Self(Arc::new(Inner {
            database,
            objects,
            settings,
            batch: Batch::default(),
        })))
    }
}

/// Makes the data folder and an empty database in it, where they are not there.
fn make_ready(folder: &Path, database: Option<&Path>) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        builder.mode(0o700);
        options.mode(0o600);
    }
    builder.create(folder)?;
    refuse_shared(folder)?;
    let Some(database) = database else {
        return Ok(());
    };
    // SQLite gives its log the mode of the database.
    match options.open(database) {
        Ok(file) => {
            file.sync_all()?;
            #[cfg(unix)]
            fs::File::open(folder)?.sync_all()?;
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// A folder that others may write could be filled by them.
#[cfg(unix)]
fn refuse_shared(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;

    if fs::metadata(folder)?.mode() & 0o022 == 0 {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "others may write into it",
        ))
    }
}

#[cfg(not(unix))]
fn refuse_shared(folder: &Path) -> io::Result<()> {
    fs::metadata(folder).map(drop)
}

/// The file of the rows, in the data folder.
const DATABASE: &str = "intake.sqlite";
/// The folder of the objects, in the data folder.
const OBJECTS: &str = "objects";
