//! `events.json` beside an opened report: what happened to a case that no intake knows of, as the
//! embargo counts it, and why it was published before its time.

use std::{
    io::{ErrorKind, Write},
    path::Path,
};

use anyhow::{Context as _, anyhow};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    case::{Event, EventKind},
    commands::{Context, context::read_capped},
    disk::{Overwrite, PendingFile},
    terminal::{Exit, Failure},
};

/// What happened, oldest first as it was noted.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Events {
    events: Vec<Noted>,
    /// Why the embargo is about to be broken: kept before GitHub is asked to publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    breaking: Option<String>,
}

/// One event.
#[derive(Serialize, Deserialize)]
struct Noted {
    #[serde(flatten)]
    event: Event,
    /// Why the embargo was broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Events {
    /// Reads them; none where there is no file.
    pub(super) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let name = path.display().to_string();
        let bytes = match read_capped(&path, LIMIT) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                let error = anyhow::Error::new(error);
                return Err(error.context(format!("cannot read {name}")).into());
            }
        };
        Ok(serde_json::from_slice(&bytes).with_context(|| format!("{name} cannot be read"))?)
    }

    /// Those of the case, for the embargo.
    pub(super) fn timeline(&self) -> Vec<Event> {
        let events = self.events.iter().map(|noted| noted.event.clone());
        events.collect()
    }

    pub(super) fn has(&self, kind: EventKind) -> bool {
        self.events.iter().any(|noted| noted.event.kind == kind)
    }

    /// Adds one.
    pub(super) fn add(&mut self, event: Event, reason: Option<&str>) {
        let reason = reason.map(str::to_owned);
        self.events.push(Noted { event, reason });
    }

    /// Keeps why the embargo is about to be broken, before it is; `None`, if it is over.
    pub(super) fn intend(&mut self, reason: Option<&str>, folder: &Path) -> Result<(), Failure> {
        self.breaking = reason.map(str::to_owned);
        match &self.breaking {
            Some(_) => self.write(folder),
            None => Ok(()),
        }
    }

    /// Adds that it is published, with the reason that is given or that was kept.
    pub(super) fn disclosed(&mut self, at: Timestamp, reason: Option<&str>) {
        let kept = self.breaking.take();
        let (kind, until) = (EventKind::Disclosed, None);
        self.add(Event { kind, at, until }, reason.or(kept.as_deref()));
    }

    /// Adds one that is known once.
    pub(super) fn add_once(&mut self, kind: EventKind, at: Timestamp) {
        if !self.has(kind) {
            let until = None;
            self.add(Event { kind, at, until }, None);
        }
    }

    /// Keeps them.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join(FILE);
        let text = serde_json::to_string_pretty(self)?;
        let mut file = PendingFile::create(&path, Overwrite::Replace)?;
        file.write_all(format!("{text}\n").as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(file.finish()?)
    }
}

/// The time of an event that was typed with a day: now, or the beginning of a day that is over.
pub(super) fn moment(on: Option<Date>, context: &Context<'_>) -> Result<Timestamp, Failure> {
    let today = context.today();
    match on {
        Some(on) if on > today => Err(Failure::new(Exit::Usage, anyhow!("{on} is yet to come"))),
        Some(on) if on < today => {
            let begins = on.to_zoned(TimeZone::UTC).map(|day| day.timestamp());
            begins.map_err(|why| Failure::new(Exit::Usage, why))
        }
        _ => Ok(context.time()?),
    }
}

const FILE: &str = "events.json";
const LIMIT: u64 = 1 << 20;
