//! The names of the weaknesses that are reported most.
//!
//! CSAF 2.0 section 6.1.11 wants each with the name that MITRE gives it in the Common Weakness
//! Enumeration. `advisory.toml` names those that are not in the table.

use super::Advisory;
use crate::report::Cwe;

impl Advisory {
    /// The name, as triage or the table gives it.
    pub(super) fn weakness_name(&self, cwe: Cwe) -> Option<&str> {
        let own = self.weakness_names.get(&cwe.number()).map(String::as_str);
        own.or_else(|| name(cwe))
    }
}

fn name(cwe: Cwe) -> Option<&'static str> {
    let wanted = cwe.number().to_string();
    let mut rows = NAMES.lines().filter_map(|line| line.split_once('\t'));
    rows.find(|(number, _)| *number == wanted)
        .map(|(_, name)| name)
}

/// Number, tab, name.
const NAMES: &str = include_str!("cwe.tsv");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_one() {
        let mut before = 0;
        for line in NAMES.lines() {
            let (number, name) = line.split_once('\t').unwrap();
            let number: u32 = number.parse().unwrap();
            assert!(
                number > before && !name.is_empty() && name.trim() == name,
                "{line}"
            );
            before = number;
        }
        assert!(
            name("CWE-79".parse().unwrap())
                .unwrap()
                .ends_with("('Cross-site Scripting')")
        );
        assert_eq!(name("CWE-999999".parse().unwrap()), None);
    }
}
