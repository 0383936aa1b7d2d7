//! One HTTP/1.1 connection of the bench's web server: a request is read, and answered well or badly.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use super::listener::End;

/// What came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Lowercase, without a port.
    pub(crate) host: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    /// As it was sent; in chunks, if it came so.
    pub(crate) body: Vec<u8>,
}

/// What goes out.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Content {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// So many bytes, whatever the Content-Length declares.
    Long { declared: Option<u64>, sent: u64 },
    /// A byte now and then, without end.
    Drip,
    /// Nothing, and the connection stays open.
    Hang,
    /// Nothing, and the connection ends.
    Close,
}

impl Request {
    /// The first header of this name, in whatever case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Host and path, as in `example.test/.well-known/security.txt`.
    pub(crate) fn place(&self) -> String {
        format!("{}{}", self.host, self.path)
    }

    /// Reads a request; nothing if it is none.
    pub(super) fn read(from: &mut impl Read) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            from.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).ok()?;
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ').map(str::to_owned);
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let mut request = Self {
            method: first.next()?,
            host: String::new(),
            path: first.next()?,
            headers,
            body: Vec::new(),
        };
        request.host = without_port(request.header("host")?);
        request.body = request.read_body(from)?;
        Some(request)
    }

    fn read_body(&self, from: &mut impl Read) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        if self.header("transfer-encoding").is_some() {
            let mut byte = [0];
            while !body.ends_with(b"0\r\n\r\n") {
                from.read_exact(&mut byte).ok()?;
                body.push(byte[0]);
            }
        } else if let Some(length) = self.header("content-length") {
            from.take(length.parse().ok()?)
                .read_to_end(&mut body)
                .ok()?;
        }
        Some(body)
    }
}

impl Answer {
    /// Writes the answer; `socket` is the connection below `to`, to see when the client leaves.
    pub(super) fn write(
        &self,
        to: &mut impl Write,
        socket: &TcpStream,
        end: &End,
    ) -> io::Result<()> {
        match self {
            Self::Content {
                status,
                headers,
                body,
            } => {
                write!(to, "HTTP/1.1 {status} Test\r\n")?;
                for (name, value) in headers {
                    write!(to, "{name}: {value}\r\n")?;
                }
                write!(to, "Content-Length: {}\r\n", body.len())?;
                to.write_all(b"Connection: close\r\n\r\n")?;
                to.write_all(body)?;
            }
            Self::Long { declared, sent } => {
                begin(to, *declared)?;
                let mut left = *sent;
                while left > 0 && !end.came() {
                    let now = left.min(FILLING.len() as u64);
                    to.write_all(&FILLING[..usize::try_from(now).unwrap()])?;
                    left -= now;
                }
            }
            Self::Drip => {
                begin(to, None)?;
                while !end.came() {
                    to.write_all(&FILLING[..1])?;
                    to.flush()?;
                    end.sleep(Duration::from_millis(100));
                }
            }
            Self::Hang => wait_for_close(socket, end)?,
            Self::Close => return Ok(()),
        }
        to.flush()
    }
}

fn begin(to: &mut impl Write, length: Option<u64>) -> io::Result<()> {
    to.write_all(b"HTTP/1.1 200 Test\r\nContent-Type: text/plain; charset=utf-8\r\n")?;
    if let Some(length) = length {
        write!(to, "Content-Length: {length}\r\n")?;
    }
    to.write_all(b"Connection: close\r\n\r\n")
}

fn wait_for_close(socket: &TcpStream, end: &End) -> io::Result<()> {
    let mut socket = socket;
    socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    while !end.came() {
        match socket.read(&mut [0; 64]) {
            Ok(0) => break,
            Err(why) if why.kind() != io::ErrorKind::WouldBlock => break,
            _ => {}
        }
    }
    Ok(())
}

/// A host as it is looked up: lowercase, without port and brackets.
fn without_port(host: &str) -> String {
    let bare = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next(),
        None => host.split(':').next(),
    };
    bare.unwrap_or_default().to_ascii_lowercase()
}

/// Lines, so that whoever reads line by line comes along.
const FILLING: &[u8; 64 * 1024] = &{
    let mut filling = [b'a'; 64 * 1024];
    let mut at = 63;
    while at < filling.len() {
        filling[at] = b'\n';
        at += 64;
    }
    filling
};
