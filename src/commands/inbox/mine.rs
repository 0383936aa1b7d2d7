//! Which keys are at hand, told without unlocking any.

use crate::commands::{Context, open::Keys};
use crate::{
    openpgp::{Certificate, Fingerprint, KeyName, SecretKey},
    wire::ReportSummary,
};

/// The keys that open messages, of files or of gpg-agent, and their certificates.
pub(super) struct Mine {
    certificates: Vec<Certificate>,
    opening: Vec<Fingerprint>,
}

/// Whether one of them opens a report.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opens {
    /// These do.
    With(Vec<Fingerprint>),
    /// The recipient is hidden, so only trying tells.
    Perhaps,
    /// None does.
    No,
}

impl Mine {
    pub(super) fn of(keys: &Keys, context: &Context<'_>) -> Self {
        let mut mine = Self {
            certificates: keys.secret().iter().map(SecretKey::certificate).collect(),
            opening: keys
                .secret()
                .iter()
                .flat_map(SecretKey::opening_keys)
                .collect(),
        };
        match keys.agent() {
            Ok(keys) => {
                for key in keys.iter() {
                    mine.opening.push(key.fingerprint());
                    mine.certificates.push(key.certificate().clone());
                }
            }
            Err(why) => context.output.detail(1, why),
        }
        mine
    }

    /// The certificates of the keys.
    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(super) fn opens(&self, report: &ReportSummary) -> Opens {
        if report.recipients.is_empty() {
            return Opens::Perhaps;
        }
        let names: Vec<KeyName> = report
            .recipients
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect();
        let opening = self.opening.iter();
        let mut with: Vec<_> = opening
            .filter(|key| names.iter().any(|name| name.names(key)))
            .cloned()
            .collect();
        with.dedup();
        if with.is_empty() {
            Opens::No
        } else {
            Opens::With(with)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{case::State, openpgp, wire::ReportId};

    fn report(recipients: &[&str]) -> ReportSummary {
        ReportSummary {
            id: ReportId::from_entropy([1; 16]),
            state: State::Received,
            received: jiff::Timestamp::UNIX_EPOCH,
            size: 1,
            sha256: String::new(),
            recipients: recipients.iter().map(ToString::to_string).collect(),
            messages_from_reporter: 0,
            messages_from_vendor: 0,
        }
    }

    #[test]
    fn a_key_is_told_by_its_fingerprint_or_id() {
        let key = openpgp::case_key(&[1; 32], &[2; 32]).unwrap();
        let opening = key.opening_keys();
        let mine = Mine {
            certificates: vec![key.certificate()],
            opening: opening.clone(),
        };
        let name = opening[0].as_hex();
        for name in [name, &name[24..]] {
            assert_eq!(mine.opens(&report(&[name])), Opens::With(opening.clone()));
        }
        assert_eq!(mine.opens(&report(&["0123456789ABCDEF", "x"])), Opens::No);
        assert_eq!(mine.opens(&report(&[])), Opens::Perhaps);
    }
}
