//! The profiles that sealpost carries: `keys/` at the top of the package, compiled in.
//!
//! Serves DESIGN.md, "The house": one folder a program, with `program.toml`, and `key.asc` where the vendor
//! publishes one.

use super::{ProfileError, Program};

/// One shipped profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    id: &'static str,
    toml: &'static str,
    key: Option<&'static str>,
}

/// Every shipped profile, by id.
#[must_use]
pub fn shipped() -> &'static [Shipped] {
    SHIPPED
}

/// The shipped profile that goes by this id, name, alias, or `github:OWNER/REPO`; case makes no difference.
#[must_use]
pub fn find_shipped(name: &str) -> Option<(&'static Shipped, Program)> {
    SHIPPED.iter().find_map(|shipped| {
        // A test reads every profile: none fails here.
        let program = shipped.program().ok()?;
        program.goes_by(name).then_some((shipped, program))
    })
}

impl Shipped {
    /// The program's id, which is the name of its folder.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// The text of `program.toml`.
    #[must_use]
    pub fn toml(&self) -> &'static str {
        self.toml
    }

    /// The text of `key.asc`, if the vendor publishes a key.
    #[must_use]
    pub fn key(&self) -> Option<&'static str> {
        self.key
    }

    /// The profile, read.
    ///
    /// # Errors
    /// None for what is shipped: a test reads every profile.
    pub fn program(&self) -> Result<Program, ProfileError> {
        Program::parse(&format!("keys/{}/program.toml", self.id), self.toml)
    }
}

macro_rules! keyless {
    ($id:literal) => {
        Shipped {
            id: $id,
            toml: include_str!(concat!("../../keys/", $id, "/program.toml")),
            key: None,
        }
    };
}

