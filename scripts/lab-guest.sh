#!/bin/bash
# lab-guest.sh TOOLS OUT: the lab's guest from the packages in TOOLS/root, without root or chroot:
#   OUT/vmlinuz  OUT/vmlinux (its ELF: the PVH entry spares the guest the decompression)
#   OUT/base.cpio (busybox, dash, pciutils, lsblk, nvme, mkfs.ext4, modules)  OUT/initrd.cpio (base, fio and tlshd)
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools=$1 out=$2
root=$tools/root
mkdir -p "$out"
busybox=$root/usr/bin/busybox
lib=usr/lib/x86_64-linux-gnu
modules=(null_blk virtio_blk virtio_net virtio_scsi sd_mod loop xfs crc32c_generic nvme-tcp nvme-loop nvmet nvmet-tcp
  vfio-pci dm-mod msr tls gcm ghash_generic aesni_intel)

# The libraries of programs, as the root's own loader finds them. Those in the base already are not taken again.
copy_libraries() { # INTO PROGRAM...
  local into=$1 program library; shift
  for program in "$@"; do
    "$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/$lib:$root/$lib/ceph" --list "$program" |
      sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p'
  done | sort -u | while read -r library; do
    [ -e "$out/base/$lib/${library##*/}" ] || cp -L "$library" "$into/$lib/"
  done
}

pack() { # FOLDER: to standard output
  (cd "$1" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null)
}

take_kernel() {
  cp "$root"/boot/vmlinuz-* "$out/vmlinuz"
  local offset
  offset=$(LC_ALL=C grep -obUaP '\x28\xb5\x2f\xfd' "$out/vmlinuz" | sed -n 1p | cut -d: -f1)
  # Bytes follow the compressed kernel: zstd complains about them after it has written all of it.
  [ -z "$offset" ] || tail -c +$((offset + 1)) "$out/vmlinuz" | "$tools/bin/zstd" -dcq >"$out/vmlinux" 2>/dev/null || true
  [ "$(head -c 4 "$out/vmlinux" 2>/dev/null | tail -c 3)" = ELF ] || ln -sf vmlinuz "$out/vmlinux"
}

# Modules with all that they need, unpacked: the guest's modprobe takes them as they are.
take_modules() { # BASE
  local version module file
  version=$(basename "$root"/usr/lib/modules/*)
  local from=$root/usr/lib/modules/$version to=$1/usr/lib/modules/$version
  "$busybox" depmod -b "$root" "$version"
  mkdir -p "$to"
  for module in "${modules[@]}"; do
    # A line reads "kernel/a/b.ko.xz: kernel/c.ko.xz kernel/d.ko.xz".
    sed -n "s,^\([^:]*/${module//[-_]/[-_]}\.ko[^:]*\):,\1,p" "$from/modules.dep"
  done | tr ' ' '\n' | sort -u | while read -r file; do
    [ -n "$file" ] || continue
    mkdir -p "$to/$(dirname "$file")"
    case $file in
      *.xz) "$busybox" unxz -c "$from/$file" >"$to/${file%.xz}" ;;
      *) cp "$from/$file" "$to/$file" ;;
    esac
  done
  cp "$from"/modules.{builtin,order,builtin.modinfo} "$to/"
  "$busybox" depmod -b "$1" "$version"
}

make_base() {
  local base=$out/base name
  mkdir -p "$base"/{dev,proc,sys,run,tmp,mnt,etc,$lib,usr/{bin,sbin,lib64},usr/share/misc}
  for name in bin sbin lib lib64; do ln -s "usr/$name" "$base/$name"; done
  cp "$busybox" "$base/usr/bin/"
  for name in $("$busybox" --list); do [ "$name" = busybox ] || ln -sf busybox "$base/usr/bin/$name"; done
  local programs=("$root"/usr/bin/{dash,lspci,setpci,lsblk} "$root"/usr/sbin/{nvme,mke2fs,e2fsck,tune2fs,resize2fs,dumpe2fs}
    "$root"/usr/sbin/{blkdiscard,wipefs,blockdev})
  cp --remove-destination "${programs[@]}" "$base/usr/bin/"
  # busybox's own shell would run its lspci or blkdiscard, not the ones here.
  ln -sf dash "$base/usr/bin/sh"
  for name in mkfs.ext4 fsck.ext4; do cp -P "$root/usr/sbin/$name" "$base/usr/bin/"; done
  cp "$root/usr/share/misc/pci.ids" "$base/usr/share/misc/"
  cp "$root/etc/mke2fs.conf" "$base/etc/"
  echo 'root:x:0:0:root:/:/bin/sh' >"$base/etc/passwd"
  cp -L "$root/usr/lib64/ld-linux-x86-64.so.2" "$base/usr/lib64/"
  copy_libraries "$base" "${programs[@]}"
  take_modules "$base"
  install -m 755 "$home/scripts/guest-init" "$base/init"
  pack "$base" >"$out/base.cpio"
}

# What only guests of tests need: fio, and who makes handshakes for the kernel's TLS.
make_fio() {
  local programs=("$root/usr/bin/fio" "$root/usr/sbin/tlshd")
  mkdir -p "$out/fio/$lib" "$out/fio/usr/bin"
  cp "${programs[@]}" "$out/fio/usr/bin/"
  copy_libraries "$out/fio" "${programs[@]}"
  # The kernel takes several archives one after the other.
  { cat "$out/base.cpio"; pack "$out/fio"; } >"$out/initrd.cpio"
}

take_kernel
make_base
make_fio
rm -rf "$out/base" "$out/fio"
