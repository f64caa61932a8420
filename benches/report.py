"""What was measured, as Markdown: medians, with the least and the most behind them."""

import os
import pathlib
import platform
import statistics

FLOOR = "bare Pingora"


def conditions(asked):
    cpu = "unknown CPU"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return (
        f"{cpu}, {os.cpu_count()} cores, Linux {platform.release()}; load before the run {os.getloadavg()[0]:.2f}; "
        f"{asked.rounds} rounds; medians (least-most)\n"
    )


def plain(result):
    rows = []
    floor = middle(result["turns"][FLOOR], cpu_per_request)
    for name, turns in result["turns"].items():
        cpu = "-" if name == "direct" else spread(turns, cpu_per_request)
        ratio = "-" if name == "direct" else f"{middle(turns, cpu_per_request) / floor:.2f}"
        rate = f"{middle(turns, lambda turn: turn['requests'] / turn['seconds']):.0f}"
        times = [f"{middle(turns, lambda turn: turn[key]):.2f}" for key in ("p50_ms", "p99_ms")]
        rows.append([name, cpu, ratio, rate, *times, f"{result['idle_mib'][name]:.1f}"])
    head = ["plain requests", "CPU µs/request", "× bare", "requests/s", "p50 ms", "p99 ms", "idle MiB"]
    return table(head, rows)


def redis(result):
    rows = []
    memory = result["turns"]["memory"]
    for name, turns in result["turns"].items():
        p50 = lambda turn: turn["p50_ms"]
        added = "-" if name == "memory" else f"{middle(turns, p50) - middle(memory, p50):.2f}"
        rows.append([
            name,
            spread(turns, cpu_per_request),
            f"{middle(turns, cpu_per_request) / middle(memory, cpu_per_request):.2f}",
            f"{middle(turns, lambda turn: turn['requests'] / turn['seconds']):.0f}",
            spread(turns, p50, 2),
            added,
            f"{middle(turns, lambda turn: turn['p99_ms']):.2f}",
        ])
    head = [f"counters in ({result['connections']} connections)", "CPU µs/request", "× memory", "requests/s", "p50 ms",
            "p50 added", "p99 ms"]
    return table(head, rows)


def edge_requests(turns):
    floor = middle(turns[FLOOR], cpu_per_request)
    rows = []
    for name, own in turns.items():
        direct = name == "direct"
        rows.append([
            name,
            "-" if direct else spread(own, cpu_per_request),
            "-" if direct else f"{middle(own, cpu_per_request) / floor:.2f}",
            f"{middle(own, lambda turn: turn['requests'] / turn['seconds']):.0f}",
            f"{middle(own, lambda turn: turn['p99_ms']):.2f}",
        ])
    return table(["reverse proxy, 1 KiB", "CPU µs/request", "× bare", "requests/s", "p99 ms"], rows)


def edge_large(turns):
    mib = lambda turn: turn["bytes"] / (1 << 20) / turn["cpu_seconds"]
    floor = middle(turns["nginx"], mib)
    rows = [[name, spread(own, mib, 0), f"{middle(own, mib) / floor:.2f}"] for name, own in turns.items()]
    return table(["downloads of 64 MiB", "MiB per CPU second", "× nginx"], rows)


def edge_idle(kib, connections):
    rows = [[name, f"{each:.1f}"] for name, each in kib.items()]
    return table([f"{connections} idle connections", "KiB each"], rows)


def edge_handshakes(turns):
    each = lambda turn: turn["requests"] / turn["cpu_seconds"]
    floor = middle(turns["nginx"], each)
    rows = [[name, spread(own, each, 0), f"{middle(own, each) / floor:.2f}"] for name, own in turns.items()]
    return table(["TLS 1.3, a connection each", "handshakes and answers per CPU second", "× nginx"], rows)


def streams(result):
    rows = []
    floor = middle(result["turns"][FLOOR], cpu_per_event)
    for name, turns in result["turns"].items():
        idle = result["idle_mib"][name]
        peaks = [turn["peak_mib"] for turn in turns]
        each = (max(peaks) - idle) * 1024 / result["streams"]
        direct = name == "direct"
        rows.append([
            name,
            "-" if direct else spread(turns, cpu_per_event),
            "-" if direct else f"{middle(turns, cpu_per_event) / floor:.2f}",
            f"{middle(turns, lambda turn: turn['seconds']):.2f}",
            f"{middle(turns, lambda turn: turn['gap_p99_ms']):.1f}",
            f"{idle:.1f}",
            " ".join(f"{peak:.0f}" for peak in peaks),
            f"{each:.0f}",
        ])
    head = [f"{result['streams']} live streams", "CPU µs/event", "× bare", "seconds", "gap p99 ms", "idle MiB",
            "peak MiB, round by round", "KiB/stream"]
    return table(head, rows)


def first_event(result):
    rows = []
    direct = result["turns"]["direct"]
    for name, turns in result["turns"].items():
        row = [name]
        for key in ("p50_ms", "p99_ms"):
            added = middle(turns, lambda turn: turn[key]) - middle(direct, lambda turn: turn[key])
            row += [spread(turns, lambda turn: turn[key], 2), "-" if name == "direct" else f"{added:.2f}"]
        rows.append(row)
    head = ["first event, 50 streams", "p50 ms", "p50 added", "p99 ms", "p99 added"]
    return table(head, rows)


def translated(turns, what, unit):
    cost = {"request": cpu_per_request, "event": cpu_per_event}[unit]
    floor = middle(turns["same dialect"], cost)
    rows = [[name, spread(own, cost), f"{middle(own, cost) / floor:.2f}"] for name, own in turns.items()]
    return table([what, f"CPU µs/{unit}", "× same dialect"], rows)


def cpu_per_request(turn):
    return turn["cpu_seconds"] * 1e6 / turn["requests"]


def cpu_per_event(turn):
    return turn["cpu_seconds"] * 1e6 / turn["events"]


def middle(turns, value):
    return statistics.median(value(turn) for turn in turns)


def spread(turns, value, digits=1):
    values = [value(turn) for turn in turns]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
