//! The decision: which key, on whose word, or why none.
//!
//! DESIGN.md, "Discovery and trust": a pin beats everything; two independent sources that agree are
//! believed; one is shown and asked for; sources that disagree, or a pinned key that changed, stop.
//! Nothing here touches the network or the disk, so every case can be tested.

use std::{fmt, time::SystemTime};

use super::evidence::{Evidence, Standing, Statement};
use crate::openpgp::{Fingerprint, Reason, Recipient, Verdict};

/// What is known before any source is asked.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The fingerprint that the person typed: it settles everything but whether the key may be
    /// used.
    pub typed: Option<Fingerprint>,
    /// The fingerprints that the person trusts for this program, or that its profile names.
    pub pinned: Vec<Fingerprint>,
    /// The mailbox that is meant, where it is one.
    pub mailbox: Option<String>,
}

/// Which key, on whose word.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The key whose fingerprint was typed.
    Typed(Box<Recipient>),
    /// The pinned key.
    Pinned(Box<Recipient>),
    /// The key that independent sources agree on.
    Agreed(Box<Recipient>),
    /// The key that one source alone names: to be shown, and asked for once.
    OneSource(Box<Recipient>),
}

impl Decision {
    /// The key.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        match self {
            Self::Typed(key) | Self::Pinned(key) | Self::Agreed(key) | Self::OneSource(key) => key,
        }
    }

    /// A stable word for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Typed(_) => "typed",
            Self::Pinned(_) => "pinned",
            Self::Agreed(_) => "agreed",
            Self::OneSource(_) => "one-source",
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Typed(_) => "whose fingerprint was typed",
            Self::Pinned(_) => "which is pinned",
            Self::Agreed(_) => "on which independent sources agree",
            Self::OneSource(_) => {
                "on the word of one source alone: compare it, and pin it with `trust`"
            }
        })
    }
}

/// Why no key is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// No source names a key.
    #[error("no published key was found")]
    NoKey,
    /// Keys are named, and none of them may be encrypted to.
    #[error("{fingerprint} is published, and must not be used: {reason}")]
    Unusable {
        /// The first of them.
        fingerprint: Fingerprint,
        /// What is wrong with it.
        reason: Reason,
    },
    /// A key is named, and no source has its certificate.
    #[error("{fingerprint} is named, and no source has the certificate")]
    Missing {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// The only sources that name a key may not be believed now.
    #[error("only {at} names a key, and it may not be believed: {why}")]
    Void {
        /// The source.
        at: String,
        /// Why not.
        why: String,
    },
    /// Keys were found where anybody can leave them, and nobody who speaks for the vendor names
    /// them.
    #[error("a key server has a key, and nobody who speaks for the vendor names it")]
    NobodyVouches,
    /// Sources name different keys.
    #[error("the sources disagree: {one_at} says {one}, {other_at} says {other}")]
    Disagree {
        /// A source.
        one_at: String,
        /// Its key.
        one: Fingerprint,
        /// Another source.
        other_at: String,
        /// Its key.
        other: Fingerprint,
    },
    /// All agree on more than one key.
    #[error("several keys are published side by side: {}", list(.0))]
    Ambiguous(Vec<Fingerprint>),
    /// The pinned key is not among those that are published now.
    #[error("the key changed: {pinned} is pinned, {offered} is published at {at}")]
    PinChanged {
        /// The pin.
        pinned: Fingerprint,
        /// What is published instead.
        offered: Fingerprint,
        /// Where.
        at: String,
    },
    /// The pinned key may not be encrypted to.
    #[error("the pinned key {pinned} must not be used: {reason}")]
    PinUnusable {
        /// The pin.
        pinned: Fingerprint,
        /// What is wrong with it.
        reason: Reason,
    },
    /// The typed fingerprint is nowhere.
    #[error("no source has the key {0}")]
    TypedNotFound(Fingerprint),
}

impl Stop {
    /// A stable word for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoKey => "no-key",
            Self::Unusable { .. } => "unusable",
            Self::Missing { .. } => "certificate-missing",
            Self::Void { .. } => "not-believed",
            Self::NobodyVouches => "nobody-vouches",
            Self::Disagree { .. } => "disagree",
            Self::Ambiguous(_) => "several-keys",
            Self::PinChanged { .. } => "pin-changed",
            Self::PinUnusable { .. } => "pin-unusable",
            Self::TypedNotFound(_) => "not-found",
        }
    }

    /// Whether somebody may be trying to pass off a key.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Disagree { .. } | Self::PinChanged { .. })
    }
}

