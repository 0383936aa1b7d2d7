//! Ranges as events: where the flaw came, and where it went.
//!
//! OSV schema, `affected[].ranges[].events`; CVE record format, `versions`.

use super::{
    error::AdvisoryError,
    product::Product,
    range::{Bound, Interval},
};

/// A part of a product's versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Span {
    /// One version.
    Exactly(String),
    /// Those from `from` (which has the flaw; `None` is the first of all) to `end`.
    Between { from: Option<String>, end: End },
}

/// How a [`Span`] ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Every later version has the flaw.
    Open,
    /// The first version without the flaw.
    Fixed(String),
    /// The last version with it, as far as anybody knows.
    Last(String),
}

impl Product {
    /// The product's versions as events, for `format`.
    pub(super) fn spans(&self, format: &'static str) -> Result<Vec<Span>, AdvisoryError> {
        let Some(range) = &self.range else {
            return Err(self.missing("range", format, "the versions that have the flaw"));
        };
        let intervals = range.intervals();
        let spans = intervals.iter().map(|interval| {
            let (from, to) = match interval {
                Interval::Exactly(version) => return Ok(Span::Exactly(self.event(version)?)),
                Interval::Between { from, to } => (from, to),
            };
            Ok(Span::Between {
                from: from
                    .as_ref()
                    .map(|from| self.first(from, format))
                    .transpose()?,
                end: match to {
                    None => self.open_end(intervals.len())?,
                    Some(to) if !to.included => End::Fixed(self.event(&to.version)?),
                    Some(to) => self.closed_end(&to.version, intervals.len())?,
                },
            })
        });
        spans.collect()
    }

    /// The lower bound, which events can only say if it has the flaw itself.
    fn first(&self, from: &Bound, format: &'static str) -> Result<String, AdvisoryError> {
        if from.included {
            return self.event(&from.version);
        }
        let version = &from.version;
        Err(self.wrong(
            "range",
            format!("{format} cannot say `> {version}`: write the first version that has the flaw"),
        ))
    }

    /// `>= 1.0` alone: until the version that mends it, if that is known.
    fn open_end(&self, intervals: usize) -> Result<End, AdvisoryError> {
        match (self.patched.as_slice(), intervals) {
            ([only], 1) => Ok(End::Fixed(self.event(only)?)),
            _ => Ok(End::Open),
        }
    }

    /// `<= 1.4.1`: until the version that mends it, if that is known.
    fn closed_end(&self, last: &str, intervals: usize) -> Result<End, AdvisoryError> {
        if let ([only], 1) = (self.patched.as_slice(), intervals) {
            return Ok(End::Fixed(self.event(only)?));
        }
        if !self.is_semver() {
            return Ok(End::Last(self.event(last)?));
        }
        let last = self.semver("range", last)?;
        let patched = self
            .patched
            .iter()
            .map(|patched| self.semver("patched", patched));
        let patched = patched.collect::<Result<Vec<_>, _>>()?;
        // A later branch's fix says nothing of this one.
        let next = patched
            .into_iter()
            .filter(|fix| *fix > last && fix.major == last.major)
            .min();
        Ok(next.map_or_else(
            || End::Last(last.to_string()),
            |fix| End::Fixed(fix.to_string()),
        ))
    }

    fn event(&self, version: &str) -> Result<String, AdvisoryError> {
        if self.is_semver() {
            return Ok(self.semver("range", version)?.to_string());
        }
        Ok(version.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::triage::Triage, *};

    fn spans(entry: &str) -> Result<Vec<Span>, AdvisoryError> {
        let triage = Triage::parse("a", &format!("[[affected]]\npackage='x'\n{entry}\n")).unwrap();
        Product::all(&[], &triage)?.remove(0).spans("OSV")
    }

    fn between(from: &str, end: End) -> Span {
        let from = (!from.is_empty()).then(|| from.to_owned());
        Span::Between { from, end }
    }

    #[test]
    fn ranges_become_events() {
        let fixed = |version: &str| End::Fixed(version.to_owned());
        let last = |version: &str| End::Last(version.to_owned());
        for (entry, expected) in [
            (
                "ecosystem='npm'\nrange='< 1.4'",
                vec![between("", fixed("1.4.0"))],
            ),
            (
                "ecosystem='npm'\nrange='>= v1.0, <= 1.3'\npatched='1.4'",
                vec![between("1.0.0", fixed("1.4.0"))],
            ),
            (
                "ecosystem='pip'\nrange='>= 1.0, <= 1.3'",
                vec![between("1.0", last("1.3"))],
            ),
            (
                "ecosystem='pip'\nrange='>= 1.0'",
                vec![between("1.0", End::Open)],
            ),
            (
                "ecosystem='pip'\nrange='*'\npatched='2'",
                vec![between("", fixed("2"))],
            ),
            (
                "ecosystem='pip'\nrange='1.0 || 1.1'",
                vec![Span::Exactly("1.0".into()), Span::Exactly("1.1".into())],
            ),
            (
                "ecosystem='npm'\nrange='<= 1.3 || >= 2, <= 2.1 || >=3, <=3.1'\npatched='1.3.1, 3.1.1'",
                vec![
                    between("", fixed("1.3.1")),
                    between("2.0.0", last("2.1.0")),
                    between("3.0.0", fixed("3.1.1")),
                ],
            ),
        ] {
            assert_eq!(spans(entry).unwrap(), expected, "{entry}");
        }
    }

    #[test]
    fn what_events_cannot_say_names_its_field() {
        let error = spans("range='> 1.0, < 2'").unwrap_err().to_string();
        assert!(
            error.starts_with("affected[0].range: OSV cannot say `> 1.0`"),
            "{error}"
        );
        let error = spans("ecosystem='npm'").unwrap_err().to_string();
        assert_eq!(
            error,
            "affected[0].range is missing: OSV needs the versions that have the flaw"
        );
    }
}
