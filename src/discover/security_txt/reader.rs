//! Line after line, then the file as a whole.
//!
//! Serves RFC 9116 §2.

use jiff::Timestamp;
use url::Url;

use super::{
    SecurityTxt, SourceText,
    code::Code,
    expires,
    field::{self, Field, Name, Parsed},
    finding::{Finding, Findings},
    frame::{self, Frame, Framed},
    language,
    lines::{self, End},
    value::{self, Entry},
};
use crate::program::Contact;

/// See [`SecurityTxt::parse`].
pub(super) fn read(text: &SourceText<'_>, now: Timestamp) -> SecurityTxt {
    let decoded = lines::decode(text.bytes, text.first_line);
    let mut reader = Reader::new(now);
    reader.file.add(decoded.faults);
    if frame::is_web_page(&decoded.text) {
        let page = Finding::whole(Code::HtmlPage).at(text.first_line);
        reader.file.add([page]);
        return reader.file;
    }
    let mut frame = Frame::default();
    for (index, line) in lines::lines(&decoded.text).enumerate() {
        let number = text.first_line.saturating_add(index);
        match line.end {
            End::Improper => reader.once(Code::LineEnding, number),
            // In a signed file the signature follows, on a line of its own.
            End::Missing if !text.signed => reader.once(Code::NoFinalNewline, number),
            End::Missing | End::Proper => {}
        }
        match frame.step(line.text) {
            Framed::Text(line) => reader.line(line, number),
            Framed::Frame(Some(code)) => reader.once(code, number),
            Framed::Frame(None) => {}
        }
    }
    reader.finish(text.signed)
}

struct Reader {
    file: SecurityTxt,
    /// The fields whose names were spelt right, each once.
    seen: Vec<Field>,
    /// The line of the earliest date.
    expires_line: usize,
    /// Whether the line before is a field that may go on in this one.
    foldable: bool,
    /// The codes that are told once, of those that have been.
    told: Vec<Code>,
}

impl Reader {
    fn new(now: Timestamp) -> Self {
        let file = SecurityTxt {
            now,
            contacts: Vec::new(),
            encryption: Vec::new(),
            expires: None,
            acknowledgments: Vec::new(),
            languages: Vec::new(),
            canonical: Vec::new(),
            policy: Vec::new(),
            hiring: Vec::new(),
            csaf: Vec::new(),
            findings: Findings::default(),
        };
        Self {
            file,
            seen: Vec::new(),
            expires_line: 0,
            foldable: false,
            told: Vec::new(),
        }
    }

    fn line(&mut self, line: &str, number: usize) {
        if line.contains(|c: char| c.is_control() && c != '\t') {
            self.fault(Code::ControlCharacter, number, "");
        }
        let parsed = field::parse(line);
        let folded = std::mem::replace(&mut self.foldable, parsed.may_go_on());
        let (name, value, faults) = match parsed {
            Parsed::Nothing => return,
            Parsed::Field(name @ (Name::Known(_) | Name::Misspelt(..)), value, faults) => {
                (name, value, faults)
            }
            _ if folded && line.starts_with([' ', '\t']) => {
                self.foldable = true;
                return self.fault(Code::FoldedValue, number, line.trim());
            }
            Parsed::Wrong(code) => return self.fault(code, number, line.trim()),
            Parsed::Field(name, value, faults) => (name, value, faults),
        };
        for code in faults {
            self.fault(code, number, "");
        }
        match name {
            Name::Unknown(name) => {
                let detail = match Field::nearest(name) {
                    Some(field) => format!("{name}, perhaps for {}", field.name()),
                    None => name.to_owned(),
                };
                self.fault(Code::UnknownField, number, &detail);
            }
            Name::Misspelt(name, field) => {
                let detail = format!("{name} for {}", field.name());
                self.fault(Code::MisspeltField, number, &detail);
                self.field(field, value, number);
            }
            Name::Known(field) => {
                if self.seen.contains(&field) {
                    self.repeated(field, number);
                } else {
                    self.seen.push(field);
                }
                self.field(field, value, number);
            }
        }
    }

