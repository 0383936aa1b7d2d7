//! A mail server on loopback, with a certificate of the tests' authority, which remembers what it
//! heard; and somebody on the way to it, who would rather have no encryption.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::bench::{
    ca::{self, Leaf},
    listener::Listener,
};

/// The name of the server.
pub(crate) const NAME: &str = "mail.test";

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// TLS from the first byte on.
    Implicit,
    /// STARTTLS is offered.
    StartTls,
    /// No TLS is offered.
    Plain,
}

/// What becomes of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    #[default]
    Taken,
    /// Its disk is full.
    Later,
    /// It knows no such recipient.
    Refused,
    /// It goes away before it says whether it took the mail.
    Silence,
    /// It never says whether it took the mail, and stays.
    Pondering,
    /// It takes the mail, and never says goodbye.
    Clinging,
    /// It says beforehand that it takes a few bytes alone.
    TooLarge,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Lines before the encryption.
    pub(crate) in_the_clear: Vec<String>,
    /// Lines within it, those of mails left out.
    pub(crate) lines: Vec<String>,
    /// The mails that it took.
    pub(crate) mails: Vec<Vec<u8>>,
}

/// A running server, which ends when this is dropped.
pub(crate) struct MailServer {
    listener: Listener,
    heard: Arc<Mutex<Heard>>,
    fate: Arc<Mutex<Fate>>,
}

impl MailServer {
    pub(crate) fn start(manner: Manner) -> Self {
        Self::with(manner, Leaf::Sound)
    }

    /// One with a certificate of this kind.
    pub(crate) fn with(manner: Manner, leaf: Leaf) -> Self {
        let (heard, fate): (Arc<Mutex<Heard>>, Arc<Mutex<Fate>>) = Default::default();
        let (noted, decided) = (Arc::clone(&heard), Arc::clone(&fate));
        let config = ca::server(NAME.to_owned(), move |_| leaf);
        let listener = Listener::start(Ipv4Addr::LOCALHOST.into(), move |socket, _| {
            let visit = Visit {
                heard: &noted,
                fate: *decided.lock().unwrap(),
            };
            let _ended = visit.serve(socket, manner, &config);
        });
        Self {
            listener,
            heard,
            fate,
        }
    }

    pub(crate) fn set(&self, fate: Fate) {
        *self.fate.lock().unwrap() = fate;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.listener.accepted()
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }

    /// The one mail that it took.
    #[track_caller]
    pub(crate) fn mail(&self) -> Vec<u8> {
        let mut mails = self.heard().mails;
        assert_eq!(mails.len(), 1);
        mails.remove(0)
    }
}

struct Visit<'a> {
    heard: &'a Mutex<Heard>,
    fate: Fate,
}

impl Visit<'_> {
    fn serve(
        &self,
        mut socket: TcpStream,
        manner: Manner,
        config: &Arc<ServerConfig>,
    ) -> io::Result<()> {
        if manner != Manner::Implicit {
            socket.write_all(GREETING)?;
            let offer = if manner == Manner::StartTls {
                "250-STARTTLS\r\n"
            } else {
                "250-AUTH PLAIN LOGIN\r\n"
            };
            if !self.converse(&mut socket, offer, false)? {
                return Ok(());
            }
        }
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let mut tls = StreamOwned::new(connection, socket);
        if manner == Manner::Implicit {
            tls.write_all(GREETING)?;
        }
        self.converse(&mut tls, "250-AUTH PLAIN LOGIN\r\n", true)?;
        tls.conn.send_close_notify();
        tls.conn.complete_io(&mut tls.sock).map(drop)
    }

    /// To the end of the session, or to STARTTLS: then true.
    fn converse(
        &self,
        wire: &mut (impl Read + Write),
        offer: &str,
        secret: bool,
    ) -> io::Result<bool> {
        loop {
            let said = line(wire)?;
            let mut heard = self.heard.lock().unwrap();
            let lines = if secret {
                &mut heard.lines
            } else {
                &mut heard.in_the_clear
            };
            lines.push(said.clone());
            drop(heard);
            let verb = said.split(' ').next().unwrap_or_default();
            let answer = match verb.to_ascii_uppercase().as_str() {
                "EHLO" => {
                    let size = if self.fate == Fate::TooLarge { 1000 } else { 0 };
                    format!("250-{NAME}\r\n{offer}250 SIZE {size}\r\n")
                }
                "STARTTLS" => {
                    wire.write_all(b"220 go\r\n")?;
                    return Ok(true);
                }
                "AUTH" => "235 welcome\r\n".to_owned(),
                "RCPT" if self.fate == Fate::Refused => "550 no such user\r\n".to_owned(),
                "MAIL" | "RCPT" => "250 fine\r\n".to_owned(),
                "DATA" => {
                    wire.write_all(b"354 go on\r\n")?;
                    let mail = data(wire)?;
                    match self.fate {
                        Fate::Later => "452 full\r\n".to_owned(),
                        Fate::Silence => return Ok(false),
                        _ => {
                            self.heard.lock().unwrap().mails.push(mail);
                            if self.fate == Fate::Pondering {
                                return line(wire).map(|_| false);
                            }
                            "250 taken\r\n".to_owned()
                        }
                    }
                }
                "QUIT" if self.fate == Fate::Clinging => return line(wire).map(|_| false),
                "QUIT" => {
                    wire.write_all(b"221 bye\r\n")?;
                    return Ok(false);
                }
                _ => "502 what?\r\n".to_owned(),
            };
            wire.write_all(answer.as_bytes())?;
            wire.flush()?;
        }
    }
}

fn line(wire: &mut impl Read) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        wire.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// A mail, with the dots taken away that the transport doubled.
fn data(wire: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    let mut wire = io::BufReader::new(wire);
    loop {
        let mut line = Vec::new();
        io::BufRead::read_until(&mut wire, b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        assert!(line.ends_with(b"\r\n"), "a bare line feed");
        if line == b".\r\n" {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

const GREETING: &[u8] = b"220 mail.test ESMTP\r\n";

/// Somebody between the client and a server, who changes what the server says in the clear.
pub(crate) struct Meddler {
    listener: Listener,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Meddler {
    /// Each line of the server's becomes what `change` makes of it.
    pub(crate) fn before(server: SocketAddr, change: fn(&str) -> String) -> Self {
        let heard = Arc::default();
        let noted: Arc<Mutex<Vec<u8>>> = Arc::clone(&heard);
        let listener = Listener::start(Ipv4Addr::LOCALHOST.into(), move |client, _| {
            let server = TcpStream::connect(server).unwrap();
            thread::scope(|scope| {
                scope.spawn(|| listen(&client, &server, &noted));
                let _ended = meddle(&server, &client, change);
            });
        });
        Self { listener, heard }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// What the client said.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }
}

fn listen(mut client: &TcpStream, mut server: &TcpStream, heard: &Mutex<Vec<u8>>) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        heard.lock().unwrap().extend_from_slice(&bytes[..count]);
        if server.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

fn meddle(
    mut server: &TcpStream,
    mut client: &TcpStream,
    change: fn(&str) -> String,
) -> io::Result<()> {
    let ended = loop {
        match line(&mut server) {
            Ok(said) => client.write_all(change(&said).as_bytes())?,
            Err(error) => break error,
        }
    };
    client.shutdown(Shutdown::Both)?;
    Err(ended)
}
