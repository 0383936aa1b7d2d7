//! The key as a page that people can read: no script, no style, nothing loaded.
//!
//! Promise 24 of the project's list: HTML output has no active content. Everything that stands in it
//! is escaped, and the policy in its head forbids the rest.

use html_escape::encode_text;

use super::plan::Plan;

/// The page; `armored` is the certificate.
pub(super) fn page(plan: &Plan, armored: &str) -> String {
    let domain = encode_text(&plan.domain).into_owned();
    let fingerprint = groups(plan.certificate.fingerprint().as_hex());
    let user_ids = plan.certificate.user_ids();
    let user_ids = user_ids.map(|id| format!("<li><bdi>{}</bdi></li>\n", encode_text(&id)));
    let user_ids: String = user_ids.collect();
    let armored = encode_text(armored.trim_end()).into_owned();
    format!(
        "<!DOCTYPE html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>The OpenPGP key for reports to {domain}</title>\n\
         </head>\n\
         <body>\n\
         <h1>The OpenPGP key for reports to {domain}</h1>\n\
         <p>Encrypt reports of vulnerabilities to this key. Compare its fingerprint first:</p>\n\
         <p><code>{fingerprint}</code></p>\n\
         <p>It is for:</p>\n\
         <ul>\n{user_ids}</ul>\n\
         <p>The key as a file: <a href=\"/key.asc\">key.asc</a>. Where reports go:\n\
         <a href=\"/.well-known/security.txt\">security.txt</a>.</p>\n\
         <pre>{armored}\n</pre>\n\
         </body>\n\
         </html>\n"
    )
}

/// Hexadecimal digits in groups of four, which people compare more easily.
fn groups(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_shown_in_groups() {
        assert_eq!(groups("0123ABCD4567"), "0123 ABCD 4567");
    }
}
