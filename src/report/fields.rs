//! The fields of a report's front matter, typed.
//!
//! Serves DESIGN.md, "The report".

use jiff::civil::Date;
use serde::{Serialize, Serializer};
use url::Url;

use super::{
    asset::Asset,
    error::{Fault, ReportError},
    field::{Field, Table},
    node::Node,
    severity::Severity,
    weakness::{Cwe, VrtId, WeaknessError},
};

/// All fields. What is absent is `None` or an empty list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Fields {
    pub(super) title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<String>,
    pub(super) assets: Vec<Asset>,
    pub(super) weakness: Vec<Cwe>,
    pub(super) class: Vec<VrtId>,
    pub(super) severity: Vec<Severity>,
    pub(super) affected: Vec<Affected>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) discovered: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_generated: Option<bool>,
    pub(super) exploited: Exploited,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) public: Option<bool>,
    pub(super) also_reported_to: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reporter: Option<Reporter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disclosure: Option<Disclosure>,
    pub(super) references: Vec<Url>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    pub(super) overrides: Vec<Override>,
}

impl Fields {
    pub(super) fn read(file: &str, root: Node) -> Result<Self, ReportError> {
        let mut table = Table::root(file, root, NAMES)?;
        let title = table.required("title")?.one_line()?;
        let assets = table.required("assets")?;
        let none = assets.fault(Fault::Empty);
        let assets = each(Some(assets), Field::parsed)?;
        if assets.is_empty() {
            return Err(none);
        }
        let optional = &mut |name| table.optional(name);
        Ok(Self {
            title,
            program: one(optional("program"), Field::one_line)?,
            assets,
            weakness: each(optional("weakness"), cwe)?,
            class: each(optional("class"), Field::parsed)?,
            severity: severities(optional("severity"))?,
            affected: tables(optional("affected"), Affected::read)?,
            discovered: one(optional("discovered"), Field::date)?,
            method: one(optional("method"), Field::prose)?,
            tool_generated: one(optional("tool_generated"), Field::boolean)?,
            exploited: one(optional("exploited"), Exploited::read)?.unwrap_or_default(),
            public: one(optional("public"), Field::boolean)?,
            also_reported_to: each(optional("also_reported_to"), Field::one_line)?,
            reporter: optional("reporter").map(Reporter::read).transpose()?,
            disclosure: optional("disclosure").map(Disclosure::read).transpose()?,
            references: each(optional("references"), Field::url)?,
            language: one(optional("language"), Field::language)?,
            overrides: tables(optional("overrides"), Override::read)?,
        })
    }
}

/// Whether the flaw is used by attackers already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exploited {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Nobody knows, or the report does not say.
    #[default]
    Unknown,
}

impl Exploited {
    fn read(field: &Field<'_>) -> Result<Self, ReportError> {
        match field.boolean() {
            Ok(true) => Ok(Self::Yes),
            Ok(false) => Ok(Self::No),
            Err(_) if field.is_word("unknown") => Ok(Self::Unknown),
            Err(_) => Err(field.mistyped("`true`, `false` or `unknown`")),
        }
    }
}

impl Serialize for Exploited {
    /// `true`, `false` or `"unknown"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Yes => serializer.serialize_bool(true),
            Self::No => serializer.serialize_bool(false),
            Self::Unknown => serializer.serialize_str("unknown"),
        }
    }
}

/// A package and its versions that have the flaw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Affected {
    package: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ecosystem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patched: Option<String>,
}

impl Affected {
    /// The package's name, never empty.
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }

    /// Where the package is published, such as `npm`.
    #[must_use]
    pub fn ecosystem(&self) -> Option<&str> {
        self.ecosystem.as_deref()
    }

    /// Which versions have the flaw, such as `>= 1.0, < 1.4.2`.
    #[must_use]
    pub fn range(&self) -> Option<&str> {
        self.range.as_deref()
    }

    /// The first version without it.
    #[must_use]
    pub fn patched(&self) -> Option<&str> {
        self.patched.as_deref()
    }

    fn read(field: Field<'_>) -> Result<Self, ReportError> {
        let mut table = field.table(&["package", "ecosystem", "range", "patched"])?;
        Ok(Self {
            package: table.required("package")?.one_line()?,
            ecosystem: one(table.optional("ecosystem"), Field::one_line)?,
            range: one(table.optional("range"), Field::one_line)?,
            patched: one(table.optional("patched"), Field::one_line)?,
        })
    }
}

