//! The embargo clock: from what both sides know, the day on which a finding may be published.
//!
//! Serves DESIGN.md, "The program profile" (`[disclosure]`). Days are those of UTC, so that both sides count the same.
//! Who computes it hands in the terms, the case's events and the day: nothing here reads a clock.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::event::{Event, EventKind};

/// What was agreed on before anything happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbargoTerms {
    /// Days from [`Self::starts`] until publication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// What starts the days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<EmbargoStart>,
    /// A day that needs no counting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
}

/// The event from which the days count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmbargoStart {
    /// The report arrived.
    Report,
    /// The vendor acknowledged it.
    Acknowledgement,
    /// The security release is out.
    SecurityRelease,
}

/// Where an embargo stands on some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embargo {
    /// Neither terms nor events set an end: what holds is agreed elsewhere.
    Unstated,
    /// The days begin with an event that has not happened.
    NotStarted {
        /// Which.
        waits_for: EmbargoStart,
        /// How many days follow it.
        days: u32,
    },
    /// It runs.
    Running {
        /// The first day on which the finding may be published.
        ends: Date,
        /// How many days are left; at least one.
        left: u32,
    },
    /// It is over.
    Over {
        /// The first day on which the finding could be published.
        since: Date,
    },
    /// The finding is published.
    Published {
        /// The day.
        on: Date,
    },
}

/// Publishing that the embargo allows, or that somebody answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MayPublish {
    reason: Option<String>,
}

/// Publishing that the embargo does not allow yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnderEmbargo {
    /// It runs.
    #[error("the embargo ends on {ends}, in {left} {}", plural(*left, "day"))]
    Running {
        /// The first day on which the finding may be published.
        ends: Date,
        /// How many days are left.
        left: u32,
    },
    /// It has not begun.
    #[error("the embargo has not begun: it ends {days} {} after {waits_for}", plural(*days, "day"))]
    NotStarted {
        /// What it waits for.
        waits_for: EmbargoStart,
        /// How many days follow that.
        days: u32,
    },
    /// A reason without words.
    #[error("publishing before the embargo ends needs a reason in words")]
    NoReason,
}

impl EmbargoTerms {
    /// Whether nothing was agreed on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What holds where a program and a report both say something: the program's days if it says from when they count,
    /// else the reporter's plan, whose days count from the report.
    #[must_use]
    pub fn of(program: Self, report: Self) -> Self {
        match program {
            Self {
                days: Some(_),
                starts: Some(_),
                ..
            } => program,
            _ if report.date.is_some() => Self {
                date: report.date,
                ..Self::default()
            },
            _ => Self {
                starts: report.days.map(|_| EmbargoStart::Report),
                ..report
            },
        }
    }
}

impl Embargo {
    /// Where the embargo stands on `today`. The first event that starts the days counts; of the ends that both sides
    /// agreed on later, the last.
    #[must_use]
    pub fn on(today: Date, terms: &EmbargoTerms, events: &[Event]) -> Self {
        if let Some(on) = first(events, EventKind::Disclosed) {
            return Self::Published { on };
        }
        let agreed = events
            .iter()
            .filter(|event| event.kind == EventKind::EmbargoUntil)
            .filter_map(|event| Some((event.at, event.until?)))
            .max_by_key(|(at, _)| *at);
        let ends = match (agreed, terms.days, terms.starts) {
            (Some((_, until)), _, _) => until,
            (None, Some(days), Some(starts)) => match first(events, starts.event()) {
                Some(begun) => later(begun, days),
                None => {
                    return Self::NotStarted {
                        waits_for: starts,
                        days,
                    };
                }
            },
            (None, _, _) => match terms.date {
                Some(date) => date,
                None => return Self::Unstated,
            },
        };
        let left = (ends - today).get_days();
        match u32::try_from(left) {
            Ok(left @ 1..) => Self::Running { ends, left },
            _ => Self::Over { since: ends },
        }
    }

