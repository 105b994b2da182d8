# shellcheck shell=bash
# Builds what ./vnvme and ./dev start, only when a source is newer than the last build. To be sourced after jdk.sh.

modules=(engine testkit control bench)
stamp=${home:?}/target/built

maven() { # ARGUMENTS...
  need mvn:maven
  (cd "$home" && mvn -B -ntp "$@")
}

# Nothing newer than the stamp, and a stamp of this folder and this JDK. Folders count: a deletion changes them.
up_to_date() {
  [ -e "$stamp" ] && [ "$(<"$stamp")" = "$home $JAVA_HOME" ] || return 1
  local module sources=("$home/pom.xml" "$home/.mvn")
  for module in "${modules[@]}"; do
    [ -e "$home/$module/target/classpath" ] || return 1
    sources+=("$home/$module/pom.xml")
    [ ! -d "$home/$module/src/main" ] || sources+=("$home/$module/src/main")
  done
  [ -z "$(find "${sources[@]}" -newer "$stamp" -print -quit)" ]
}

build() {
  ! up_to_date || return 0
  mkdir -p "$home/target"
  local log=$home/target/build.log
  # The time of the start counts: a file changed while Maven runs is built the next time.
  echo "$home $JAVA_HOME" >"$stamp.new"
  rm -f "$stamp"
  say "building (log: $log)"
  maven compile dependency:build-classpath -Dmdep.outputFile=target/classpath -DincludeScope=runtime \
    >"$log" 2>&1 || { grep -E '^\[ERROR\]' "$log" | head -n 20 >&2 || true; die "the build failed"; }
  mv "$stamp.new" "$stamp"
}

ensure_built() {
  up_to_date || locked "$home/target/build.lock" build
}

# The class path of a module: its classes, those of the modules that it needs, and the libraries.
classpath() { # MODULE
  printf '%s:%s' "$home/$1/target/classes" "$(<"$home/$1/target/classpath")"
}
