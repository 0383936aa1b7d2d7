//! The reporter's side: `send --via github`.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    members::same,
    scene::{CANARY, MAINTAINER, REPORT, REPORTER, Said, Scene, holds},
    standin::Fault,
};

const SEND: &str = "--json send report.md --to github:example/widgets --via github";

/// It is filed at the second attempt, and this run does not learn that.
const LOST: [Fault; 2] = [Fault::Nothing, Fault::DoneLate];

fn scene() -> Scene {
    let scene = Scene::new();
    fs::write(scene.path("report.md"), REPORT).unwrap();
    scene
}

impl Scene {
    /// `send` of the reporter.
    fn send(&self, options: &str) -> Said {
        self.run(REPORTER, &format!("{SEND} {options}"))
    }

    /// What was posted, in all.
    fn posted(&self) -> String {
        let shared = self.github.lock();
        let bodies = shared.asked.iter().map(|one| one.body.clone());
        bodies.collect()
    }

    /// The vendor has a key, and the reporter trusts it.
    fn trusts_a_key(&self) {
        let keygen = "keygen --name V --email security@example.org -o key --no-passphrase";
        Said::of(&mut self.bare(keygen)).expect(0);
        let trust = "trust github:example/widgets --key key/certificate.asc";
        Said::of(&mut self.bare(trust)).expect(0);
    }

    fn cases(&self) -> Vec<Value> {
        let listed = Said::of(&mut self.bare("--json case list"))
            .expect(0)
            .json();
        listed["cases"].as_array().unwrap().clone()
    }
}

