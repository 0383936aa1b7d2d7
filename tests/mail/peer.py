"""Reads a mail with Python's email package and gpg: peer.py MAIL; what it found goes to stdout as JSON."""

import base64
import email
import email.policy
import hashlib
import json
import subprocess
import sys


def gpg(*options, data):
    ended = subprocess.run(["gpg", "--batch", "--trust-model", "always", *options], input=data, capture_output=True)
    return ended.stdout, ended.stderr.decode()


def sound(part):
    assert not part.defects, part.defects
    return part


with open(sys.argv[1], "rb") as file:
    mail = sound(email.message_from_bytes(file.read(), policy=email.policy.default))
assert mail.get_content_type() == "multipart/encrypted", mail.get_content_type()
control, sealed = (sound(part) for part in mail.iter_parts())
assert control.get_content().strip() == b"Version: 1", control.get_content()
key = mail["Autocrypt"].split("keydata=")[1]
gpg("--import", data=base64.b64decode("".join(key.split())))
content, said = gpg("--decrypt", data=sealed.get_content())
inside = sound(email.message_from_bytes(content, policy=email.policy.default))
assert not inside.epilogue.strip(), "the padding is blank"
parts = [sound(part) for part in inside.iter_parts()]
text = next(part for part in parts if part.get_content_type() == "text/plain")
digest = lambda part: hashlib.sha256(part.get_payload(decode=True)).hexdigest()
print(json.dumps({
    "outer": mail["Subject"],
    "subject": inside["Subject"],
    "signed": "Good signature" in said,
    "text": text.get_payload(decode=True).decode().replace("\r\n", "\n"),
    "files": {part.get_filename(): digest(part) for part in parts if part.get_filename()},
}))
