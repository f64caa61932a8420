"""The measurements. Each takes its turns in the same order, so that noise meets everyone alike."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.request

import speech
from stage import ENVIRONMENT
from stage import EXAMPLES
from stage import HERE
from stage import KEY
from stage import SEARCH
from stage import Trouble

WARM_UP_SECONDS = 1
# Few enough that the time of a request is its own, not that of a queue.
REDIS_CONNECTIONS = 8
# Nothing may run for ever; the longest honest turn is a fraction of it.
LONGEST_TURN = 180
# How a gateway is told of a provider of each dialect, and where that serves. Its key is nobody's.
DIALECTS = {
    "same dialect": ("kind: openai_compatible", "v1"),
    "from Anthropic": ("kind: anthropic, api_key: none", "v1"),
    "from Gemini": ("kind: gemini, api_key: none", "v1beta"),
}


def plain(stage, asked):
    """Requests with an answer in one piece, from `--connections` clients that ask again at once."""
    upstream = stage.plain_upstream()
    proxies = {
        "direct": upstream,
        "nginx": stage.nginx_proxy(upstream, "on"),
        "bare Pingora": stage.bare_pingora(upstream),
        "Tollgate": stage.gateway(upstream),
        "Tollgate, cache hit": stage.gateway(upstream, "300s"),
    }
    body = stage.body()
    idle = {name: proxy.rss_mib() for name, proxy in proxies.items()}
    for proxy in proxies.values():
        wrk(proxy, body, WARM_UP_SECONDS, asked.connections)
    expect_cache(proxies["Tollgate"], body, hit=False)
    expect_cache(proxies["Tollgate, cache hit"], body, hit=True)
    turns = take_turns(proxies, asked.rounds, lambda proxy: wrk(proxy, body, asked.seconds, asked.connections))
    return {"turns": turns, "idle_mib": idle}


def redis(stage, asked):
    """Plain requests of a few clients, with the counters in the process and in Redis."""
    upstream, server = stage.plain_upstream(), stage.redis()
    proxies = {
        "memory": stage.gateway(upstream),
        "redis": stage.gateway(upstream, state=f"redis://127.0.0.1:{server.port}/0"),
    }
    body = stage.body()
    for proxy in proxies.values():
        wrk(proxy, body, WARM_UP_SECONDS, REDIS_CONNECTIONS)
    # By now it has been found; from here on every request has to be counted there.
    before = scripts_of(server)
    turns = take_turns(proxies, asked.rounds, lambda proxy: wrk(proxy, body, asked.seconds, REDIS_CONNECTIONS))
    scripts, requests = scripts_of(server) - before, sum(turn["requests"] for turn in turns["redis"])
    if scripts < requests:
        raise Trouble(f"redis was asked {scripts} times for {requests} requests: the gateway went on without it")
    return {"turns": turns, "connections": REDIS_CONNECTIONS}


def scripts_of(server):
    """How many scripts a Redis has been asked to run."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"INFO commandstats\r\n")
        answer = connection.makefile("rb")
        size = int(answer.readline()[1:])
        lines = answer.read(size).decode().splitlines()
    scripts = [line for line in lines if line.startswith(("cmdstat_evalsha:", "cmdstat_eval:"))]
    return sum(int(line.partition("calls=")[2].partition(",")[0]) for line in scripts)


def streams(stage, asked):
    """All streams at once, read to their end, again and again on the same processes."""
    proxies = streaming_proxies(stage, stage.stream_upstream(200))
    body = stage.body(stream=True)
    idle = {name: proxy.rss_mib() for name, proxy in proxies.items()}
    turns = take_turns(proxies, asked.rounds, lambda proxy: live_streams(proxy, body, asked.streams))
    return {"turns": turns, "idle_mib": idle, "streams": asked.streams}


def first_event(stage, asked):
    """How long the first event with content takes while 50 streams are alive."""
    proxies = streaming_proxies(stage, stage.stream_upstream(40))
    body = stage.body(stream=True)
    options = ["--streams", "50", "--samples", str(asked.samples)]
    for proxy in proxies.values():
        load("first-event", proxy, body, "--streams", "50", "--samples", "100")
    turns = take_turns(proxies, asked.rounds, lambda proxy: load("first-event", proxy, body, *options))
    return {"turns": turns}


def translated_plain(stage, asked):
    """The same answer from a provider of each dialect, for a client of OpenAI's."""
    answers = zip(DIALECTS, [speech.OPENAI, speech.ANTHROPIC, speech.GEMINI])
    proxies = translating(stage, {name: stage.plain_upstream(answer) for name, answer in answers})
    body = stage.body()
    expect_one_text(proxies, body)
    for proxy in proxies.values():
        wrk(proxy, body, WARM_UP_SECONDS, asked.connections)
    return take_turns(proxies, asked.rounds, lambda proxy: wrk(proxy, body, asked.seconds, asked.connections))


