//! A small HTTP/1.1 client that keeps an answer byte by byte, and can stop in the middle of a
//! request.

use std::{
    fmt::Write as _,
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A request that is about to go out.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One connection, over any stream.
pub(crate) struct Connection<S = TcpStream> {
    pub(crate) stream: S,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A whole sealed report.
    pub(crate) fn post(sealed: &[u8]) -> Self {
        Self::new("POST", "/reports").sealed(sealed)
    }

    /// With an OpenPGP message as content.
    pub(crate) fn sealed(self, message: &[u8]) -> Self {
        self.with("Content-Type", "application/pgp-encrypted")
            .body(message)
    }

    pub(crate) fn json(self, text: &str) -> Self {
        self.with("Content-Type", "application/json").body(text)
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "what is a number or a text reads well at the call"
    )]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Without headers of this name.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_vec());
        self
    }

    /// Says a Content-Length without the content, which is written later, or never.
    pub(crate) fn promises(self, length: u64) -> Self {
        self.with("Content-Length", length)
    }

    /// Request line and headers.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if !self.headers.iter().any(|(name, _)| name == "Host") {
            head += "Host: intake.test\r\n";
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        if let Some(body) = &self.body {
            write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        }
        head += "\r\n";
        head.into_bytes()
    }

    /// On a connection of its own.
    pub(crate) fn try_send(&self, to: SocketAddr) -> io::Result<Answer> {
        self.try_send_within(to, LIMIT)
    }

    /// The same, with less patience.
    pub(crate) fn try_send_within(&self, to: SocketAddr, limit: Duration) -> io::Result<Answer> {
        let mut connection = Connection::open(to)?;
        connection.stream.set_read_timeout(Some(limit))?;
        connection.try_send(self)
    }
}

impl Answer {
    /// The only header of this name, in whatever case.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let first = found.next();
        assert!(found.next().is_none(), "two headers {name}: {self}");
        first.map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {self}"))
    }

    /// The id of the report that was posted.
    #[track_caller]
    pub(crate) fn report(&self) -> String {
        let location = self
            .header("location")
            .unwrap_or_else(|| panic!("no location: {self}"));
        let (_, id) = location.split_once("/reports/").unwrap();
        id.to_owned()
    }

    /// All but what must differ from one answer to the next: the date.
    pub(crate) fn without_date(&self) -> Vec<u8> {
        let mut bytes = format!("{}\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            if !name.eq_ignore_ascii_case("date") {
                bytes.extend(format!("{name}: {value}\n").into_bytes());
            }
        }
        bytes.extend(&self.body);
        bytes
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.body[..self.body.len().min(2000)];
        let body = String::from_utf8_lossy(start);
        write!(f, "{} {:?}\n{body}", self.status, self.headers)
    }
}

impl Connection {
    pub(crate) fn open(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, LIMIT)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_write_timeout(Some(LIMIT))?;
        Ok(Self { stream })
    }
}

impl<S: Read + Write> Connection<S> {
    /// Sends a whole request and reads the answer. An answer that comes before all was taken, as
    /// with 413, counts too.
    pub(crate) fn try_send(&mut self, request: &Request) -> io::Result<Answer> {
        let mut sent = self.stream.write_all(&request.head());
        if let (Ok(()), Some(body)) = (&sent, &request.body) {
            sent = self.stream.write_all(body);
        }
        if sent.is_ok() {
            sent = self.stream.flush();
        }
        let answer = self.answer(request.method == "HEAD");
        match (answer, sent) {
            (Ok(answer), _) => Ok(answer),
            (Err(_), Err(why)) | (Err(why), Ok(())) => Err(why),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Reads an answer; to HEAD, one without a body.
    pub(crate) fn answer(&mut self, to_head: bool) -> io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.byte()?);
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let mut lines = head.lines();
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1)?.parse().ok())
            .ok_or_else(|| io::Error::other(head.clone()))?;
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if status == 100 {
            return self.answer(to_head);
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        if !to_head && status != 204 && status != 304 {
            answer.body = self.body(&answer)?;
        }
        Ok(answer)
    }

    fn body(&mut self, of: &Answer) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if let Some(length) = of.header("content-length") {
            let length: usize = length.parse().map_err(io::Error::other)?;
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        } else if of.header("transfer-encoding") == Some("chunked") {
            while let Some(chunk) = self.chunk()? {
                body.extend(chunk);
            }
        } else {
            self.stream.read_to_end(&mut body)?;
        }
        Ok(body)
    }

    fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut size = Vec::new();
        while !size.ends_with(b"\r\n") {
            size.push(self.byte()?);
        }
        let size = String::from_utf8(size).map_err(io::Error::other)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        let mut chunk = vec![0; size + 2];
        self.stream.read_exact(&mut chunk)?;
        chunk.truncate(size);
        Ok((size > 0).then_some(chunk))
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        Ok(byte[0])
    }
}

/// Longer than any answer should take: one that hangs fails its test.
const LIMIT: Duration = Duration::from_secs(90);
