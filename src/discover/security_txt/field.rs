//! One line taken apart: a field's name and value, a comment, or nothing that belongs here.
//!
//! Serves RFC 9116 §2.1, §2.5 and §4.

use super::code::Code;

/// The fields that readers know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Contact,
    Expires,
    Encryption,
    Acknowledgments,
    PreferredLanguages,
    Canonical,
    Policy,
    Hiring,
    Csaf,
}

/// How a line's name was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name<'a> {
    Known(Field),
    /// Not quite; the meaning is plain.
    Misspelt(&'a str, Field),
    Unknown(&'a str),
}

/// What a line is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed<'a> {
    /// Empty, or a comment.
    Nothing,
    /// A name and a value, with the faults of what stands between them.
    Field(Name<'a>, &'a str, Vec<Code>),
    /// No field can be made of it.
    Wrong(Code),
}

/// Takes a line apart.
pub(super) fn parse(line: &str) -> Parsed<'_> {
    let start = line.trim_start();
    let mut faults = Vec::new();
    if start.is_empty() {
        return Parsed::Nothing;
    }
    if start.len() < line.len() {
        faults.push(Code::LeadingWhitespace);
    }
    if start.starts_with('#') {
        return match faults.pop() {
            Some(fault) => Parsed::Wrong(fault),
            None => Parsed::Nothing,
        };
    }
    let Some((before, after)) = start.split_once([':', FULL_WIDTH_COLON]) else {
        return Parsed::Wrong(Code::NotAField);
    };
    let name = before.trim_end();
    if name.is_empty() {
        return Parsed::Wrong(Code::NameMissing);
    }
    // A link or an address alone on its line has a scheme, not a name.
    let scheme = ["http", "https", "mailto"]
        .iter()
        .any(|scheme| name.eq_ignore_ascii_case(scheme));
    if scheme || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Parsed::Wrong(Code::NotAField);
    }
    if name.len() < before.len() {
        faults.push(Code::WhitespaceBeforeColon);
    }
    if start[before.len()..].starts_with(FULL_WIDTH_COLON) {
        faults.push(Code::FullWidthColon);
    }
    let value = after.trim();
    let field = Field::read(name);
    if value.is_empty() {
        // The grammar lets fields that it does not know be empty.
        let unknown = matches!(field, Name::Unknown(_)) && after.starts_with(' ');
        return Parsed::Wrong(if unknown {
            Code::UnknownFieldEmpty
        } else {
            Code::ValueMissing
        });
    }
    if !after.starts_with(' ') {
        faults.push(Code::SpaceMissing);
    }
    Parsed::Field(field, value, faults)
}

impl Parsed<'_> {
    /// Whether the next line may continue the value, as in mail headers: the grammar allows it to unknown fields.
    pub(super) fn may_go_on(&self) -> bool {
        matches!(
            self,
            Self::Field(Name::Unknown(_), ..) | Self::Wrong(Code::UnknownFieldEmpty)
        )
    }
}

impl Field {
    fn read(name: &str) -> Name<'_> {
        let is = |(known, _): &&(&str, Self)| known.eq_ignore_ascii_case(name);
        if let Some((_, field)) = KNOWN.iter().find(is) {
            return Name::Known(*field);
        }
        match MISSPELT.iter().find(is) {
            Some((_, field)) => Name::Misspelt(name, *field),
            None => Name::Unknown(name),
        }
    }

    /// The field that a line holds, if its name is spelt right.
    pub(super) fn named_on(line: &str) -> Option<Self> {
        match parse(line) {
            Parsed::Field(Name::Known(field), _, _) => Some(field),
            _ => None,
        }
    }

    /// Its name as RFC 9116 writes it.
    pub(super) fn name(self) -> &'static str {
        let known = KNOWN.iter().find(|(_, field)| *field == self);
        known.map_or("", |(name, _)| name)
    }

    /// The known field whose name is nearest, if any is near.
    pub(super) fn nearest(name: &str) -> Option<Self> {
        // A name as long as a line is nobody's slip, and comparing it would take long.
        if name.len() > 24 {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let distances = KNOWN.iter().map(|(known, field)| {
            let distance = strsim::osa_distance(&known.to_ascii_lowercase(), &name);
            (distance, *field)
        });
        distances
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, field)| *distance <= 2.min(field.name().len() / 4))
            .map(|(_, field)| field)
    }
}

const FULL_WIDTH_COLON: char = '：';

const KNOWN: [(&str, Field); 9] = [
    ("Contact", Field::Contact),
    ("Expires", Field::Expires),
    ("Encryption", Field::Encryption),
    ("Acknowledgments", Field::Acknowledgments),
    ("Preferred-Languages", Field::PreferredLanguages),
    ("Canonical", Field::Canonical),
    ("Policy", Field::Policy),
    ("Hiring", Field::Hiring),
    ("CSAF", Field::Csaf),
];

/// Spellings whose meaning is beyond doubt: those of drafts of RFC 9116, singular for plural.
const MISSPELT: [(&str, Field); 10] = [
    ("Acknowledgement", Field::Acknowledgments),
    ("Acknowledgements", Field::Acknowledgments),
    ("Acknowledgment", Field::Acknowledgments),
    ("Contacts", Field::Contact),
    ("Expire", Field::Expires),
    ("Expiry", Field::Expires),
    ("Preferred-Language", Field::PreferredLanguages),
    ("Prefered-Languages", Field::PreferredLanguages),
    ("Canonicals", Field::Canonical),
    ("Policies", Field::Policy),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let contact = Name::Known(Field::Contact);
        let field = |value, faults: &[Code]| Parsed::Field(contact, value, faults.to_vec());
        for (line, parsed) in [
            (
                "cOnTaCt: mailto:a@example.org \t",
                field("mailto:a@example.org", &[]),
            ),
            (
                "Contact :\tx",
                field("x", &[Code::WhitespaceBeforeColon, Code::SpaceMissing]),
            ),
            (
                " Contact:x",
                field("x", &[Code::LeadingWhitespace, Code::SpaceMissing]),
            ),
            (
                "Contact： https://x",
                field("https://x", &[Code::FullWidthColon]),
            ),
            ("\t \u{a0}", Parsed::Nothing),
            ("#: x", Parsed::Nothing),
            (" # x", Parsed::Wrong(Code::LeadingWhitespace)),
            ("Contact", Parsed::Wrong(Code::NotAField)),
            ("Write to: us", Parsed::Wrong(Code::NotAField)),
            ("https://example.org/", Parsed::Wrong(Code::NotAField)),
            (": x", Parsed::Wrong(Code::NameMissing)),
            ("Contact:  ", Parsed::Wrong(Code::ValueMissing)),
        ] {
            assert_eq!(parse(line), parsed, "{line}");
        }
    }

    #[test]
    fn names_are_read_as_they_were_meant() {
        for (name, read) in [
            ("csaf", Name::Known(Field::Csaf)),
            (
                "Acknowledgements",
                Name::Misspelt("Acknowledgements", Field::Acknowledgments),
            ),
            ("Encription", Name::Unknown("Encription")),
        ] {
            assert_eq!(Field::read(name), read);
        }
        assert_eq!(Field::nearest("Encription"), Some(Field::Encryption));
        assert_eq!(Field::nearest("Signature"), None);
    }
}
