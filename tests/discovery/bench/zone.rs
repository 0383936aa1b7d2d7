//! What the bench's DNS server knows, and how it makes an answer of it.

use std::collections::{HashMap, HashSet};

use hickory_proto::{
    op::{Edns, Message, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{CNAME, SOA},
    },
};

/// What the server knows, and what it was asked.
#[derive(Default)]
pub(super) struct Zone {
    pub(super) records: HashMap<String, Vec<RData>>,
    /// What names answer from the second query on.
    pub(super) later: HashMap<String, Vec<RData>>,
    pub(super) failing: HashSet<String>,
    pub(super) silent: HashSet<String>,
    pub(super) asked: Vec<(String, RecordType)>,
    pub(super) claims_authentic: bool,
}

impl Zone {
    /// The answer to a query, unless there is none on purpose.
    pub(super) fn answer(&mut self, query: &Message) -> Option<Message> {
        let question = query.queries.first()?.clone();
        let (name, kind) = (key(&question.name.to_ascii()), question.query_type);
        let before = self.asked.iter().filter(|(n, k)| *n == name && *k == kind);
        let first = before.count() == 0;
        self.asked.push((name.clone(), kind));
        if self.silent.contains(&name) {
            return None;
        }
        let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
        answer.metadata.recursion_desired = query.metadata.recursion_desired;
        answer.metadata.recursion_available = true;
        answer.metadata.authentic_data = self.claims_authentic;
        answer.edns = query.edns.is_some().then(Edns::new);
        answer.metadata.response_code = if self.failing.contains(&name) {
            ResponseCode::ServFail
        } else {
            self.add_records(&mut answer, &question, first)
        };
        answer.add_query(question);
        Some(answer)
    }

    /// Follows CNAME records within what it knows, and adds a SOA record where nothing is found.
    fn add_records(&self, answer: &mut Message, question: &Query, first: bool) -> ResponseCode {
        let mut owner = question.name.clone();
        let mut code = ResponseCode::NXDomain;
        for _ in 0..8 {
            let name = key(&owner.to_ascii());
            let Some(first_records) = self.records.get(&name) else {
                break;
            };
            code = ResponseCode::NoError;
            let (records, ttl) = match self.later.get(&name) {
                Some(later) => (if first { first_records } else { later }, 0),
                None => (first_records, 60),
            };
            let mut target = None;
            for data in records {
                if let RData::CNAME(CNAME(to)) = data {
                    target = Some(to.clone());
                } else if data.record_type() != question.query_type {
                    continue;
                }
                answer.add_answer(Record::from_rdata(owner.clone(), ttl, data.clone()));
            }
            match target {
                Some(to) if question.query_type != RecordType::CNAME => owner = to,
                _ => break,
            }
        }
        if answer.answers.is_empty() {
            let soa = SOA::new(full("ns.test"), full("admin.test"), 1, 3600, 600, 86400, 60);
            answer.add_authority(Record::from_rdata(Name::root(), 60, RData::SOA(soa)));
        }
        code
    }
}

/// A name as it is looked up: lowercase, without the last dot.
pub(super) fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// A name from the root on.
pub(super) fn full(name: &str) -> Name {
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    name
}
