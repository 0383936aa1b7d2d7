//! The policy of ExposureX from end to end: report → advisory → collaborator → private fork →
//! security release → 30 days → credit → publication.

use std::fs;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use crate::scene::{CANARY, REPORT, REPORTER, STRANGER, Said, Scene, holds};

const SEND: &str = "--json send report.md --to exposurex --repository example/widgets --via github --accept-transport-only";

/// A day that is so many days ago, in UTC.
fn days_ago(days: i64) -> Date {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program under test reads the clock, too"
    )]
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.checked_sub(days.days()).unwrap()
}

/// All of it, between a reporter and a maintainer who share nothing but GitHub.
pub(crate) fn from_the_report_to_its_publication(scene: &Scene) {
    let report = REPORT.replace("title:", "program: exposurex\ntitle:");
    fs::write(scene.path("report.md"), &report).unwrap();
    let sent = scene.run(REPORTER, SEND).expect(0).json();
    let case = sent["deliveries"][0]["case"].as_str().unwrap().to_owned();
    let id = scene.advisory()["ghsa_id"].as_str().unwrap().to_owned();
    // The team assesses it, and accepts.
    let filed = format!("--repository example/widgets --report {id}");
    let accepted = scene
        .maintainer(&format!("open filed {filed}"))
        .expect(0)
        .json();
    assert_eq!(accepted["collaborators"], json!(["rdoe"]));
    assert_eq!(
        scene.maintainer("invite filed stranger").expect(0).json()["collaborators"],
        json!(["rdoe", "stranger"])
    );
    scene.maintainer("fork filed").expect(0);
    scene.maintainer("request-cve filed").expect(0);
    scene.maintainer("credit filed rdoe:finder").expect(0);
    publish_when_the_embargo_ends(scene);
    let published = scene.advisory();
    assert_eq!(
        (&published["state"], &published["credits"]),
        (
            &json!("published"),
            &json!([{ "login": "rdoe", "type": "finder" }])
        )
    );
    assert_eq!(
        scene
            .maintainer("publish filed --program exposurex")
            .expect(0)
            .json()["done"],
        "unchanged"
    );
    // The reporter counts the same days.
    let release = days_ago(30);
    Said::of(&mut scene.bare(&format!(
        "case event {case} security-release --on {release}"
    )))
    .expect(0);
    let clock = Said::of(&mut scene.bare(&format!("--json case embargo {case}")))
        .expect(0)
        .json();
    let clock = &clock["embargoes"][0];
    assert_eq!(
        (&clock["state"], &clock["ends"]),
        (&json!("over"), &json!(days_ago(0).to_string()))
    );
}

fn publish_when_the_embargo_ends(scene: &Scene) {
    let publish = "publish filed --program exposurex";
    scene.maintainer(publish).expect(3).says("has not begun");
    let release = |days| scene.note(&format!("filed security-release --on {}", days_ago(days)));
    release(29).expect(0);
    scene
        .maintainer(publish)
        .expect(3)
        .says("in 1 day")
        .says("--override REASON");
    assert_eq!(scene.advisory()["state"], "draft");
    // Thirty days later.
    fs::remove_file(scene.path("filed/events.json")).unwrap();
    release(30).expect(0);
    assert_eq!(
        scene.maintainer(publish).expect(0).json()["done"],
        "published"
    );
    let events: Value =
        serde_json::from_slice(&fs::read(scene.path("filed/events.json")).unwrap()).unwrap();
    let last = events["events"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["kind"], last.get("reason")),
        (&json!("disclosed"), None)
    );
}

#[test]
fn exposurex_from_end_to_end() {
    from_the_report_to_its_publication(&Scene::new());
}

