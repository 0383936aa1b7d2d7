//! GitHub's own description of its API stands between the program and the stand-in: prism refuses a
//! request or an answer that it does not allow.
//!
//! `SEALPOST_PRISM` names a `node_modules` that holds `@stoplight/prism-cli`.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::{
    corpus,
    description::DESCRIPTION,
    journey,
    scene::{STRANGER, Scene},
};

/// prism in front of the stand-in, until it is dropped.
struct Prism {
    child: Child,
    log: Option<thread::JoinHandle<Vec<String>>>,
    url: String,
}

impl Prism {
    /// `None`, with a printed line, where it or the corpus is missing.
    fn before(scene: &Scene) -> Option<Self> {
        let github = corpus::folder("github")?;
        let modules = std::env::var("SEALPOST_PRISM").unwrap_or_default();
        if modules.is_empty() {
            let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!in_ci, "SEALPOST_PRISM is not set");
            println!("skipped: SEALPOST_PRISM is not set");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut child = Command::new("node")
            .arg(format!("{modules}/@stoplight/prism-cli/dist/index.js"))
            .arg("proxy")
            .arg(github.join(DESCRIPTION))
            .arg(scene.github.url())
            .args(["--errors", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let log =
            thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).collect());
        let mut prism = Self {
            child,
            log: Some(log),
            url: format!("http://127.0.0.1:{port}"),
        };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(prism);
            }
            assert!(
                prism.child.try_wait().unwrap().is_none(),
                "prism ended: {:?}",
                prism.end()
            );
            thread::sleep(Duration::from_millis(100));
        }
        panic!("prism does not answer");
    }

    /// What it said.
    fn end(&mut self) -> Vec<String> {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
        self.log
            .take()
            .map(|log| log.join().unwrap())
            .unwrap_or_default()
    }
}

impl Drop for Prism {
    fn drop(&mut self) {
        self.end();
    }
}

#[test]
#[ignore = "needs the npm package @stoplight/prism-cli"]
fn githubs_own_description_allows_every_request_and_answer() {
    let mut scene = Scene::new();
    let Some(mut prism) = Prism::before(&scene) else {
        return;
    };
    scene.api.clone_from(&prism.url);
    journey::from_the_report_to_its_publication(&scene);
    // A draft of the vendor's own, found again by its mark.
    let open = "open case --repository example/widgets";
    scene.maintainer(open).expect(0);
    let record = fs::read_to_string(scene.path("case/github.toml")).unwrap();
    let (forgetful, _) = record.split_once("advisory = ").unwrap();
    fs::write(scene.path("case/github.toml"), forgetful).unwrap();
    assert_eq!(scene.maintainer(open).expect(0).json()["done"], "found");
    // Refusals are described, too.
    let nothing =
        "advisory github open other --repository example/none --report GHSA-2222-2222-2222";
    scene.run(STRANGER, nothing).expect(1).says("404");
    let said = prism.end();
    let lines = |words: &str| said.iter().filter(|line| line.contains(words)).count();
    let faults = lines("Violation") + lines("terminated with error");
    assert_eq!(faults, 0, "{said:#?}");
    assert!(lines("Forwarding") > 15, "{said:#?}");
}

/// Which shows that it would have said so.
#[test]
#[ignore = "needs the npm package @stoplight/prism-cli"]
fn prism_refuses_what_github_does_not_describe() {
    let mut scene = Scene::new();
    let Some(prism) = Prism::before(&scene) else {
        return;
    };
    scene.api.clone_from(&prism.url);
    scene
        .maintainer("open case --repository example/widgets")
        .expect(0);
    {
        let mut shared = scene.github.lock();
        let view = &mut shared.hub.repositories[0].advisories[0].view;
        view["collaborating_users"] = serde_json::json!([{ "login": "rdoe" }]);
    }
    scene.maintainer("fork case").expect(1);
}
