//! Any request with its answer as streams: no redirects, no total time, but an end to standing still
//! and to dripping.
//!
//! Serves the intake's HTTP contract (DESIGN.md). A request that carries a report or a token goes
//! where it was sent or nowhere: a redirect is an answer here, and nobody follows it. RFC 9110 for
//! methods, RFC 6750 section 2.1 for the token.

use std::{
    io::{self, Read},
    pin::pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http_body_util::channel::{Channel, Sender};
use reqwest::{
    Response,
    header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue},
};
use tokio::time::Instant;
use url::Url;

use super::{FetchError, Network, http::plain, policy::STALL};

/// The methods that the contract uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// What is there, and what it takes.
    Options,
    /// The headers alone.
    Head,
    /// The document.
    Get,
    /// Something new.
    Post,
    /// A piece of an upload.
    Patch,
    /// Removes it.
    Delete,
}

/// One request.
pub struct Request<'a> {
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    token: Option<&'a str>,
    body: Body<'a>,
}

/// What a request carries.
pub enum Body<'a> {
    /// Nothing.
    Empty,
    /// All of it, in memory.
    Whole(Vec<u8>),
    /// As many bytes of a reader as `length` says: fewer break the request off.
    Reader {
        /// How many, in bytes.
        length: u64,
        /// Where they come from; it is read as fast as the network takes them.
        reader: &'a mut (dyn Read + Send),
    },
}

/// An answer whose body has not been read yet.
pub struct Streamed {
    response: Response,
    url: Url,
    flow: Flow,
    /// Keeps the request's unsent body open, so that an early answer can still be read.
    _unsent: Option<Sender<Bytes, io::Error>>,
}

impl<'a> Request<'a> {
    /// A request without headers and body.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            token: None,
            body: Body::Empty,
        }
    }

    /// With one more header; its name in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a bearer token, which no log of a library shows.
    #[must_use]
    pub fn bearer(mut self, token: &'a str) -> Self {
        self.token = Some(token);
        self
    }

    /// With this body.
    #[must_use]
    pub fn body(mut self, body: Body<'a>) -> Self {
        self.body = body;
        self
    }
}

impl Network {
    /// Sends a request and waits for the head of the answer, as long as something moves.
    ///
    /// # Errors
    /// [`FetchError`]; an HTTP status, a redirect among them, is an answer, not an error.
    pub async fn send(&self, request: Request<'_>) -> Result<Streamed, FetchError> {
        let url = request.url;
        self.policy().permits(&url)?;
        let mut builder = self.client().request(request.method.into(), url.clone());
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(token) = request.token {
            builder = builder.header(AUTHORIZATION, bearer(&url, token)?);
        }
        let moved = AtomicU64::new(0);
        let mut unsent = None;
        let answer = match request.body {
            Body::Empty => unless_stalled(&moved, builder.send()).await,
            Body::Whole(bytes) => unless_stalled(&moved, builder.body(bytes).send()).await,
            Body::Reader { length, reader } => {
                let (sender, body) = Channel::<Bytes, io::Error>::new(1);
                unsent = Some(sender);
                let sending = builder
                    .header(CONTENT_LENGTH, length)
                    .body(reqwest::Body::wrap(body))
                    .send();
                let feeding = feed(&mut unsent, reader, length, &moved);
                unless_stalled(&moved, both(sending, feeding)).await
            }
        };
        let response = answer?.map_err(|error| match plain(&url, &error) {
            // Here a connection has longer.
            FetchError::TimedOut => FetchError::Stalled,
            other => other,
        })?;
        Ok(Streamed {
            response,
            url,
            flow: Flow::new(STALL, LEAST),
            _unsent: unsent,
        })
    }
}

impl Streamed {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header, hostile text; `None` where it is missing or not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`FetchError`] when the connection breaks, or hardly anything comes for [`STALL`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let began = Instant::now();
        let chunk = tokio::time::timeout(self.flow.within, self.response.chunk()).await;
        let chunk = match chunk {
            Ok(chunk) => chunk.map_err(|error| plain(&self.url, &error))?,
            Err(_) => return Err(FetchError::Stalled),
        };
        match &chunk {
            Some(bytes) if !self.flow.keeps_up(began.elapsed(), bytes.len()) => {
                Err(FetchError::TooSlow)
            }
            _ => Ok(chunk),
        }
    }

    /// All of the body.
    ///
    /// # Errors
    /// [`FetchError::TooLarge`] above `limit` bytes, or as [`Streamed::chunk`].
    pub async fn whole(mut self, limit: usize) -> Result<Vec<u8>, FetchError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit {
                return Err(FetchError::TooLarge { limit });
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole)
    }
}

/// How fast a body comes: a server that gives out a byte now and then must not hold anybody for ever. Only the
/// time that is spent waiting counts, not what the caller does in between.
struct Flow {
    within: Duration,
    least: usize,
    waited: Duration,
    came: usize,
}

