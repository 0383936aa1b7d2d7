//! What has the flaw: a package or a product, with its versions made sense of.

use packageurl::PackageUrl;

use super::{
    ecosystem::{Ecosystem, Ordering},
    error::AdvisoryError,
    range::{Interval, Range, version},
    triage::{AffectedEntry, Triage},
};
use crate::report::Affected;

/// A package or product.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_field_names, reason = "the word of every format")]
pub(super) struct Product {
    /// The field that it was read from, such as `affected[0]`.
    pub(super) field: String,
    /// The name in its ecosystem.
    pub(super) package: Option<String>,
    pub(super) ecosystem: Option<Ecosystem>,
    /// The ecosystem as it was written.
    pub(super) ecosystem_written: Option<String>,
    /// Without a version.
    pub(super) purl: Option<PackageUrl<'static>>,
    pub(super) vendor: Option<String>,
    pub(super) product: Option<String>,
    pub(super) range: Option<Range>,
    /// The versions that mend it.
    pub(super) patched: Vec<String>,
    pub(super) functions: Vec<String>,
}

impl Product {
    /// All products of an advisory: those of `triage`, else those of the report, else the product
    /// that `triage` names.
    pub(super) fn all(affected: &[Affected], triage: &Triage) -> Result<Vec<Self>, AdvisoryError> {
        let mut entries = triage.affected.clone();
        if entries.is_empty() {
            let told = affected
                .iter()
                .enumerate()
                .map(|(index, told)| told_by_report(index, told));
            entries = told.collect::<Result<_, _>>()?;
        }
        if entries.is_empty() && triage.product.is_some() {
            entries.push(AffectedEntry::default());
        }
        if let Some(fixed) = &triage.fixed {
            match entries.as_mut_slice() {
                [only] => only.patched = Some(fixed.clone()),
                several => {
                    let why = format!(
                        "says nothing of which of {} packages is meant: write `patched` into each [[affected]]",
                        several.len()
                    );
                    return Err(AdvisoryError::value("fixed", why));
                }
            }
        }
        let read = |(index, entry)| {
            let mut product = Self::read(index, entry, triage)?;
            if triage.fixed.is_some() {
                product.end_where_it_is_fixed()?;
            }
            product.check_order()?;
            Ok(product)
        };
        entries.into_iter().enumerate().map(read).collect()
    }

    /// A fix in another version than the report said moves the end of its range.
    fn end_where_it_is_fixed(&mut self) -> Result<(), AdvisoryError> {
        let ([fixed], Some(range)) = (self.patched.as_slice(), &self.range) else {
            return Ok(());
        };
        let moved = range.clone().ending_at(fixed);
        let moved = moved.filter(|moved| !self.still_has_it(moved, fixed));
        let moved = moved.ok_or_else(|| {
            let why = format!(
                "{fixed} does not go together with the range `{}`: write `range` and `patched` into [[affected]]",
                range.to_vls()
            );
            AdvisoryError::value("fixed", why)
        })?;
        self.range = Some(moved);
        Ok(())
    }

    /// Whether `fixed` is no later than a last version with the flaw, as far as the order is known.
    fn still_has_it(&self, range: &Range, fixed: &str) -> bool {
        let read = |version: &str| self.semver("range", version).ok();
        let mut intervals = range.intervals().iter();
        self.is_semver()
            && intervals.any(|interval| match interval {
                Interval::Between { to: Some(to), .. } if to.included => {
                    read(fixed).is_some_and(|fixed| read(&to.version).is_some_and(|to| fixed <= to))
                }
                _ => false,
            })
    }

    fn read(index: usize, entry: AffectedEntry, triage: &Triage) -> Result<Self, AdvisoryError> {
        let field = format!("affected[{index}]");
        let text = |line: Option<super::Line>| line.map(String::from);
        let mut product = Self {
            vendor: text(entry.vendor).or_else(|| text(triage.vendor.clone())),
            product: text(entry.product).or_else(|| text(triage.product.clone())),
            package: None,
            ecosystem: None,
            ecosystem_written: text(entry.ecosystem),
            purl: None,
            range: None,
            patched: Vec::new(),
            functions: entry.functions.into_iter().map(String::from).collect(),
            field,
        };
        product.ecosystem = product
            .ecosystem_written
            .as_ref()
            .and_then(|name| name.parse().ok());
        if let Some(range) = entry.range {
            let range = Range::parse(range.as_str()).map_err(|why| product.wrong("range", why))?;
            product.range = Some(range);
        }
        if let Some(patched) = entry.patched {
            let versions = patched.as_str().split(',').map(version);
            let versions = versions.collect::<Result<_, _>>();
            product.patched = versions.map_err(|why| product.wrong("patched", why))?;
        }
        if let Some(package) = entry.package {
            product.name_package(package.as_str())?;
        }
        product.agree_on_scheme()?;
        Ok(product)
    }

    /// Takes the package's name, or what its package URL says.
    fn name_package(&mut self, package: &str) -> Result<(), AdvisoryError> {
        if !package.starts_with("pkg:") {
            self.package = Some(package.to_owned());
            if let Some(ecosystem) = &self.ecosystem {
                let purl = ecosystem.purl(package).map_err(|why| {
                    self.wrong(
                        "package",
                        format!("`{package}` {why} ({})", ecosystem.osv()),
                    )
                })?;
                self.purl = purl;
                self.package = Some(ecosystem.canonical(package));
            }
            return Ok(());
        }
        let purl: PackageUrl<'static> = package
            .parse()
            .map_err(|_| self.wrong("package", format!("`{package}` is not a package URL")))?;
        if let (None, Some(one)) = (&self.range, purl.version()) {
            let one = version(one).map_err(|why| self.wrong("package", why))?;
            self.range = Some(Range::exactly(one));
        }
        let known = Ecosystem::of_purl(&purl);
        if let (Some(written), Some((known, _))) = (&self.ecosystem, &known)
            && written != known
            && !written.osv().starts_with(&known.osv())
        {
            let why = format!(
                "is {}, and the package URL says {}",
                written.osv(),
                known.osv()
            );
            return Err(self.wrong("ecosystem", why));
        }
        let (ecosystem, name) = match known {
            Some((known, name)) => (Some(self.ecosystem.take().unwrap_or(known)), name),
            None => (self.ecosystem.take(), purl.name().to_owned()),
        };
        (self.ecosystem, self.package) = (ecosystem, Some(name));
        let mut plain = purl;
        plain.without_version();
        self.purl = Some(plain);
        Ok(())
    }

