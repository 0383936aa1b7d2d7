//! Which host speaks for a vendor, and to which known vendor a host belongs.
//!
//! RFC 9116 section 3.1: a security.txt speaks for the host that serves it, not for those beside, above or below it. A
//! host below a vendor's domain may serve what a customer wrote (`someone.run.example`), so a URL is reduced to the
//! registrable domain, which its owner alone controls; the public suffix list says where that begins. Where a
//! vendor's registrable domains are themselves for customers, only its profile knows (`[scope] user_content`).

use url::Host;

use super::{origin::Origin, target::Target, typed::Typed};
use crate::program::{Contact, HttpsUrl, Program, Verdict, host_of, same_site};

/// Whether what this host publishes may be taken for the vendor's word: the profile lists it in scope or names it, and
/// does not call it user content.
#[must_use]
pub fn speaks_for<S: AsRef<str>>(host: &Host<S>, program: &Program) -> bool {
    let scope = program.scope();
    let named =
        || !matches!(scope.judge(host), Verdict::Out(_)) && is_named(&host.to_string(), program);
    !scope.is_user_content(host) && (scope.speaks_for_vendor(host) || named())
}

/// The known vendor that a TARGET belongs to: one whose profile names or lists the host that was typed (user content
/// included, so that such a URL leads to the vendor, and its own files are never asked for), or has the typed address
/// or repository as a contact. Of several, the one whose profile says it most plainly, then the first.
#[must_use]
pub fn program_for<'p>(
    text: &str,
    programs: impl IntoIterator<Item = &'p Program>,
) -> Option<&'p Program> {
    let typed = Typed::read(text).ok()?;
    programs
        .into_iter()
        .filter_map(|program| Some((relation(&typed, program)?, program)))
        .min_by_key(|(relation, _)| *relation)
        .map(|(_, program)| program)
}

/// The origin to ask for a known vendor's files. What was typed is asked itself where it speaks for the vendor on the
/// vendor's own site; else the homepage's domain. `None` where the profile names no host of the vendor's.
#[must_use]
pub fn vendor_origin(program: &Program, typed: Option<&Target>) -> Option<Origin> {
    let home = program.homepage().and_then(|homepage| {
        let Ok(Target::Domain(home)) = Target::parse(homepage.as_str()) else {
            return None;
        };
        // A homepage such as https://github.example/OWNER does not make the whole host the vendor's.
        let own = is_root(homepage.as_str()) || program.scope().speaks_for_vendor(&home.host()?);
        (own && !program.scope().is_user_content(&home.host()?)).then_some(home)
    });
    let typed = match typed {
        Some(Target::Domain(origin)) if speaks_for(&origin.host()?, program) => {
            Some(origin.clone())
        }
        _ => None,
    };
    match (typed, home) {
        (Some(typed), Some(home)) if !same_site(typed.host_str(), home.host_str()) => Some(home),
        (Some(typed), _) => Some(typed),
        (None, home) => home,
    }
}

/// How plainly a profile lays claim to what was typed; the least is the plainest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Named,
    Listed,
    SameSite,
}

fn relation(typed: &Typed, program: &Program) -> Option<Relation> {
    let is_contact = |wanted: &dyn Fn(&Contact) -> bool| {
        program.contacts().any(wanted).then_some(Relation::Named)
    };
    let host = match typed {
        Typed::GitHub(repository) => {
            return is_contact(
                &|known| matches!(known, Contact::GitHub(known) if known.is_same(repository)),
            );
        }
        // A mail domain may be open to customers: only the contact itself leads to the vendor.
        Typed::Address(address) => {
            let address = address.to_string();
            return is_contact(
                &|known| matches!(known, Contact::Mail(known) if known.to_string().eq_ignore_ascii_case(&address)),
            );
        }
        Typed::Web(origin, _) => origin.host()?,
    };
    let name = host.to_string();
    if is_named(&name, program) {
        return Some(Relation::Named);
    }
    let scope = program.scope();
    if matches!(scope.judge(&host), Verdict::In(_)) || scope.is_user_content(&host) {
        return Some(Relation::Listed);
    }
    let homepage = program.homepage()?.as_str();
    (is_root(homepage) && same_site(&name, homepage)).then_some(Relation::SameSite)
}