impl Flow {
    /// At least so many bytes must come within each such time.
    fn new(within: Duration, least: usize) -> Self {
        Self {
            within,
            least,
            waited: Duration::ZERO,
            came: 0,
        }
    }

    /// Counts what came; `false` where that is too little.
    fn keeps_up(&mut self, waited: Duration, came: usize) -> bool {
        self.waited += waited;
        self.came += came;
        if self.waited < self.within {
            return true;
        }
        let enough = self.came >= self.least;
        (self.waited, self.came) = (Duration::ZERO, 0);
        enough
    }
}

impl From<Method> for reqwest::Method {
    fn from(method: Method) -> Self {
        match method {
            Method::Options => Self::OPTIONS,
            Method::Head => Self::HEAD,
            Method::Get => Self::GET,
            Method::Post => Self::POST,
            Method::Patch => Self::PATCH,
            Method::Delete => Self::DELETE,
        }
    }
}

fn bearer(url: &Url, token: &str) -> Result<HeaderValue, FetchError> {
    let value = HeaderValue::from_str(&format!("Bearer {token}"));
    let mut value = value.map_err(|_| FetchError::Connection {
        host: url.host_str().unwrap_or_default().to_owned(),
        why: "the token cannot stand in a header".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Hands the body over piece by piece, and lets go of the sender once all of it is there. A reader
/// that fails or ends early breaks the request off, so that nobody takes a part for the whole.
async fn feed(
    slot: &mut Option<Sender<Bytes, io::Error>>,
    reader: &mut (dyn Read + Send),
    length: u64,
    moved: &AtomicU64,
) {
    let mut left = length;
    while let Some(sender) = slot.as_mut().filter(|_| left > 0) {
        let mut piece = vec![0; PIECE.min(usize::try_from(left).unwrap_or(PIECE))];
        let read = match reader.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            read => read,
        };
        match read {
            Ok(n) => {
                piece.truncate(n);
                left -= n as u64;
                if sender.send_data(piece.into()).await.is_err() {
                    return;
                }
                moved.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                if let Some(sender) = slot.take() {
                    sender.abort(error);
                }
                return;
            }
        }
    }
    *slot = None;
}

/// The answer; it may come before everything was fed.
async fn both<T>(sending: impl Future<Output = T>, feeding: impl Future<Output = ()>) -> T {
    match select(pin!(sending), pin!(feeding)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), sending)) => sending.await,
    }
}

/// Gives up once nothing moved for [`STALL`].
async fn unless_stalled<T>(
    moved: &AtomicU64,
    exchange: impl Future<Output = T>,
) -> Result<T, FetchError> {
    let mut exchange = pin!(exchange);
    loop {
        let before = moved.load(Ordering::Relaxed);
        match tokio::time::timeout(STALL, &mut exchange).await {
            Ok(done) => return Ok(done),
            Err(_) if moved.load(Ordering::Relaxed) != before => {}
            Err(_) => return Err(FetchError::Stalled),
        }
    }
}

/// Small enough that a line of a kilobyte a second moves one in less than [`STALL`].
const PIECE: usize = 32 << 10;

/// What has to come in [`STALL`], in bytes, while there is more to come: as little as has to go, the other way.
const LEAST: usize = PIECE;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Policy;
    use std::{io::Write, net::TcpListener, thread};

    /// A server whose answer of 600 bytes comes some bytes at a time.
    fn dripping(bytes: usize, every: Duration) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let _request = stream.read(&mut [0; 4096]);
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 600\r\n\r\n";
            let _heard = stream.write_all(head);
            for _ in 0..600 / bytes {
                if stream.write_all(&vec![b'x'; bytes]).is_err() {
                    return;
                }
                thread::sleep(every);
            }
        });
        Url::parse(&format!("http://{at}/")).unwrap()
    }

    async fn fetched(bytes: usize, every: Duration) -> Result<Vec<u8>, FetchError> {
        let url = dripping(bytes, every);
        let network = Network::new(Policy {
            loopback: vec![url.clone()],
            ..Policy::default()
        });
        let request = Request::new(Method::Get, url);
        let mut answer = network.unwrap().send(request).await?;
        answer.flow = Flow::new(Duration::from_millis(600), 40);
        answer.whole(1 << 10).await
    }

    #[tokio::test]
    async fn a_server_that_drips_is_given_up_and_a_slow_one_is_not() {
        let dripped = fetched(1, Duration::from_millis(50)).await;
        assert_eq!(dripped, Err(FetchError::TooSlow));
        let slow = fetched(20, Duration::from_millis(50)).await;
        assert_eq!(slow.map(|body| body.len()), Ok(600));
        let silent = fetched(1, Duration::from_secs(2)).await;
        assert_eq!(silent, Err(FetchError::Stalled));
    }
}