    /// A vers URI names the scheme, which must be the ecosystem's.
    fn agree_on_scheme(&mut self) -> Result<(), AdvisoryError> {
        let Some(scheme) = self.range.as_ref().and_then(Range::scheme) else {
            return Ok(());
        };
        match &self.ecosystem {
            None => self.ecosystem = scheme.parse().ok(),
            Some(ecosystem) if ecosystem.vers().is_some_and(|own| own != scheme) => {
                let why = format!(
                    "counts versions as {scheme}, and the package is of {}",
                    ecosystem.osv()
                );
                return Err(self.wrong("range", why));
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// Where the order of versions is known, each interval must hold a version, and they must
    /// follow each other.
    fn check_order(&self) -> Result<(), AdvisoryError> {
        if !self.is_semver() {
            return Ok(());
        }
        let mut end: Option<semver::Version> = None;
        for interval in self.range.iter().flat_map(Range::intervals) {
            let (from, to) = match interval {
                Interval::Exactly(version) => (Some(version), Some(version)),
                Interval::Between { from, to } => (
                    from.as_ref().map(|from| &from.version),
                    to.as_ref().map(|to| &to.version),
                ),
            };
            let read = |version: Option<&String>| {
                version
                    .map(|version| self.semver("range", version))
                    .transpose()
            };
            let (from, to) = (read(from)?, read(to)?);
            if let (Some(from), Some(to)) = (&from, &to)
                && from > to
            {
                return Err(self.wrong("range", format!("{from} is later than {to}")));
            }
            if let (Some(end), Some(from)) = (&end, &from)
                && from < end
            {
                let why = format!(
                    "its parts overlap, or are not in the order of the versions, at {from}"
                );
                return Err(self.wrong("range", why));
            }
            end = to;
        }
        for patched in &self.patched {
            self.semver("patched", patched)?;
        }
        Ok(())
    }

    pub(super) fn is_semver(&self) -> bool {
        self.ecosystem.as_ref().map(Ecosystem::ordering) == Some(Ordering::SemVer)
    }

    /// A version of an ecosystem that enforces `SemVer`: `1.4` is `1.4.0`, and `v1.4.0` is, too.
    pub(super) fn semver(
        &self,
        field: &str,
        version: &str,
    ) -> Result<semver::Version, AdvisoryError> {
        let plain = version.strip_prefix('v').unwrap_or(version);
        let numbers = plain.split(['-', '+']).next().unwrap_or_default();
        let padding = match numbers.split('.').count() {
            1 => ".0.0",
            2 => ".0",
            _ => "",
        };
        let rest = plain.get(numbers.len()..).unwrap_or_default();
        semver::Version::parse(&format!("{numbers}{padding}{rest}")).map_err(|_| {
            self.wrong(
                field,
                format!("`{version}` is not a semantic version such as 1.4.2"),
            )
        })
    }

    /// What mends one part of the range: its end, if that is a version that mends, else those that
    /// are not the end of another part.
    pub(super) fn patch_of(&self, interval: &Interval) -> Option<String> {
        let end = |interval: &Interval| match interval {
            Interval::Between { to: Some(to), .. } if !to.included => Some(to.version.clone()),
            _ => None,
        };
        let own = end(interval).filter(|own| self.patched.contains(own));
        if own.is_some() {
            return own;
        }
        let others: Vec<String> = self
            .range
            .iter()
            .flat_map(Range::intervals)
            .filter_map(end)
            .collect();
        let left = self
            .patched
            .iter()
            .filter(|patched| !others.contains(patched));
        let left: Vec<&str> = left.map(String::as_str).collect();
        (!left.is_empty()).then(|| left.join(", "))
    }

    /// What to call it: the product's name, else the package's.
    pub(super) fn name(&self) -> Option<&str> {
        self.product.as_deref().or(self.package.as_deref())
    }

    pub(super) fn wrong(&self, member: &str, problem: impl std::fmt::Display) -> AdvisoryError {
        AdvisoryError::value(format!("{}.{member}", self.field), problem)
    }

    pub(super) fn missing(
        &self,
        member: &str,
        format: &'static str,
        what: &'static str,
    ) -> AdvisoryError {
        AdvisoryError::Missing {
            field: format!("{}.{member}", self.field),
            format,
            what,
        }
    }
}

fn told_by_report(index: usize, told: &Affected) -> Result<AffectedEntry, AdvisoryError> {
    let line = |member: &str, text: Option<&str>| {
        let field = format!("affected[{index}].{member}");
        let line = text.map(|text| text.parse().map_err(|why| AdvisoryError::value(field, why)));
        line.transpose()
    };
    Ok(AffectedEntry {
        package: line("package", Some(told.package()))?,
        ecosystem: line("ecosystem", told.ecosystem())?,
        range: line("range", told.range())?,
        patched: line("patched", told.patched())?,
        ..AffectedEntry::default()
    })
}

#[cfg(test)]
mod tests;
