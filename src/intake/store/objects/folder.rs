//! Objects as files: `objects/ab/abcd…`, owner-only, each written once.
//!
//! Serves promises 6 and 7: the file, its folder and, where that is new, the folder above it are
//! flushed to the disk before an object counts as written. Any error removes the file.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use jiff::Timestamp;

use super::{Found, ObjectKey, ObjectWriter, Objects};
use crate::intake::store::StoreError;

/// A folder of objects.
#[derive(Clone, Debug)]
pub(in crate::intake::store) struct Folder(PathBuf);

impl Folder {
    /// The folder at this path, made if it is not there.
    pub(in crate::intake::store) fn open(path: PathBuf) -> io::Result<Self> {
        if !path.is_dir() {
            make_folder(&path)?;
        }
        Ok(Self(path))
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.0.join(key.fan()).join(key.as_str())
    }
}

#[async_trait]
impl Objects for Folder {
    fn limit(&self) -> u64 {
        LIMIT
    }

    fn begin(&self, key: &ObjectKey) -> Box<dyn ObjectWriter> {
        Box::new(Writer {
            path: self.path(key),
            file: None,
            buffer: BytesMut::new(),
            begun: false,
            abandoned: Arc::default(),
        })
    }

    async fn read(
        &self,
        key: &ObjectKey,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        let path = self.path(key);
        let start = range.start;
        let file = blocking(move || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(start))?;
            Ok(file)
        })
        .await?;
        let left = range.end.saturating_sub(range.start);
        let pieces = stream::try_unfold((file, left), |(file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            let (file, piece) = blocking(move || read_piece(file, left)).await?;
            let left = left - piece.len() as u64;
            Ok(Some((piece, (file, left))))
        });
        Ok(pieces.boxed())
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        let path = self.path(key);
        blocking(move || match fs::symlink_metadata(path) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    async fn remove(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let path = self.path(key);
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => sync_folder(path.parent()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    fn list(&self) -> BoxStream<'static, Result<Found, StoreError>> {
        let root = self.0.clone();
        let fans = async move { blocking(move || names(&root)).await };
        stream::once(fans)
            .map_ok(|fans| stream::iter(fans.into_iter().map(Ok)))
            .try_flatten()
            .and_then(|fan| blocking(move || objects_in(&fan)))
            .map_ok(|found| stream::iter(found.into_iter().map(Ok)))
            .try_flatten()
            .boxed()
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let root = self.0.clone();
        blocking(move || {
            let probe = tempfile::Builder::new()
                .prefix(".probe-")
                .tempfile_in(&root)?;
            probe.as_file().sync_data()
        })
        .await
    }
}

/// A file that is being written.
struct Writer {
    path: PathBuf,
    file: Option<File>,
    buffer: BytesMut,
    /// Whether there may be a file that has to go.
    begun: bool,
    /// Nobody waits for it any more: whoever still works on the file removes it.
    abandoned: Arc<AtomicBool>,
}

#[async_trait]
impl ObjectWriter for Writer {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        self.buffer.extend_from_slice(&bytes);
        if self.buffer.len() >= BUFFER {
            self.flush(false).await?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        self.flush(true).await?;
        self.begun = false;
        Ok(())
    }
}

impl Writer {
    /// Writes what is buffered; at the end makes all of it durable.
    async fn flush(&mut self, last: bool) -> Result<(), StoreError> {
        let bytes = self.buffer.split();
        let path = self.path.clone();
        let file = self.file.take();
        let abandoned = Arc::clone(&self.abandoned);
        self.begun = true;
        let file = blocking(move || {
            let done = append(&path, file, &bytes, last);
            if done.is_err() || abandoned.load(Ordering::SeqCst) {
                let _gone = fs::remove_file(&path);
            }
            done
        })
        .await?;
        self.file = Some(file);
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.begun {
            self.abandoned.store(true, Ordering::SeqCst);
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// Writes to a file, which is made if there is none yet; with the last bytes makes it last.
fn append(path: &Path, file: Option<File>, bytes: &[u8], last: bool) -> io::Result<File> {
    let mut file = match file {
        Some(file) => file,
        None => create(path)?,
    };
    file.write_all(bytes)?;
    if last {
        file.sync_all()?;
        sync_folder(path.parent())?;
    }
    Ok(file)
}

/// A new file, owner-only from its first moment.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().ok_or(error)?;
            make_folder(folder)?;
            options.open(path)
        }
        opened => opened,
    }
}

/// Makes an owner-only folder, and makes it last.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    match builder.create(path) {
        // Another writer was faster; it may not have flushed the folder above yet.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made?,
    }
    sync_folder(path.parent())
}

#[cfg(unix)]
fn sync_folder(path: Option<&Path>) -> io::Result<()> {
    path.map_or(Ok(()), |path| File::open(path)?.sync_all())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn sync_folder(_path: Option<&Path>) -> io::Result<()> {
    Ok(())
}

fn read_piece(mut file: File, left: u64) -> io::Result<(File, Bytes)> {
    let wanted = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
    let mut piece = BytesMut::zeroed(wanted);
    let read = file.read(&mut piece)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    piece.truncate(read);
    Ok((file, piece.freeze()))
}

/// The folders in a folder.
fn names(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

/// The objects in one folder; what has another name is not ours.
fn objects_in(folder: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(key) = entry.file_name().to_str().and_then(ObjectKey::parse) else {
            continue;
        };
        let metadata = match entry.metadata() {
            // Removed since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        let written = Timestamp::try_from(metadata.modified()?);
        found.push(Found {
            key,
            size: metadata.len(),
            written: written.map_err(io::Error::other)?,
        });
    }
    Ok(found)
}

/// Does what blocks where it may.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
        .map_err(StoreError::object_io)
}

/// The most bytes of one file.
const LIMIT: u64 = 64 << 20;
/// How much is written or read at once.
const BUFFER: usize = 128 << 10;