const SHIPPED: &[Shipped] = &[
    keyless!("apache"),
    keyless!("curl"),
    keyless!("exposurex"),
    keyless!("linux-kernel"),
    keyless!("val.town"),
];

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::PathBuf};

    use super::super::{Contact, EmbargoStart, SafeHarbor, Verdict, Wanted, host_of};
    use super::*;

    fn keys() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("keys")
    }

    fn program(name: &str) -> Program {
        find_shipped(name)
            .unwrap_or_else(|| panic!("no profile goes by {name}"))
            .1
    }

    #[test]
    fn every_folder_is_compiled_in_and_holds_nothing_else() {
        let mut folders = BTreeSet::new();
        for entry in fs::read_dir(keys()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if !entry.file_type().unwrap().is_dir() {
                assert_eq!(
                    name, "program.schema.json",
                    "keys/ holds folders and the schema"
                );
                continue;
            }
            let compiled = shipped().iter().find(|shipped| shipped.id == name);
            let compiled = compiled
                .unwrap_or_else(|| panic!("keys/{name} is not compiled in: add it to SHIPPED"));
            for file in fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
                let text = fs::read_to_string(file.path()).unwrap();
                let kept = match file.file_name().to_str() {
                    Some("program.toml") => Some(compiled.toml),
                    Some("key.asc") => compiled.key,
                    other => panic!("keys/{name} must not hold {other:?}"),
                };
                assert_eq!(
                    kept,
                    Some(text.as_str()),
                    "keys/{name}: {:?}",
                    file.file_name()
                );
            }
            folders.insert(name);
        }
        let listed: BTreeSet<String> = shipped()
            .iter()
            .map(|shipped| shipped.id.to_owned())
            .collect();
        assert_eq!(folders, listed);
    }

    #[test]
    fn no_secret_key_is_shipped() {
        for shipped in shipped() {
            for text in [Some(shipped.toml), shipped.key].into_iter().flatten() {
                let upper = text.to_uppercase();
                assert!(
                    !upper.contains("PRIVATE KEY") && !upper.contains("SECRET KEY"),
                    "{}",
                    shipped.id
                );
            }
            if let Some(key) = shipped.key {
                let blocks = key.matches("-----BEGIN ").count();
                assert_eq!(
                    blocks,
                    key.matches("-----BEGIN PGP PUBLIC KEY BLOCK-----").count(),
                    "{}",
                    shipped.id
                );
            }
        }
    }

    #[test]
    fn every_profile_is_read_and_found_by_its_names() {
        for shipped in shipped() {
            let program = shipped.program().unwrap();
            assert_eq!(program.id().as_str(), shipped.id);
            for name in [shipped.id, program.name()]
                .into_iter()
                .chain(program.aliases().iter().map(String::as_str))
            {
                let found = find_shipped(&name.to_uppercase()).map(|(found, _)| found.id);
                assert_eq!(found, Some(shipped.id), "{name} must lead to one profile");
            }
        }
        assert!(find_shipped("evilval.town").is_none() && find_shipped("").is_none());
    }

    #[test]
    fn val_town_is_what_its_policy_says() {
        let town = program("val.town");
        assert_eq!(
            town.contacts().map(ToString::to_string).collect::<Vec<_>>(),
            ["mailto:security@val.town"]
        );
        assert_eq!(town.encryption().wanted(), Wanted::NonePublished);
        let judge =
            |host: &str| matches!(town.scope().judge(&host_of(host).unwrap()), Verdict::In(_));
        for host in [
            "val.town",
            "www.val.town",
            "valtown.email",
            "api.val.town",
            "esm.town",
            "someone.val.run",
        ] {
            assert!(judge(host), "{host}");
        }
        for host in [
            "evilval.town",
            "val.town.example",
            "val.example",
            "evilval.run",
        ] {
            assert!(!judge(host), "{host}");
        }
        assert!(
            !town
                .scope()
                .speaks_for_vendor(&host_of("someone.val.run").unwrap())
        );
        assert!(
            town.scope()
                .speaks_for_vendor(&host_of("www.val.town").unwrap())
        );
    }

    #[test]
    fn val_town_excludes_what_its_policy_says() {
        let town = program("val.town");
        assert_eq!(town.exclusions().len(), 11);
        let excluded = |class: &str| {
            town.exclusions()
                .iter()
                .find(|one| one.covers_class(class))
                .map(|one| one.id().as_str())
        };
        assert_eq!(
            excluded("server_security_misconfiguration.lack_of_security_headers.x_frame_options"),
            Some("security-headers")
        );
        assert_eq!(
            excluded("cross_site_scripting_xss.stored.self"),
            Some("self-xss")
        );
        assert_eq!(
            excluded("cross_site_scripting_xss.stored.non_admin_to_anyone"),
            None
        );
        assert!(town.exclusions().iter().any(|one| one.covers_weakness(307)));
        assert!(
            town.exclusions()
                .iter()
                .any(super::super::Exclusion::covers_tool_output)
        );
        assert!(
            !town
                .exclusions()
                .iter()
                .any(|one| one.covers_weakness(79) || one.covers_weakness(352))
        );
    }

    #[test]
    fn exposurex_counts_thirty_days_from_the_release() {
        let project = program("ExposureX");
        assert_eq!(
            project.contacts().collect::<Vec<_>>(),
            [&Contact::GitHubUnnamed]
        );
        assert_eq!(project.disclosure().embargo_days(), Some(30));
        assert_eq!(
            project.disclosure().starts(),
            Some(EmbargoStart::SecurityRelease)
        );
        assert_eq!(project.promises().safe_harbor(), Some(SafeHarbor::Full));
    }

    #[test]
    fn those_who_refuse_encryption_say_what_to_do() {
        for name in ["apache.org", "kernel.org", "curl.se"] {
            let program = program(name);
            assert_eq!(program.encryption().wanted(), Wanted::Refused);
            assert!(
                program
                    .encryption()
                    .why()
                    .is_some_and(|why| !why.is_empty()),
                "{name}"
            );
        }
    }
}