#[test]
fn what_was_opened_here_is_published_with_the_version_that_mends_it() {
    let scene = Scene::new();
    let folder = scene.path("case");
    let plan = REPORT.replace("title:", "disclosure: {embargo_days: 90}\ntitle:");
    fs::write(folder.join("report.md"), plan).unwrap();
    fs::write(folder.join("advisory.toml"), "").unwrap();
    scene
        .maintainer("open case --repository example/widgets")
        .expect(0);
    fs::write(folder.join("advisory.toml"), "fixed = \"1.4.2\"\n").unwrap();
    scene
        .maintainer("publish case")
        .expect(3)
        .says("the embargo ends on 2027-02-20");
    let early = days_ago(10);
    scene
        .note(&format!("case embargo-until --until {early}"))
        .expect(0);
    let done = scene.maintainer("publish case").expect(0).json();
    assert_eq!(
        (&done["done"], &done["state"]),
        (&json!("published"), &json!("published"))
    );
    assert_eq!(
        scene.advisory()["vulnerabilities"][0]["patched_versions"],
        "1.4.2"
    );
    assert!(
        !fs::read_to_string(folder.join("events.json"))
            .unwrap()
            .contains(CANARY)
    );
}

#[test]
fn an_embargo_is_broken_with_a_reason_that_is_kept() {
    let scene = Scene::new();
    scene
        .maintainer("open case --repository example/widgets")
        .expect(0);
    let mut command = scene.bare("advisory github publish case --program exposurex --override");
    command.env("GH_ENTERPRISE_TOKEN", crate::scene::MAINTAINER);
    command.arg(" ").args(["--github-api", &scene.api]);
    Said::of(&mut command).expect(3).says("needs a reason");
    assert_eq!(scene.advisory()["state"], "draft");
    let publish = || {
        let mut command = scene.bare("advisory github publish case --program exposurex --override");
        command.env("GH_ENTERPRISE_TOKEN", crate::scene::MAINTAINER);
        command
            .arg("it is exploited")
            .args(["--github-api", &scene.api]);
        Said::of(&mut command)
    };
    // It is kept before GitHub is asked: whatever becomes of the answer.
    scene.github.lock().faults = vec![crate::standin::Fault::Cut];
    publish().expect(1);
    assert!(holds(&scene.path("case"), "it is exploited"));
    publish().expect(0);
    assert_eq!(scene.advisory()["state"], "published");
    let kept = fs::read_to_string(scene.path("case/events.json")).unwrap();
    assert!(kept.contains("\"reason\": \"it is exploited\""), "{kept}");
}

#[test]
fn only_maintainers_publish_and_only_drafts() {
    let scene = Scene::new();
    scene
        .maintainer("open case --repository example/widgets")
        .expect(0);
    scene.maintainer("invite case rdoe").expect(0);
    scene
        .run(REPORTER, "advisory github publish case")
        .expect(1)
        .says("403");
    scene
        .run(STRANGER, "advisory github publish case")
        .expect(1)
        .says("404");
    scene.github.lock().hub.repositories[0].advisories[0].view["state"] = json!("triage");
    scene
        .maintainer("publish case")
        .expect(1)
        .says("only a draft can be published");
    assert!(!holds(&scene.path("case"), "disclosed"));
}

#[test]
fn a_publication_behind_a_500_is_found() {
    let scene = Scene::new();
    scene
        .maintainer("open case --repository example/widgets")
        .expect(0);
    scene.github.lock().faults = vec![crate::standin::Fault::DoneAllTheSame];
    assert_eq!(
        scene.maintainer("publish case").expect(0).json()["done"],
        "published"
    );
    scene
        .note("case closed --on 9999-01-01")
        .expect(2)
        .says("yet to come");
    scene.note("case embargo-until").expect(2);
}

#[test]
fn a_profile_that_cannot_be_read_does_not_end_the_embargo() {
    let scene = Scene::new();
    scene
        .maintainer("open case --repository example/widgets")
        .expect(0);
    let named = REPORT.replace("title:", "program: broken\ntitle:");
    fs::write(scene.path("case/report.md"), named).unwrap();
    let profile = scene.path("home/programs/broken");
    fs::create_dir_all(&profile).unwrap();
    fs::write(profile.join("program.toml"), "no profile").unwrap();
    let said = scene.maintainer("publish case");
    assert_ne!(said.output.status.code(), Some(0), "{}", said.all());
    assert_eq!(scene.advisory()["state"], "draft");
}
