//! How bad it is: CVSS 3.0, 3.1 and 4.0 vectors and the scores that follow from them.
//!
//! Serves DESIGN.md, "The report", `severity`; CVSS 3.1 and CVSS 4.0 specifications of FIRST.
//! The crate `cvss` parses and computes; what it gets wrong of CVSS 3 is in `cvss3`.

use std::str::FromStr;

use cvss::{v3, v4};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use thiserror::Error;

use super::{cvss3, error::excerpt, score::Score};

/// A CVSS vector with its scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severity {
    vector: String,
    version: CvssVersion,
    score: Score,
    base: Score,
}

impl Severity {
    /// The vector in its canonical form: upper case, metrics in the order of the specification.
    #[must_use]
    pub fn vector(&self) -> &str {
        &self.vector
    }

    /// The version that the vector names.
    #[must_use]
    pub fn version(&self) -> CvssVersion {
        self.version
    }

    /// The score of all metrics that the vector defines: of CVSS 3 the environmental score if
    /// there is such a metric, else the temporal one if there is, else the base score.
    #[must_use]
    pub fn score(&self) -> Score {
        self.score
    }

    /// The score of the base metrics alone.
    #[must_use]
    pub fn base_score(&self) -> Score {
        self.base
    }

    fn from_v3(vector: &v3::Vector) -> Result<Self, SeverityError> {
        let missing = cvss3::first_missing(vector);
        if let Some(metric) = missing {
            return Err(SeverityError::Missing { metric });
        }
        let version = match vector.minor_version {
            0 => CvssVersion::V30,
            _ => CvssVersion::V31,
        };
        let base = cvss3::base(vector);
        let score = if cvss3::has_environmental(vector) {
            cvss3::temporal(cvss3::environmental(vector), vector)
        } else {
            cvss3::temporal(base, vector)
        };
        Ok(Self {
            vector: vector.to_string(),
            version,
            score,
            base,
        })
    }

    fn from_v4(vector: &v4::Vector) -> Self {
        let vector_text = vector.to_string();
        let base_text: Vec<&str> = vector_text.split('/').take(1 + BASE_METRICS_4).collect();
        let score = Score::of(vector.score().value());
        let base = base_text.join("/").parse::<v4::Vector>();
        Self {
            version: CvssVersion::V40,
            score,
            base: base.map_or(score, |base| Score::of(base.score().value())),
            vector: vector_text,
        }
    }
}

impl FromStr for Severity {
    type Err = SeverityError;

    fn from_str(text: &str) -> Result<Self, SeverityError> {
        let text = text.trim();
        let metric = |error: cvss::Error| SeverityError::Metric {
            detail: error.to_string(),
        };
        match text.split_once('/').map(|(version, _)| version) {
            Some("CVSS:3.0" | "CVSS:3.1") => {
                let vector = text.parse::<v3::Vector>().map_err(metric)?;
                Self::from_v3(&vector)
            }
            Some("CVSS:4.0") => {
                let vector = text.parse::<v4::Vector>().map_err(metric)?;
                Ok(Self::from_v4(&vector))
            }
            _ => Err(SeverityError::NotCvss {
                written: excerpt(text),
            }),
        }
    }
}

impl Serialize for Severity {
    /// `{"vector": …, "version": "3.1", "score": 9.8, "rating": "critical"}`
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Severity", 4)?;
        fields.serialize_field("vector", &self.vector)?;
        fields.serialize_field("version", self.version.as_str())?;
        fields.serialize_field("score", &self.score.value())?;
        fields.serialize_field("rating", self.score.rating().as_str())?;
        fields.end()
    }
}

/// A version of the Common Vulnerability Scoring System.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CvssVersion {
    /// CVSS 3.0.
    V30,
    /// CVSS 3.1.
    V31,
    /// CVSS 4.0.
    V40,
}

impl CvssVersion {
    /// `3.0`, `3.1` or `4.0`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V40 => "4.0",
        }
    }

    /// 3 or 4.
    #[must_use]
    pub fn major(self) -> u8 {
        match self {
            Self::V30 | Self::V31 => 3,
            Self::V40 => 4,
        }
    }
}

/// The text is no CVSS vector that has a score.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeverityError {
    /// It begins with none of the three versions.
    #[error("is not a vector that begins with `CVSS:3.1/` or `CVSS:4.0/`: `{written}`")]
    NotCvss {
        /// What is written there.
        written: String,
    },
    /// A base metric is missing.
    #[error("is a CVSS vector without the metric {metric}")]
    Missing {
        /// Its abbreviation.
        metric: &'static str,
    },
    /// A metric is unknown, doubled, missing or has a value that it cannot have.
    #[error("is not a CVSS vector: {detail}")]
    Metric {
        /// The parser's words.
        detail: String,
    },
}

