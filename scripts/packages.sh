#!/usr/bin/env bash
# Sourced by the other scripts: what is there, what is wanted, and how this system installs it.

wanted=()

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
want() { wanted+=("$1"); }

# Prints the first name on Debian and its relatives, the second on macOS.
by_system() { if [ "$(uname -s)" = Darwin ]; then echo "$2"; else echo "$1"; fi; }

# Runs a command as root, or fails when that is not to be had without a password.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
may_be_root() { [ "$(id -u)" = 0 ] || { has sudo && sudo -n true 2>/dev/null; }; }

# Installs everything wanted so far, or says exactly how to.
install_wanted() {
  [ "${#wanted[@]}" -gt 0 ] || return 0
  local packages="${wanted[*]}"
  [ "$(uname -s)" != Darwin ] || stop "missing: $packages. Run: brew install $packages"
  has apt-get || stop "missing: $packages. Install these with your system's package manager, then run this again"
  may_be_root || stop "missing: $packages. This user may not install packages. Run: sudo apt-get update && sudo apt-get install -y $packages"
  say "installing $packages"
  quietly as_root apt-get update -qq
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}"
  wanted=()
}

# Debian's packages start a server on its usual port; nobody asked for one.
stop_services() {
  local service
  has invoke-rc.d || return 0
  for service in "$@"; do as_root invoke-rc.d "$service" stop >/dev/null 2>&1 || true; done
}

# Shows what a command printed only if it failed.
quietly() {
  local printed
  printed=$("$@" 2>&1) || { printf '%s\n' "$printed" >&2; stop "this failed: $*"; }
}
