//! A tus 1.0 client of our own, which can do each step badly on purpose.

use std::io;
use std::net::SocketAddr;

use super::http::{Answer, Request};

/// An upload that was created.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) at: SocketAddr,
    /// Its path.
    pub(crate) path: String,
}

impl Upload {
    /// A creation request for an upload of this length.
    pub(crate) fn creation(length: u64) -> Request {
        Request::new("POST", "/reports")
            .with("Tus-Resumable", "1.0.0")
            .with("Upload-Length", length)
    }

    /// An upload of this length.
    #[track_caller]
    pub(crate) fn create(at: SocketAddr, length: u64) -> Self {
        let request = Self::creation(length).body("");
        let answer = request.try_send(at).unwrap().expect(201);
        Self::created(at, &answer)
    }

    /// The upload that an answer to a creation names.
    #[track_caller]
    pub(crate) fn created(at: SocketAddr, answer: &Answer) -> Self {
        let location = answer.header("location").unwrap();
        let begin = location.find("/reports/uploads/").unwrap();
        Self {
            at,
            path: location[begin..].to_owned(),
        }
    }

    /// The same upload at another server.
    pub(crate) fn at(&self, at: SocketAddr) -> Self {
        let path = self.path.clone();
        Self { at, path }
    }

    /// A PATCH without its content.
    pub(crate) fn patch(&self, offset: u64) -> Request {
        Request::new("PATCH", &self.path)
            .with("Tus-Resumable", "1.0.0")
            .with("Content-Type", "application/offset+octet-stream")
            .with("Upload-Offset", offset)
    }

    pub(crate) fn try_append(&self, offset: u64, chunk: &[u8]) -> io::Result<Answer> {
        self.patch(offset).body(chunk).try_send(self.at)
    }

    #[track_caller]
    pub(crate) fn append(&self, offset: u64, chunk: &[u8]) -> Answer {
        self.try_append(offset, chunk).unwrap()
    }

    pub(crate) fn try_head(&self) -> io::Result<Answer> {
        Request::new("HEAD", &self.path)
            .with("Tus-Resumable", "1.0.0")
            .try_send(self.at)
    }

    /// How many bytes the server has.
    #[track_caller]
    pub(crate) fn offset(&self) -> u64 {
        offset(&self.try_head().unwrap().expect(200))
    }

    #[track_caller]
    pub(crate) fn delete(&self) -> Answer {
        Request::new("DELETE", &self.path)
            .with("Tus-Resumable", "1.0.0")
            .try_send(self.at)
            .unwrap()
    }

    /// Sends what is missing, in chunks of this size: the id of the report.
    #[track_caller]
    pub(crate) fn finish(&self, content: &[u8], chunk: usize) -> String {
        let head = self.try_head().unwrap().expect(200);
        if let Some(report) = head.header("sealpost-report") {
            return report.to_owned();
        }
        let mut at = usize::try_from(offset(&head)).unwrap();
        loop {
            let end = content.len().min(at + chunk);
            let answer = self.append(at as u64, &content[at..end]);
            if answer.status == 409 {
                // What a broken connection still had on its way arrived meanwhile.
                let now = usize::try_from(self.offset()).unwrap();
                assert!(now > at, "{answer}");
                at = now;
                continue;
            }
            let answer = answer.expect(204);
            assert_eq!(offset(&answer), end as u64, "{answer}");
            at = end;
            if at == content.len() {
                let report = answer.header("sealpost-report");
                return report.unwrap_or_else(|| panic!("{answer}")).to_owned();
            }
        }
    }
}

/// `Upload-Offset` of an answer.
#[track_caller]
pub(crate) fn offset(answer: &Answer) -> u64 {
    let offset = answer.header("upload-offset");
    let offset = offset.unwrap_or_else(|| panic!("no offset: {answer}"));
    offset.parse().unwrap()
}
