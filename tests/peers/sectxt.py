#!/usr/bin/env python3
"""Prints what the package sectxt from PyPI says of security.txt files, as one JSON object.

    sectxt.py FILE…        {"FILE": [{"code": …, "line": …}, …], …}, its errors only
    sectxt.py              the same, with the names of files read from standard input, one a line
    sectxt.py --codes      ["code", …]: every error that its source knows

The clock stands at 2026-11-22T00:00:00Z, and nothing is fetched.
"""

import datetime
import inspect
import json
import os
import re
import sys

# This script bears the package's name, and would import itself.
here = os.path.dirname(os.path.realpath(__file__))
sys.path = [path for path in sys.path if os.path.realpath(path) != here]

import sectxt  # noqa: E402


class FixedClock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 22, tzinfo=tz)


def errors(name):
    with open(name, "rb") as file:
        content = file.read()
    try:
        found = sectxt.Parser(content).errors
    except Exception as error:
        # Values such as https://[x stop it.
        print(f"{name}: sectxt failed: {error!r}", file=sys.stderr)
        return []
    return [{"code": error["code"], "line": error["line"]} for error in found]


def main():
    sectxt.datetime = FixedClock
    names = sys.argv[1:]
    if names == ["--codes"]:
        found = re.findall(r'_add_error\(\s*"(\w+)"', inspect.getsource(sectxt))
        result = sorted(set(found))
    else:
        names = names or [line.rstrip("\n") for line in sys.stdin]
        result = {name: errors(name) for name in names}
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()
