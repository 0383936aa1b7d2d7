//! Names that look like others: the form that decides, the form that people see, and what may deceive.
//!
//! Serves promise 28, with UTS #46 (international names) and UTS #39 (scripts and confusable characters). A name is
//! judged, never refused: the warning goes beside what is shown.

use icu_properties::{CodePointSetData, props::DefaultIgnorableCodePoint};
use unicode_security::{RestrictionLevel, RestrictionLevelDetection, skeleton};

/// A host's name in both forms, with warnings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookAlike {
    ascii: String,
    unicode: Option<String>,
    warnings: Vec<Warning>,
}

/// What may deceive about a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Letters beyond ASCII. Honest names have them, too.
    International,
    /// A label whose letters all look like ASCII ones: the ASCII name that people would read.
    LooksLike(String),
    /// A label that mixes scripts in a way that no language does.
    MixedScripts,
    /// A character that leaves no mark on the screen.
    Invisible,
    /// Not a valid international name: no server can have it.
    Invalid,
}

impl LookAlike {
    /// Judges a host's name, in either form.
    #[must_use]
    pub fn of(host: &str) -> Self {
        let (ascii, invalid) = match idna::domain_to_ascii(host) {
            Ok(ascii) => (ascii, false),
            Err(_) if host.is_ascii() => (host.to_ascii_lowercase(), true),
            Err(_) => (host.escape_default().to_string(), true),
        };
        let unicode = if invalid && !host.is_ascii() {
            host.to_owned()
        } else {
            decoded(&ascii)
        };
        if unicode.is_ascii() {
            // Plain ASCII that IDNA does not like, such as `a_b..c`, is a matter for whoever parses hosts.
            let encoded = invalid && ascii.split('.').any(|label| label.starts_with(PREFIX));
            return Self {
                ascii,
                unicode: None,
                warnings: encoded.then_some(Warning::Invalid).into_iter().collect(),
            };
        }
        let mut warnings = warnings(&unicode);
        if host.chars().any(is_invisible) && !warnings.contains(&Warning::Invisible) {
            warnings.push(Warning::Invisible);
        }
        if invalid {
            warnings.push(Warning::Invalid);
        }
        Self {
            ascii,
            unicode: Some(unicode),
            warnings,
        }
    }

    /// The form that decides which server is asked, always ASCII.
    #[must_use]
    pub fn ascii(&self) -> &str {
        &self.ascii
    }

    /// The form that browsers may show, where it differs. It comes from strangers: escape it.
    #[must_use]
    pub fn unicode(&self) -> Option<&str> {
        self.unicode.as_deref()
    }

    /// What may deceive, the general before the particular; empty for a name of plain ASCII.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether there is more to say than that the name is international.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        self.warnings
            .iter()
            .any(|warning| *warning != Warning::International)
    }
}

impl Warning {
    /// A stable name for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::International => "international",
            Self::LooksLike(_) => "looks-like",
            Self::MixedScripts => "mixed-scripts",
            Self::Invisible => "invisible",
            Self::Invalid => "invalid",
        }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::International => f.write_str(
                "the name holds letters beyond ASCII: compare its ASCII form with what the vendor prints",
            ),
            Self::LooksLike(name) => write!(f, "the name looks like {name}, and is another"),
            Self::MixedScripts => f.write_str("the name mixes letters of several scripts"),
            Self::Invisible => f.write_str("the name holds invisible characters"),
            Self::Invalid => f.write_str("the name is not a valid international name"),
        }
    }
}

/// Whether a character leaves no mark of its own.
pub(super) fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// The Unicode form, label by label, so that one that breaks the rules is still shown for what it holds.
fn decoded(ascii: &str) -> String {
    let labels: Vec<_> = ascii
        .split('.')
        .map(|label| match label.strip_prefix(PREFIX) {
            Some(encoded) => {
                idna::punycode::decode_to_string(encoded).unwrap_or_else(|| label.to_owned())
            }
            None => label.to_owned(),
        })
        .collect();
    labels.join(".")
}

fn warnings(unicode: &str) -> Vec<Warning> {
    let mut found = vec![Warning::International];
    let mut alike = false;
    let mut read = Vec::new();
    for label in unicode.split('.') {
        let seen: String = skeleton(label).collect();
        if !label.is_ascii() && seen.is_ascii() {
            alike = true;
            read.push(seen);
        } else {
            read.push(label.to_owned());
        }
    }
    if alike {
        found.push(Warning::LooksLike(read.join(".")));
    }
    if unicode.split('.').any(mixes_scripts) {
        found.push(Warning::MixedScripts);
    }
    if unicode.chars().any(is_invisible) {
        found.push(Warning::Invisible);
    }
    found
}

