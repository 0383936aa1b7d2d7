//! The folder of an opened report, as the source of an advisory.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};

use crate::{
    advisory::{Advisory, AdvisoryError, Cna, Credit, Line, Publisher, Role, Triage},
    cli::TriageOptions,
    commands::context::read_capped,
    report::Report,
    terminal::{Failure, Hint},
};

/// An opened report, and what triage adds to it.
pub(super) struct Case {
    folder: PathBuf,
    report: Report,
    triage: Triage,
}

impl Case {
    /// Reads `report.md`, which is what people read, and `advisory.toml`, which may be absent.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join("report.md");
        let name = path.display().to_string();
        let bytes = match read_capped(&path, Report::LIMIT as u64) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let error = anyhow!("{} holds no report.md", folder.display());
                return Err(Failure::from(error).with_hint(Hint::words(
                    "name the folder that `sealpost open` wrote; of a report in another form, write a report.md with `sealpost new`",
                )));
            }
            Err(error) => {
                return Err(anyhow::Error::new(error)
                    .context(format!("cannot read {name}"))
                    .into());
            }
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| anyhow!("{name} is not UTF-8 text"))?;
        Ok(Self {
            report: Report::parse(&name, text)?,
            triage: triage(&folder.join(TRIAGE))?,
            folder: folder.to_owned(),
        })
    }

    /// The same; `None` where there is no report: what was filed at GitHub need not have been
    /// opened here.
    pub(super) fn open_if_there(folder: &Path) -> Result<Option<Self>, Failure> {
        let is_there = folder.join("report.md").exists();
        is_there.then(|| Self::open(folder)).transpose()
    }

    /// The report.
    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    /// The advisory, with what was typed put over the file.
    pub(super) fn advisory(&self, typed: &TriageOptions) -> Result<Advisory, Failure> {
        let triage = self.triage.clone().overlaid(overlay(typed)?);
        Advisory::assemble(&self.report, triage).map_err(|why| self.explain(why))
    }

    /// The advisory as it is written, with nothing typed.
    pub(super) fn advisory_as_written(&self) -> Result<Advisory, Failure> {
        Advisory::assemble(&self.report, self.triage.clone()).map_err(|why| self.explain(why))
    }

    /// Where triage writes what it adds.
    pub(super) fn place(&self) -> String {
        self.folder.join(TRIAGE).display().to_string()
    }

    /// The failure, with where to mend it.
    pub(super) fn explain(&self, why: AdvisoryError) -> Failure {
        let place = self.place();
        let hint = match &why {
            AdvisoryError::Missing { field, .. } | AdvisoryError::Value { field, .. } => {
                Hint::words(format!(
                    "write `{field}` into {place}; docs/advisories.md lists its fields"
                ))
            }
            _ => Hint::words("docs/advisories.md lists the fields of advisory.toml"),
        };
        Failure::from(why).with_hint(hint)
    }
}

fn triage(path: &Path) -> Result<Triage, Failure> {
    let name = path.display().to_string();
    let bytes = match read_capped(path, Triage::LIMIT) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Triage::default()),
        Err(error) => {
            return Err(anyhow::Error::new(error)
                .context(format!("cannot read {name}"))
                .into());
        }
    };
    let text = std::str::from_utf8(&bytes).with_context(|| format!("{name} is not UTF-8 text"))?;
    Ok(Triage::parse(&name, text)?)
}

fn overlay(typed: &TriageOptions) -> Result<Triage, Failure> {
    Ok(Triage {
        id: typed.id.clone(),
        cve: typed.cve.clone(),
        ghsa: typed.ghsa.clone(),
        fixed: typed.fixed.clone(),
        vendor: typed.vendor.clone(),
        product: typed.product.clone(),
        credit: typed.credit.iter().map(credit).collect::<Result<_, _>>()?,
        published: typed.published,
        modified: typed.modified,
        tlp: typed.tlp,
        status: typed.status,
        publisher: Publisher {
            name: typed.publisher.clone(),
            category: typed.publisher_category,
            namespace: typed.publisher_namespace.clone(),
            contact: None,
        },
        cna: Cna {
            org_id: typed.cna.clone(),
            short_name: None,
        },
        ..Triage::default()
    })
}

/// A name, or an account behind an `@`.
fn credit(typed: &Line) -> Result<Credit, Failure> {
    let login = typed.as_str().strip_prefix('@').map(str::parse);
    let login: Option<Line> = login.transpose()?;
    Ok(Credit {
        name: login.is_none().then(|| typed.clone()),
        login,
        role: Role::Reporter,
        organization: None,
        contact: Vec::new(),
    })
}

const TRIAGE: &str = "advisory.toml";