/// The base metrics stand first in a canonical CVSS 4.0 vector, and all are mandatory.
const BASE_METRICS_4: usize = 11;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Severity, cvss3};

    fn severity(vector: &str) -> Severity {
        vector.parse().unwrap()
    }

    /// Base, temporal and environmental score by the vector's own metrics: what `score()` gives
    /// when the vector is cut after that group.
    fn three(vector: &str) -> [String; 3] {
        let cut = |names: &[&str]| {
            let kept: Vec<&str> = vector
                .split('/')
                .filter(|part| {
                    !names
                        .iter()
                        .any(|name| part.starts_with(&format!("{name}:")))
                })
                .collect();
            severity(&kept.join("/")).score().to_string()
        };
        let environmental = cvss3::ENVIRONMENTAL;
        let both: Vec<&str> = environmental.into_iter().chain(["E", "RL", "RC"]).collect();
        [cut(&both), cut(&environmental), cut(&[])]
    }

    #[test]
    fn scores_agree_with_the_corpus_tables() {
        let Some(corpus) = std::env::var_os("SEALPOST_CORPUS") else {
            println!("SEALPOST_CORPUS is unset: CVSS tables not read");
            return;
        };
        let tables = std::path::Path::new(&corpus).join("advisories/cvss-redhat/tests");
        let rows = |name: &str| {
            let table = std::fs::read_to_string(tables.join(name)).unwrap();
            let row = |line: &str| {
                let (vector, scores) = line.split_once(" - ").unwrap();
                let scores = scores.trim_matches(['(', ')']).split(", ");
                (
                    vector.to_owned(),
                    scores.map(str::to_owned).collect::<Vec<_>>(),
                )
            };
            table.lines().map(row).collect::<Vec<_>>()
        };
        let mut read = 0;
        for name in ["vectors_simple3", "vectors_cvsslib3", "vectors_calculator3"] {
            for (vector, scores) in rows(name) {
                assert_eq!(three(&vector)[..], scores[..], "{vector}");
                assert_eq!(severity(&vector).base_score().to_string(), scores[0]);
                read += 1;
            }
        }
        for name in ["vectors_threat4", "vectors_security4"] {
            for (vector, scores) in rows(name) {
                assert_eq!(severity(&vector).score().to_string(), scores[0], "{vector}");
                read += 1;
            }
        }
        assert_eq!(read, 2592 + 29 + 2 + 6 + 54);
    }

    /// Values of FIRST's own calculators and examples.
    #[test]
    fn known_scores() {
        for (vector, score, base) in [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "9.8", "9.8"),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "6.1", "6.1"),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C",
                "8.8",
                "9.8",
            ),
            (
                "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H/MS:X/CR:M",
                "9.7",
                "9.6",
            ),
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H/MS:X/CR:M",
                "9.6",
                "9.6",
            ),
            // 10.0 × 0.92 and 5.0 × 0.92 are exact tenths: nothing to round up.
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:N/I:H/A:H/RC:U",
                "9.2",
                "10.0",
            ),
            (
                "CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:N/I:N/A:L/RC:U",
                "4.6",
                "5.0",
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                "9.3",
                "9.3",
            ),
            (
                "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N/E:P",
                "7.7",
                "8.7",
            ),
        ] {
            assert_eq!(severity(vector).score().to_string(), score, "{vector}");
            assert_eq!(severity(vector).base_score().to_string(), base, "{vector}");
        }
    }

    #[test]
    fn vectors_become_canonical() {
        let odd = severity(" CVSS:3.1/s:u/ac:l/av:n/PR:N/UI:N/C:N/I:N/A:N ");
        assert_eq!(odd.vector(), "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N");
        assert_eq!(odd.score().rating().as_str(), "none");
    }

    #[test]
    fn words_of_provider_urgency_keep_their_case() {
        let vector = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/U:Amber";
        assert_eq!(severity(vector).vector(), vector);
    }

    #[test]
    fn refuses_what_has_no_score() {
        for vector in [
            "",
            "9.8",
            "AV:N/AC:L/Au:N/C:N/I:N/A:C",
            "CVSS:2.0/AV:N/AC:L/Au:N/C:N/I:N/A:C",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
            "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N",
        ] {
            assert!(vector.parse::<Severity>().is_err(), "{vector}");
        }
    }

    fn metrics(table: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = String> {
        let any = table.iter().map(|&(name, values)| {
            let values: Vec<char> = values.chars().collect();
            prop::sample::select(values).prop_map(move |value| format!("/{name}:{value}"))
        });
        any.collect::<Vec<_>>().prop_map(|parts| parts.concat())
    }

    const V4: &[(&str, &str)] = &[
        ("AV", "NALP"),
        ("AC", "LH"),
        ("AT", "NP"),
        ("PR", "NLH"),
        ("UI", "NPA"),
        ("VC", "NLH"),
        ("VI", "NLH"),
        ("VA", "NLH"),
        ("SC", "NLH"),
        ("SI", "NLH"),
        ("SA", "NLH"),
        ("E", "XAPU"),
        ("CR", "XHML"),
        ("IR", "XHML"),
        ("AR", "XHML"),
        ("MAV", "XNALP"),
        ("MAC", "XLH"),
        ("MAT", "XNP"),
        ("MPR", "XNLH"),
        ("MUI", "XNPA"),
        ("MVC", "XNLH"),
        ("MVI", "XNLH"),
        ("MVA", "XNLH"),
        ("MSC", "XNLH"),
        ("MSI", "XNLHS"),
        ("MSA", "XNLHS"),
        ("S", "XNP"),
        ("AU", "XNY"),
        ("R", "XAUI"),
        ("V", "XDC"),
        ("RE", "XLMH"),
    ];

    proptest! {
        #[test]
        fn p31_every_combination_of_v4_has_a_score(metrics in metrics(V4)) {
            let vector = format!("CVSS:4.0{metrics}");
            let severity: Severity = vector.parse().unwrap();
            prop_assert_eq!(severity.vector(), vector);
            prop_assert!(severity.score().value() <= 10.0);
        }

        #[test]
        fn p31_any_text_is_a_vector_or_an_error(text in "(CVSS:[34].[01]/)?[A-Za-z:/]{0,60}\\PC{0,9}") {
            let _ = text.parse::<Severity>();
        }
    }
}