fn list(fingerprints: &[Fingerprint]) -> String {
    let texts: Vec<_> = fingerprints.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// Decides.
///
/// # Errors
/// [`Stop`], when no key may be used.
pub fn decide(evidence: &Evidence, known: &Known, now: SystemTime) -> Result<Decision, Stop> {
    let judge = Judge {
        evidence,
        mailbox: known.mailbox.as_deref(),
        now,
    };
    if let Some(typed) = &known.typed {
        return judge.typed(typed).map(Decision::Typed);
    }
    let spoken = judge.spoken();
    if let Some(first) = known.pinned.first() {
        return judge
            .pinned(first, &known.pinned, &spoken)
            .map(Decision::Pinned);
    }
    let (first, rest) = match spoken.as_slice() {
        [] => return Err(judge.why_nothing()),
        [first, rest @ ..] => (first, rest),
    };
    refuse_disagreement(&spoken)?;
    let mut common = first.keys.clone();
    common.retain(|key| rest.iter().all(|one| one.keys.contains(key)));
    let [key] = common.as_slice() else {
        return Err(Stop::Ambiguous(distinct(&spoken)));
    };
    let recipient = judge.usable(key).ok_or_else(|| Stop::Missing {
        fingerprint: key.clone(),
    })?;
    let independent = spoken.iter().enumerate().any(|(at, one)| {
        let others = spoken.iter().skip(at + 1);
        let mut authorities = others.map(|other| &other.by.authority);
        authorities.any(|other| other.is_independent_of(&one.by.authority))
    });
    Ok(if independent {
        Decision::Agreed(recipient)
    } else {
        Decision::OneSource(recipient)
    })
}

/// A statement with those of its keys that may be meant; never empty.
struct Spoken<'a> {
    by: &'a Statement,
    keys: Vec<Fingerprint>,
}

struct Judge<'a> {
    evidence: &'a Evidence,
    mailbox: Option<&'a str>,
    now: SystemTime,
}

impl<'a> Judge<'a> {
    fn verdict(&self, key: &Fingerprint) -> Option<Verdict> {
        let certificate = self.evidence.certificate(key)?;
        Some(certificate.verdict(self.now))
    }

    fn usable(&self, key: &Fingerprint) -> Option<Box<Recipient>> {
        match self.verdict(key)? {
            Verdict::Usable(recipient) => Some(recipient),
            Verdict::Refused(_) => None,
        }
    }

    fn typed(&self, key: &Fingerprint) -> Result<Box<Recipient>, Stop> {
        match self.verdict(key) {
            None => Err(Stop::TypedNotFound(key.clone())),
            Some(verdict) => verdict
                .recipient()
                .map(Box::new)
                .map_err(|reason| Stop::Unusable {
                    fingerprint: key.clone(),
                    reason,
                }),
        }
    }

    /// The keys of a statement that may be encrypted to; where there is none, those whose
    /// certificate nobody has just now: they still stand against every other key.
    fn meant(&self, by: &Statement) -> Vec<Fingerprint> {
        let (missing, at_hand): (Vec<_>, Vec<_>) = by
            .keys
            .iter()
            .cloned()
            .partition(|key| self.evidence.certificate(key).is_none());
        let usable: Vec<_> = at_hand
            .into_iter()
            .filter(|key| self.usable(key).is_some())
            .collect();
        if usable.is_empty() { missing } else { usable }
    }

