//! The key of an intake on this machine, which TARGET itself names.
//!
//! DESIGN.md, "Discovery and trust" and "The intake's HTTP contract" (`/key.asc`). A security.txt
//! links to https alone; a trial on this machine has none, so its intake is asked for its key. One
//! voice, like any site.

use super::{
    Authority, Kind, Standing, Statement,
    ask::{Asker, Found},
    lookup::unreadable,
    origin::Origin,
};
use crate::{
    network::{Get, Redirects},
    openpgp::read_certificates,
};

impl Asker<'_> {
    /// What it serves as its key; nothing for a site that is not plain http on this machine.
    pub(super) async fn local_key(&self, origin: &Origin) -> Option<Found> {
        if !origin.is_plain_http() {
            return None;
        }
        let get = Get {
            url: origin.join("/key.asc"),
            redirects: Redirects::SameOrigin,
            accept: "application/pgp-keys",
        };
        let answer = match self.fetch(Kind::IntakeKey, get).await {
            Ok(answer) => answer,
            Err(ended) => return Some(ended),
        };
        let at = answer.url.to_string();
        Some(match read_certificates(&at, &answer.body) {
            Err(error) => Found::fault(Kind::IntakeKey, &at, unreadable(&error)),
            Ok(certificates) => {
                let statement = Statement {
                    kind: Kind::IntakeKey,
                    at,
                    address: None,
                    given: false,
                    authority: Authority::Web {
                        host: origin.host_str().to_owned(),
                        peers: answer.peers,
                    },
                    standing: Standing::Vouches,
                    keys: Vec::new(),
                };
                Found::keys(statement, certificates)
            }
        })
    }
}
