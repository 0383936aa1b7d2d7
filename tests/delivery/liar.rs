//! An intake that lies: it takes reports as the contract says, and gives whatever receipt it likes.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use sha2::{Digest, Sha256};

/// Makes a receipt of the report's id, digest and size.
pub(crate) type Forge = dyn Fn(&str, [u8; 32], u64) -> Vec<u8> + Send + Sync;

pub(crate) const ID: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaa";

/// Serves `key` and takes reports; each gets what `forge` makes.
pub(crate) fn liar(key: Vec<u8>, forge: Box<Forge>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _broken = answer(stream, &key, &forge);
        }
    });
    at
}

fn answer(stream: TcpStream, key: &[u8], forge: &Forge) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        head.push(line.to_ascii_lowercase());
    }
    let first = head.first().cloned().unwrap_or_default();
    let length = head
        .iter()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |length| length.trim().parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let (status, headers, body) = if first.starts_with("options /reports ") {
        let takes = "Accept-Post: application/pgp-encrypted\r\nTus-Version: 1.0.0\r\nTus-Extension: creation\r\n";
        ("204 No Content", takes.to_owned(), Vec::new())
    } else if first.starts_with("post /reports ") {
        let receipt = forge(ID, Sha256::digest(&body).into(), body.len() as u64);
        let place = format!("Location: /reports/{ID}\r\n");
        ("201 Created", place, receipt)
    } else if first.starts_with("get /key.asc ") {
        ("200 OK", String::new(), key.to_vec())
    } else {
        ("404 Not Found", String::new(), Vec::new())
    };
    let mut stream = stream;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&body)
}
