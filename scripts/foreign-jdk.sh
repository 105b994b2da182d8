#!/bin/bash
# Gets what a runtime for another architecture is linked from, Debian 13's JDK 25 for it, with its C library to try it with.
# usage: foreign-jdk.sh ARCHITECTURE: prints root=FOLDER, a Debian root, and jdk=FOLDER in it
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/private-apt.sh
source "$home/scripts/private-apt.sh"

architecture=${1:?an architecture such as arm64}
packages=(openjdk-25-jdk-headless)
foreign=$cache/foreign-$architecture-$(recipe_hash "${packages[@]}" "$home/scripts/private-apt.sh" "$home/scripts/foreign-jdk.sh")

fetch() {
  [ ! -e "$foreign/root" ] || return 0
  local work=$cache/foreignwork
  rm -rf "$work"
  mkdir -p "$work"
  # Expanded now: the local is gone when the trap runs.
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  say "fetching a JDK 25 for $architecture into $cache (150 MB, once)"
  private_apt "$work/apt" "$architecture"
  private_download "$work/apt" "${packages[@]}"
  private_unpack "$work/apt" "$work/out/root"
  place "$work/out" "$foreign"
}

locked "$foreign.lock" fetch
jdk=$(echo "$foreign"/root/usr/lib/jvm/java-25-openjdk-*)
[ -d "$jdk/jmods" ] || die "the JDK of $architecture has no modules to link from: remove $foreign and try again"
printf 'root=%s\njdk=%s\n' "$foreign/root" "$jdk"
