//! The doors through which the answers of servers and of the other side come: an intake, GitHub, a mail server, a web
//! page with a key, a mailbox, a letter.

use std::{
    fmt::Debug,
    io::{Cursor, Write},
    pin::Pin,
    task::{Context, Poll},
};

use sealpost::{
    bundle::{Letter, padme},
    case::{Event, Receipt},
    client::github::{AdvisoryView, Mark},
    mail::{
        read::Mailbox,
        smtp::{Confidential, Opening, Session, ask_for_tls},
    },
    openpgp::{VerifiedReceipt, read_certificates},
    wire::{MessageList, Problem, ProblemType, ReportId, ReportList, ReportView, UploadId, path},
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{KEY, now};

/// The receipt that an intake gives: signed by the vendor, or not.
pub fn receipt(data: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(receipt) = Receipt::from_text(text)
    {
        let again = Receipt::from_text(&receipt.to_text());
        assert_eq!(again.expect("its own text"), receipt);
    }
    let said = VerifiedReceipt::dangerous_unverified(data);
    VerifiedReceipt::verify(data, &KEY.certificate(), now()).is_ok_and(|receipt| {
        assert_eq!(receipt.receipt(), &said.expect("it was read"));
        true
    })
}

/// A web page that was saved, or found behind a link, with keys in it.
pub fn key_page(data: &[u8]) -> bool {
    let found = read_certificates("key.html", data).unwrap_or_default();
    for certificate in &found {
        // Of some there is nothing that may be given on.
        let Ok(text) = certificate.to_armored() else {
            continue;
        };
        let page = format!("<pre>{}</pre>", String::from_utf8_lossy(&text));
        let again = read_certificates("key.html", page.as_bytes()).expect("its own page");
        assert_eq!(again[0].fingerprint(), certificate.fingerprint());
    }
    !found.is_empty()
}

/// What an intake answers: the first byte says which document or header it is.
pub fn intake_answer(data: &[u8]) -> bool {
    let Some((which, body)) = data.split_first() else {
        return false;
    };
    match which % 6 {
        0 => document::<Problem>(body).is_some_and(|problem| {
            let kind = ProblemType::from_uri(&problem.kind);
            kind.is_none_or(|kind| kind.uri() == problem.kind)
        }),
        1 => document::<ReportList>(body).is_some(),
        2 => document::<ReportView>(body).is_some(),
        3 => document::<MessageList>(body).is_some(),
        4 => document::<Event>(body).is_some(),
        _ => {
            let location = String::from_utf8_lossy(body);
            let upload = path::id_at::<UploadId>(&location);
            let report = path::id_at::<ReportId>(&location);
            assert_eq!(upload.is_some(), report.is_some());
            report.is_some_and(|id| location.contains(id.as_str()))
        }
    }
}

/// A document that says the same when it is written and read again.
fn document<T: DeserializeOwned + Serialize + PartialEq + Debug>(body: &[u8]) -> Option<T> {
    let read: T = serde_json::from_slice(body).ok()?;
    let json = serde_json::to_vec(&read).expect("it was JSON");
    assert_eq!(
        serde_json::from_slice::<T>(&json).expect("its own JSON"),
        read
    );
    Some(read)
}

/// What GitHub answers: an advisory, or a page of them.
pub fn github_answer(data: &[u8]) -> bool {
    let one = serde_json::from_slice::<AdvisoryView>(data).map(|one| vec![one]);
    let Ok(all) = one.or_else(|_| serde_json::from_slice::<Vec<AdvisoryView>>(data)) else {
        return false;
    };
    let mark = Mark::new([7; 16]);
    for advisory in &all {
        let _names = (advisory.collaborators().count(), advisory.credits().count());
        let _more = (advisory.names_a_patch(), advisory.private_fork());
        let description = advisory.description.clone().unwrap_or_default();
        assert!(mark.is_in(&mark.put_under(&description)));
    }
    !all.is_empty()
}

/// All that a mail server says in a session, before and after TLS, whatever it is told.
pub fn smtp(data: &[u8]) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.expect("a runtime without a network");
    let (from, to) = ("me@a.example", "you@b.example");
    let (from, to) = (
        from.parse().expect("an address"),
        to.parse().expect("an address"),
    );
    runtime.block_on(async {
        let _plain = ask_for_tls(Server::saying(data)).await;
        let mut session = Session::open(Server::saying(data), Opening::Greeting)
            .await
            .ok()?;
        session.log_in("me", "pass word").await.ok()?;
        let mail = b"Subject: x\r\n\r\n.dot\r\n";
        let reply = session
            .send(&from, &to, mail.len() as u64, &mut &mail[..])
            .await
            .ok()?;
        session.quit().await;
        Some(reply.code())
    }) == Some(250)
}

/// A server that says its text and hears nothing.
struct Server(Cursor<Vec<u8>>);

impl Server {
    fn saying(text: &[u8]) -> Self {
        Self(Cursor::new(text.to_vec()))
    }
}

impl Confidential for Server {}

impl AsyncRead for Server {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        // A line at a time, as a server speaks; whatever it says too early comes with the line before.
        let mut line = [0; 80];
        let most = buffer.remaining().min(line.len());
        let mut piece = ReadBuf::new(&mut line[..most]);
        let read = Pin::new(&mut self.0).poll_read(context, &mut piece);
        let said = piece.filled();
        let end = said
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(said.len(), |at| at + 1);
        let back = (said.len() - end) as u64;
        buffer.put_slice(&said[..end]);
        let place = self.0.position() - back;
        self.0.set_position(place);
        read
    }
}

impl AsyncWrite for Server {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        heard: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(heard.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A file with mails: no more comes out than went in.
pub fn mailbox(data: &[u8]) -> bool {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("a temporary file");
    let (mut mails, mut bytes) = (0, 0);
    let mailbox = Mailbox::open(file.path()).expect("it is there");
    let passed_over = mailbox.each(&mut |mail| {
        mails += 1;
        bytes += mail.len();
    });
    assert_eq!(passed_over.expect("it can be read"), 0);
    assert!(bytes <= data.len());
    mails > 1
}

/// A message of a case, decrypted.
pub fn letter(data: &[u8]) -> bool {
    Letter::read(&mut &*data).is_ok_and(|letter| {
        let padded = letter.padded();
        let length = padded.len() as u64;
        assert_eq!(length, padme(length));
        assert_eq!(Letter::from_bytes(&padded).expect("its own text"), letter);
        true
    })
}