    /// Whether it ends so soon that both sides should prepare for it.
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        matches!(self, Self::Running { left, .. } if *left <= SOON)
    }

    /// The first day on which the finding may be published, where it is known.
    #[must_use]
    pub fn ends(&self) -> Option<Date> {
        match self {
            Self::Running { ends, .. } => Some(*ends),
            Self::Over { since } => Some(*since),
            Self::Unstated | Self::NotStarted { .. } | Self::Published { .. } => None,
        }
    }

    /// The word for a program: `unstated`, `not-started`, `running`, `over` or `published`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Unstated => "unstated",
            Self::NotStarted { .. } => "not-started",
            Self::Running { .. } => "running",
            Self::Over { .. } => "over",
            Self::Published { .. } => "published",
        }
    }

    /// The guard before publishing. `reason` is that of whoever publishes before the time, and is to be kept with what
    /// was done: [`MayPublish::reason`].
    ///
    /// # Errors
    /// [`UnderEmbargo`].
    pub fn permit(&self, reason: Option<&str>) -> Result<MayPublish, UnderEmbargo> {
        let refusal = match *self {
            Self::Unstated | Self::Over { .. } | Self::Published { .. } => {
                return Ok(MayPublish { reason: None });
            }
            Self::Running { ends, left } => UnderEmbargo::Running { ends, left },
            Self::NotStarted { waits_for, days } => UnderEmbargo::NotStarted { waits_for, days },
        };
        match reason.map(str::trim) {
            None => Err(refusal),
            Some("") => Err(UnderEmbargo::NoReason),
            Some(reason) => Ok(MayPublish {
                reason: Some(reason.to_owned()),
            }),
        }
    }
}

impl MayPublish {
    /// Why the embargo was broken; `None` where it was not.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl EmbargoStart {
    /// The event of a case.
    #[must_use]
    pub fn event(self) -> EventKind {
        match self {
            Self::Report => EventKind::Received,
            Self::Acknowledgement => EventKind::Acknowledged,
            Self::SecurityRelease => EventKind::SecurityRelease,
        }
    }

    /// The word, as in a profile.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Acknowledgement => "acknowledgement",
            Self::SecurityRelease => "security-release",
        }
    }
}

/// In words: `the security release`.
impl std::fmt::Display for EmbargoStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Report => "the report",
            Self::Acknowledgement => "the acknowledgement",
            Self::SecurityRelease => "the security release",
        })
    }
}

/// In words, for one line.
impl std::fmt::Display for Embargo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unstated => f.write_str("nobody set an end: agree on one"),
            Self::NotStarted { waits_for, days: 0 } => {
                write!(f, "not started: ends with {waits_for}")
            }
            Self::NotStarted { waits_for, days } => {
                write!(
                    f,
                    "not started: {days} {} from {waits_for}",
                    plural(*days, "day")
                )
            }
            Self::Running { ends, left } if self.ends_soon() => {
                write!(f, "ends in {left} {}, on {ends}", plural(*left, "day"))
            }
            Self::Running { ends, .. } => write!(f, "running until {ends}"),
            Self::Over { since } => write!(f, "over since {since}"),
            Self::Published { on } => write!(f, "published on {on}"),
        }
    }
}

fn first(events: &[Event], kind: EventKind) -> Option<Date> {
    let times = events.iter().filter(|event| event.kind == kind);
    times.map(|event| event.at).min().map(day)
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// So many days later; the last day that there is, where that is beyond it.
fn later(date: Date, days: u32) -> Date {
    date.checked_add(i64::from(days).days())
        .unwrap_or(Date::MAX)
}

fn plural(count: u32, one: &str) -> String {
    format!("{one}{}", if count == 1 { "" } else { "s" })
}

/// Days before the end at which both sides are warned.
const SOON: u32 = 7;

#[cfg(test)]
mod tests;
