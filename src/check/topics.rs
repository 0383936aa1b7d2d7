//! What the classes of findings that programs often exclude sound like.
//!
//! Serves `check`. A topic belongs to an exclusion that covers its VRT class or weakness, or bears one of its names as
//! id; whatever a program excludes beyond that has `phrases` in its profile. The words are English.

use std::sync::LazyLock;

use crate::{
    program::{Exclusion, Phrase},
    report::Report,
};

/// One class of findings.
pub(super) struct Topic {
    known: &'static Known,
    phrases: Vec<Phrase>,
}

/// All topics.
pub(super) fn topics() -> &'static [Topic] {
    static TOPICS: LazyLock<Vec<Topic>> = LazyLock::new(|| {
        let phrases = |known: &'static Known| {
            let read = known.phrases.iter().filter_map(|text| text.parse().ok());
            read.collect()
        };
        let topic = |known| Topic {
            known,
            phrases: phrases(known),
        };
        KNOWN.iter().map(topic).collect()
    });
    &TOPICS
}

impl Topic {
    /// Whether the exclusion means this.
    pub(super) fn is_of(&self, exclusion: &Exclusion) -> bool {
        let known = self.known;
        known.names.contains(&exclusion.id().as_str())
            || known.vrt.iter().any(|class| exclusion.covers_class(class))
            || known
                .cwe
                .iter()
                .any(|number| exclusion.covers_weakness(*number))
            || (known.tool && exclusion.covers_tool_output())
    }

    /// The words for it.
    pub(super) fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Whether it is something that people do, and that a flaw may not need: “without social engineering”.
    pub(super) fn is_means(&self) -> bool {
        self.known.means
    }

    /// Whether it is often named as what a flaw is good for: “which lets an attacker phish”.
    pub(super) fn is_aim(&self) -> bool {
        self.known.aim
    }

    /// Whether a report of these classes and weaknesses can be about this. One without any can.
    pub(super) fn can_be(&self, report: &Report) -> bool {
        let known = self.known;
        let stated = !report.weakness().is_empty() || !report.class().is_empty();
        let kin = |number: u32| known.cwe.contains(&number) || known.kin.contains(&number);
        let root = |class: &str| class.split('.').next().unwrap_or_default().to_owned();
        !stated
            || (known.cwe.is_empty() && known.kin.is_empty() && known.vrt.is_empty())
            || report
                .weakness()
                .iter()
                .any(|weakness| kin(weakness.number()))
            || report.class().iter().any(|class| {
                known
                    .vrt
                    .iter()
                    .any(|known| root(known) == root(class.as_str()))
            })
    }
}

/// A topic as it is written below.
struct Known {
    /// Ids under which profiles exclude it.
    names: &'static [&'static str],
    /// Its VRT classes.
    vrt: &'static [&'static str],
    /// Its weaknesses.
    cwe: &'static [u32],
    /// Weaknesses that are broader, or near: a report of one of these may be about it.
    kin: &'static [u32],
    /// Whether it is what an automated tool printed.
    tool: bool,
    /// Whether it is something that people do.
    means: bool,
    /// Whether it is what people want a flaw for.
    aim: bool,
    phrases: &'static [&'static str],
}

impl Known {
    const NONE: Self = Self {
        names: &[],
        vrt: &[],
        cwe: &[],
        kin: &[],
        tool: false,
        means: false,
        aim: false,
        phrases: &[],
    };
}

