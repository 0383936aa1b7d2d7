//! An advisory: a report, with what triage adds, in the four forms in which flaws are published.
//!
//! Serves DESIGN.md, "Commands" (`advisory csaf|osv|cve|ghsa`). What neither says is never made
//! up: a format that needs it fails, and the error names the field. The same input makes the same
//! bytes.

mod csaf;
mod cve;
mod cwe;
mod draft;
mod ecosystem;
mod error;
mod ghsa;
mod osv;
mod product;
mod range;
mod span;
mod text;
mod triage;
mod words;

use std::collections::BTreeMap;

pub use draft::{Draft, Form};
pub use ecosystem::{Ecosystem, Ordering, UnknownEcosystem};
pub use error::AdvisoryError;
pub use ghsa::{
    MAX_DESCRIPTION, MAX_SUMMARY, NewAdvisory, NewCredit, PrivateReport, Vulnerability,
    VulnerablePackage,
};
pub use range::{Bound, Interval, Range, RangeError};
pub use text::{CveId, GhsaId, Line, Moment, OrgId, Prose, TextError};
pub use triage::{AffectedEntry, Cna, Credit, Publisher, Reference, Revision, Triage};
pub use words::{PublisherCategory, ReferenceKind, Role, Status, Tlp, UnknownWord};

use crate::report::{Cwe, Exploited, Report, Section, Severity};
use product::Product;
use url::Url;

/// All that is known of a flaw, from the report and from triage.
#[derive(Clone, Debug, PartialEq)]
pub struct Advisory {
    title: String,
    texts: Texts,
    language: Option<String>,
    ids: Ids,
    weakness: Vec<Cwe>,
    weakness_names: BTreeMap<u32, String>,
    severity: Vec<Severity>,
    exploited: Exploited,
    discovered: Option<Moment>,
    products: Vec<Product>,
    credits: Vec<Credit>,
    references: Vec<Reference>,
    /// References that no reader should follow.
    unfit: Vec<Url>,
    revisions: Vec<Revision>,
    published: Option<Moment>,
    modified: Option<Moment>,
    tlp: Option<Tlp>,
    status: Status,
    publisher: Publisher,
    cna: Cna,
    vendor: Option<String>,
}

/// The advisory in words: Markdown.
#[derive(Clone, Debug, Default, PartialEq)]
struct Texts {
    description: Option<String>,
    impact: Option<String>,
    workaround: Option<String>,
    solution: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Ids {
    own: Option<Line>,
    cve: Option<CveId>,
    ghsa: Option<GhsaId>,
    aliases: Vec<Line>,
}

impl Advisory {
    /// Puts what triage adds over what the report says. The steps to reproduce are left out: they
    /// are for the vendor.
    ///
    /// # Errors
    /// [`AdvisoryError::Value`] where the two make no sense.
    pub fn assemble(report: &Report, triage: Triage) -> Result<Self, AdvisoryError> {
        let products = Product::all(report.affected(), &triage)?;
        let section = |section: Section| report.section(section).map(str::to_owned);
        let text = |own: Option<Prose>, told: Option<String>| own.map(String::from).or(told);
        let texts = Texts {
            description: text(triage.description, section(Section::Summary)),
            impact: text(triage.impact, section(Section::Impact)),
            workaround: text(triage.workaround, section(Section::Mitigation)),
            solution: triage.solution.map(String::from),
        };
        let (mut references, mut unfit) = (triage.reference, Vec::new());
        for url in report.references() {
            if !references.iter().any(|known| known.url == *url) {
                let (url, kind, summary) = (url.clone(), ReferenceKind::Web, None);
                references.push(Reference { url, kind, summary });
            }
        }
        references.retain(|reference| {
            let fits = is_a_page(&reference.url);
            unfit.extend((!fits).then(|| reference.url.clone()));
            fits
        });
        let language = triage.language.map(String::from);
        Ok(Self {
            title: triage
                .title
                .map_or_else(|| report.title().to_owned(), String::from),
            texts,
            language: language.or_else(|| report.language().map(str::to_owned)),
            ids: Ids {
                own: triage.id,
                cve: triage.cve,
                ghsa: triage.ghsa,
                aliases: triage.aliases,
            },
            weakness: either(triage.weakness, report.weakness()),
            weakness_names: names(triage.weakness_names)?,
            severity: one_each(either(triage.severity, report.severity()))?,
            exploited: report.exploited(),
            discovered: report.discovered().and_then(Moment::of_day),
            products,
            credits: credits(triage.credit, report)?,
            references,
            unfit,
            revisions: triage.revision,
            published: triage.published,
            modified: triage.modified,
            tlp: triage.tlp,
            status: triage.status.unwrap_or_default(),
            publisher: triage.publisher,
            cna: triage.cna,
            vendor: triage.vendor.map(String::from),
        })
    }

