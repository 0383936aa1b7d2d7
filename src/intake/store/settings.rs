//! Where the store keeps its rows and objects.
//!
//! DESIGN.md, "Embedded default" and "To scale out". Serves promise 15: what may hold a password or
//! a key is never shown.

use std::{fmt, path::PathBuf, str::FromStr};

use url::{Host, Url};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Where a store is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data folder: `intake.sqlite` and `objects/` lie in it, each unless it is elsewhere.
    pub folder: PathBuf,
    /// Where the rows are.
    pub database: DatabaseAt,
    /// Where the sealed bytes are.
    pub objects: ObjectsAt,
    /// What to do where there is nothing yet.
    pub absent: Absent,
    /// Where the rows are a file: up to how many bytes a report or message that comes in one go lies in it, rather
    /// than in an object.
    pub row_limit: u64,
    /// Who shares a flush of that file.
    pub flushes: Flushes,
}

impl Settings {
    /// The usual [`Settings::row_limit`]: most reports without attachments are below it.
    pub const ROW_LIMIT: u64 = 16 << 10;
}

/// Who shares a flush of the file of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flushes {
    /// All that wait for one.
    #[default]
    Shared,
    /// Nobody: for comparison.
    Apart,
}

/// What to do where there is no store yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Make one.
    Create,
    /// Say so: [`super::StoreError::NoStore`].
    Refuse,
}

/// Where the rows are.
#[derive(Clone, Debug)]
pub enum DatabaseAt {
    /// `intake.sqlite` in the data folder.
    Folder,
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

/// Where the sealed bytes are.
#[derive(Clone, Debug)]
pub enum ObjectsAt {
    /// `objects/` in the data folder.
    Folder,
    /// A bucket of an S3-compatible server.
    S3(Box<Bucket>),
}

/// `postgres://USER@HOST:PORT/DATABASE?sslmode=…`. What a password may come from besides:
/// `PGPASSFILE`, `PGPASSWORD`.
#[derive(Clone)]
pub struct PostgresUrl(Url);

/// `s3://BUCKET[/PREFIX]?endpoint=URL&region=NAME&allow_http=true`, and the keys to it.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// What every key begins with, without slashes at its ends; may be empty.
    pub prefix: String,
    /// The server, where it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// Whether plain http is allowed: to a server on this machine always.
    pub allow_http: bool,
    /// The keys; without, those of the environment (`AWS_ACCESS_KEY_ID` and its like).
    pub keys: Option<BucketKeys>,
}

/// The keys to a bucket. Wiped when dropped, never shown.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct BucketKeys {
    /// The access key's id.
    pub id: String,
    /// The secret access key.
    pub secret: String,
    /// A session token, with temporary keys.
    pub session: Option<String>,
}

/// A URL that names no store. It is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAStore {
    /// Not `postgres://`.
    #[error("a database is postgres://USER@HOST/DATABASE")]
    Database,
    /// Not `s3://`.
    #[error("objects are at s3://BUCKET[/PREFIX]?endpoint=URL&region=NAME&allow_http=true")]
    Objects,
    /// `s3://` with a parameter that is not known.
    #[error("objects at s3:// take the parameters endpoint, region and allow_http")]
    Parameter,
    /// `s3://` with keys in it.
    #[error("keys do not belong into the URL of a bucket")]
    Keys,
}

impl PostgresUrl {
    /// Whether it holds a password, and so may not have been an argument.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.0.password().is_some() || self.0.query_pairs().any(|(name, _)| name == "password")
    }

    pub(super) fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for PostgresUrl {
    type Err = NotAStore;

    fn from_str(text: &str) -> Result<Self, NotAStore> {
        let url = Url::parse(text).map_err(|_| NotAStore::Database)?;
        let known = matches!(url.scheme(), "postgres" | "postgresql");
        known.then_some(Self(url)).ok_or(NotAStore::Database)
    }
}

/// Host and database alone.
impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.0.host_str().unwrap_or_default();
        write!(f, "postgres://{host}{}", self.0.path())
    }
}

impl FromStr for Bucket {
    type Err = NotAStore;

    fn from_str(text: &str) -> Result<Self, NotAStore> {
        let url = Url::parse(text).map_err(|_| NotAStore::Objects)?;
        let name = url.host_str().filter(|_| url.scheme() == "s3");
        let name = name.ok_or(NotAStore::Objects)?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAStore::Keys);
        }
        let mut bucket = Self {
            name,
            prefix: url.path().trim_matches('/').to_owned(),
            endpoint: None,
            region: None,
            allow_http: false,
            keys: None,
        };
        for (name, value) in url.query_pairs() {
            match &*name {
                "endpoint" => bucket.endpoint = Some(value.into_owned()),
                "region" => bucket.region = Some(value.into_owned()),
                "allow_http" => {
                    bucket.allow_http = value.parse().map_err(|_| NotAStore::Parameter)?;
                }
                _ => return Err(NotAStore::Parameter),
            }
        }
        bucket.allow_http |= bucket.endpoint.as_deref().is_some_and(is_on_this_machine);
        Ok(bucket)
    }
}

/// Whether what is said to this server stays on this machine, so that it needs no TLS.
fn is_on_this_machine(endpoint: &str) -> bool {
    let Ok(url) = Url::parse(endpoint) else {
        return false;
    };
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl fmt::Debug for BucketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BucketKeys(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p15_a_password_is_noticed_and_not_shown() {
        let url: PostgresUrl = "postgres://intake:hunter2@db.example/reports"
            .parse()
            .unwrap();
        assert!(url.has_password());
        assert_eq!(format!("{url:?}"), "postgres://db.example/reports");
        let url: PostgresUrl = "postgresql:///reports?host=/run&password=x"
            .parse()
            .unwrap();
        assert!(url.has_password());
        let url: PostgresUrl = "postgres://intake@db.example/reports".parse().unwrap();
        assert!(!url.has_password());
        assert!("mysql://x/y".parse::<PostgresUrl>().is_err());
        assert!("reports.sqlite".parse::<PostgresUrl>().is_err());
    }

    #[test]
    fn a_bucket_reads() {
        let text = "s3://reports/intake/one?endpoint=http://127.0.0.1:9000&region=eu";
        let bucket: Bucket = text.parse().unwrap();
        assert_eq!((&*bucket.name, &*bucket.prefix), ("reports", "intake/one"));
        assert_eq!(bucket.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(bucket.region.as_deref(), Some("eu"));
        assert!(bucket.allow_http);
        let far = "s3://reports?endpoint=http://objects.example";
        assert!(!far.parse::<Bucket>().unwrap().allow_http);
        let far = format!("{far}&allow_http=true");
        assert!(far.parse::<Bucket>().unwrap().allow_http);
        let plain: Bucket = "s3://reports".parse().unwrap();
        assert_eq!((&*plain.prefix, plain.allow_http), ("", false));
        for (bad, why) in [
            ("http://reports", NotAStore::Objects),
            ("s3://", NotAStore::Objects),
            ("s3://id:secret@reports", NotAStore::Keys),
            ("s3://reports?secret=x", NotAStore::Parameter),
            ("s3://reports?allow_http=perhaps", NotAStore::Parameter),
        ] {
            assert_eq!(bad.parse::<Bucket>().unwrap_err(), why, "{bad}");
        }
    }
}
