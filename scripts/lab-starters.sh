#!/bin/bash
# lab-starters.sh TOOLS: writes TOOLS/bin/NAME for the programs of TOOLS/root. Each runs under the root's own loader and
# libraries, wherever the folder lies, and leaves the environment of what it starts alone.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools=$1
mkdir -p "$tools/bin"

starter() { # NAME PROGRAM [OPTIONS...]: $root in the options is expanded when the starter runs
  local name=$1 program=$2; shift 2
  cat >"$tools/bin/$name" <<END
#!/bin/sh
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/root
lib=\$root/usr/lib/x86_64-linux-gnu
export QEMU_MODULE_DIR="\$lib/qemu"
exec "\$root/usr/lib64/ld-linux-x86-64.so.2" --argv0 $name --library-path "\$lib:\$lib/ceph" \\
  "\$root/usr/$program" $* "\$@"
END
  chmod +x "$tools/bin/$name"
}

# shellcheck disable=SC2016
starter qemu-system-x86_64 bin/qemu-system-x86_64 '-L "$root/usr/share/qemu" -L "$root/usr/share/seabios"'
for program in bin/{qemu-img,qemu-storage-daemon,fio,zstd,mtools,syslinux,busybox,promtool,mandoc,tshark}; do
  starter "${program##*/}" "$program"
done
# mtools goes by the name that it is called by.
for name in mformat mcopy mmd mdir mattrib mmove; do starter "$name" bin/mtools; done