const KNOWN: &[Known] = &[
    Known {
        names: &["outdated-software", "known-vulnerabilities"],
        vrt: &["using_components_with_known_vulnerabilities.outdated_software_version"],
        cwe: &[1104, 1395],
        kin: &[937, 1035, 1026, 1329, 672],
        phrases: &[
            "outdated|obsolete|deprecated|unmaintained|unsupported|eol ... version|versions|library|libraries|\
             dependency|dependencies|browser|browsers|software|package|packages|component|components|\
             infrastructure|plugin|plugins|framework|server",
            "out of date ... version|library|libraries|dependency|dependencies|browser|browsers|software|component|\
             components|infrastructure",
            "version|library|browser|software|component ... is outdated|obsolete|deprecated|unmaintained|eol",
            "end of life|support",
            "no longer maintained|supported",
            "internet explorer",
            "known vulnerable|vulnerabilities|cve|cves ... version|versions|library|libraries|dependency|\
             dependencies|component|components",
        ],
        ..Known::NONE
    },
    Known {
        names: &["security-headers", "missing-headers"],
        vrt: &["server_security_misconfiguration.lack_of_security_headers"],
        kin: &[16, 200, 319, 523, 693, 1021],
        phrases: &[
            "missing|lack*|absen*|no|without|unset|omit* ... security|hardening|http ... header|headers",
            "missing|lack*|absen*|no|without|unset|omit* ... x frame options",
            "missing|lack*|absen*|no|without|unset|omit* ... content security policy",
            "missing|lack*|absen*|no|without|unset|omit* ... csp|hsts",
            "missing|lack*|absen*|no|without|unset|omit* ... strict transport security",
            "missing|lack*|absen*|no|without|unset|omit* ... x content type options",
            "missing|lack*|absen*|no|without|unset|omit* ... referrer|permissions|feature policy",
            "missing|lack*|absen*|no|without|unset|omit* ... x xss protection",
            "security|hardening header|headers ... missing|lack*|absen*|unset|not",
            "x frame options ... missing|lack*|absen*|unset|not",
            "content security policy ... missing|lack*|absen*|unset|not",
            "csp|hsts ... missing|lack*|absen*|unset|not",
            "strict transport security ... missing|lack*|absen*|unset|not",
            "x content type options ... missing|lack*|absen*|unset|not",
        ],
        ..Known::NONE
    },
    Known {
        names: &["tool-output", "automated-tools", "scanners"],
        tool: true,
        phrases: &[
            "automat* ... scan|scans|scanner|scanners|scanning|tool|tools",
            "scanner|scanners ... output|report*|result*|found|find*|flag*|detect*|print*|says",
            "scan ... output|report|result|results|findings",
            "nessus|nuclei|acunetix|nikto|openvas|qualys|wpscan|invicti|netsparker|appscan|sqlmap|zap ... scan*|\
             output|report*|result*|found|find*|flag*|detect*|print*",
            "found|find*|flag*|detect*|report*|discovered|generated|output ... nessus|nuclei|acunetix|nikto|openvas|\
             qualys|wpscan|invicti|netsparker|appscan|zap|scanner|scanners",
            "burp ... scanner|scan",
            "tool generated",
            "generated by ... tool|scanner|scan|ai|llm|chatgpt",
            "output of ... tool|tools|scanner|scan",
        ],
        ..Known::NONE
    },
    Known {
        names: &[
            "mail-and-dns-records",
            "email-authentication",
            "spf-dkim-dmarc",
        ],
        vrt: &[
            "server_security_misconfiguration.mail_server_misconfiguration.missing_or_misconfigured_spf_and_or_dkim",
            "server_security_misconfiguration.mail_server_misconfiguration.no_spoofing_protection_on_email_domain",
            "server_security_misconfiguration.misconfigured_dns.missing_caa_record",
        ],
        kin: &[16, 183, 290, 345, 346, 347, 358, 451, 940, 1188],
        phrases: &[
            "spf|dkim|dmarc|bimi|caa ... record*|missing|misconfig*|absen*|softfail|neutral|policy|not|unset|entry|\
             lack*",
            "missing|lack*|absen*|no|without|misconfig*|invalid|weak|incorrect ... spf|dkim|dmarc|bimi|caa",
            "email|mail|sender spoof*",
        ],
        ..Known::NONE
    },
    Known {
        names: &["self-xss"],
        vrt: &[
            "cross_site_scripting_xss.stored.self",
            "cross_site_scripting_xss.reflected.self",
        ],
        kin: &[74, 79, 80, 81, 83, 84, 85, 86, 87, 95],
        phrases: &[
            "self ... xss",
            "selfxss",
            "self inflicted",
            "self ... cross site scripting",
            "developer|dev|devtools|browser|javascript|js console",
            "developer tools",
            "paste*|typ*|run|runs|execut*|enter* ... into|in ... console",
            "only ... against themselves|yourself|myself|oneself",
        ],
        ..Known::NONE
    },
    Known {
        names: &["login-logout-csrf", "logout-csrf"],
        vrt: &["cross_site_request_forgery_csrf.action_specific.logout"],
        kin: &[352],
        phrases: &[
            "login|logout|signin|signout|logoff ... csrf|xsrf",
            "log|sign in|out ... csrf|xsrf",
            "csrf|xsrf ... login|logout|signin|signout|logoff",
            "csrf|xsrf ... log|sign|logs|signs|logged|signed ... in|out",
            "login|logout|signin|signout ... cross site request*",
            "cross site request* ... login|logout|signin|signout",
            "cross site request* ... log|logs|sign|signs|logged ... in|out",
            "forced|forces|force logout|login",
            "forc* ... to log out",
        ],
        ..Known::NONE
    },
    Known {
        names: &["social-engineering", "phishing"],
        means: true,
        aim: true,
        phrases: &[
            "social engineer*",
            "phish*",
            "spearphish*",
            "vishing|smishing",
            "pretexting",
            "impersonat* ... staff|support|employee*",
        ],
        ..Known::NONE
    },
    Known {
        names: &["spam", "spamming", "flooding"],
        vrt: &["server_security_misconfiguration.no_rate_limiting_on_form.email_triggering"],
        means: true,
        aim: true,
        phrases: &[
            "spam*",
            "mail|email|sms|message bomb*|flood*",
            "mass|bulk mail*|email*|messag*",
            "unsolicited|unwanted mail*|email*|messag*",
        ],
        ..Known::NONE
    },
    Known {
        names: &["physical-attacks", "physical-security", "physical"],
        vrt: &["physical_security_issues"],
        cwe: &[1263],
        means: true,
        phrases: &[
            "physical* ... access|attack*|break*|intru*|theft|security",
            "tailgat*",
            "lock|locks pick*",
            "stole*|steal* ... laptop|device|badge|server|phone",
        ],
        ..Known::NONE
    },
    Known {
        names: &["login-brute-force", "brute-force"],
        vrt: &["server_security_misconfiguration.no_rate_limiting_on_form.login"],
        cwe: &[307],
        kin: &[287, 521, 645, 770, 799, 837],
        means: true,
        phrases: &[
            "brute force*|forc*",
            "bruteforc*",
            "credential stuffing",
            "password|passwords|credential|credentials|pin|otp spraying|guessing|guesses",
            "guess* ... password*|credential*|pin|otp",
            "no|without ... rate limit* ... login|logins|password*|signin|sign|otp",
            "rate limit* ... login|logins|password*|signin|sign|otp",
            "login|password|signin|otp ... rate limit*",
            "account lockout|lock",
        ],
        ..Known::NONE
    },
    Known {
        names: &["denial-of-service", "dos", "ddos"],
        vrt: &["application_level_denial_of_service_dos"],
        cwe: &[400],
        kin: &[
            248, 369, 401, 404, 405, 407, 409, 410, 476, 617, 674, 730, 770, 771, 772, 774, 776,
            789, 799, 834, 835, 1050, 1333,
        ],
        phrases: &[
            "denial of service",
            "ddos|dos|redos|slowloris",
            "exhaust* ... memory|cpu|disk|resource*|connection*|thread*",
            "memory|cpu|disk|resource|connection|thread exhaust*",
            "crash*|hang*|freez* ... server|service|site|website|process|worker|backend|api",
            "server|service|site|website|backend|api ... unresponsive|unreachable|unavailable|crash*|hang*",
            "take*|bring*|knock* ... down|offline",
        ],
        ..Known::NONE
    },
    Known {
        names: &["unlawful", "illegal"],
        phrases: &[
            "illegal*|unlawful*",
            "broke|breaking|violat* ... law|laws|terms|agreement|contract|nda",
            "breach* ... contract|agreement|nda|terms|confidentiality",
            "bought|purchased|using|used|with ... stolen|bought|purchased ... credential*|password*|account*|data*|\
             dump|token*|cookie*",
            "bought|purchased ... credential*|password*|account*|database|dump",
        ],
        ..Known::NONE
    },
    Known {
        names: &["clickjacking"],
        vrt: &["server_security_misconfiguration.clickjacking"],
        cwe: &[1021],
        kin: &[451, 693],
        phrases: &["clickjack*", "click jack*", "ui redress*"],
        ..Known::NONE
    },
    Known {
        names: &["cookie-flags"],
        vrt: &["server_security_misconfiguration.missing_secure_or_httponly_cookie_flag"],
        cwe: &[614, 1004, 1275],
        kin: &[16],
        phrases: &[
            "cookie|cookies ... without|missing|lack*|no ... secure|httponly|samesite",
            "missing|lack*|no ... secure|httponly|samesite ... flag|attribute",
        ],
        ..Known::NONE
    },
    Known {
        names: &["version-disclosure", "banner-disclosure", "fingerprinting"],
        vrt: &["server_security_misconfiguration.fingerprinting_banner_disclosure"],
        cwe: &[497],
        kin: &[200, 209],
        phrases: &[
            "banner|version ... disclos*|leak*|expos*|grabbing",
            "disclos*|leak*|expos*|reveal* ... version|banner",
        ],
        ..Known::NONE
    },
    Known {
        names: &["open-redirect"],
        vrt: &["unvalidated_redirects_and_forwards.open_redirect"],
        cwe: &[601],
        phrases: &["open redirect*", "unvalidated redirect*"],
        ..Known::NONE
    },
    Known {
        names: &["tls-configuration", "ssl-configuration"],
        vrt: &["server_security_misconfiguration.insecure_ssl"],
        kin: &[295, 310, 326, 327, 757],
        phrases: &[
            "weak|insecure|old|deprecated|outdated ... cipher*|tls|ssl",
            "ssl|tls ... cipher*|configuration|version*",
        ],
        ..Known::NONE
    },
];

#[cfg(test)]
mod tests {
    use super::{KNOWN, topics};

    #[test]
    fn every_phrase_is_one() {
        for (known, topic) in KNOWN.iter().zip(topics()) {
            assert!(!known.names.is_empty() && !known.phrases.is_empty());
            for text in known.phrases {
                assert!(text.parse::<crate::program::Phrase>().is_ok(), "{text}");
            }
            assert_eq!(
                topic.phrases.len(),
                known.phrases.len(),
                "{:?}",
                known.names
            );
        }
    }
}