def translated_streams(stage, asked):
    """The same stream from a provider of each dialect, for clients of OpenAI's."""
    upstream = stage.stream_upstream(200)
    proxies = translating(stage, dict.fromkeys(DIALECTS, upstream))
    expect_one_text(proxies, stage.body())
    body = stage.body(stream=True)
    turns = take_turns(proxies, asked.rounds, lambda proxy: live_streams(proxy, body, asked.streams))
    counts = {turn["events"] for results in turns.values() for turn in results}
    if len(counts) != 1:
        raise Trouble(f"the dialects came to different numbers of events: {sorted(counts)}")
    return turns


def translated_bursts(stage, asked):
    """The same stream, all of it in one piece: what is left is the cost of the events themselves."""
    streams = zip(DIALECTS, [speech.openai_stream(), speech.anthropic_stream(), speech.gemini_stream()])
    proxies = translating(stage, {name: stage.burst_upstream(events) for name, events in streams})
    body = stage.body(stream=True)
    events = {events_of(proxy, body) for proxy in proxies.values()}
    if len(events) != 1:
        raise Trouble(f"the dialects came to different numbers of events: {sorted(events)}")
    each = events.pop()

    def turn(proxy):
        result = wrk(proxy, body, asked.seconds, asked.connections)
        return {**result, "events": result["requests"] * each}

    return take_turns(proxies, asked.rounds, turn)


def events_of(proxy, body):
    with ask(proxy, body) as answer:
        events = answer.read().decode().split("\n\n")
    if events[-2:] != ["data: [DONE]", ""]:
        raise Trouble(f"the stream on port {proxy.port} did not come to its end")
    return len(events) - 1


def translating(stage, upstreams):
    """A gateway for each dialect, in front of its provider."""
    return {
        name: stage.gateway(upstreams[name], provider=provider, base=base)
        for name, (provider, base) in DIALECTS.items()
    }


def expect_one_text(proxies, body):
    """Costs of answers that say different things would not compare."""
    texts = set()
    for proxy in proxies.values():
        with ask(proxy, body) as answer:
            texts.add(json.load(answer)["choices"][0]["message"]["content"])
    if len(texts) != 1:
        raise Trouble(f"the dialects came to different answers: {sorted(texts)}")


def streaming_proxies(stage, upstream):
    return {
        "direct": upstream,
        "nginx": stage.nginx_proxy(upstream, "off"),
        "bare Pingora": stage.bare_pingora(upstream),
        "Tollgate": stage.gateway(upstream),
    }


def take_turns(proxies, rounds, turn):
    """Lets every proxy have its turn, round after round; gives the results of each, with the CPU seconds it took."""
    results = {name: [] for name in proxies}
    for _ in range(rounds):
        for name, proxy in proxies.items():
            before = proxy.cpu_seconds()
            result = turn(proxy)
            result["cpu_seconds"] = proxy.cpu_seconds() - before
            results[name].append(result)
    return results


def wrk(proxy, body, seconds, connections):
    url = f"http://127.0.0.1:{proxy.port}/v1/chat/completions"
    size = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(HERE / "wrk.lua")]
    result = run(["wrk", *size, url], {"BODY": str(body)})
    if result["failed"]:
        raise Trouble(f"{result['failed']} of {result['requests']} requests to {url} failed")
    return result


def live_streams(proxy, body, streams):
    peak = Peak(proxy)
    with peak:
        result = load("live", proxy, body, "--streams", str(streams))
    if result["done"] != streams:
        raise Trouble(f"only {result['done']} of {streams} streams on port {proxy.port} came to their end")
    return {**result, "peak_mib": peak.mib}


def load(what, proxy, body, *options):
    address = f"127.0.0.1:{proxy.port}"
    return run([EXAMPLES / "load", what, address, "--body", body, "--key", KEY, *options])


def run(command, environment=None):
    """Runs a load to its end; its last line is its result."""
    command = [str(part) for part in command]
    environment = {**ENVIRONMENT, **(environment or {}), "PATH": SEARCH}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST_TURN)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def expect_cache(proxy, body, hit):
    """A figure for hits that were misses, or the other way round, would be worth nothing."""
    with ask(proxy, body) as answer:
        found = answer.headers.get("X-Cache")
    if (found == "HIT") != hit:
        raise Trouble(f"the gateway on port {proxy.port} says `X-Cache: {found}`; it must{'' if hit else ' not'} be a hit")


def ask(proxy, body):
    url = f"http://127.0.0.1:{proxy.port}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(url, body.read_bytes(), headers), timeout=10)


class Peak:
    """Watches the memory of a process for as long as the block runs."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.mib = 0.0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def watch(self):
        while not self.over.wait(0.05):
            self.mib = max(self.mib, self.proxy.rss_mib())

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
