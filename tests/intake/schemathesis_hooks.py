"""What schemathesis must be told of the intake: its media types hold bytes, and some of them are a sealed report.

SEALPOST_SEALED names a file with a sound one.
"""

import os

import schemathesis
from hypothesis import strategies

TYPES = ("application/pgp-encrypted", "application/offset+octet-stream")

with open(os.environ["SEALPOST_SEALED"], "rb") as file:
    SEALED = file.read()


@schemathesis.serializer(*TYPES)
def as_they_are(context, value):
    return value if isinstance(value, bytes) else bytes(str(value), "utf-8", "replace")


# The ciphertext is noise, so one more byte of noise makes another report.
MESSAGES = strategies.binary(min_size=1, max_size=8).map(lambda tail: SEALED[: -len(tail)] + tail)
for name in TYPES:
    schemathesis.openapi.media_type(name, strategies.one_of(MESSAGES, strategies.binary(max_size=64)))
