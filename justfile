# What one does with this repository. `just` lists it.

_list:
    @just --list

# Everything that CI checks
ci:
    .ci/run

# The tests, or those of one file: `just test parsers`
test *NAME:
    cargo test --locked {{ if NAME == "" { "" } else { "--test " + NAME } }}

# The long forms of the promises, with a figure for each: some hours; non-zero on a miss; `just soak --fuzz 0 p07`
soak *OPTIONS:
    tests/soak {{ OPTIONS }}

# Fuzz one target for some seconds: `just fuzz message 600`
fuzz TARGET SECONDS="60":
    fuzz/run {{ TARGET }} {{ SECONDS }}

# Let fuzz/Cargo.lock follow Cargo.lock, after a change of dependencies
lock:
    cp Cargo.lock fuzz/Cargo.lock
    cargo metadata --manifest-path fuzz/Cargo.toml --format-version 1 > target/metadata.json

# Time sealing and opening beside gpg, age, rage, sq and cat: `just compare --size 256`; over sizes: `just compare --sweep --svg FILE`
compare *OPTIONS:
    cargo build --release --locked
    benches/compare {{ OPTIONS }}

# Time the intake beside a tus server and nginx on this disk: `just compare-intake --size 256`
compare-intake *OPTIONS:
    cargo build --release --locked
    benches/intake {{ OPTIONS }}

# Write the manual pages into target/man
man:
    mkdir -p target/man
    cargo run --release --locked -- man target/man

# Build what is released, with the list of its dependencies in it: target/dist/release/sealpost
release:
    PATH="$(packaging/tools):$PATH" packaging/build target/dist

# Write the bill of materials (CycloneDX): target/sealpost.cdx.json
sbom:
    PATH="$(packaging/tools):$PATH" packaging/sbom target/sealpost.cdx.json

# Build the last commit twice, in two places, and compare: non-zero where they differ
reproduce:
    PATH="$(packaging/tools):$PATH" packaging/reproduce
