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
        f"{asked.rounds} rounds; medians (least-most), ratios within each round\n"
    )


def plain(result):
    rows = []
    floor = result["turns"][FLOOR]
    for name, turns in result["turns"].items():
        rate = f"{middle(turns, lambda turn: turn['requests'] / turn['seconds']):.0f}"
        times = [f"{middle(turns, lambda turn: turn[key]):.2f}" for key in ("p50_ms", "p99_ms")]
        rows.append([name, *cost(name, turns, cpu_per_request, floor), rate, *times, f"{result['idle_mib'][name]:.1f}"])
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
            times(turns, memory, cpu_per_request),
            f"{middle(turns, lambda turn: turn['requests'] / turn['seconds']):.0f}",
            spread(turns, p50, 2),
            added,
            f"{middle(turns, lambda turn: turn['p99_ms']):.2f}",
        ])
    head = [f"counters in ({result['connections']} connections)", "CPU µs/request", "× memory", "requests/s", "p50 ms",
            "p50 added", "p99 ms"]
    return table(head, rows)


def edge_requests(turns):
    floor = turns[FLOOR]
    rows = []
    for name, own in turns.items():
        rows.append([
            name,
            *cost(name, own, cpu_per_request, floor),
            f"{middle(own, lambda turn: turn['requests'] / turn['seconds']):.0f}",
            f"{middle(own, lambda turn: turn['p99_ms']):.2f}",
        ])
    return table(["reverse proxy, 1 KiB", "CPU µs/request", "× bare", "requests/s", "p99 ms"], rows)


def edge_large(turns):
    mib = lambda turn: turn["bytes"] / (1 << 20) / turn["cpu_seconds"]
    return beside_nginx(turns, mib, ["downloads of 64 MiB", "MiB per CPU second"])


def edge_idle(kib, connections):
    rows = [[name, f"{each:.1f}"] for name, each in kib.items()]
    return table([f"{connections} idle connections", "KiB each"], rows)


def edge_handshakes(turns):
    each = lambda turn: turn["requests"] / turn["cpu_seconds"]
    return beside_nginx(turns, each, ["TLS 1.3, a connection each", "handshakes and answers per CPU second"])


def streams(result):
    rows = []
    floor = result["turns"][FLOOR]
    for name, turns in result["turns"].items():
        idle = result["idle_mib"][name]
        peaks = [turn["peak_mib"] for turn in turns]
        each = (max(peaks) - idle) * 1024 / result["streams"]
        rows.append([
            name,
            *cost(name, turns, cpu_per_event, floor),
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
    value = {"request": cpu_per_request, "event": cpu_per_event}[unit]
    floor = turns["same dialect"]
    rows = [[name, spread(own, value), times(own, floor, value)] for name, own in turns.items()]
    return table([what, f"CPU µs/{unit}", "× same dialect"], rows)


def beside_nginx(turns, value, head):
    floor = turns["nginx"]
    rows = [[name, spread(own, value, 0), times(own, floor, value)] for name, own in turns.items()]
    return table([*head, "× nginx"], rows)


def cost(name, turns, value, floor):
    """What it costs, and how often the floor's: nothing is known of a client's direct way."""
    if name == "direct":
        return ["-", "-"]
    return [spread(turns, value), times(turns, floor, value)]


def times(turns, floor, value):
    """How often the floor's, round by round: a machine that is slower for a while is so for both."""
    return f"{statistics.median(value(own) / value(its) for own, its in zip(turns, floor)):.2f}"


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
