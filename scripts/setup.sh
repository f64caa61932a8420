#!/usr/bin/env bash
# Installs what a target needs beyond the Rust toolchain: setup.sh build|lint|test|peers|audit|fuzz|bench
#
# Quiet when nothing is missing. Where it may not install, it prints the command to run and stops.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/packages.sh

main() {
  need_rust
  case "${1:-build}" in
    build) need_compiler ;;
    lint) need_compiler; need_rust_components ;;
    test) need_compiler; need_servers; need_sdks ;;
    peers) need_compiler; need_sdks; need_peers ;;
    audit) need_compiler; need_cargo_deny ;;
    fuzz) need_compiler; need_cargo_fuzz ;;
    bench) need_bench_tools ;;
    *) stop "unknown part \`$1\`: use build, lint, test, peers, audit, fuzz or bench" ;;
  esac
}

need_rust() {
  has cargo || stop "cargo is missing: install Rust with rustup (see rustup.rs), open a new shell, then run this again"
}

# cmake, because Pingora builds zlib-ng with it; a C compiler, because ring and mimalloc are partly C.
need_compiler() {
  has cmake || want cmake
  has cc || want "$(by_system build-essential gcc)"
  has make || want make
  install_wanted
}

need_rust_components() {
  cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
  has rustup || stop "rustfmt or clippy is missing: install both with your Rust toolchain"
  say "adding rustfmt and clippy"
  rustup component add rustfmt clippy
}

# PostgreSQL, Redis, nginx and Pebble (an ACME server): tests start servers of their own.
need_servers() {
  local new=()
  has_postgres || { want "$(by_system postgresql postgresql@17)"; new+=(postgresql); }
  has redis-server || { want "$(by_system redis-server redis)"; new+=(redis-server); }
  PATH="$PATH:/usr/sbin"
  has nginx || { want nginx; new+=(nginx); }
  has pebble || want "$(by_system pebble pebble)"
  install_wanted
  stop_services ${new[@]+"${new[@]}"}
}

# Debian keeps PostgreSQL's own programs away from PATH.
has_postgres() { has initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

need_sdks() {
  need_python
  source scripts/sdks.sh
}

# Servers of others, some 750 MB of them.
need_peers() {
  install_venv .peers tests/peers/requirements.txt
  install_npm_packages tests/peers
}

need_python() {
  has python3 || want "$(by_system python3 python)"
  python3 -c 'import ensurepip, venv' 2>/dev/null || want "$(by_system python3-venv python)"
  install_wanted
}

need_cargo_deny() {
  cargo deny --version >/dev/null 2>&1 && return
  say "building cargo-deny (some minutes, once)"
  cargo install --locked cargo-deny
}

# Only nightly counts which branches an input takes.
need_cargo_fuzz() {
  if ! cargo +nightly --version >/dev/null 2>&1; then
    has rustup || stop "a nightly toolchain is missing: install one with rustup"
    say "adding the nightly toolchain"
    rustup toolchain install nightly --profile minimal
  fi
  cargo fuzz --version >/dev/null 2>&1 && return
  say "building cargo-fuzz (a minute, once)"
  cargo install --locked cargo-fuzz
}

need_bench_tools() {
  [ -d /proc/self ] || stop "the bench reads CPU time from /proc: run it on Linux"
  local new=()
  PATH="$PATH:/usr/sbin"
  has nginx || { want nginx; new+=(nginx); }
  has redis-server || { want "$(by_system redis-server redis)"; new+=(redis-server); }
  has wrk || want wrk
  has python3 || want python3
  install_wanted
  stop_services ${new[@]+"${new[@]}"}
}

main "$@"