#[test]
fn a_report_is_filed_with_all_of_its_fields() {
    let scene = scene();
    let done = scene
        .send("--accept-transport-only --start-private-fork")
        .expect(0)
        .json();
    let done = &done["deliveries"][0];
    let there = scene.advisory();
    assert_eq!(
        (&done["advisory"], &done["found"]),
        (&there["html_url"], &json!(false))
    );
    assert_eq!(
        (&done["key"], &done["private_fork"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(
        (&there["state"], &there["author"]["login"]),
        (&json!("triage"), &json!("rdoe"))
    );
    assert_eq!(
        there["summary"],
        "Template names escape the template folder"
    );
    assert_eq!(there["cwe_ids"], json!(["CWE-22"]));
    assert_eq!(
        there["cvss"]["vector_string"],
        "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"
    );
    let package = &there["vulnerabilities"][0];
    assert_eq!(
        package["package"],
        json!({ "ecosystem": "npm", "name": "@example/widgets" })
    );
    assert_eq!(package["vulnerable_version_range"], ">= 1.0, < 1.4.2");
    let description = there["description"].as_str().unwrap();
    for part in [
        CANARY,
        "# Impact",
        "Reporter: R. Doe",
        "Credit as: R. Doe of Example Labs",
        "Assets: github:example/widgets",
    ] {
        assert!(description.contains(part), "{part}: {description}");
    }
    let [case] = &scene.cases()[..] else {
        panic!("not one case")
    };
    assert_eq!(
        (&case["channel"], &case["destination"]),
        (&json!("github"), &there["html_url"])
    );
    assert_eq!(
        (&case["state"], &case["case"]),
        (&json!("handed-over"), &done["case"])
    );
    // Its steps are kept nowhere here.
    fs::remove_file(scene.path("report.md")).unwrap();
    fs::remove_dir_all(scene.path("case")).unwrap();
    assert!(!holds(scene.folder.path(), CANARY) && !holds(scene.folder.path(), REPORTER));
}

#[test]
fn p01_nothing_is_sent_before_the_person_agrees() {
    let scene = scene();
    scene
        .send("")
        .expect(3)
        .says("nobody agreed")
        .says("--accept-transport-only");
    assert!(scene.github.lock().asked.is_empty());
    let plan = scene.send("--dry-run").expect(0).json();
    assert_eq!((&plan["asks"], &plan["key"]), (&json!(true), &Value::Null));
    assert!(scene.github.lock().asked.is_empty());
    assert_eq!(scene.cases(), Vec::<Value>::new());
}

#[cfg(unix)]
#[test]
fn p01_a_person_at_a_terminal_is_asked_once() {
    use expectrl::{Eof, Expect as _, Session, process::unix::WaitStatus};
    for (answer, code, filed) in [("n", 3, 0), ("y", 0, 1)] {
        let scene = scene();
        let line = SEND.replace("--json ", "");
        let mut command = scene.bare(&line);
        command.env("GH_ENTERPRISE_TOKEN", REPORTER);
        command.args(["--github-api", &scene.github.url()]);
        let mut session = Session::spawn(command).unwrap();
        session.set_expect_timeout(Some(std::time::Duration::from_mins(1)));
        session
            .expect("file it so that GitHub can read it?")
            .unwrap();
        assert!(scene.github.lock().asked.is_empty());
        session.send_line(answer).unwrap();
        session.expect(Eof).unwrap();
        let ended = session.get_process().wait().unwrap();
        assert!(
            matches!(ended, WaitStatus::Exited(_, ended) if ended == code),
            "{ended:?}"
        );
        assert_eq!(scene.advisories(), filed);
    }
}

#[cfg(unix)]
#[test]
fn p15_a_token_that_is_typed_stays_unseen() {
    use expectrl::{Eof, Expect as _, Session, process::Termios as _};
    let scene = scene();
    let line = SEND.replace("--json ", "");
    let plain = scene.bare(&format!("{line} --accept-transport-only"));
    // On a terminal that echoes, so that a prompt that forgets to hide would be seen.
    let mut command = std::process::Command::new("/bin/sh");
    command
        .args(["-c", "PATH=/usr/bin:/bin stty echo; exec \"$0\" \"$@\""])
        .arg(plain.get_program())
        .args(plain.get_args())
        .args(["--github-api", &scene.github.url()])
        .current_dir(scene.folder.path())
        .env_remove("GH_ENTERPRISE_TOKEN")
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let mut session = Session::spawn(command).unwrap();
    session.set_expect_timeout(Some(std::time::Duration::from_mins(1)));
    session.expect("token for GitHub").unwrap();
    while session.is_echo().unwrap() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    session.send_line(REPORTER).unwrap();
    let shown = session.expect(Eof).unwrap();
    let shown = String::from_utf8_lossy(shown.before()).into_owned();
    assert!(!shown.contains(REPORTER), "{shown}");
    assert_eq!(scene.advisories(), 1, "{shown}");
    assert!(!holds(scene.folder.path(), REPORTER));
}

#[test]
fn p01_limits_come_first() {
    let scene = scene();
    let agreed = "--accept-transport-only";
    fs::write(scene.path("poc.py"), "print()").unwrap();
    scene
        .send(&format!("{agreed} -a poc.py"))
        .expect(1)
        .says("takes no attachments")
        .says("--sealed");
    let long = REPORT.replace("# Impact", &format!("{}\n\n# Impact", "x".repeat(65_500)));
    fs::write(scene.path("report.md"), long).unwrap();
    scene.send(agreed).expect(1).says("and GitHub takes 65535");
    let long = REPORT.replace("Template names", &"x".repeat(1100));
    fs::write(scene.path("report.md"), long).unwrap();
    scene.send(agreed).expect(1).says("and GitHub takes 1024");
    scene.send("--sealed --accept-transport-only").expect(2);
    scene
        .send("--unsigned")
        .expect(2)
        .says("--unsigned goes with --sealed");
    let other = "send report.md --to example.org --sealed";
    scene
        .run(REPORTER, other)
        .expect(2)
        .says("--sealed goes with --via github");
    assert!(scene.github.lock().asked.is_empty());
    assert_eq!(scene.cases(), Vec::<Value>::new());
}

#[test]
fn the_same_report_is_filed_once() {
    let scene = scene();
    let first = scene.send("--accept-transport-only").expect(0).json();
    let asked = scene.github.lock().asked.len();
    let again = scene.send("--accept-transport-only").expect(0).json();
    assert_eq!(again["deliveries"][0]["found"], true);
    for member in ["case", "advisory"] {
        assert_eq!(
            again["deliveries"][0][member],
            first["deliveries"][0][member]
        );
    }
    assert_eq!(
        (scene.advisories(), scene.github.lock().asked.len()),
        (1, asked)
    );
    fs::write(
        scene.path("report.md"),
        REPORT.replace("Refuse names", "Refuse all names"),
    )
    .unwrap();
    scene.send("--accept-transport-only").expect(0);
    assert_eq!((scene.advisories(), scene.cases().len()), (2, 2));
}

/// The list of cases is shown and copied: whoever can guess the report must not find it proved there. Records
/// from before hold the digest itself, and still tell the same report.
#[test]
fn a_filed_report_is_remembered_by_a_mark_that_proves_nothing() {
    let scene = scene();
    scene.send("--accept-transport-only").expect(0);
    let length = (REPORT.len() as u64).to_be_bytes();
    let digest = Sha256::digest([&length, REPORT.as_bytes()].concat());
    let digest = data_encoding::HEXLOWER.encode(&digest);
    assert!(!holds(&scene.path("home"), &digest));
    let case = &scene.cases()[0];
    let (mark, size) = (case["sha256"].as_str().unwrap(), case["size"].as_u64());
    assert_eq!(size, size.map(sealpost::bundle::padme));
    let name = case["case"].as_str().unwrap();
    let record = scene.path("home").join(format!("cases/{name}/record"));
    let text = fs::read_to_string(&record).unwrap();
    assert!(text.contains(mark));
    fs::write(&record, text.replace(mark, &digest)).unwrap();
    let again = scene.send("--accept-transport-only").expect(0).json();
    assert_eq!(again["deliveries"][0]["found"], true);
    assert_eq!((scene.advisories(), scene.cases().len()), (1, 1));
}

#[test]
fn p20_a_lost_answer_files_nothing_twice() {
    for (faults, found) in [
        (vec![Fault::DoneAllTheSame], true),
        (vec![Fault::Nothing], false),
    ] {
        let scene = scene();
        scene.github.lock().faults = faults;
        let done = scene.send("--accept-transport-only").expect(0).json();
        assert_eq!(done["deliveries"][0]["found"], found);
        assert_eq!(scene.advisories(), 1);
    }
    let scene = scene();
    scene.github.lock().faults = LOST.to_vec();
    scene
        .send("--accept-transport-only")
        .expect(1)
        .says("leaves open")
        .says("looks before it files another");
    assert_eq!(scene.cases()[0]["state"], "unsent");
    let done = scene.send("--accept-transport-only").expect(0).json();
    assert_eq!(done["deliveries"][0]["found"], true);
    assert_eq!((scene.advisories(), scene.cases().len()), (1, 1));
    assert_eq!(scene.cases()[0]["state"], "handed-over");
}

#[test]
fn p01_what_may_be_there_in_clear_is_never_called_sealed() {
    let scene = scene();
    scene.trusts_a_key();
    scene.github.lock().faults = LOST.to_vec();
    scene.send("--accept-transport-only").expect(1);
    scene
        .send("--sealed")
        .expect(3)
        .says("may have filed this report readable to GitHub")
        .says("\"forget\"");
    let found = scene.send("--accept-transport-only").expect(0).json();
    let found = &found["deliveries"][0];
    assert_eq!(
        (&found["found"], &found["key"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(scene.advisories(), 1);
}

#[test]
fn p01_what_may_be_there_sealed_keeps_its_key_and_its_words() {
    let scene = scene();
    scene.trusts_a_key();
    scene.github.lock().faults = LOST.to_vec();
    scene.send("--sealed").expect(1).says("case words: ");
    scene
        .send("--accept-transport-only")
        .expect(3)
        .says("may have filed this report sealed");
    let mended = scene.advisory()["description"].clone();
    scene.github.lock().hub.repositories[0].advisories[0].view["description"] = {
        let text = mended.as_str().unwrap();
        json!(text[text.find("<!--").unwrap()..].to_owned())
    };
    scene
        .send("--sealed")
        .expect(1)
        .says("but no encrypted report")
        .says("case words: ");
    scene.github.lock().hub.repositories[0].advisories[0].view["description"] = mended;
    let found = scene.send("--sealed").expect(0).json();
    let found = &found["deliveries"][0];
    assert_eq!(found["found"], true);
    assert!(found["key"].is_string() && found["case_words"].is_string());
}

#[test]
fn p20_a_refusal_does_not_wipe_what_an_earlier_run_may_have_filed() {
    let scene = scene();
    scene.github.lock().faults = LOST.to_vec();
    scene.send("--accept-transport-only").expect(1);
    {
        let mut shared = scene.github.lock();
        shared.faults = vec![Fault::TooOften];
        shared.hub.late_for = 1;
    }
    scene
        .send("--accept-transport-only")
        .expect(1)
        .says("an attempt before may have filed it");
    assert_eq!(scene.cases()[0]["state"], "unsent");
    let done = scene.send("--accept-transport-only").expect(0).json();
    assert_eq!(done["deliveries"][0]["found"], true);
    assert_eq!((scene.advisories(), scene.cases().len()), (1, 1));
}

#[test]
fn p20_without_an_answer_nothing_is_posted_again() {
    let scene = scene();
    scene.github.lock().faults = vec![Fault::Cut];
    scene
        .send("--accept-transport-only")
        .expect(1)
        .says("leaves open");
    assert_eq!(scene.github.posts("/reports"), 1);
    assert_eq!(scene.cases()[0]["state"], "unsent");
}

#[test]
fn p20_a_page_elsewhere_is_not_believed() {
    let scene = scene();
    scene.github.lock().hub.pages = "https://evil.example".to_owned();
    let done = scene.send("--accept-transport-only").expect(0).json();
    let page = done["deliveries"][0]["advisory"].as_str().unwrap();
    assert!(
        page.starts_with("https://github.com/example/widgets/security/advisories/GHSA-"),
        "{page}"
    );
    scene.send("--accept-transport-only").expect(0);
    assert_eq!(scene.advisories(), 1);
}

#[test]
fn what_github_refuses_leaves_no_case() {
    let scene = scene();
    scene.github.lock().faults = vec![Fault::TooOften];
    scene
        .send("--accept-transport-only")
        .expect(1)
        .says("ask again in 60 seconds");
    assert_eq!(scene.cases(), Vec::<Value>::new());
    scene.github.lock().hub.repositories[0].private_reporting = false;
    scene
        .send("--accept-transport-only")
        .expect(1)
        .says("takes no private vulnerability reports")
        .says("public issue");
    scene.github.lock().is_enterprise_server = true;
    scene
        .send("--accept-transport-only")
        .expect(1)
        .says("GitHub Enterprise Server, which has neither");
    assert_eq!(scene.github.posts("/reports"), 1);
    assert_eq!((scene.advisories(), scene.cases()), (0, vec![]));
}

#[test]
fn no_trace_is_left_if_none_is_wanted() {
    let scene = scene();
    let done = scene
        .send("--accept-transport-only --leave-no-trace")
        .expect(0)
        .json();
    assert_eq!(done["deliveries"][0]["case"], Value::Null);
    assert_eq!(scene.cases(), Vec::<Value>::new());
}

#[test]
fn p01_p35_a_sealed_report_is_filed_only_to_a_key_and_says_nothing() {
    let scene = scene();
    // The only key that anybody could name is not there.
    scene.send("--sealed").expect(3);
    assert_eq!(scene.github.posts(""), 0);
    scene.trusts_a_key();
    fs::write(scene.path("poc.py"), "print('canary-of-the-poc')").unwrap();
    let plan = scene.send("--sealed --dry-run").expect(0).json();
    assert_eq!(
        (&plan["asks"], plan["key"].is_string()),
        (&json!(false), true)
    );
    assert_eq!(scene.github.posts(""), 0);
    let done = scene.send("--sealed -a poc.py").expect(0).json();
    let done = &done["deliveries"][0];
    assert!(
        done["key"].is_string() && done["case_words"].is_string(),
        "{done}"
    );
    let there = scene.advisory();
    assert_eq!(there["summary"], "Vulnerability report (encrypted)");
    assert_eq!(
        (&there["vulnerabilities"], &there["cwe_ids"]),
        (&json!([]), &json!([]))
    );
    let posted = scene.posted();
    for canary in [
        CANARY,
        "canary-of-the-poc",
        "poc.py",
        "Template",
        "R. Doe",
        "CWE-22",
        "CVSS",
    ] {
        assert!(!posted.contains(canary), "{canary}");
    }
    // The vendor opens what stands in the description.
    fs::write(
        scene.path("report.asc"),
        there["description"].as_str().unwrap(),
    )
    .unwrap();
    Said::of(&mut scene.bare("open report.asc --key key/secret.pgp -o opened")).expect(0);
    assert_eq!(
        fs::read_to_string(scene.path("opened/report.md")).unwrap(),
        REPORT
    );
    assert!(holds(&scene.path("opened"), "canary-of-the-poc"));
    // The same once more is known without asking.
    assert_eq!(
        scene.send("--sealed -a poc.py").expect(0).json()["deliveries"][0]["found"],
        true
    );
    assert_eq!(scene.advisories(), 1);
}

#[test]
fn a_sealed_report_that_may_be_there_is_recovered_by_its_words() {
    let scene = scene();
    scene.trusts_a_key();
    scene.github.lock().faults = vec![Fault::Nothing; 2];
    scene
        .send("--sealed --leave-no-trace")
        .expect(1)
        .says("case words: ");
    fs::write(scene.path("big.bin"), vec![7; 60_000]).unwrap();
    scene
        .send("--sealed -a big.bin")
        .expect(1)
        .says("fit sealed into what GitHub takes");
}

#[test]
fn p15_the_reporters_token_is_not_the_maintainers() {
    let scene = scene();
    scene.send("--accept-transport-only -vv").expect(0);
    let shared = scene.github.lock();
    assert!(
        shared
            .asked
            .iter()
            .all(|one| one.token.as_deref() == Some(REPORTER))
    );
    drop(shared);
    assert!(!holds(&scene.path("home"), REPORTER) && !holds(&scene.path("home"), MAINTAINER));
}

#[test]
fn each_member_of_json_is_documented_for_send() {
    let scene = scene();
    let plan = scene.send("--dry-run").expect(0).json();
    same("send --via github --dry-run", &[plan]);
    let done = scene.send("--accept-transport-only").expect(0).json();
    same("send --via github", &[done]);
}
