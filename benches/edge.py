"""The measurements of the edge: a route to a cluster beside nginx's proxy_pass, with the same work."""

import socket

import measure
from stage import HERE
from stage import Trouble

# Of one transfer. It is read from the page cache.
LARGE_MIB = 64
IDLE_CONNECTIONS = 10_000


def requests(stage, asked):
    """Answers of 1 KiB over plain connections that are kept."""
    upstream = upstream_of(stage)
    proxies = {
        "direct": upstream,
        "nginx": stage.nginx_edge(upstream),
        "bare Pingora": stage.bare_pingora(upstream),
        "Tollgate": stage.edge(upstream),
    }
    turn = lambda proxy: wrk(f"http://127.0.0.1:{proxy.port}/small", asked.seconds, asked.connections)
    return warm(proxies, turn, asked.rounds)


def large(stage, asked):
    """Downloads of 64 MiB, four at once."""
    upstream = upstream_of(stage)
    proxies = {"nginx": stage.nginx_edge(upstream), "Tollgate": stage.edge(upstream)}
    turn = lambda proxy: wrk(f"http://127.0.0.1:{proxy.port}/large", asked.seconds, 4)
    return warm(proxies, turn, asked.rounds)


def handshakes(stage, asked):
    """TLS 1.3 with one elliptic key; every request on a connection of its own."""
    upstream = upstream_of(stage)
    stage.certificate()
    proxies = {"nginx": stage.nginx_edge(upstream), "Tollgate": stage.edge(upstream)}
    turn = lambda proxy: wrk(f"https://127.0.0.1:{proxy.tls_port}/small", asked.seconds, asked.connections, close=True)
    return warm(proxies, turn, asked.rounds)


def idle(stage, _asked):
    """What a connection takes that has had one answer and is kept."""
    upstream = upstream_of(stage)
    proxies = {"nginx": stage.nginx_edge(upstream), "Tollgate": stage.edge(upstream)}
    return {name: idle_kib(proxy) for name, proxy in proxies.items()}


def idle_kib(proxy):
    before, open_ones = proxy.rss_mib(), []
    request = b"GET /small HTTP/1.1\r\nHost: bench\r\n\r\n"
    try:
        for _ in range(IDLE_CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", proxy.port), timeout=10)
            open_ones.append(connection)
            connection.sendall(request)
            left = 1024
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            left -= len(head.partition(b"\r\n\r\n")[2])
            while left > 0:
                left -= len(connection.recv(left))
        return (proxy.rss_mib() - before) * 1024 / IDLE_CONNECTIONS
    finally:
        for connection in open_ones:
            connection.close()


def upstream_of(stage):
    path = stage.folder / "large"
    if not path.exists():
        path.write_bytes(b"x" * (LARGE_MIB << 20))
    said = f"if ($uri = /large) {{ root {stage.folder}; break; }} return 200 '{'y' * 1024}';"
    return stage.nginx("upstream.conf", ANSWER=said, TYPE="application/octet-stream")


def warm(proxies, turn, rounds):
    for proxy in proxies.values():
        turn(proxy)
    return measure.take_turns(proxies, rounds, turn)


def wrk(url, seconds, connections, close=False):
    size = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "get.lua")]
    result = measure.run(["wrk", *size, url], {"CLOSE": "yes" if close else ""})
    if result["failed"]:
        raise Trouble(f"{result['failed']} of {result['requests']} requests to {url} failed")
    return result
