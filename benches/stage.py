"""The programs of a bench: upstreams, proxies, and the end of them all."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from speech import OPENAI
from speech import SYSTEM
from speech import USER

HERE = pathlib.Path(__file__).parent
EXAMPLES = HERE.parent / "target/release/examples"
KEY = "sk-bench-0123456789abcdef0123456789abcdef"
SEARCH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
# No settings of the caller may reach the gateway.
ENVIRONMENT = {"PATH": SEARCH, "KEY": KEY}
TO_START = 20
TO_STOP = 3
# Ports that were given away and may not be listened on yet.
GIVEN = set()


class Trouble(Exception):
    """A sentence for the person who started the bench."""


class Proxy:
    """A running program that answers on a port of this machine."""

    def __init__(self, process, port):
        self.pid = process.pid
        self.port = port

    def cpu_seconds(self):
        """User and system time of all its threads since it started."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mib(self):
        """Memory that it holds now."""
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise Trouble(f"process {self.pid} has no memory left: it has ended")


class Stage:
    """Starts programs and, on the way out, ends every one of them by its own pid."""

    def __init__(self, tollgate):
        self.tollgate = tollgate
        self.processes = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tollgate-bench-"))

    def __enter__(self):
        signal.signal(signal.SIGTERM, interrupted)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(TO_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def plain_upstream(self, answer=OPENAI):
        """nginx that answers every request with these about 600 bytes."""
        said = f"return 200 '{json.dumps(answer)}';"
        return self.nginx("upstream.conf", ANSWER=said, TYPE="application/json")

    def burst_upstream(self, events):
        """nginx that answers every request with a whole stream at once."""
        path = self.folder / f"events-{len(self.processes)}"
        path.write_text(events)
        # A file answers no POST; the error is told to be the file.
        said = f"root {self.folder}; rewrite ^ /{path.name} break; error_page 405 =200 /{path.name};"
        return self.nginx("upstream.conf", ANSWER=said, TYPE="text/event-stream")

    def stream_upstream(self, tokens):
        """A simulated provider: so many events per stream, 5 ms apart."""
        port = free_port()
        pace = ["--tokens-per-second", "200", "--reply-tokens", str(tokens)]
        return self.start([self.tollgate, "mock", "--listen", f"127.0.0.1:{port}", *pace], port)

    def nginx_proxy(self, upstream, buffering):
        return self.nginx("proxy.conf", UPSTREAM=upstream.port, BUFFERING=buffering, TLS="")

    def certificate(self):
        """A key on P-256 and its certificate, for whoever speaks TLS from now on."""
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=bench"]
        files = ["-keyout", self.folder / "bench.key", "-out", self.folder / "bench.crt"]
        subprocess.run(["openssl", "req", "-x509", *new, *map(str, files)], check=True, capture_output=True)

    def nginx_edge(self, upstream):
        """nginx as a reverse proxy; with TLS on a second port where there is a certificate."""
        tls_port, tls = free_port(), ""
        if (self.folder / "bench.crt").exists():
            tls = (
                f"listen 127.0.0.1:{tls_port} ssl; ssl_protocols TLSv1.3; "
                f"ssl_certificate {self.folder}/bench.crt; ssl_certificate_key {self.folder}/bench.key;"
            )
        proxy = self.nginx("proxy.conf", UPSTREAM=upstream.port, BUFFERING="on", TLS=tls)
        proxy.tls_port = tls_port
        return proxy

    def edge(self, upstream):
        """Tollgate as a reverse proxy, likewise."""
        port, tls_port, tls = free_port(), free_port(), ""
        if (self.folder / "bench.crt").exists():
            files = f"cert: {self.folder}/bench.crt, key: {self.folder}/bench.key"
            tls = f"  - {{ address: 127.0.0.1:{tls_port}, tls: {{ {files}, min_version: '1.3' }} }}"
        values = {"ADMIN": free_port(), "UPSTREAM": upstream.port, "KEY": KEY, "TLS": tls}
        proxy = self.start([self.tollgate, "run", "-c", self.render(HERE / "edge.yaml", port, values)], port)
        proxy.tls_port = tls_port
        return proxy

    def bare_pingora(self, upstream):
        port = free_port()
        addresses = [f"127.0.0.1:{port}", f"127.0.0.1:{upstream.port}"]
        return self.start([EXAMPLES / "bare_pingora", *addresses], port)

    def redis(self):
        """A Redis that keeps nothing on the disk."""
        port = free_port()
        options = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self.folder]
        return self.start(["redis-server", *options], port)

    def gateway(self, upstream, ttl="0", provider="kind: openai_compatible", base="v1", state="memory"):
        port = free_port()
        values = {"ADMIN": free_port(), "UPSTREAM": upstream.port, "TTL": ttl, "KEY": KEY, "STATE": state}
        values |= {"PROVIDER": provider, "BASE": base}
        config = self.render(HERE / "tollgate.yaml", port, values)
        return self.start([self.tollgate, "run", "-c", config], port)

    def nginx(self, template, **values):
        port = free_port()
        config = self.render(HERE / "nginx" / template, port, values)
        return self.start(["nginx", "-e", "stderr", "-p", self.folder, "-c", config], port)

    def render(self, template, port, values):
        text = template.read_text()
        for name, value in {"FOLDER": self.folder, "LISTEN": port, **values}.items():
            text = text.replace(f"@{name}@", str(value))
        path = self.folder / f"{port}-{template.name}"
        path.write_text(text)
        return path

    def start(self, command, port):
        log = self.folder / f"{port}.log"
        environment = {**ENVIRONMENT, "HOME": str(self.folder), "GATEWAY_DATA_DIR": str(self.folder / str(port))}
        command = [str(part) for part in command]
        program = shutil.which(command[0], path=SEARCH)
        if not program:
            raise Trouble(f"`{command[0]}` is not there: `make bench` builds and installs what is needed")
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [program, *command[1:]], env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
            )
        self.processes.append(process)
        wait_for(process, port, log)
        return Proxy(process, port)

    def body(self, **changes):
        """Writes the body of a request, about 1 KiB, and says where."""
        path = self.folder / f"body-{len(list(self.folder.glob('body-*')))}.json"
        path.write_text(json.dumps({"model": "small", "messages": [SYSTEM, USER], **changes}))
        return path


def interrupted(*_):
    raise KeyboardInterrupt


def free_port():
    """A port that nobody listens on, and nobody is about to."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in GIVEN:
            GIVEN.add(port)
            return port


def wait_for(process, port, log):
    until = time.monotonic() + TO_START
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Trouble(f"{' '.join(process.args)} does not answer on port {port}:\n{log.read_text(errors='replace')[-2000:]}")