/// Who found it, as far as they wish to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reporter {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<String>,
}

impl Reporter {
    /// A name or a pseudonym.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where to answer: an address, a URL, anything.
    #[must_use]
    pub fn contact(&self) -> Option<&str> {
        self.contact.as_deref()
    }

    /// The words under which they want to be credited.
    #[must_use]
    pub fn credit(&self) -> Option<&str> {
        self.credit.as_deref()
    }

    fn read(field: Field<'_>) -> Result<Self, ReportError> {
        let mut table = field.table(&["name", "contact", "credit"])?;
        Ok(Self {
            name: one(table.optional("name"), Field::one_line)?,
            contact: one(table.optional("contact"), Field::one_line)?,
            credit: one(table.optional("credit"), Field::one_line)?,
        })
    }
}

/// What the reporter means to publish, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disclosure {
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embargo_days: Option<u32>,
}

impl Disclosure {
    /// The plan in words; may have several lines.
    #[must_use]
    pub fn plan(&self) -> Option<&str> {
        self.plan.as_deref()
    }

    /// The day of publication.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.date
    }

    /// How many days the reporter waits, from 0 to 3650.
    #[must_use]
    pub fn embargo_days(&self) -> Option<u32> {
        self.embargo_days
    }

    fn read(field: Field<'_>) -> Result<Self, ReportError> {
        let mut table = field.table(&["plan", "date", "embargo_days"])?;
        Ok(Self {
            plan: one(table.optional("plan"), Field::prose)?,
            date: one(table.optional("date"), Field::date)?,
            embargo_days: one(table.optional("embargo_days"), Field::days)?,
        })
    }
}

/// A finding of `check` that stands, and why the report is sent all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    why: String,
}

impl Override {
    /// The code of the finding, such as `out-of-scope`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What the finding is about, such as one asset; `None` for every finding of the code.
    #[must_use]
    pub fn about(&self) -> Option<&str> {
        self.about.as_deref()
    }

    /// The reason, for the vendor to read; never empty.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    fn read(field: Field<'_>) -> Result<Self, ReportError> {
        let mut table = field.table(&["code", "about", "why"])?;
        Ok(Self {
            code: table.required("code")?.one_line()?,
            about: one(table.optional("about"), Field::one_line)?,
            why: table.required("why")?.prose()?,
        })
    }
}

type Reader<'a, T> = fn(&Field<'a>) -> Result<T, ReportError>;

fn one<'a, T>(field: Option<Field<'a>>, read: Reader<'a, T>) -> Result<Option<T>, ReportError> {
    field.map(|field| read(&field)).transpose()
}

fn each<'a, T>(field: Option<Field<'a>>, read: Reader<'a, T>) -> Result<Vec<T>, ReportError> {
    match field {
        Some(field) => field.one_or_more()?.iter().map(read).collect(),
        None => Ok(Vec::new()),
    }
}

fn tables<'a, T>(
    field: Option<Field<'a>>,
    read: fn(Field<'a>) -> Result<T, ReportError>,
) -> Result<Vec<T>, ReportError> {
    match field {
        Some(field) => field.list()?.into_iter().map(read).collect(),
        None => Ok(Vec::new()),
    }
}

/// `CWE-79`, or the number alone without quotes.
fn cwe(field: &Field<'_>) -> Result<Cwe, ReportError> {
    match field.integer() {
        Some(number) => number
            .to_string()
            .parse()
            .map_err(|error: WeaknessError| field.fault(error)),
        None => field.parsed(),
    }
}

fn severities(field: Option<Field<'_>>) -> Result<Vec<Severity>, ReportError> {
    let mut found: Vec<Severity> = Vec::new();
    for field in field.map_or(Ok(Vec::new()), Field::one_or_more)? {
        let severity: Severity = field.parsed()?;
        let major = severity.version().major();
        if found.iter().any(|other| other.version().major() == major) {
            return Err(field.fault(Fault::SameVersion { major }));
        }
        found.push(severity);
    }
    Ok(found)
}

const NAMES: &[&str] = &[
    "title",
    "program",
    "assets",
    "weakness",
    "class",
    "severity",
    "affected",
    "discovered",
    "method",
    "tool_generated",
    "exploited",
    "public",
    "also_reported_to",
    "reporter",
    "disclosure",
    "references",
    "language",
    "overrides",
];
