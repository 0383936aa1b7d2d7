"""The servers that `benches/intake` measures, each with a folder of its own, and the messages that they get."""

import http.client
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

MIB = 1 << 20
SMALL = 4096


class Failed(Exception):
    """A server that was measured did not do its work."""


# --- messages -----------------------------------------------------------------------------------------------------


class Messages:
    """Messages in the image of a real one: its first packet, and noise for ciphertext (RFC 9580 section 5.13.1)."""

    def __init__(self, binary, keys, work):
        report = work / "report.md"
        report.write_text("---\ntitle: Benchmark\nassets: [\"https://example.org/\"]\n---\n\n## Summary\n\nx\n\n"
                          "## Steps to reproduce\n\nx\n\n## Impact\n\nx\n\n## Mitigation\n\nx\n")
        sealed = work / "report.pgp"
        run([binary, "seal", report, "-q", "--force", "--key", keys / "certificate.asc", "-o", sealed])
        real = sealed.read_bytes()
        length = real[1] + 2 if real[1] < 192 else ((real[1] - 192) << 8) + real[2] + 192 + 3
        self.first = real[:length]
        self.noise = self.small(0)[:SMALL - 8]

    def head(self, size):
        body = size - len(self.first) - 6
        return self.first + b"\xd2\xff" + body.to_bytes(4, "big") + b"\x01"

    def small(self, number):
        head = self.head(SMALL)
        return head + random.Random(number).randbytes(SMALL - len(head))

    def numbered(self, number):
        """Another one for each number, and made in no time: the client runs on the cores of the server."""
        return self.noise + number.to_bytes(8, "big")

    def large(self, path, size):
        with open(path, "wb") as f:
            f.write(self.head(size))
            left = size - f.tell()
            while left:
                piece = os.urandom(min(left, MIB))
                f.write(piece)
                left -= len(piece)


# --- servers ------------------------------------------------------------------------------------------------------


def run(argv, **options):
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, argv))}: exit {done.returncode}\n{done.stderr[-1000:]}")
    return done.stdout


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A server with a folder of its own on the disk that is measured."""

    process = None
    mode = 0o700
    flush_ms = 0

    def __init__(self, work):
        self.work = work / re.sub(r"[^a-z0-9]+", "-", self.label.lower()).strip("-")
        self.work.mkdir()
        self.port = free_port()

    def start(self):
        """Seconds until it answers."""
        self.log = open(self.work / "log", "ab")
        began = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in self.slowed() + self.command()], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        while True:
            try:
                if self.answers():
                    return time.monotonic() - began
            except OSError:
                pass
            if self.process.poll() is not None or time.monotonic() - began > 60:
                raise Failed(f"{self.label} does not start:\n{(self.work / 'log').read_text()[-1000:]}")
            time.sleep(0.002)

    def slowed(self):
        """In front of the command, where flushes are to take longer: strace as a grandchild, which stops nothing else."""
        if not self.flush_ms:
            return []
        calls = "fsync,fdatasync,syncfs,sync_file_range,msync"
        return ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e",
                f"inject={calls}:delay_exit={self.flush_ms * 1000}"]

    def answers(self):
        with socket.create_connection(("127.0.0.1", self.port), 1):
            return True

    def stop(self, how=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def fresh(self):
        """Starts it over an empty folder."""
        self.stop()
        shutil.rmtree(self.work / "data", ignore_errors=True)
        (self.work / "data").mkdir()
        (self.work / "data").chmod(self.mode)
        self.start()

    def pids(self):
        """The process, and its children."""
        found = [self.process.pid]
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            found += [int(pid) for pid in (task / "children").read_text().split()]
        return found

    def memory(self, line="VmRSS"):
        """MiB over all processes."""
        total = 0
        for pid in self.pids():
            status = Path(f"/proc/{pid}/status").read_text()
            total += int(re.search(rf"{line}:\s+(\d+)", status)[1])
        return total / 1024


class Sealpost(Server):
    def __init__(self, work, binary, keys, label="sealpost serve", more=()):
        self.label = label
        super().__init__(work)
        self.binary, self.keys, self.more = binary, keys, more

    def command(self):
        return [self.binary, "serve", "--key", self.keys / "certificate.asc", "--signing", self.keys / "receipts.pgp",
                "--data", self.work / "data", "--listen", f"127.0.0.1:{self.port}", "--rate-limit", "0",
                "--max-uploads", "100000", "--uploads-per-client", "0", "--connections-per-client", "0",
                "--min-free", "0", *self.more]

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200

    def small(self, number, body):
        return request("POST", "/reports", {"Content-Type": "application/pgp-encrypted"}, body)

    def create(self, size):
        return request("POST", "/reports", {"Tus-Resumable": "1.0.0", "Upload-Length": size}, b"")


class Tus(Server):
    label = "@tus/server, file store"

    def __init__(self, work, modules):
        super().__init__(work)
        self.modules = modules
        self.script = self.work / "server.cjs"
        self.script.write_text("""
const [modules, folder, port] = process.argv.slice(2);
const at = require("node:module").createRequire(modules + "/here.js");
const load = async (name) => { try { return at(name); } catch { return import(at.resolve(name)); } };
(async () => {
  const { Server } = await load("@tus/server");
  const { FileStore } = await load("@tus/file-store");
  const datastore = new FileStore({ directory: folder });
  new Server({ path: "/files", datastore }).listen({ host: "127.0.0.1", port: +port });
})();
""")

    def command(self):
        return ["node", self.script, self.modules, self.work / "data", self.port]

    def small(self, number, body):
        return request("POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Length": len(body),
                                          "Content-Type": "application/offset+octet-stream"}, body)

    def create(self, size):
        return request("POST", "/files", {"Tus-Resumable": "1.0.0", "Upload-Length": size}, b"")


class Nginx(Server):
    label = "nginx, WebDAV PUT"
    mode = 0o777  # its workers run as somebody else

    def command(self):
        settings = self.work / "nginx.conf"
        user = "user www-data;" if os.getuid() == 0 else ""
        settings.write_text(f"""
{user} daemon off; worker_processes 2; pid {self.work}/pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 0; keepalive_requests 1000000;
  client_body_temp_path {self.work}/data/tmp; proxy_temp_path {self.work}/t1; fastcgi_temp_path {self.work}/t2;
  uwsgi_temp_path {self.work}/t3; scgi_temp_path {self.work}/t4;
  server {{ listen 127.0.0.1:{self.port}; root {self.work}/data; location / {{ dav_methods PUT; }} }}
}}
""")
        return ["nginx", "-c", settings]

    def small(self, number, body):
        return request("PUT", f"/{number}", {}, body)


def request(method, target, headers, body):
    lines = [f"{method} {target} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
