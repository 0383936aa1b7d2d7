//! What the hosts of the bench's web server answer, path by path.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use super::{ca::Leaf, http::Answer};

/// One host of a server: each method says what a path answers.
pub(crate) struct Host<'a> {
    all: &'a Mutex<HashMap<String, Pages>>,
    name: String,
}

/// What a host answers.
#[derive(Default)]
pub(super) struct Pages {
    pub(super) leaf: Leaf,
    pub(super) delays: HashMap<String, Duration>,
    pub(super) answers: HashMap<String, Answer>,
}

impl<'a> Host<'a> {
    pub(super) fn new(all: &'a Mutex<HashMap<String, Pages>>, name: &str) -> Self {
        all.lock().unwrap().entry(name.to_owned()).or_default();
        let name = name.to_owned();
        Self { all, name }
    }

    /// 200 with this type and content.
    pub(crate) fn serve(self, path: &str, kind: &str, body: impl AsRef<[u8]>) -> Self {
        self.answer(path, 200, &[("Content-Type", kind)], body)
    }

    /// 302 to a URL.
    pub(crate) fn redirect(self, path: &str, to: &str) -> Self {
        self.answer(path, 302, &[("Location", to)], "")
    }

    pub(crate) fn status(self, path: &str, status: u16) -> Self {
        self.answer(path, status, &[("Content-Type", "text/plain")], "no\n")
    }

    /// Any status, headers and content; the Content-Length is right.
    pub(crate) fn answer(
        self,
        path: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Self {
        let headers = headers.iter();
        let answer = Answer::Content {
            status,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_ref().to_vec(),
        };
        self.put(path, answer)
    }

    /// Delays whatever this path answers.
    pub(crate) fn slow(self, path: &str, delay: Duration) -> Self {
        self.change(|pages| {
            pages.delays.insert(path.to_owned(), delay);
        })
    }

    /// Takes the request and never answers.
    pub(crate) fn hang(self, path: &str) -> Self {
        self.put(path, Answer::Hang)
    }

    /// Takes the request and ends the connection.
    pub(crate) fn close(self, path: &str) -> Self {
        self.put(path, Answer::Close)
    }

    /// Streams as fast as it can, without end.
    pub(crate) fn endless(self, path: &str) -> Self {
        self.oversized(path, None, u64::MAX)
    }

    /// Streams ten bytes a second, without end.
    pub(crate) fn drip(self, path: &str) -> Self {
        self.put(path, Answer::Drip)
    }

    /// Sends so many bytes under a Content-Length that may be true, a lie, or absent.
    pub(crate) fn oversized(self, path: &str, declared: Option<u64>, sent: u64) -> Self {
        self.put(path, Answer::Long { declared, sent })
    }

    /// Shows another kind of certificate.
    pub(crate) fn certificate(self, leaf: Leaf) -> Self {
        self.change(|pages| pages.leaf = leaf)
    }

    fn put(self, path: &str, answer: Answer) -> Self {
        self.change(|pages| {
            pages.answers.insert(path.to_owned(), answer);
        })
    }

    fn change(self, change: impl FnOnce(&mut Pages)) -> Self {
        change(
            self.all
                .lock()
                .unwrap()
                .entry(self.name.clone())
                .or_default(),
        );
        self
    }
}