/// "Highly restrictive" of UTS #39 is one script, or Latin beside Chinese, Japanese or Korean.
fn mixes_scripts(label: &str) -> bool {
    !label.is_ascii() && label.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
}

const PREFIX: &str = "xn--";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(host: &str) -> Vec<&'static str> {
        LookAlike::of(host)
            .warnings()
            .iter()
            .map(Warning::code)
            .collect()
    }

    #[test]
    fn p28_a_name_of_another_script_that_reads_as_ascii_is_told() {
        // apple.com, paypal.com and cisco.com in Cyrillic letters.
        for (host, unicode, read) in [
            ("xn--80ak6aa92e.com", "аррӏе.com", "apple.com"),
            ("xn--80aa0cbo65f.com", "раураӏ.com", "paypal.com"),
            ("www.xn--n1aag8f.com", "www.сіѕсо.com", "www.cisco.com"),
        ] {
            let alike = LookAlike::of(unicode);
            assert_eq!(alike.unicode(), Some(unicode));
            assert!(
                alike
                    .warnings()
                    .contains(&Warning::LooksLike(read.to_owned())),
                "{host}: {alike:?}"
            );
            assert_eq!(
                LookAlike::of(alike.ascii()),
                alike,
                "both forms are judged alike"
            );
            assert!(
                alike.is_suspicious() && alike.ascii().is_ascii(),
                "{host} {}",
                alike.ascii()
            );
        }
        assert_eq!(LookAlike::of("аррӏе.com").ascii(), "xn--80ak6aa92e.com");
    }

    #[test]
    fn p28_an_honest_international_name_is_only_called_one() {
        for (host, ascii) in [
            ("bücher.example", "xn--bcher-kva.example"),
            ("straße.example", "xn--strae-oqa.example"),
            ("правда.example", "xn--80aafg4bj.example"),
            ("日本語テスト.example", "xn--zckzap6140b352by.example"),
            ("abcテスト.example", "xn--abc-873bych.example"),
            ("παράδειγμα.example", "xn--hxajbheg2az3al.example"),
        ] {
            let alike = LookAlike::of(host);
            assert_eq!(alike.warnings(), [Warning::International], "{host}");
            assert!(
                alike.ascii().starts_with(PREFIX) && !alike.is_suspicious(),
                "{ascii}"
            );
        }
        assert_eq!(
            LookAlike::of("xn--bcher-kva.example").unicode(),
            Some("bücher.example")
        );
    }

    #[test]
    fn p28_mixed_scripts_and_invisible_characters_are_told() {
        // A Cyrillic а among Latin letters.
        assert_eq!(
            codes("pаypal.example"),
            ["international", "looks-like", "mixed-scripts"]
        );
        assert_eq!(codes("gооdж.example"), ["international", "mixed-scripts"]);
        // A joiner where Indic spelling allows it is valid, and still shows nothing.
        assert!(codes("क्\u{200d}ष.example").contains(&"invisible"));
        // A soft hyphen and a zero-width space that were encoded: no resolver accepts them.
        for hidden in ["exam\u{ad}ple", "exam\u{200b}ple"] {
            let label = format!("xn--{}.org", idna::punycode::encode_str(hidden).unwrap());
            let codes = codes(&label);
            assert!(
                codes.contains(&"invisible") && codes.contains(&"invalid"),
                "{label} {codes:?}"
            );
        }
    }

    #[test]
    fn p28_plain_names_have_one_form() {
        for host in [
            "Example.org",
            "192.0.2.1",
            "[2001:db8::1]",
            "a_b.example",
            "",
        ] {
            let alike = LookAlike::of(host);
            assert_eq!(
                (alike.ascii(), alike.unicode(), alike.warnings()),
                (host.to_ascii_lowercase().as_str(), None, [].as_slice())
            );
        }
        assert_eq!(codes("xn--.example"), ["invalid"]);
        assert!(codes("xn--a\u{fffd}.example").contains(&"invalid"));
    }

    proptest! {
        #[test]
        fn no_name_panics_and_the_ascii_form_is_ascii(host in "(xn--)?\\PC{0,30}(\\.xn--[a-z0-9-]{0,12})?") {
            let alike = LookAlike::of(&host);
            prop_assert!(alike.ascii().is_ascii());
            prop_assert_eq!(alike.unicode().is_some(), alike.warnings().contains(&Warning::International));
        }
    }
}
