#!/usr/bin/env bash
# Gives every target, or those that are named, so many seconds: run.sh <seconds> [target …]
#
# Stops at the first crash; cargo-fuzz prints how to repeat it.
set -euo pipefail
cd "$(dirname "$0")"

# In the order of `PROVIDERS` in src/lib.rs; a folder's place is the sign that chooses it.
dialects=(openai responses anthropic gemini ollama cohere replicate bedrock)
fixtures=../src/dialect

main() {
  local seconds=$1
  shift
  [ "$#" -gt 0 ] || set -- framers replies streams requests faults scan
  words >fields.dict
  local target
  for target in "$@"; do
    seed "$target"
    fuzz "$target" "$seconds"
  done
}

# No sanitizer: the gateway has no `unsafe` of its own. Its threads have 2 MiB of stack, so half of that must do.
fuzz() {
  ulimit -s 1024
  nice cargo +nightly fuzz run -s none "$1" -- \
    -max_total_time="$2" -max_len=8192 -timeout=5 -rss_limit_mb=1024 -dict=fields.dict -print_final_stats=1
}

# Every quoted word of the fixtures and of the code that reads them.
words() {
  grep -rhoE '"[A-Za-z_.:@-]{2,40}"' "$fixtures" seeds --include='*.rs' --include='*.json' --include='*.sse' \
    --include='*.ndjson' --include='*.txt' | sort -u | sed -E 's/^"(.*)"$/"\\"\1\\""/'
}

# Fixtures of all dialects, with signs behind them that choose who says it to whom: see `Input` in src/lib.rs.
seed() {
  local corpus=corpus/$1 place file
  mkdir -p "$corpus"
  for place in "${!dialects[@]}"; do
    for file in $(files "$1" "${dialects[$place]}"); do
      local name=${file//[.\/]/_}
      for signs in "${place}013" "${place}125" "${place}237" "${place}322"; do
        { cat "$file"; printf %s "$signs"; } >"$corpus/seed$name$signs"
      done
    done
  done
}

# The fixtures of one dialect that one target reads.
files() {
  local in=$fixtures/$2/fixtures
  [ "$2" != openai ] || in=seeds/openai
  case "$1" in
    replies) find "$in" -name '*.json' ;;
    requests) find "$in" -name 'question.json' -o -name 'request.json' -o -name 'ask.json' -o -name 'texts.json' ;;
    streams) find "$in" -name '*.sse' -o -name '*.ndjson' -o -path '*bedrock*/stream.txt' ;;
    framers) find "$in" -name '*.sse' -o -name '*.ndjson' ;;
    faults) find seeds/faults "$in" -name 'exhausted.json' -o -path 'seeds/faults/*.txt' ;;
    scan) find "$in" -name '*.json' ;;
  esac
}

main "$@"
