//! `docs/json.md` names each member of what `--json` prints about mails, and no other.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    keys::{sealed, writer},
    office::{Office, SEND},
    scene::{Scene, pgp_mime},
};

fn documented(section: &str) -> BTreeSet<String> {
    let page = include_str!("../../docs/json.md");
    let part = page.split(&format!("\n## {section}\n")).nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

fn members(value: &Value, before: &str) -> BTreeSet<String> {
    let members = value.as_object().unwrap().keys();
    members.map(|name| format!("{before}{name}")).collect()
}

#[test]
fn each_member_of_json_is_documented() {
    let office = Office::new();
    let plan = office.run(&[&SEND[..], &["--dry-run", "--json"]].concat());
    let plan = members(&plan.expect(0).json(), "");
    assert_eq!(plan, documented("send --via mail --dry-run"));
    let sent = office.run(&[&SEND[..], &["--json"]].concat());
    let sent = sent.expect(0).json();
    let mut found = members(&sent["deliveries"][0], "deliveries[].");
    found.insert("deliveries".to_owned());
    assert_eq!(found, documented("send --via mail"));
    let asked = office.run(&["request-key", "val.town", "--json", "--eml", "a.eml"]);
    let asked = members(&asked.expect(0).json(), "");
    assert_eq!(asked, documented("request-key"));

    let scene = Scene::new();
    let payload = "Content-Type: text/plain; hp=\"cipher\"\nSubject: x\n\ny\n";
    scene.write(
        "a.eml",
        pgp_mime(&sealed(payload.as_bytes(), Some(writer()))),
    );
    let opened = scene.opened("a.eml", &[]);
    let mut found = members(&opened["mail"], "reports[].mail.");
    found.insert("reports[].mail".to_owned());
    let of_mails = documented("open").into_iter();
    let of_mails: BTreeSet<_> = of_mails
        .filter(|name| name.starts_with("reports[].mail"))
        .collect();
    assert_eq!(found, of_mails);
}