/// Whether the profile's id, an alias or its homepage is this host; `www.` makes no difference.
fn is_named(host: &str, program: &Program) -> bool {
    let host = bare(host);
    let names = program.aliases().iter().map(String::as_str);
    let homepage = program.homepage().map(HttpsUrl::as_str);
    std::iter::once(program.id().as_str())
        .chain(names)
        .chain(homepage.filter(|homepage| is_root(homepage)))
        .filter(|name| name.contains('.'))
        .filter_map(|name| host_of(name).ok())
        .any(|name| bare(&name.to_string()) == host)
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

fn is_root(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| url.path() == "/" && url.query().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::program::registrable;
    use crate::program::{find_shipped, shipped};

    fn shipped_programs() -> Vec<Program> {
        shipped()
            .iter()
            .map(|shipped| shipped.program().unwrap())
            .collect()
    }

    fn program(homepage: &str, scope: &str) -> Program {
        let text = format!(
            "[program]\nname = \"Example\"\nid = \"example\"\nhomepage = \"{homepage}\"\n\
             [[contact]]\nuri = \"mailto:security@example.org\"\n\
             [[contact]]\nuri = \"github:Example/Repo\"\n\
             [encryption]\nwanted = \"preferred\"\n[scope]\n{scope}\n[disclosure]\nembargo_days = 90\nstarts = \"report\"\n"
        );
        Program::parse("test", &text).unwrap()
    }

    fn asked(text: &str, program: &Program) -> Option<String> {
        let typed = Target::parse(text).ok();
        vendor_origin(program, typed.as_ref()).map(|origin| origin.to_string())
    }

    #[test]
    fn a_user_content_host_leads_to_the_vendor_and_is_never_asked() {
        let programs = shipped_programs();
        for text in [
            "https://evil.val.run/x",
            "evil.val.run",
            "EVIL.val.run.",
            "https://a.b.val.run:8443/",
        ] {
            let program = program_for(text, &programs).unwrap();
            assert_eq!(program.id().as_str(), "val.town", "{text}");
            assert_eq!(
                asked(text, program).as_deref(),
                Some("https://val.town"),
                "{text}"
            );
            assert!(!speaks_for(&host_of(text).unwrap(), program), "{text}");
        }
        // Without the profile nobody could know: the public suffix list has each of them as a site of its own.
        assert_eq!(registrable("evil.val.run").as_deref(), Some("evil.val.run"));
    }

    #[test]
    fn shipped_vendors_are_found_by_their_hosts() {
        let programs = shipped_programs();
        for (text, id, origin) in [
            ("https://www.val.town/x/y", "val.town", "https://val.town"),
            ("docs.val.town", "val.town", "https://docs.val.town"),
            ("https://docs.val.town/x", "val.town", "https://val.town"),
            ("esm.town", "val.town", "https://val.town"),
            ("security@val.town", "val.town", "https://val.town"),
            ("curl.se", "curl", "https://curl.se"),
            (
                "https://issues.apache.org/jira",
                "apache",
                "https://apache.org",
            ),
            (
                "https://git.kernel.org/",
                "linux-kernel",
                "https://kernel.org",
            ),
        ] {
            let program = program_for(text, &programs).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(program.id().as_str(), id, "{text}");
            assert_eq!(asked(text, program).as_deref(), Some(origin), "{text}");
        }
        for text in [
            "example.org",
            "evilval.town",
            "val.town.example.org",
            "someone@valtown.email",
            "github:curl/curl",
            "co.uk",
            "not a target",
        ] {
            assert_eq!(program_for(text, &programs), None, "{text}");
        }
        let curl = find_shipped("curl").unwrap().1;
        assert_eq!(asked("curl", &curl).as_deref(), Some("https://curl.se"));
    }

    #[test]
    fn contacts_and_plainer_claims_decide() {
        let by_site = program("https://www.example.org/", "");
        let by_scope = program(
            "https://code.example.net/owner",
            "in = [\"shop.example.org\"]",
        );
        let programs = [by_site, by_scope];
        let found =
            |text| program_for(text, &programs).map(|found| found.homepage().unwrap().as_str());
        assert_eq!(
            found("https://shop.example.org/"),
            Some("https://code.example.net/owner")
        );
        assert_eq!(
            found("https://blog.example.org/"),
            Some("https://www.example.org/")
        );
        assert_eq!(found("example.org"), Some("https://www.example.org/"));
        // The host of a homepage with a path belongs to whoever runs it.
        assert_eq!(found("code.example.net"), None);
        assert_eq!(
            asked("shop.example.org", &programs[1]).as_deref(),
            Some("https://shop.example.org")
        );
        assert_eq!(asked("other.example", &programs[1]), None);
        assert!(found("Security@Example.org").is_some() && found("other@example.org").is_none());
        assert!(found("github:example/repo").is_some() && found("github:example/other").is_none());
    }

    #[test]
    fn a_homepage_that_users_write_is_not_asked_either() {
        let odd = program(
            "https://pages.example.org/",
            "in = [\"example.org\"]\nsubdomains = true\nout = [\"old.example.org\"]\nuser_content = [\"pages.example.org\"]",
        );
        assert_eq!(
            asked("pages.example.org", &odd).as_deref(),
            Some("https://example.org")
        );
        let speaks = |host: &str| speaks_for(&host_of(host).unwrap(), &odd);
        assert!(speaks("example.org") && speaks("a.example.org"));
        assert!(!speaks("pages.example.org") && !speaks("x.pages.example.org"));
        assert!(!speaks("old.example.org") && !speaks("example.net"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = program_for(&text, &shipped_programs());
        }
    }
}
