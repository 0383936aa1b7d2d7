//! Every fault that the reader knows, in one table: its code, its weight, and what to say of it.
//!
//! Serves RFC 9116 §2 to §4. Codes are stable: scripts compare them.

use serde::{Serialize, Serializer};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It works, and could be better.
    Recommendation,
    /// RFC 9116 forbids it.
    Error,
}

macro_rules! codes {
    ($($name:ident $code:literal $severity:ident $meaning:literal)+) => {
        /// The kind of a finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code, in the order of the file's parts.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// How much it weighs, always the same.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }

            /// What is wrong and what to do, without the particulars of one file.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }
        }
    };
}

codes! {
    // The file as a whole (§2.2, §4).
    HtmlPage "html-page" Error "this is a web page, not a security.txt: serve the plain file"
    ByteOrderMark "byte-order-mark" Error "the file begins with a byte order mark: save it as UTF-8 without one"
    Utf16 "utf-16" Error "the file is UTF-16: save it as UTF-8"
    NotUtf8 "not-utf-8" Error "the file holds bytes that are not UTF-8: save it as UTF-8"
    LineEnding "line-ending" Error "a line ends with a lone or doubled carriage return: end every line with LF or CRLF"
    NoFinalNewline "no-final-newline" Error "the last line has no line end: add one"
    ControlCharacter "control-character" Error "the line holds a control character: remove it"
    SignatureDamaged "signature-damaged" Error "the file has parts of a cleartext signature that do not fit together: sign it anew"
    TextOutsideSignature "text-outside-signature" Error "the signature does not cover this text: put everything between its lines"
    BlankOutsideSignature "blank-outside-signature" Recommendation "an empty line stands outside the signature: remove it"
    KeyBlock "key-block" Error "the file holds an armoured block: publish it as a file of its own and link to it with Encryption"
    Unsigned "unsigned" Recommendation "the file is not signed: sign it with an OpenPGP cleartext signature"

    // Its lines (§2.1, §2.5, §4).
    NotAField "not-a-field" Error "the line is neither a field nor a comment: write `Name: value`, or begin it with #"
    LeadingWhitespace "leading-whitespace" Error "the line begins with white space: remove it"
    FullWidthColon "full-width-colon" Error "a full-width colon follows the field's name: write a plain one"
    WhitespaceBeforeColon "whitespace-before-colon" Error "white space stands before the colon: remove it"
    SpaceMissing "space-missing" Error "no space follows the colon: add one"
    NameMissing "name-missing" Error "no field name stands before the colon: add one"
    ValueMissing "value-missing" Error "the field has no value: add one, or remove the line"
    FoldedValue "folded-value" Recommendation "the line continues the field above, which few readers expect: put the value on one line"
    UnknownField "unknown-field" Recommendation "no such field is known, so most readers ignore it"
    UnknownFieldEmpty "unknown-field-empty" Recommendation "no such field is known, and it has no value: remove the line"
    MisspeltField "misspelt-field" Recommendation "the field's name is misspelt, so most readers ignore it"
    Placeholder "placeholder" Recommendation "the value looks like a placeholder: write the real one"

    // Values that are URIs (§2.5).
    NotAUri "not-a-uri" Error "the value is not a URI: write one, such as mailto:… or https://…, and nothing else on the line"
    NotHttps "not-https" Error "a web address must begin with https://"
    UserNameInLink "user-name-in-link" Recommendation "a link that holds a user name or password is not followed: remove them"

    // Contact (§2.5.3).
    ContactMissing "contact-missing" Error "no Contact: add at least one"
    BareAddress "bare-address" Error "a mail address stands without its scheme: write mailto: before it"
    MailtoInvalid "mailto-invalid" Error "mailto: must be followed by one plain mail address"
    MailtoQuery "mailto-query" Recommendation "what follows the address in a mailto: is ignored: leave it out"
    ContactUnusable "contact-unusable" Recommendation "few can use this kind of contact: add a mailto: or https: one"

    // Encryption (§2.5.4).
    EncryptionMissing "encryption-missing" Recommendation "a contact is a mail address, but no Encryption says which key to use: add it"
    EncryptionUnusable "encryption-unusable" Recommendation "this does not lead to an OpenPGP key: add an Encryption with https:, openpgp4fpr: or dns:"
    FingerprintInvalid "fingerprint-invalid" Error "openpgp4fpr: must be followed by a whole fingerprint of 40 or 64 hexadecimal digits"
    DnsInvalid "dns-invalid" Error "a dns: URI must read dns:HASH._openpgpkey.DOMAIN?type=OPENPGPKEY"

    // Expires (§2.5.5).
    ExpiresMissing "expires-missing" Error "no Expires: add one"
    ExpiresRepeated "expires-repeated" Error "Expires appears more than once, and the earliest counts: keep one"
    ExpiresInvalid "expires-invalid" Error "the date is not of the form 2030-12-31T00:00:00Z"
    ExpiresSpace "expires-space" Recommendation "a space stands between date and time: write a T"
    Expired "expired" Error "the file has expired: renew it"
    ExpiresSoon "expires-soon" Recommendation "the file expires within 30 days: renew it"
    ExpiresFar "expires-far" Recommendation "the file expires in more than a year: choose an earlier date, so that it is looked after"

    // Preferred-Languages (§2.5.8).
    LanguageInvalid "language-invalid" Error "not a language tag such as en or pt-BR, separated by commas"
    LanguagesRepeated "languages-repeated" Error "Preferred-Languages appears more than once: put every language on one line"

    // Canonical (§2.5.2).
    CanonicalMissing "canonical-missing" Recommendation "the file is signed, but no Canonical says where it belongs: add one"
    CanonicalMismatch "canonical-mismatch" Error "no Canonical names the address at which the file was found: add it"

    // CSAF (OASIS CSAF 2.0 §7.1.8).
    CsafFile "csaf-file" Error "CSAF must link to a file named provider-metadata.json"
    CsafRepeated "csaf-repeated" Recommendation "CSAF appears more than once: keep one, if possible"

    // How it is served (§3).
    PlainHttp "plain-http" Error "the file was served without TLS: serve it over https"
    OldLocation "old-location" Error "the file was not found at /.well-known/security.txt: put it there"
    Redirected "redirected" Recommendation "the request was redirected: serve the file where it is asked for"
    MediaTypeMissing "media-type-missing" Error "the answer has no Content-Type: send text/plain; charset=utf-8"
    MediaTypeWrong "media-type-wrong" Error "the Content-Type is not text/plain: send text/plain; charset=utf-8"
    CharsetWrong "charset-wrong" Error "the charset of the Content-Type is not utf-8: send text/plain; charset=utf-8"

    MoreFindings "more-findings" Recommendation "there are more findings than are kept"
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_kebab_case() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for name in names {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            assert!(
                name.split('-')
                    .all(|word| !word.is_empty() && word.bytes().all(plain)),
                "{name}"
            );
        }
    }
}
