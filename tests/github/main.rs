//! GitHub as a channel: `send --via github` and `advisory github` against a stand-in that keeps
//! state and permissions, and has the faults of the real one.
//!
//! What is sent is judged by GitHub's own OpenAPI description, where the corpus is there.

use std::collections::BTreeMap;

use jsonschema::Validator;

#[path = "../corpus/mod.rs"]
mod corpus;
#[path = "../corpus/github.rs"]
mod description;
mod faults;
mod journey;
#[path = "../members/mod.rs"]
mod members;
mod prism;
mod reporter;
mod scene;
mod standin;
mod store;
mod vendor;

/// The schemas of what is sent; none without the corpus.
fn schemas() -> BTreeMap<&'static str, Validator> {
    let Some(github) = corpus::folder("github") else {
        return BTreeMap::new();
    };
    let names = [
        "private-vulnerability-report-create",
        "repository-advisory-create",
        "repository-advisory-update",
    ];
    names
        .map(|name| (name, description::component(&github, name)))
        .into()
}
