#!/bin/bash
# Runs what a package for another architecture has under QEMU's emulation of a processor: its runtime, its classes, and what in
# them depends on the architecture.
# usage: try-foreign.sh ARCHITECTURE PACKAGE.deb
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
architecture=${1:?an architecture such as arm64} package=${2:?a package}
declare -A processors=([arm64]=aarch64 [amd64]=x86_64)
emulator=qemu-${processors[$architecture]}-static
need "$emulator":qemu-user-static
root=$("$home/scripts/foreign-jdk.sh" "$architecture" | sed -n 's/^root=//p')
work=$(mktemp -d "${TMPDIR:-/tmp}/vnvme-foreign.XXXXXX")
trap 'rm -rf "$work"' EXIT
dpkg-deb -x "$package" "$work"
base=$work/usr/lib/vnvme
classpath=$(sed "s,/usr/lib/vnvme,$base,g" "$base/lib/classpath")

# With the simple compiler alone: what it compiles, QEMU has to translate as well.
vnvme() {
  "$emulator" -L "$root" "$base/runtime/bin/java" --enable-native-access=ALL-UNNAMED -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Xlog:aot=off -Xlog:cds=off -cp "$classpath" io.vnvme.control.cli.Vnvme "$@"
}

vnvme --version
vnvme config check "$work/etc/vnvme/vnvme.toml"
vnvme doctor --json >"$work/doctor" || [ $? = 1 ]
grep -q '"name"' "$work/doctor" || die "'vnvme doctor' of $architecture says: $(<"$work/doctor")"
echo "all ok"
