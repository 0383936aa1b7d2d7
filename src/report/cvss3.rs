//! The equations of CVSS 3 as far as the crate `cvss` does not serve.
//!
//! Serves DESIGN.md, "The report", `severity`; CVSS 3.1 specification, section 7 and appendix A.
//! The crate accepts a vector without its base metrics; its `score()` is the base score whatever
//! else is in the vector; and it rounds CVSS 3.0 in floating point, where 5.0 × 0.92 becomes 4.7.

use cvss::v3::{self, Metric};

use super::score::Score;

/// The first base metric that the vector lacks.
pub(super) fn first_missing(vector: &v3::Vector) -> Option<&'static str> {
    let present = [
        ("AV", vector.av.is_some()),
        ("AC", vector.ac.is_some()),
        ("PR", vector.pr.is_some()),
        ("UI", vector.ui.is_some()),
        ("S", vector.s.is_some()),
        ("C", vector.c.is_some()),
        ("I", vector.i.is_some()),
        ("A", vector.a.is_some()),
    ];
    let missing = present.iter().find(|(_, there)| !there);
    missing.map(|&(metric, _)| metric)
}

/// The base equations of 3.0 and 3.1 are the same; only 3.1 rounds without float noise.
pub(super) fn base(vector: &v3::Vector) -> Score {
    let vector = v3::Vector {
        minor_version: 1,
        ..vector.clone()
    };
    Score::of(vector.base_score().value())
}

/// The environmental score before the temporal metrics are applied.
pub(super) fn environmental(vector: &v3::Vector) -> Score {
    let vector = v3::Vector {
        e: None,
        rl: None,
        rc: None,
        ..vector.clone()
    };
    Score::of(vector.environmental_score().value())
}

/// The last step of the temporal and environmental equations, in integers: the product is exact
/// in millionths of a tenth, so rounding it up needs no tolerance.
pub(super) fn temporal(score: Score, vector: &v3::Vector) -> Score {
    let weight = |weight: Option<f64>| {
        let hundredths = weight.and_then(|w| (0..100u32).find(|&n| w * 100.0 < f64::from(n) + 0.5));
        hundredths.unwrap_or(100)
    };
    let e = weight(vector.e.map(Metric::score));
    let rl = weight(vector.rl.map(Metric::score));
    let rc = weight(vector.rc.map(Metric::score));
    let tenths = (u32::from(score.tenths()) * e * rl * rc).div_ceil(1_000_000);
    Score::from_tenths(tenths)
}

/// Whether an environmental metric has a value other than "not defined" (X).
pub(super) fn has_environmental(vector: &v3::Vector) -> bool {
    let text = vector.to_string();
    text.split('/')
        .filter_map(|metric| metric.split_once(':'))
        .any(|(name, value)| ENVIRONMENTAL.contains(&name) && value != "X")
}

pub(super) const ENVIRONMENTAL: [&str; 11] = [
    "CR", "IR", "AR", "MAV", "MAC", "MPR", "MUI", "MS", "MC", "MI", "MA",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::report::{Score, Severity};

    fn metrics(table: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = String> {
        let any = table.iter().map(|&(name, values)| {
            let values: Vec<char> = values.chars().collect();
            prop::sample::select(values).prop_map(move |value| format!("/{name}:{value}"))
        });
        any.collect::<Vec<_>>().prop_map(|parts| parts.concat())
    }

    const V3: &[(&str, &str)] = &[
        ("AV", "NALP"),
        ("AC", "LH"),
        ("PR", "NLH"),
        ("UI", "NR"),
        ("S", "UC"),
        ("C", "NLH"),
        ("I", "NLH"),
        ("A", "NLH"),
        ("E", "XUPFH"),
        ("RL", "XOTWU"),
        ("RC", "XURC"),
        ("CR", "XLMH"),
        ("IR", "XLMH"),
        ("AR", "XLMH"),
        ("MAV", "XNALP"),
        ("MAC", "XLH"),
        ("MPR", "XNLH"),
        ("MUI", "XNR"),
        ("MS", "XUC"),
        ("MC", "XNLH"),
        ("MI", "XNLH"),
        ("MA", "XNLH"),
    ];
    proptest! {
        #[test]
        fn p31_every_combination_of_v3_has_a_score(metrics in metrics(V3)) {
            for vector in [format!("CVSS:3.0{metrics}"), format!("CVSS:3.1{metrics}")] {
                let severity: Severity = vector.parse().unwrap();
                prop_assert_eq!(severity.vector(), vector);
                prop_assert!(severity.score().value() <= 10.0);
            }
        }

        /// Our last step in integers and the crate's in floats agree on 3.1, where the crate
        /// rounds as Appendix A of the specification says.
        #[test]
        fn agrees_with_the_crate_on_3_1(metrics in metrics(V3)) {
            let vector: cvss::v3::Vector = format!("CVSS:3.1{metrics}").parse().unwrap();
            let temporal = super::temporal(super::base(&vector), &vector);
            prop_assert_eq!(temporal, Score::of(vector.temporal_score().value()));
            let environmental = super::temporal(super::environmental(&vector), &vector);
            prop_assert_eq!(environmental, Score::of(vector.environmental_score().value()));
        }
    }
}
