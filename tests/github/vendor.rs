//! The vendor's side: from an opened report to an advisory, step by step.

use std::fs;

use serde_json::json;

use crate::{
    members::same,
    scene::{CANARY, MAINTAINER, REPORTER, STRANGER, Said, Scene, holds},
    standin::Fault,
};

const OPEN: &str = "open case --repository example/widgets";

#[test]
fn an_opened_report_becomes_a_draft() {
    let scene = Scene::new();
    let opened = scene.maintainer(OPEN).expect(0).json();
    assert_eq!(opened["done"], "opened");
    assert_eq!(opened["state"], "draft");
    let there = scene.advisory();
    assert_eq!(
        there["summary"],
        "Template names escape the template folder"
    );
    assert_eq!(there["cwe_ids"], json!(["CWE-22"]));
    assert_eq!(
        there["cvss"]["vector_string"],
        "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"
    );
    assert_eq!(
        there["credits"],
        json!([{ "login": "rdoe", "type": "finder" }])
    );
    let package = &there["vulnerabilities"][0];
    assert_eq!(
        package["package"],
        json!({ "ecosystem": "npm", "name": "@example/widgets" })
    );
    assert_eq!(package["vulnerable_version_range"], ">= 1.0, < 1.4.2");
    assert_eq!(package["patched_versions"], "1.4.2");
    // What will be published says neither how to do it nor who reported it.
    let description = there["description"].as_str().unwrap();
    assert!(
        !description.contains(CANARY) && !description.contains("R. Doe"),
        "{description}"
    );
    for asked in &scene.github.lock().asked {
        assert_eq!(asked.token.as_deref(), Some(MAINTAINER));
        assert!(
            asked.status < 300 && !asked.body.contains(CANARY),
            "{asked:?}"
        );
    }
    // Once more finds it.
    let again = scene.maintainer(OPEN).expect(0).json();
    assert_eq!(
        (&again["done"], &again["advisory"]),
        (&json!("found"), &opened["advisory"])
    );
    assert_eq!(scene.advisories(), 1);
    scene
        .maintainer("open case --repository example/other")
        .expect(1)
        .says("belongs to an advisory of example/widgets already");
}

#[test]
fn a_report_that_was_filed_at_github_is_accepted() {
    let scene = Scene::new();
    let id = {
        let mut shared = scene.github.lock();
        let body = json!({ "summary": "a", "description": "b" });
        let made = shared
            .hub
            .add(("example", "widgets"), "rdoe", &body, "triage")
            .ok()
            .unwrap();
        made["ghsa_id"].as_str().unwrap().to_owned()
    };
    let line = format!("open filed --repository example/widgets --report {id}");
    let accepted = scene.maintainer(&line).expect(0).json();
    assert_eq!(
        (&accepted["done"], &accepted["state"]),
        (&json!("accepted"), &json!("draft"))
    );
    assert_eq!(scene.advisory()["submission"], json!({ "accepted": true }));
    assert_eq!(scene.maintainer(&line).expect(0).json()["done"], "found");
    scene.maintainer("fork filed").expect(0);
}

#[test]
fn people_are_invited_beside_those_that_are_there() {
    let scene = Scene::new();
    scene
        .maintainer("invite case rdoe")
        .expect(1)
        .says("advisory github open");
    scene.maintainer(OPEN).expect(0);
    let hidden = format!("--json advisory github {OPEN}");
    scene
        .run(REPORTER, &hidden)
        .expect(1)
        .says("404")
        .says("what the token may not see looks the same");
    let invited = scene.maintainer("invite case @rdoe").expect(0).json();
    assert_eq!(
        (&invited["done"], &invited["collaborators"]),
        (&json!("invited"), &json!(["rdoe"]))
    );
    let both = scene
        .maintainer("invite case stranger RDOE")
        .expect(0)
        .json();
    assert_eq!(both["collaborators"], json!(["rdoe", "stranger"]));
    assert_eq!(
        scene.maintainer("invite case rdoe").expect(0).json()["done"],
        "unchanged"
    );
    // Now they see it, and may not invite others.
    scene.run(REPORTER, &hidden).expect(0);
    scene
        .run(REPORTER, "advisory github invite case amaint")
        .expect(1)
        .says("403");
    scene
        .maintainer("invite case nobody-at-all")
        .expect(1)
        .says("422")
        .says("could not be found");
    scene.maintainer("invite case a/b").expect(2);
}

#[test]
fn one_private_fork_is_made() {
    let scene = Scene::new();
    scene.maintainer(OPEN).expect(0);
    let made = scene.maintainer("fork case").expect(0).json();
    assert_eq!(made["done"], "forked");
    let name = made["private_fork"]["name"].as_str().unwrap();
    assert!(name.starts_with("example/widgets-ghsa-"), "{name}");
    assert_eq!(
        scene.maintainer("fork case").expect(0).json()["done"],
        "unchanged"
    );
    assert_eq!(scene.github.posts("/forks"), 1);
    scene
        .run(STRANGER, "advisory github fork case")
        .expect(1)
        .says("404");
}