    fn field(&mut self, field: Field, text: &str, number: usize) {
        if value::is_placeholder(text) {
            self.fault(Code::Placeholder, number, text);
        }
        match field {
            Field::Contact => {
                let (contact, fault) = value::contact(text);
                self.file.contacts.push(Entry::new(number, text, contact));
                self.faults(fault, number, text);
            }
            Field::Encryption => {
                let (way, fault) = value::encryption(text);
                self.file.encryption.push(Entry::new(number, text, way));
                self.faults(fault, number, text);
            }
            Field::Expires => self.expires(text, number),
            Field::PreferredLanguages => self.languages(text, number),
            Field::Csaf => {
                if !text.ends_with("provider-metadata.json") {
                    self.fault(Code::CsafFile, number, text);
                }
                self.link(text, number, |file| &mut file.csaf);
            }
            Field::Acknowledgments => self.link(text, number, |file| &mut file.acknowledgments),
            Field::Canonical => self.link(text, number, |file| &mut file.canonical),
            Field::Policy => self.link(text, number, |file| &mut file.policy),
            Field::Hiring => self.link(text, number, |file| &mut file.hiring),
        }
    }

    fn link(
        &mut self,
        text: &str,
        number: usize,
        list: impl FnOnce(&mut SecurityTxt) -> &mut Vec<Entry<Option<Url>>>,
    ) {
        let (url, fault) = value::link(text);
        list(&mut self.file).push(Entry::new(number, text, url));
        self.faults(fault, number, text);
    }

    fn expires(&mut self, text: &str, number: usize) {
        let (moment, fault) = expires::read(text);
        self.faults(fault, number, text);
        if let Some(moment) = moment
            && self.file.expires.is_none_or(|earliest| moment < earliest)
        {
            self.file.expires = Some(moment);
            self.expires_line = number;
        }
    }

    fn languages(&mut self, text: &str, number: usize) {
        for tag in text.split(',').map(str::trim) {
            if language::is_tag(tag) {
                self.file.languages.push(tag.to_owned());
            } else {
                self.fault(Code::LanguageInvalid, number, tag);
            }
        }
    }

    fn repeated(&mut self, field: Field, number: usize) {
        let code = match field {
            Field::Expires => Code::ExpiresRepeated,
            Field::PreferredLanguages => Code::LanguagesRepeated,
            Field::Csaf => Code::CsafRepeated,
            _ => return,
        };
        self.once(code, number);
    }

    /// What only the end of the file tells.
    fn finish(mut self, signed: bool) -> SecurityTxt {
        self.judge_expires();
        let has = |field| self.seen.contains(&field);
        let mails = |entry: &Entry<_>| matches!(entry.value(), Some(Contact::Mail(_)));
        let by_mail = self.file.contacts.iter().any(mails);
        let damaged = self.told.contains(&Code::SignatureDamaged);
        let missing = [
            (!has(Field::Contact), Code::ContactMissing),
            (!has(Field::Expires), Code::ExpiresMissing),
            (by_mail && !has(Field::Encryption), Code::EncryptionMissing),
            (!signed && !damaged, Code::Unsigned),
            (signed && !has(Field::Canonical), Code::CanonicalMissing),
        ];
        let missing = missing.into_iter().filter(|(is, _)| *is);
        self.file.add(missing.map(|(_, code)| Finding::whole(code)));
        self.file.findings.close();
        self.file
    }

    fn judge_expires(&mut self) {
        let Some(expires) = self.file.expires else {
            return;
        };
        let days = expires.duration_since(self.file.now).as_secs() / (24 * 60 * 60);
        let code = match days {
            _ if expires <= self.file.now => Code::Expired,
            ..SOON => Code::ExpiresSoon,
            YEAR.. => Code::ExpiresFar,
            _ => return,
        };
        let finding = Finding::quoting(code, &expires.to_string());
        self.file.add([finding.at(self.expires_line)]);
    }

    fn faults(&mut self, fault: Option<Code>, number: usize, detail: &str) {
        if let Some(code) = fault {
            self.fault(code, number, detail);
        }
    }

    fn fault(&mut self, code: Code, number: usize, detail: &str) {
        self.file.findings.line(code, number, detail);
    }

    /// Tells a fault only the first time.
    fn once(&mut self, code: Code, number: usize) {
        if !self.told.contains(&code) {
            self.told.push(code);
            self.file.add([Finding::whole(code).at(number)]);
        }
    }
}

/// Days before the date from which it is soon.
const SOON: i64 = 30;

/// Days after which a date is far: a year, a leap year too.
const YEAR: i64 = 366;