    /// What is known and goes into no draft, in words: references that are no pages. They would become
    /// links, which in a browser may run as a script.
    #[must_use]
    pub fn left_out(&self) -> Vec<String> {
        let unfit = self.unfit.iter();
        let words = unfit
            .map(|url| format!("the reference {url}: only http, https and ftp lead to a page"));
        words.collect()
    }

    /// When it was changed last: as written, else when it was published.
    fn modified(&self) -> Option<Moment> {
        self.modified.or(self.published)
    }

    /// The texts as one, each part under a heading that begins with `level`.
    fn markdown(&self, level: &str) -> String {
        let mut text = self.texts.description.clone().unwrap_or_default();
        let patches = self.texts.solution.clone().or_else(|| self.patches());
        let parts = [
            ("Impact", &self.texts.impact),
            ("Patches", &patches),
            ("Workarounds", &self.texts.workaround),
        ];
        for (heading, part) in parts {
            let Some(part) = part else { continue };
            let gap = if text.is_empty() { "" } else { "\n\n" };
            text.extend([gap, level, " ", heading, "\n\n", part]);
        }
        text
    }

    /// What mends each product, in words.
    fn patches(&self) -> Option<String> {
        let mended = self
            .products
            .iter()
            .filter(|product| !product.patched.is_empty());
        let words = mended.map(|product| {
            let name = product.name().unwrap_or("the product");
            format!("- {name}: {}", product.patched.join(", "))
        });
        let words: Vec<String> = words.collect();
        (!words.is_empty()).then(|| words.join("\n"))
    }

    /// Whether nobody is thanked. A reporter is thanked under the words of the report's
    /// `reporter.credit`, or not at all.
    #[must_use]
    pub fn thanks_nobody(&self) -> bool {
        self.credits.is_empty()
    }
}

fn is_a_page(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https" | "ftp")
}

fn either<T: Clone>(own: Vec<T>, told: &[T]) -> Vec<T> {
    if own.is_empty() { told.to_vec() } else { own }
}

/// At most one vector of each major version of CVSS: more would contradict each other.
fn one_each(severity: Vec<Severity>) -> Result<Vec<Severity>, AdvisoryError> {
    let majors: Vec<u8> = severity.iter().map(|one| one.version().major()).collect();
    let doubled = majors
        .iter()
        .enumerate()
        .find(|(place, major)| majors[..*place].contains(major));
    match doubled {
        Some((_, major)) => Err(AdvisoryError::value(
            "severity",
            format!("has more than one vector of CVSS {major}"),
        )),
        None => Ok(severity),
    }
}

fn names(written: BTreeMap<String, Line>) -> Result<BTreeMap<u32, String>, AdvisoryError> {
    let read = |(id, name): (String, Line)| {
        let cwe: Cwe = id
            .parse()
            .map_err(|why| AdvisoryError::value("weakness_names", why))?;
        Ok((cwe.number(), String::from(name)))
    };
    written.into_iter().map(read).collect()
}

fn credits(written: Vec<Credit>, report: &Report) -> Result<Vec<Credit>, AdvisoryError> {
    for (index, credit) in written.iter().enumerate() {
        if credit.name.is_none() && credit.login.is_none() {
            return Err(AdvisoryError::value(
                format!("credit[{index}]"),
                "has neither `name` nor `login`",
            ));
        }
    }
    let Some(words) = report.reporter().and_then(|reporter| reporter.credit()) else {
        return Ok(written);
    };
    if !written.is_empty() {
        return Ok(written);
    }
    let name = words
        .parse()
        .map_err(|why| AdvisoryError::value("reporter.credit", why))?;
    Ok(vec![Credit {
        name: Some(name),
        login: None,
        role: Role::Reporter,
        organization: None,
        contact: Vec::new(),
    }])
}