#[test]
fn people_are_thanked_for_what_they_did() {
    let scene = Scene::new();
    scene.maintainer(OPEN).expect(0);
    assert_eq!(
        scene.maintainer("credit case").expect(0).json()["done"],
        "unchanged"
    );
    let line = "credit case rdoe:remediation_developer @amaint:coordinator";
    let thanked = scene.maintainer(line).expect(0).json();
    let wanted = json!([
        { "login": "rdoe", "type": "remediation_developer" },
        { "login": "amaint", "type": "coordinator" },
    ]);
    assert_eq!(
        (&thanked["done"], &thanked["credits"]),
        (&json!("credited"), &wanted)
    );
    assert_eq!(scene.advisory()["credits"], wanted);
    scene
        .maintainer("credit case rdoe:friend")
        .expect(2)
        .says("remediation_developer");
    fs::remove_file(scene.path("case/advisory.toml")).unwrap();
    scene
        .maintainer("credit case")
        .expect(1)
        .says("nobody to thank");
}

#[test]
fn a_cve_id_is_asked_for_once() {
    let scene = Scene::new();
    scene.maintainer(OPEN).expect(0);
    assert_eq!(
        scene.maintainer("request-cve case").expect(0).json()["done"],
        "requested"
    );
    scene
        .maintainer("request-cve case")
        .expect(1)
        .says("A CVE was requested already.");
    scene.github.lock().hub.repositories[0].advisories[0].view["cve_id"] = json!("CVE-2026-12345");
    let known = scene.maintainer("request-cve case").expect(0).json();
    assert_eq!(
        (&known["done"], &known["cve"]),
        (&json!("unchanged"), &json!("CVE-2026-12345"))
    );
    assert_eq!(scene.github.posts("/cve"), 2);
}

#[test]
fn an_enterprise_server_is_explained() {
    let scene = Scene::new();
    scene.github.lock().is_enterprise_server = true;
    scene
        .maintainer(OPEN)
        .expect(1)
        .says("GitHub Enterprise Server, which has neither");
}

#[test]
fn p15_a_token_is_asked_for_and_kept_nowhere() {
    let scene = Scene::new();
    let api = scene.github.url();
    let line = format!("advisory github {OPEN} --github-api {api}");
    Said::of(&mut scene.bare(&line))
        .expect(1)
        .says("gh auth login")
        .says("GH_ENTERPRISE_TOKEN");
    Said::of(scene.bare(&line).env("GH_ENTERPRISE_TOKEN", "two words"))
        .expect(2)
        .says("GH_ENTERPRISE_TOKEN cannot be used");
    // What is meant for GitHub goes to no other server.
    Said::of(scene.bare(&line).env("GITHUB_TOKEN", MAINTAINER)).expect(1);
    assert!(scene.github.lock().asked.is_empty());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // What gh holds is used, and asked for the right host.
        fs::create_dir(scene.path("bin")).unwrap();
        let script = format!(
            "#!/bin/sh\n[ \"$*\" = 'auth token --hostname 127.0.0.1' ] && echo {MAINTAINER}\n"
        );
        fs::write(scene.path("bin/gh"), script).unwrap();
        fs::set_permissions(scene.path("bin/gh"), fs::Permissions::from_mode(0o700)).unwrap();
        Said::of(&mut scene.bare(&line)).expect(0);
        fs::remove_dir_all(scene.path("bin")).unwrap();
    }
    scene
        .run(MAINTAINER, &format!("-vv advisory github {OPEN}"))
        .expect(0);
    assert!(!holds(scene.folder.path(), MAINTAINER));
    scene
        .run("ghp_unknown", "advisory github fork case")
        .expect(1)
        .says("GitHub does not know the token");
}

#[test]
fn the_stand_in_answers_as_github_does() {
    let Some(github) = crate::corpus::folder("github") else {
        return;
    };
    let scene = Scene::new();
    for line in [OPEN, "invite case rdoe", "fork case"] {
        scene.maintainer(line).expect(0);
    }
    let schema = crate::description::component(&github, "repository-advisory");
    let faults: Vec<_> = schema
        .iter_errors(&scene.advisory())
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn each_member_of_json_is_documented() {
    let scene = Scene::new();
    let steps = [OPEN, "invite case rdoe", "fork case"];
    let documents = steps.map(|line| scene.maintainer(line).expect(0).json());
    same("advisory github", &documents);
    let noted = scene.note("case embargo-until --until 2027-01-01");
    same("advisory github event", &[noted.expect(0).json()]);
}

#[test]
fn a_limit_says_when_to_ask_again() {
    let scene = Scene::new();
    scene.github.lock().faults = vec![Fault::TooOften];
    scene
        .maintainer(OPEN)
        .expect(1)
        .says("asked too often")
        .says("ask again in 60 seconds");
    assert_eq!(scene.advisories(), 0);
}
