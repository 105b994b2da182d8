#!/bin/bash
# Tries two versions of the package in a fresh Debian root that boots with systemd: packaging/check-in-root says how.
# usage: try-package.sh SUITE FIRST.deb SECOND.deb
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/private-apt.sh
source "$home/scripts/private-apt.sh"
suite=${1:?the name of a Debian release} first=${2:?a package} second=${3:?its next version}
root=$cache/root-$suite-$(recipe_hash "$suite" "$home/scripts/try-package.sh")

# Kept as an archive: a root as folders could be changed, and a copy of it would follow.
make_root() {
  [ ! -e "$root/root.tar" ] || return 0
  local work=$cache/rootwork.$suite
  rm -rf "$work"
  mkdir -p "$work/out"
  say "making a Debian root of $suite (60 MB, once)"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus "$suite" "$work/root" "$(debian_mirror)" \
    >"$cache/debootstrap.log" 2>&1 || { tail -n 5 "$cache/debootstrap.log" >&2; die "debootstrap of $suite failed"; }
  rm -rf "$work/root/var/cache/apt/archives" "$work/root/var/lib/apt/lists"
  tar -C "$work/root" --numeric-owner --xattrs -cf "$work/out/root.tar" .
  rm -rf "$work/root"
  place "$work/out" "$root"
  rm -rf "$work"
}

need debootstrap:debootstrap systemd-nspawn:systemd-container
locked "$root.lock" make_root
work=$(mktemp -d "${TMPDIR:-/tmp}/vnvme-root.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -C "$work" --numeric-owner --xattrs -xf "$root/root.tar"
cp "$first" "$work/root/first.deb"
cp "$second" "$work/root/second.deb"
install -m 755 "$home/packaging/check-in-root" "$work/root/check"
cat >"$work/etc/systemd/system/check.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/root/check
StandardOutput=file:/root/check.log
StandardError=file:/root/check.log
ExecStopPost=/usr/bin/systemctl poweroff --no-block
[Install]
WantedBy=default.target
UNIT
mkdir -p "$work/etc/systemd/system/default.target.wants"
ln -s ../check.service "$work/etc/systemd/system/default.target.wants/check.service"
# Without a getty, and with names of its own: nothing of this machine's is touched.
timeout --foreground 540 systemd-nspawn -q -D "$work" --register=no --keep-unit --hostname=vnvme-check \
  --capability=CAP_IPC_LOCK --system-call-filter="@aio" --console=pipe --boot systemd.getty_auto=no \
  >"$work/boot.log" 2>&1 </dev/null || say "the root ended with status $?"
cat "$work/root/check.log" || { tail -n 20 "$work/boot.log"; die "$suite did not boot"; }
tail -n 1 "$work/root/check.log" | grep -qx 'all ok'
