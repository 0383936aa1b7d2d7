//! Through a proxy to a server that speaks first, so not a byte more than the proxy's own answer is
//! read: what follows belongs to the server.
//!
//! RFC 1928 and 1929 (SOCKS 5 with the name resolved by the proxy), RFC 9110 section 9.3.6
//! (CONNECT).

use std::io;

use data_encoding::BASE64;
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use url::{Host, Url};

use super::dial::Stream;

/// Asks the proxy at the other end of `stream` for a way to `host`.
pub(super) async fn open(
    stream: &mut Box<dyn Stream>,
    proxy: &Url,
    host: &Host<String>,
    port: u16,
) -> io::Result<()> {
    match proxy.scheme() {
        "socks5h" => socks(stream, credentials(proxy), host, port).await,
        _ => connect(stream, credentials(proxy), host, port).await,
    }
}

/// User name and password of a proxy's URL.
fn credentials(proxy: &Url) -> Option<(String, String)> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let password = proxy.password().unwrap_or_default();
    (!proxy.username().is_empty()).then(|| (decoded(proxy.username()), decoded(password)))
}

/// Whether a SOCKS proxy that is offered both takes this login. Nothing else is asked of it.
pub(super) async fn takes_login(stream: &mut Box<dyn Stream>, proxy: &Url) -> io::Result<bool> {
    let Some(login) = credentials(proxy) else {
        return Ok(false);
    };
    stream.write_all(&[SOCKS, 2, NO_PASSWORD, PASSWORD]).await?;
    stream.flush().await?;
    let [_, chosen] = take(stream).await?;
    Ok(chosen == PASSWORD && log_in(stream, login).await.is_ok())
}

/// RFC 1929.
async fn log_in(
    stream: &mut Box<dyn Stream>,
    (user, password): (String, String),
) -> io::Result<()> {
    let mut login = vec![1];
    short(&mut login, user.as_bytes())?;
    short(&mut login, password.as_bytes())?;
    stream.write_all(&login).await?;
    stream.flush().await?;
    let [_, status] = take(stream).await?;
    if status != 0 {
        return Err(fault("it refuses the user name or password"));
    }
    Ok(())
}

async fn socks(
    stream: &mut Box<dyn Stream>,
    credentials: Option<(String, String)>,
    host: &Host<String>,
    port: u16,
) -> io::Result<()> {
    let method = if credentials.is_some() {
        PASSWORD
    } else {
        NO_PASSWORD
    };
    stream.write_all(&[SOCKS, 1, method]).await?;
    stream.flush().await?;
    let [_, chosen] = take(stream).await?;
    if chosen != method {
        return Err(fault("it wants another way of logging in"));
    }
    if let Some(login) = credentials {
        log_in(stream, login).await?;
    }
    let mut request = vec![SOCKS, 1, 0];
    match host {
        Host::Domain(name) => {
            request.push(3);
            short(&mut request, name.as_bytes())?;
        }
        Host::Ipv4(address) => {
            request.push(1);
            request.extend(address.octets());
        }
        Host::Ipv6(address) => {
            request.push(4);
            request.extend(address.octets());
        }
    }
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;
    stream.flush().await?;
    granted(stream).await
}

/// Reads the whole answer: status, and an address that means nothing here.
async fn granted(stream: &mut Box<dyn Stream>) -> io::Result<()> {
    let [_, status, _, kind] = take(stream).await?;
    if status != 0 {
        return Err(fault(match status {
            2 => "it does not allow the connection",
            3 | 4 => "the server cannot be reached",
            5 => "the server refuses the connection",
            6 => "the server does not answer",
            _ => "it fails",
        }));
    }
    let length = match kind {
        1 => 4,
        4 => 16,
        3 => {
            let [length] = take(stream).await?;
            usize::from(length)
        }
        _ => return Err(fault("its answer makes no sense")),
    };
    let mut rest = vec![0; length + 2];
    stream.read_exact(&mut rest).await?;
    Ok(())
}

