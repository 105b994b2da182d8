# shellcheck shell=bash
# Shared by ./vnvme, ./dev and the scripts here: messages, the cache folder, host packages. To be sourced.
set -euo pipefail
# Who sources this uses both.
# shellcheck disable=SC2034

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${VNVME_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vnvme}

say() { printf 'vnvme: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Runs its arguments under an exclusive lock, waiting for whoever holds it: two runs never build the same thing at once.
# The lock is let go by the kernel when the holder ends, however it ends.
locked() { # FILE COMMAND...
  local file=$1; shift
  mkdir -p "$(dirname "$file")"
  (
    flock -n 9 || { say "waiting for another run that holds $file"; flock 9; }
    "$@" 9>&-
  ) 9>"$file"
}

# Installs the host packages whose command is missing; says which ones when it may not.
need() { # COMMAND:PACKAGE...
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

install_packages() { # PACKAGE...
  [ "$(id -u)" = 0 ] || die "please install: $* (as root: apt-get install $*)"
  say "installing $*"
  mkdir -p "$cache"
  local log=$cache/apt-install.log
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends)
  # The package lists of a fresh image are missing or too old to fetch from: one update, then once more.
  "${apt[@]}" install "$@" >"$log" 2>&1 </dev/null && return
  { "${apt[@]}" update && "${apt[@]}" install "$@"; } >"$log" 2>&1 </dev/null ||
    { tail -n 5 "$log" >&2; die "apt-get install $* failed (all of it in $log)"; }
}

# The name of a cached thing: changes with everything that it is made from.
recipe_hash() { # FILE-OR-WORD...
  local item
  for item in "$@"; do
    if [ -f "$item" ]; then cat "$item"; else printf '%s\n' "$item"; fi
  done | sha256sum | cut -c1-12
}

# Puts a finished folder in its place in one step, and forgets older ones that nobody has used for a week.
place() { # BUILT-FOLDER FINAL-FOLDER
  mv -T "$1" "$2"
  local kind=${2%-*}
  find "$(dirname "$2")" -maxdepth 1 -name "${kind##*/}-*" ! -path "$2" -mtime +7 -exec rm -rf {} +
}
