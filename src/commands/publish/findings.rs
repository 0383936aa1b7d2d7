//! One thing that a reporter will stumble over, and all of them in order of weight.

use serde::Serialize;

/// How much a finding weighs. Advice is no fault: cron is not told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    Error,
    Warning,
    Advice,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// A stable word for scripts.
    pub(super) code: String,
    pub(super) severity: Severity,
    /// What is wrong and what to do. Hostile text may be quoted.
    pub(super) message: String,
    /// The URL or DNS name that it is about, if it is about one.
    pub(super) at: Option<String>,
}

/// Findings, each once.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Severity {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

impl Findings {
    pub(super) fn error(&mut self, code: impl Into<String>, message: impl Into<String>, at: &str) {
        self.add(Severity::Error, code, message, Some(at));
    }

    pub(super) fn warning(
        &mut self,
        code: impl Into<String>,
        message: impl Into<String>,
        at: &str,
    ) {
        self.add(Severity::Warning, code, message, Some(at));
    }

    pub(super) fn add(
        &mut self,
        severity: Severity,
        code: impl Into<String>,
        message: impl Into<String>,
        at: Option<&str>,
    ) {
        let finding = Finding {
            code: code.into(),
            severity,
            message: message.into(),
            at: at.map(str::to_owned),
        };
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    pub(super) fn contains(&self, code: &str) -> bool {
        self.0.iter().any(|finding| finding.code == code)
    }

    /// The gravest first: a published secret key before all, then errors, warnings, advice.
    pub(super) fn in_order(mut self) -> Vec<Finding> {
        let rank = |finding: &Finding| (finding.code != SECRET_KEY, finding.severity);
        self.0.sort_by_key(rank);
        self.0
    }
}

/// The gravest finding of all.
pub(super) const SECRET_KEY: &str = "secret-key-published";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_comes_first_and_each_once() {
        let mut findings = Findings::default();
        findings.add(Severity::Advice, "one-source", "a", None);
        findings.warning("wkd-missing", "b", "x");
        findings.error("no-key", "c", "x");
        findings.error(SECRET_KEY, "d", "x");
        findings.warning("wkd-missing", "b", "x");
        assert!(findings.contains("no-key") && !findings.contains("key-expired"));
        let codes: Vec<_> = findings.in_order().into_iter().map(|f| f.code).collect();
        assert_eq!(codes, [SECRET_KEY, "no-key", "wkd-missing", "one-source"]);
    }
}
