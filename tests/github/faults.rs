//! GitHub's faults: an empty 500 may stand for something that was done.

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
    scene.github.lock().faults = vec![Fault::Nothing, Fault::Nothing, Fault::DoneLate];
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
    scene.github.lock().faults = vec![Fault::Nothing, Fault::Nothing, Fault::DoneLate];
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