async fn connect(
    stream: &mut Box<dyn Stream>,
    credentials: Option<(String, String)>,
    host: &Host<String>,
    port: u16,
) -> io::Result<()> {
    let login = credentials.map_or_else(String::new, |(user, password)| {
        let pair = BASE64.encode(format!("{user}:{password}").as_bytes());
        format!("Proxy-Authorization: Basic {pair}\r\n")
    });
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{login}\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == LONGEST_ANSWER {
            return Err(fault("its answer is too long"));
        }
        head.push(stream.read_u8().await?);
    }
    let mut words = head.split(|byte| *byte == b' ');
    match (words.next(), words.next()) {
        (Some(version), Some(status))
            if version.starts_with(b"HTTP/1.") && status.starts_with(b"2") =>
        {
            Ok(())
        }
        (_, Some(b"407")) => Err(fault("it wants a user name and password")),
        _ => Err(fault("it refuses the connection")),
    }
}

async fn take<const N: usize>(stream: &mut Box<dyn Stream>) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// A text behind its length.
fn short(out: &mut Vec<u8>, text: &[u8]) -> io::Result<()> {
    let length = u8::try_from(text.len()).map_err(|_| fault("a name is too long for it"))?;
    out.push(length);
    out.extend_from_slice(text);
    Ok(())
}

fn fault(why: &str) -> io::Error {
    io::Error::other(format!("the proxy: {why}"))
}

const SOCKS: u8 = 5;
const NO_PASSWORD: u8 = 0;
const PASSWORD: u8 = 2;

const LONGEST_ANSWER: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a proxy: what it says, and what it must have heard in the end.
    async fn play(proxy: &str, says: &[u8]) -> (io::Result<()>, Vec<u8>, Vec<u8>) {
        let (ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(says).await.unwrap();
        let mut stream: Box<dyn Stream> = Box::new(ours);
        let url = Url::parse(proxy).unwrap();
        let host = Host::Domain("mail.example".to_owned());
        let opened = open(&mut stream, &url, &host, 587).await;
        let mut heard = vec![0; 4096];
        let count = theirs.read(&mut heard).await.unwrap();
        heard.truncate(count);
        theirs.shutdown().await.unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        (opened, heard, rest)
    }

    #[tokio::test]
    async fn socks_leaves_what_the_server_says_first() {
        let says = b"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00220 hello\r\n";
        let (opened, heard, rest) = play("socks5h://127.0.0.1:9", says).await;
        opened.unwrap();
        assert_eq!(
            heard,
            b"\x05\x01\x00\x05\x01\x00\x03\x0cmail.example\x02\x4b"
        );
        assert_eq!(rest, b"220 hello\r\n");
        let says = b"\x05\x02\x01\x00\x05\x05\x00\x01";
        let (opened, heard, _) = play("socks5h://u:p%20w@127.0.0.1:9", says).await;
        assert!(
            opened
                .unwrap_err()
                .to_string()
                .contains("refuses the connection")
        );
        assert!(heard.starts_with(b"\x05\x01\x02\x01\x01u\x03p w"));
    }

    #[tokio::test]
    async fn connect_leaves_what_the_server_says_first() {
        let says = b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n220 hello\r\n";
        let (opened, heard, rest) = play("http://u:p@127.0.0.1:9", says).await;
        opened.unwrap();
        let heard = String::from_utf8(heard).unwrap();
        assert!(
            heard.starts_with("CONNECT mail.example:587 HTTP/1.1\r\n"),
            "{heard}"
        );
        assert!(
            heard.contains("Proxy-Authorization: Basic dTpw\r\n"),
            "{heard}"
        );
        assert_eq!(rest, b"220 hello\r\n");
        let (opened, ..) = play("http://127.0.0.1:9", b"HTTP/1.1 407 No\r\n\r\n").await;
        assert!(opened.is_err());
    }
}
