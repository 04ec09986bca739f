#!/usr/bin/env bash
# What `make test-web` runs. PYTHON has repscope; CHROMIUM may name a browser.
set -euo pipefail
cd "$(dirname "$0")"
export CHROMIUM=${CHROMIUM:-$(./chromium.sh)}
npm run --silent check
npm test --silent
npx vite build --logLevel error --outDir dist --emptyOutDir
diff -r dist ../src/repscope/viewer/page || {
  echo "the committed page is not what web/ gives: run make web, and commit" >&2
  exit 1
}
npm run --silent story
