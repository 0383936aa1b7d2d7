"""What `benches/compare` runs: a row for each program and each of its ways to seal and to open one file."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1 << 20


class Failed(Exception):
    """A command that was measured did not do its work."""


class Bench:
    """One row: a label, a command, what it writes, and the label of the row whose output it reads.

    `line` names it in the picture; without, it is not drawn.
    """

    def __init__(self, label, argv, writes=None, stdout=None, needs=None, group="seal", line=None):
        self.label, self.argv, self.writes, self.stdout, self.needs = label, argv, writes, stdout, needs
        self.group, self.line = group, line
        self.seconds, self.peaks = [], []

    def run(self, env, peak=True):
        """`peak`: through time(1), which takes a millisecond itself."""
        for path in (self.writes, self.stdout):
            remove(path)
        out = open(self.stdout, "wb") if self.stdout else subprocess.DEVNULL
        # Through time(1), because a child of Python starts with Python's own peak (ru_maxrss survives exec).
        with tempfile.TemporaryFile() as err, tempfile.NamedTemporaryFile("r") as said:
            through = ["/usr/bin/time", "-q", "-f", "%M", "-o", said.name] if peak else []
            began = time.monotonic()
            child = subprocess.run([*through, *self.argv], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
            took = time.monotonic() - began
            if self.stdout:
                out.close()
            if child.returncode != 0:
                err.seek(0)
                tail = err.read().decode(errors="replace")[-400:]
                raise Failed(f"{self.label}: exit {child.returncode}: {' '.join(map(str, self.argv))}\n{tail}")
            if peak:
                self.peaks.append(int(said.read()) / 1024)
        self.seconds.append(took)


def remove(path):
    if path is None:
        return
    path = Path(path)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sealpost():
    return os.environ.get("SEALPOST", "target/release/sealpost")


def all_rows(work, data, env, wanted):
    """Every row of a program that is there, each that opens after the one that it needs."""
    rows = []
    for word, program, make in MAKERS:
        if not wanted(word):
            continue
        if program is None or shutil.which(program, path=env["PATH"]):
            rows += make(work, data, env)
        else:
            print(f"left out: {word}, because it is not installed", file=sys.stderr)
    kept = [row for row in rows if wanted(row.label)]
    # What reads another row's output cannot run without it.
    labels = {row.label for row in kept}
    return [row for row in kept if row.needs is None or row.needs in labels]


def quietly(argv, env):
    subprocess.run([str(word) for word in argv], env=env, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cat_rows(work, data, env):
    return [Bench("cat to tmpfs", ["cat", data], stdout=work / "cat.out", line="cat")]


def gpg_rows(work, data, env):
    home = work / "gnupg"
    if not home.is_dir():
        home.mkdir(mode=0o700)
        env["GNUPGHOME"] = str(home)
        quietly(["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "Bench <bench@example.org>",
                 "default", "default"], env)
    quiet = ["gpg", "--batch", "--quiet", "--yes"]
    to = [*quiet, "--trust-model", "always", "-r", "bench@example.org"]
    plain, zipped, signed = work / "gpg.pgp", work / "gpg-zlib.pgp", work / "gpg-se.pgp"
    none = ["--compress-algo", "none"]
    return [
        Bench("gpg -e", [*to, "-o", zipped, "-e", data], zipped),
        Bench("gpg -se, no compression", [*to, *none, "-o", signed, "-se", data], signed),
        Bench("gpg -e, no compression", [*to, *none, "-o", plain, "-e", data], plain, line="gpg, no compression"),
        Bench("gpg -d", [*quiet, "-o", work / "gpg.out", "-d", plain], work / "gpg.out",
              needs="gpg -e, no compression", group="open", line="gpg, no compression"),
    ]


def age_rows(work, data, env):
    return alike("age", "age-keygen", work, data, env)


def rage_rows(work, data, env):
    return alike("rage", "rage-keygen", work, data, env)


def alike(program, keygen, work, data, env):
    """age and rage take the same words."""
    key = work / f"{program}.key"
    if not key.is_file():
        quietly([keygen, "-o", key], env)
    recipient = next(line.split()[-1] for line in key.read_text().splitlines() if "public key" in line)
    sealed, opened = work / f"{program}.age", work / f"{program}.out"
    return [
        Bench(f"{program} -e", [program, "-r", recipient, "-o", sealed, data], sealed, line=program),
        Bench(f"{program} -d", [program, "-d", "-i", key, "-o", opened, sealed], opened, needs=f"{program} -e",
              group="open", line=program),
    ]


def sq_rows(work, data, env):
    key, sealed, opened = work / "sq.key", work / "sq.pgp", work / "sq.out"
    sq = ["sq", "--home=none", "--batch", "--overwrite"]
    if not key.is_file():
        quietly([*sq, "key", "generate", "--shared-key", "--userid", "Bench <bench@example.org>",
                 "--without-password", "--output", key, "--rev-cert", work / "sq.rev"], env)
    encrypt = [*sq, "encrypt", "--for-file", key, "--without-signature", "--binary", "--output", sealed, data]
    return [
        Bench("sq encrypt", encrypt, sealed, line="sq"),
        Bench("sq decrypt", [*sq, "decrypt", "--recipient-file", key, "--output", opened, sealed], opened,
              needs="sq encrypt", group="open", line="sq"),
    ]


REPORT = """---
title: A report for the benchmark
assets:
  - https://example.org/
---

## Summary

One attachment of random bytes.

## Steps to reproduce

None.

## Impact

None.

## Mitigation

None.
"""


def sealpost_rows(work, data, env):
    binary = sealpost()
    env["SEALPOST_HOME"] = str(work / "home")
    report = work / "report.md"
    report.write_text(REPORT)
    rows = []
    for profile, container in (("rfc4880", "SEIPDv1"), ("rfc9580", "SEIPDv2")):
        keys = work / f"keys-{profile}"
        if not keys.is_dir():
            quietly([binary, "keygen", "--name", "Bench", "--email", "bench@example.org", "-o", keys,
                     "--profile", profile, "--no-passphrase"], env)
        for signed in ("signed", "unsigned"):
            sealed, opened = work / f"{profile}-{signed}.pgp", work / f"{profile}-{signed}.out"
            label = f"sealpost seal {profile}, {signed}"
            seal = [binary, "seal", report, "-a", data, "--key", keys / "certificate.asc", "-o", sealed,
                    "--profile", profile]
            if signed == "unsigned":
                seal.append("--unsigned")
            line = f"sealpost, {container}" if signed == "unsigned" else None
            rows.append(Bench(label, seal, sealed, line=line))
            rows.append(Bench(f"sealpost open {profile}, {signed}",
                              [binary, "open", sealed, "--key", keys / "secret.pgp", "-o", opened], opened,
                              needs=label, group="open", line=line))
    return rows


# The word that leaves it out, the program that must be there, and what makes its rows.
MAKERS = [
    ("cat", "cat", cat_rows),
    ("sealpost", None, sealpost_rows),
    ("gpg", "gpg", gpg_rows),
    ("age", "age", age_rows),
    ("rage", "rage", rage_rows),
    ("sq", "sq", sq_rows),
]
