#!/usr/bin/env bash
# Prints the path of a Chromium; where there is none and Debian's can be installed, installs it.
set -euo pipefail
find_it() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
if ! find_it; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "make test-web needs Chromium: install it, or name it with CHROMIUM=/path" >&2
    exit 1
  fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } >&2
  find_it
fi