    /// What those say who may be believed, with their usable keys: of reports as such and of the
    /// addresses that matter for them, or else of any address.
    fn spoken(&self) -> Vec<Spoken<'a>> {
        let believed = self.evidence.statements.iter().filter(|s| s.vouches());
        let all: Vec<Spoken<'a>> = believed
            .map(|by| Spoken {
                by,
                keys: self.meant(by),
            })
            .filter(|spoken| !spoken.keys.is_empty())
            .collect();
        if let Some(mailbox) = self.mailbox
            && all.iter().any(|spoken| spoken.by.given)
        {
            return self.of_mailbox(all, mailbox);
        }
        let general = all.iter().filter(|spoken| spoken.by.address.is_none());
        let general: Vec<Fingerprint> = general.flat_map(|spoken| spoken.keys.clone()).collect();
        let given = all.iter().any(|spoken| spoken.by.given);
        let first = self.first_address().filter(|_| !given);
        let (matters, beside): (Vec<_>, Vec<_>) = all.into_iter().partition(|spoken| {
            let address = spoken.by.address.as_ref().map(ToString::to_string);
            spoken.by.given
                || address.is_none_or(|address| {
                    first.as_ref() == Some(&address)
                        || general.iter().any(|key| self.names(key, &address))
                })
        });
        if matters.is_empty() { beside } else { matters }
    }

    /// Of a mailbox its own keys matter, and what a page of the vendor says of them: not the keys of
    /// other mailboxes of that vendor.
    fn of_mailbox(&self, all: Vec<Spoken<'a>>, mailbox: &str) -> Vec<Spoken<'a>> {
        let own = all.into_iter().filter_map(|mut spoken| {
            if !spoken.by.given {
                spoken.keys.retain(|key| self.names(key, mailbox));
            }
            (!spoken.keys.is_empty()).then_some(spoken)
        });
        own.collect()
    }

    fn names(&self, key: &Fingerprint, address: &str) -> bool {
        let certificate = self.evidence.certificate(key);
        certificate.is_some_and(|certificate| certificate.names_address(address))
    }

    /// The address that the vendor's documents prefer: the first one that they name.
    fn first_address(&self) -> Option<String> {
        let mut named = self.evidence.statements.iter().filter(|said| !said.given);
        let first = named.find_map(|said| said.address.as_ref());
        first.map(ToString::to_string)
    }

    fn pinned(
        &self,
        first: &Fingerprint,
        pinned: &[Fingerprint],
        spoken: &[Spoken<'a>],
    ) -> Result<Box<Recipient>, Stop> {
        let confirmed = self.evidence.statements.iter().any(|statement| {
            statement.vouches() && statement.keys.iter().any(|key| pinned.contains(key))
        });
        if let (false, Some(other)) = (confirmed, spoken.first())
            && let Some(offered) = other.keys.first()
        {
            return Err(Stop::PinChanged {
                pinned: first.clone(),
                offered: offered.clone(),
                at: other.by.at.clone(),
            });
        }
        if let Some(recipient) = pinned.iter().find_map(|key| self.usable(key)) {
            return Ok(recipient);
        }
        let refused = pinned.iter().find_map(|key| {
            let reason = self.verdict(key)?.recipient().err()?;
            Some(Stop::PinUnusable {
                pinned: key.clone(),
                reason,
            })
        });
        Err(refused.unwrap_or_else(|| Stop::Missing {
            fingerprint: first.clone(),
        }))
    }

    /// The most telling reason for there being no usable key on anybody's word.
    fn why_nothing(&self) -> Stop {
        let believed = || self.evidence.statements.iter().filter(|s| s.vouches());
        let unusable = believed().flat_map(|s| &s.keys).find_map(|key| {
            let reason = self.verdict(key)?.recipient().err()?;
            Some(Stop::Unusable {
                fingerprint: key.clone(),
                reason,
            })
        });
        let missing = || {
            let key = believed().find_map(|s| s.keys.first())?;
            Some(Stop::Missing {
                fingerprint: key.clone(),
            })
        };
        let void = || {
            let mut statements = self.evidence.statements.iter();
            statements.find_map(|statement| match &statement.standing {
                Standing::Void(why) if !statement.keys.is_empty() => Some(Stop::Void {
                    at: statement.at.clone(),
                    why: why.clone(),
                }),
                _ => None,
            })
        };
        let carried = || self.evidence.statements.iter().any(|s| !s.keys.is_empty());
        unusable.or_else(missing).or_else(void).unwrap_or_else(|| {
            if carried() {
                Stop::NobodyVouches
            } else {
                Stop::NoKey
            }
        })
    }
}

/// Stops where two of them have no key in common.
fn refuse_disagreement(spoken: &[Spoken<'_>]) -> Result<(), Stop> {
    for (at, one) in spoken.iter().enumerate() {
        for other in spoken.iter().skip(at + 1) {
            if one.keys.iter().any(|key| other.keys.contains(key)) {
                continue;
            }
            if let (Some(key), Some(another)) = (one.keys.first(), other.keys.first()) {
                return Err(Stop::Disagree {
                    one_at: one.by.at.clone(),
                    one: key.clone(),
                    other_at: other.by.at.clone(),
                    other: another.clone(),
                });
            }
        }
    }
    Ok(())
}

/// Every usable key once, in the order of the sources.
fn distinct(spoken: &[Spoken<'_>]) -> Vec<Fingerprint> {
    let mut all: Vec<Fingerprint> = Vec::new();
    for key in spoken.iter().flat_map(|one| &one.keys) {
        if !all.contains(key) {
            all.push(key.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests;
