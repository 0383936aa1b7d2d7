//! The routes over a real store (SQLite and a folder), one request after the other.

mod access;
mod messages;
mod private;
mod published;
mod reading;
mod uploads;
mod whole;

use std::{io::Write, sync::Arc, sync::LazyLock};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use tempfile::TempDir;
use tower::ServiceExt;

use super::{
    Clock, Intake, Limits, Parts,
    limits::ClientKey,
    routes,
    site::{File, Site},
    store::{Absent, DatabaseAt, Flushes, ObjectsAt, Role, Settings, Store},
};
use crate::{
    openpgp::{
        Certificate, Envelope, GeneratedKey, VendorKey, VerifiedReceipt, generate,
        read_certificates, read_secret_keys,
    },
    wire::{Problem, ProblemType, Token},
};

/// An intake with a vendor's key, in a folder of its own.
struct Scene {
    intake: Arc<Intake>,
    router: Router,
    clock: Clock,
    _folder: TempDir,
}

/// An answer, read to its end.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// A request in the making.
struct Asking<'a> {
    scene: &'a Scene,
    request: Request<Body>,
}

static KEY: LazyLock<VendorKey> = LazyLock::new(|| key("vendor@example.org"));
static OTHER: LazyLock<VendorKey> = LazyLock::new(|| key("other@example.org"));

fn key(address: &str) -> VendorKey {
    let wanted = GeneratedKey::new("Vendor", address).unwrap();
    generate(&wanted, clock().system_time()).unwrap()
}

fn clock() -> Clock {
    Clock::standing("2026-11-26T10:00:00Z".parse().unwrap())
}

fn certificate(key: &VendorKey) -> Certificate {
    let mut all = read_certificates("certificate", &key.certificate).unwrap();
    all.remove(0)
}

/// A message of `size` bytes of content, sealed to `key`.
fn sealed_to(key: &VendorKey, size: usize) -> Vec<u8> {
    let now = clock().system_time();
    let recipient = certificate(key).verdict(now).recipient().unwrap();
    let envelope = Envelope::to(vec![recipient], None).unwrap();
    let mut sealing = envelope.seal(Vec::new(), None, now).unwrap();
    sealing.write_all(&vec![b'x'; size]).unwrap();
    sealing.finish().unwrap()
}

fn sealed(size: usize) -> Vec<u8> {
    sealed_to(&KEY, size)
}

fn token(number: u8) -> Token {
    Token::from_bytes(&[number; 32])
}

fn roomy() -> Limits {
    Limits {
        rate: None,
        min_free: 0,
        ..Limits::default()
    }
}

impl Scene {
    async fn new() -> Self {
        Self::with(roomy()).await
    }

    async fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Settings {
            folder: folder.path().join("data"),
            database: DatabaseAt::Folder,
            objects: ObjectsAt::Folder,
            absent: Absent::Create,
            row_limit: Settings::ROW_LIMIT,
            flushes: Flushes::default(),
        });
        let (clock, certificate) = (clock(), certificate(&KEY));
        let secret = read_secret_keys("receipts", &KEY.receipts).unwrap();
        let signer = secret[0].signer_for(&certificate, clock.system_time(), &mut |_, _| Ok(None));
        let mut site = Site::default();
        site.put("/key.asc", File::new("text/plain", KEY.certificate.clone()));
        let intake = Intake::new(Parts {
            store: store.await.unwrap(),
            certificate,
            signing: Some(signer.unwrap()),
            limits,
            clock: clock.clone(),
            site,
        });
        let intake = intake.unwrap();
        Self {
            router: routes::public(intake.clone()),
            intake,
            clock,
            _folder: folder,
        }
    }

    /// A vendor's token.
    async fn vendor(&self, role: Role) -> Token {
        let token = token(200 + role as u8);
        let (name, hash) = (role.as_str().parse().unwrap(), token.hash());
        let now = self.clock.now();
        let added = self.intake.store.add_token(&name, role, &hash, now);
        added.await.unwrap();
        token
    }

    fn ask(&self, method: Method, path: &str) -> Asking<'_> {
        let request = Request::builder().method(method).uri(path);
        Asking {
            scene: self,
            request: request.body(Body::empty()).unwrap(),
        }
    }

    fn get(&self, path: &str) -> Asking<'_> {
        self.ask(Method::GET, path)
    }

    fn post(&self, path: &str, body: impl Into<Body>) -> Asking<'_> {
        let asking = self.ask(Method::POST, path).body(body);
        asking.header("content-type", "application/pgp-encrypted")
    }

    /// Takes a report of a case, and gives its id.
    async fn report(&self, case: &Token, size: usize) -> String {
        let posting = self.post("/reports", sealed(size)).case(case);
        let answer = posting.send().await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.header("sealpost-report").to_owned()
    }

    /// Begins an upload, and gives its path.
    async fn upload(&self, length: Option<usize>) -> String {
        let begin = self.ask(Method::POST, "/reports").tus();
        let begin = match length {
            Some(length) => begin.header("upload-length", &length.to_string()),
            None => begin.header("upload-defer-length", "1"),
        };
        let answer = begin.send().await;
        assert_eq!(answer.status, StatusCode::CREATED);
        answer.header("location").to_owned()
    }

    fn patch(&self, path: &str, offset: usize, body: impl Into<Body>) -> Asking<'_> {
        let asking = self.ask(Method::PATCH, path).tus().body(body);
        asking
            .header("upload-offset", &offset.to_string())
            .header("content-type", "application/offset+octet-stream")
    }
}

impl Asking<'_> {
    fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        let headers = self.request.headers_mut();
        headers.insert(name, value.parse().unwrap());
        self
    }

    fn without(mut self, name: &'static str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    fn tus(self) -> Self {
        self.header("tus-resumable", "1.0.0")
    }

    fn of_client(mut self, client: ClientKey) -> Self {
        self.request.extensions_mut().insert(client);
        self
    }

    fn bearer(self, token: &Token) -> Self {
        self.header("authorization", &format!("Bearer {}", token.expose()))
    }

    fn case(self, token: &Token) -> Self {
        self.header("sealpost-case", &token.hash().to_header())
    }

    /// The same at another time, for the status alone.
    fn sending(self) -> impl Future<Output = StatusCode> + Send + 'static {
        let answering = self.scene.router.clone().oneshot(self.request);
        async move { answering.await.unwrap().status() }
    }

    async fn send(mut self) -> Answer {
        use axum::body::HttpBody;
        if let Some(size) = self.request.body().size_hint().exact()
            && size > 0
        {
            self = self.header("content-length", &size.to_string());
        }
        let answer = self.scene.router.clone().oneshot(self.request).await;
        let (parts, body) = answer.unwrap().into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap(),
        }
    }

    /// Sends it, and expects to be refused.
    async fn refused(self) -> ProblemType {
        let answer = self.send().await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let problem: Problem = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem.status, answer.status.as_u16());
        ProblemType::from_uri(&problem.kind).unwrap()
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn receipt(&self) -> VerifiedReceipt {
        VerifiedReceipt::verify(&self.body, &certificate(&KEY), clock().system_time()).unwrap()
    }
}
