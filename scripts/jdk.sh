# shellcheck shell=bash
# Finds a JDK of version 25 or later and sets JAVA_HOME; fetches one when there is none. To be sourced after common.sh.
# Looked at in this order: JAVA_HOME, the folders of VNVME_JDK_DIRS (/usr/lib/jvm/*; the newest first), the cache.

jdk_release=25

jdk_version() { # FOLDER: the major version, 0 when there is no JDK
  local line version=0
  if [ -x "$1/bin/javac" ] && [ -r "$1/release" ]; then
    while read -r line; do
      case $line in JAVA_VERSION=*) version=${line#*\"} version=${version%%[.\"+-]*} ;; esac
    done <"$1/release"
  fi
  echo "$version"
}

find_jdk() {
  local dir best=0 version
  if [ -n "${JAVA_HOME:-}" ] && [ "$(jdk_version "$JAVA_HOME")" -ge $jdk_release ]; then return; fi
  unset JAVA_HOME
  # The list is a pattern on purpose.
  # shellcheck disable=SC2086
  for dir in ${VNVME_JDK_DIRS-/usr/lib/jvm/*} "${cache:?}"/jdk-*/jvm; do
    version=$(jdk_version "$dir")
    if [ "$version" -ge $jdk_release ] && [ "$version" -gt "$best" ]; then JAVA_HOME=$dir best=$version; fi
  done
  [ "$best" != 0 ]
}

use_jdk() {
  find_jdk || { "${home:?}/scripts/fetch-jdk.sh" && find_jdk; } ||
    die "vNVMe needs a JDK $jdk_release or later: install one and set JAVA_HOME to it"
  export JAVA_HOME
}
