//! GitHub's faults: an empty 500 may stand for something that was done.

use std::fs;

use serde_json::json;

use crate::{scene::Scene, standin::Fault};

const OPEN: &str = "open case --repository example/widgets";

#[test]
fn p20_an_advisory_is_opened_once_whatever_github_answers() {
    for (faults, done) in [
        (vec![Fault::DoneAllTheSame], "found"),
        (vec![Fault::Nothing], "opened"),
        (vec![Fault::Nothing, Fault::DoneAllTheSame], "found"),
    ] {
        let scene = Scene::new();
        scene.github.lock().faults = faults.clone();
        let opened = scene.maintainer(OPEN).expect(0).json();
        assert_eq!(opened["done"], done, "{faults:?}");
        assert_eq!(scene.advisories(), 1, "{faults:?}");
    }
}

#[test]
fn p20_an_answer_that_stays_open_is_settled_by_the_next_run() {
    let scene = Scene::new();
    scene.github.lock().faults = vec![Fault::Nothing, Fault::DoneLate];
    scene
        .maintainer(OPEN)
        .expect(1)
        .says("leaves open")
        .says("looks before it makes another");
    assert_eq!(scene.advisories(), 1);
    let found = scene.maintainer(OPEN).expect(0).json();
    assert_eq!((&found["done"], scene.advisories()), (&json!("found"), 1));
}

#[test]
fn p20_the_mark_is_found_on_a_later_page() {
    let scene = Scene::new();
    scene.github.lock().hub.longest_page = 1;
    scene.github.lock().faults = vec![Fault::Nothing, Fault::DoneLate];
    scene.maintainer(OPEN).expect(1);
    for _ in 0..2 {
        let body = json!({ "summary": "another", "description": "another", "vulnerabilities": [] });
        let mut shared = scene.github.lock();
        assert!(
            shared
                .hub
                .add(("example", "widgets"), "amaint", &body, "draft")
                .is_ok()
        );
    }
    assert_eq!(scene.maintainer(OPEN).expect(0).json()["done"], "found");
    assert_eq!(scene.advisories(), 3);
}

#[test]
fn a_fork_that_was_made_behind_a_500_is_found() {
    let scene = Scene::new();
    scene.maintainer(OPEN).expect(0);
    scene.github.lock().faults = vec![Fault::DoneAllTheSame];
    assert_eq!(
        scene.maintainer("fork case").expect(0).json()["done"],
        "forked"
    );
    assert_eq!(scene.github.posts("/forks"), 1);
}

#[test]
fn a_mark_that_is_none_finds_no_advisory() {
    let scene = Scene::new();
    let body = json!({ "summary": "other", "description": "everything else" });
    let made = scene
        .github
        .lock()
        .hub
        .add(("example", "widgets"), "amaint", &body, "draft");
    assert!(made.is_ok());
    let record = "repository = \"example/widgets\"\nmark = \"e\"\n";
    fs::write(scene.path("case/github.toml"), record).unwrap();
    scene.maintainer(OPEN).expect(1).says("a mark has 26");
    assert!(scene.github.lock().asked.is_empty());
}

#[test]
fn an_answer_about_another_advisory_is_not_taken() {
    let scene = Scene::new();
    scene.maintainer(OPEN).expect(0);
    scene.github.lock().hub.confused = Some("GHSA-9999-9999-9999".to_owned());
    for step in ["invite case rdoe", "publish case"] {
        scene
            .maintainer(step)
            .expect(1)
            .says("answers about `GHSA-9999-9999-9999`");
    }
    assert_eq!(scene.advisory()["state"], "draft");
}

#[test]
fn the_page_is_githubs_whatever_the_answer_says() {
    let scene = Scene::new();
    scene.github.lock().hub.pages = "https://evil.example".to_owned();
    let opened = scene.maintainer(OPEN).expect(0).json();
    let page = opened["url"].as_str().unwrap();
    assert!(
        page.starts_with("https://github.com/example/widgets/security/advisories/GHSA-"),
        "{page}"
    );
}
