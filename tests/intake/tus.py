"""Uploads a file with tuspy in several ways; prints `WAY URL` for each.

    tus.py REPORTS-URL FILE
"""

import sys

from tusclient import client

url, path = sys.argv[1:]
tus = client.TusClient(url)
size = len(open(path, "rb").read())
part = max(1, size // 7)


def uploader(**options):
    return tus.uploader(path, **options)


whole = uploader()
whole.upload()
print("whole", whole.url)

chunked = uploader(chunk_size=part)
chunked.upload()
print("chunked", chunked.url)

# Two chunks, then a new client that knows the URL alone.
cut = uploader(chunk_size=part)
cut.upload_chunk()
cut.upload_chunk()
resumed = uploader(chunk_size=part, url=cut.url)
assert resumed.offset == cut.offset == 2 * part, (resumed.offset, cut.offset)
resumed.upload()
print("resumed", resumed.url)

checked = uploader(chunk_size=part, upload_checksum=True)
checked.upload()
print("checksum", checked.url)

named = uploader(chunk_size=part, metadata={"filename": "canary.txt"})
named.upload()
print("metadata", named.url)

for finished in (whole, chunked, resumed, checked, named):
    assert finished.get_offset() == size
