//! A fresh store for each test and back end, and short words for what tests do with it.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor, PgConnection};

use crate::intake::store::{
    Absent, Accepted, Check, DatabaseAt, DriftKind, Flushes, NewReport, NewUpload, ObjectsAt,
    Origin, Part, PartOf, Segment, Settings, Store, StoreError,
};
use crate::wire::{ReportId, Token, TokenHash, UploadId};

/// A store of its own, with the folder that it lies in.
pub(super) struct Scene {
    pub(super) name: &'static str,
    pub(super) store: Store,
    pub(super) settings: Settings,
    pub(super) folder: tempfile::TempDir,
}

impl Scene {
    /// One for each back end that is there; what is not is said.
    pub(super) async fn all() -> Vec<Self> {
        let mut scenes = vec![Self::new("sqlite, folder", None, None).await];
        let postgres = std::env::var("SEALPOST_POSTGRES").ok();
        let s3 = std::env::var("SEALPOST_S3").ok();
        if postgres.is_none() {
            println!("skipped: SEALPOST_POSTGRES names no server");
        }
        if s3.is_none() {
            println!("skipped: SEALPOST_S3 names no bucket");
        }
        if let Some(url) = &postgres {
            scenes.push(Self::new("postgres, folder", Some(url), None).await);
        }
        if let Some(url) = &s3 {
            scenes.push(Self::new("sqlite, s3", None, Some(url)).await);
        }
        if let (Some(url), Some(bucket)) = (&postgres, &s3) {
            scenes.push(Self::new("postgres, s3", Some(url), Some(bucket)).await);
        }
        scenes
    }

    /// On SQLite and a folder.
    pub(super) async fn local() -> Self {
        Self::new("sqlite, folder", None, None).await
    }

    /// On SQLite and a folder, where rows hold up to so many bytes.
    pub(super) async fn in_rows(limit: u64, flushes: Flushes) -> Self {
        let mut scene = Self::local().await;
        scene.store.close().await;
        scene.settings.row_limit = limit;
        scene.settings.flushes = flushes;
        scene.store = Store::open(scene.settings.clone()).await.unwrap();
        scene
    }

    async fn new(name: &'static str, postgres: Option<&str>, s3: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let unique = format!("sealpost_{}_{}", std::process::id(), number());
        let database = match postgres {
            None => DatabaseAt::Folder,
            Some(url) => {
                let mut admin = PgConnection::connect(url).await.unwrap();
                let sql = format!("CREATE DATABASE {unique}");
                admin.execute(sqlx::AssertSqlSafe(sql)).await.unwrap();
                let mut url: url::Url = url.parse().unwrap();
                url.set_path(&unique);
                DatabaseAt::Postgres(url.as_str().parse().unwrap())
            }
        };
        let objects = match s3 {
            None => ObjectsAt::Folder,
            Some(url) => {
                let mut url: url::Url = url.parse().unwrap();
                url.set_path(&format!("{}/{unique}", url.path().trim_matches('/')));
                ObjectsAt::S3(Box::new(url.as_str().parse().unwrap()))
            }
        };
        let settings = Settings {
            folder: folder.path().join("intake"),
            database,
            objects,
            absent: Absent::Create,
            row_limit: 0,
            flushes: Flushes::default(),
        };
        let store = Store::open(settings.clone()).await.unwrap();
        Self {
            name,
            store,
            settings,
            folder,
        }
    }

    /// What a deep check finds; with `repair` it mends all of it but bytes of a report that are lost.
    pub(super) async fn drift(&self, repair: bool) -> Vec<DriftKind> {
        let how = Check {
            repair,
            deep: true,
            grace_ended: Timestamp::MAX,
            now: at(1),
        };
        let checked = self.store.check(&how).await.unwrap();
        for drift in checked.drift.iter().filter(|drift| repair && !drift.mended) {
            let is_lost = matches!(drift.part_of, Some(PartOf::Report(_)));
            assert!(is_lost, "{} {drift:?}", self.name);
        }
        checked.drift.iter().map(|drift| drift.kind).collect()
    }

    /// A durable segment.
    pub(super) async fn segment(&self, bytes: &[u8]) -> Segment {
        let mut writer = self.store.new_segment(Part::Whole).unwrap();
        let mut rest = Bytes::copy_from_slice(bytes);
        writer.write(&mut rest).await.unwrap();
        assert!(rest.is_empty(), "more than a segment");
        writer.finish().await.unwrap()
    }

    /// A report of one segment.
    pub(super) async fn post(&self, bytes: &[u8], origin: Origin) -> Result<Accepted, StoreError> {
        let segment = self.segment(bytes).await;
        let report = new_report(bytes, Self::now());
        self.store.accept(report, origin, vec![segment]).await
    }

    /// A report that is taken for the first time.
    pub(super) async fn posted(&self, bytes: &[u8]) -> ReportId {
        match self.post(bytes, Origin::default()).await.unwrap() {
            Accepted::Fresh(report) => report.summary.id,
            Accepted::Known(_) => panic!("it was known"),
        }
    }

    /// All bytes of a report.
    pub(super) async fn read(&self, id: &ReportId) -> Vec<u8> {
        let sealed = self.store.sealed(id).await.unwrap();
        let size = sealed.size();
        collect(sealed.stream(0..size)).await.unwrap()
    }

    /// Times that go up.
    pub(super) fn now() -> Timestamp {
        at(i64::try_from(number()).unwrap())
    }

    /// How many objects there are.
    pub(super) async fn objects(&self) -> usize {
        let found: Vec<_> = self.store.objects().list().try_collect().await.unwrap();
        found.len()
    }
}

/// Every piece of a stream.
pub(super) async fn collect(
    stream: impl futures_util::Stream<Item = Result<Bytes, StoreError>>,
) -> Result<Vec<u8>, StoreError> {
    let pieces: Vec<Bytes> = stream.try_collect().await?;
    Ok(pieces.concat())
}

/// The report that these bytes are.
pub(super) fn new_report(bytes: &[u8], received: Timestamp) -> NewReport {
    let id = ReportId::from_entropy(entropy());
    NewReport {
        receipt: format!("receipt of {id}"),
        id,
        received,
        size: bytes.len() as u64,
        sha256: Sha256::digest(bytes).into(),
        recipients: vec!["AABBCCDDEEFF0011".to_owned()],
    }
}

/// An upload that has not begun.
pub(super) fn new_upload(length: Option<u64>, origin: Origin) -> NewUpload {
    NewUpload {
        id: UploadId::from_entropy(entropy()),
        length,
        origin,
        progress: b"begun".to_vec(),
        at: at(0),
        first_byte_by: at(1_000_000),
        expires: at(1_000_000),
    }
}

/// Whose it is.
pub(super) fn origin(case: u8, key: u8) -> Origin {
    Origin {
        case: Some(case_hash(case)),
        key: Some([key; 32]),
    }
}

/// The digest of a case token.
pub(super) fn case_hash(case: u8) -> TokenHash {
    Token::from_bytes(&[case; 32]).hash()
}

/// So many seconds after the beginning of 2026.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).unwrap()
}

/// Bytes that look random, the same for the same seed.
pub(super) fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

fn entropy() -> [u8; 16] {
    let mut entropy = [0; 16];
    getrandom::fill(&mut entropy).unwrap();
    entropy
}

fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::SeqCst)
}
