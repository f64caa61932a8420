#!/usr/bin/env python3
"""Measures Tollgate beside nginx and a bare Pingora: everything on loopback, in one run, taking turns.

`make bench` builds what this needs and calls it. It prints Markdown tables; benches/README.md says what they mean.
"""

import argparse
import resource
import sys

import edge
import measure
import report
import stage

PARTS = ["plain", "redis", "streams", "first-event", "translated", "edge"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="turns of every proxy (7)")
    parser.add_argument("--seconds", type=int, default=3, help="length of one turn of plain requests (3)")
    parser.add_argument("--connections", type=int, default=64, help="of plain requests (64)")
    parser.add_argument("--streams", type=int, default=500, help="live streams at once (500)")
    parser.add_argument("--samples", type=int, default=1000, help="timed first events in one turn (1000)")
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    parser.add_argument("--tollgate", default="target/release/tollgate", help="the program under test")
    return parser.parse_args()


def main():
    asked = arguments()
    # 500 streams are more than 1000 sockets in a proxy.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with stage.Stage(asked.tollgate) as here:
        print(report.conditions(asked))
        if asked.only in (None, "plain"):
            print(report.plain(measure.plain(here, asked)))
        if asked.only in (None, "redis"):
            print(report.redis(measure.redis(here, asked)))
        if asked.only in (None, "streams"):
            print(report.streams(measure.streams(here, asked)))
        if asked.only in (None, "first-event"):
            print(report.first_event(measure.first_event(here, asked)))
        if asked.only in (None, "translated"):
            print(report.translated(measure.translated_plain(here, asked), "plain requests", "request"))
            print(report.translated(measure.translated_streams(here, asked), "live streams", "event"))
            print(report.translated(measure.translated_bursts(here, asked), "streams in one piece", "event"))
        if asked.only in (None, "edge"):
            print(report.edge_requests(edge.requests(here, asked)))
            print(report.edge_large(edge.large(here, asked)))
            print(report.edge_idle(edge.idle(here, asked), edge.IDLE_CONNECTIONS))
            print(report.edge_handshakes(edge.handshakes(here, asked)))


if __name__ == "__main__":
    try:
        main()
    except stage.Trouble as trouble:
        sys.exit(f"bench: {trouble}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted; everything it started has been ended")
