# shellcheck shell=bash
# Builds what ./vnvme and ./dev start, only when a source is newer than the last build. To be sourced after jdk.sh.

modules=(engine testkit control bench)
# A client lives for a moment: what counts is its start.
client_options=(--enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx64m)
# Its drives lie outside the heap; room for a hundred vNVMes with their own threads' garbage. ZGC: short pauses.
# shellcheck disable=SC2034
daemon_options=(-XX:+UseZGC -Xms32m -Xmx128m)
# What holds descriptors for the daemon does next to nothing.
# shellcheck disable=SC2034
holder_options=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms4m -Xmx16m)
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
  [ ! -d "$home/ui/dist" ] || sources+=("$home/ui/dist")
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
  pack
  mv "$stamp.new" "$stamp"
}

# The daemon and its client run from jars: a daemon goes on with the ones that it has open while others are built, and a
# client starts in two thirds of the time from a cache of loaded classes, which Java makes for jars only. It is made by
# asking a daemon that is not there.
pack() {
  local lib=$home/target/lib module
  mkdir -p "$lib"
  for module in engine control; do
    "$JAVA_HOME/bin/jar" --create --no-compress --file "$lib/$module.jar.new" -C "$home/$module/target/classes" .
    mv "$lib/$module.jar.new" "$lib/$module.jar"
  done
  tr : '\n' <"$home/control/target/classpath" | sed "s,^$home/engine/target/classes\$,$lib/engine.jar," |
    paste -sd : >"$lib/classpath.new"
  mv "$lib/classpath.new" "$lib/classpath"
  rm -f "$lib/client.aot" "$lib/daemon.aot"
  make_caches "$lib/client.aot" "$lib/daemon.aot" >/dev/null 2>&1 || true
}

# The classes that a daemon loads until it serves, and a client when a daemon answers it; of a daemon that does not start here,
# those before that.
make_caches() ( # CLIENT-FILE DAEMON-FILE
  work=$(mktemp -d)
  export VNVME_RUN=$work/run
  "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED "${daemon_options[@]}" -XX:AOTCacheOutput="$2" \
    -Dvnvme.home="$home" -cp "$(packed_classpath)" \
    io.vnvme.control.cli.Vnvme daemon --config /dev/null --state "$work/state" --libvirt none --ram 1x64M --reactors 1 \
    >"$work/log" 2>&1 &
  daemon=$!
  trap 'kill $daemon || true; wait $daemon || true; rm -rf "$work"' EXIT
  for _ in {1..100}; do
    ! grep -q 'serves on' "$work/log" || break
    kill -0 $daemon && sleep 0.1 || break
  done
  "$JAVA_HOME/bin/java" "${client_options[@]}" -XX:AOTCacheOutput="$1" -cp "$(packed_classpath)" io.vnvme.control.cli.Vnvme ls
)

packed_classpath() {
  printf '%s:%s' "$home/target/lib/control.jar" "$(<"$home/target/lib/classpath")"
}

ensure_built() {
  up_to_date || locked "$home/target/build.lock" build
}

# The class path of a module: its classes, those of the modules that it needs, and the libraries.
classpath() { # MODULE
  printf '%s:%s' "$home/$1/target/classes" "$(<"$home/$1/target/classpath")"
}
