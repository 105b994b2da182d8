# shellcheck shell=bash
# Builds and tests the web UI in ui/. To be sourced after common.sh; tests after build.sh.

ui=${home:?}/ui
ui_stamp=$home/target/ui-built
# What Vite needs; Debian 12 has an older one, which is enough to fetch this.
node_major=22
node_fits() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 20 && b >= 19) || (a === 22 && b >= 12) ? 0 : 1)'; }

# Puts a node that is new enough first on the path; fetches one when the host's is too old.
use_node() {
  need node:nodejs npm:npm
  ! node_fits node || return 0
  local arch folder
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) die "the web UI needs node 20.19 or later: install it" ;; esac
  folder=${cache:?}/node-$node_major-$arch
  [ -x "$folder/bin/node" ] || locked "$cache/node.lock" fetch_node "$folder" "node-linux-$arch"
  PATH=$folder/bin:$PATH
}

# npm's registry has node itself as a package.
fetch_node() { # FOLDER PACKAGE
  [ ! -x "$1/bin/node" ] || return 0
  say "fetching node $node_major"
  local new
  new=$(mktemp -d "$cache/node.XXXXXX")
  (cd "$new" && npm install --no-save --no-audit --no-fund --no-package-lock --loglevel=error "$2@$node_major") >&2 ||
    die "node $node_major cannot be fetched"
  mv "$new/node_modules/$2" "$1"
  rm -rf "$new"
}

ui_packages() {
  local known=$ui/node_modules/.package-lock.json
  if [ ! -e "$known" ] || [ "$ui/package-lock.json" -nt "$known" ]; then
    (cd "$ui" && npm ci --no-audit --no-fund --loglevel=error) >&2 && touch "$known"
  fi
}

ui_up_to_date() {
  [ -e "$ui/dist/index.html" ] && [ -e "$ui_stamp" ] &&
    [ -z "$(find "$ui" -mindepth 1 -path "$ui/node_modules" -prune -o -path "$ui/dist" -prune -o -newer "$ui_stamp" -print -quit)" ]
}

build_ui() {
  ! ui_up_to_date || return 0
  use_node
  mkdir -p "$home/target"
  local log=$home/target/ui.log
  say "building the web UI (log: $log)"
  # The time of the start counts, as for the other modules.
  touch "$ui_stamp.new"
  { ui_packages && (cd "$ui" && npm run --silent build); } >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "the web UI failed to build"; }
  # Names of files change with their content: old ones must not stay among the classes.
  rm -rf "$home/control/target/classes/web"
  mv "$ui_stamp.new" "$ui_stamp"
}

ensure_ui() {
  ui_up_to_date || locked "$home/target/ui.lock" build_ui
}

# The page's own tests, and the page in a real browser against a real daemon.
test_ui() { # REPORTS
  local status=0
  use_node
  say "web UI: format, types, lint, unit tests (log: $1/ui.log)"
  {
    ui_packages && cd "$ui" && npm run --silent check &&
      npx vitest run --reporter=default --reporter=junit --outputFile.junit="$1/ui.unit.xml"
  } >"$1/ui.log" 2>&1 || { tail -n 25 "$1/ui.log" >&2; status=1; }
  if (need chromium:chromium); then
    say "web UI in a browser (log: $1/ui-browser.log)"
    (cd "$ui" && npm run --silent e2e -- --reporter=default --reporter=junit --outputFile.junit="$1/ui.browser.xml") \
      >"$1/ui-browser.log" 2>&1 || { tail -n 40 "$1/ui-browser.log" >&2; status=1; }
  else
    say "the web UI is not tested in a browser: chromium cannot be installed here"
  fi
  return $status
}
