#!/bin/bash
# lab-boot-image.sh TOOLS OUT: OUT/boot.img, a drive that a BIOS (MBR, syslinux) and UEFI (systemd-boot) both start Linux from:
# one FAT partition, marked active and as an EFI system partition, with OUT/vmlinuz and OUT/base.cpio in it.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
tools=$1 out=$2
root=$tools/root
image=$out/boot.img
start_sector=2048
size_sectors=131072
words="console=ttyS0 quiet loglevel=3 mitigations=off panic=-1 lab.agent=ttyS1 lab.boot=image"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# syslinux and the commands below call mtools, which read this instead of the user's own settings.
export PATH=$tools/bin:$PATH MTOOLSRC=$work/mtoolsrc MTOOLS_SKIP_CHECK=1
echo "drive b: file=\"$image\" offset=$((start_sector * 512))" >"$MTOOLSRC"

truncate -s $(((start_sector + size_sectors) * 512)) "$image"
dd if="$root/usr/lib/syslinux/mbr/mbr.bin" of="$image" conv=notrunc status=none
# The partition entry: active, CHS unused, type EF, first sector and count (little endian); then the signature.
le32() { printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
printf '%b' "\\x80\\xfe\\xff\\xff\\xef\\xfe\\xff\\xff$(le32 $start_sector)$(le32 $size_sectors)" |
  dd of="$image" bs=1 seek=446 conv=notrunc status=none
printf '\x55\xaa' | dd of="$image" bs=1 seek=510 conv=notrunc status=none
mformat -T $size_sectors -h 64 -s 32 -H $start_sector -v VNVMEBOOT b:

mmd b:/EFI b:/EFI/BOOT b:/loader b:/loader/entries
gzip -1 <"$out/base.cpio" >"$work/initrd.gz"
printf '%s\n' "DEFAULT linux" "LABEL linux" "LINUX /vmlinuz" "INITRD /initrd.gz" "APPEND $words" >"$work/syslinux.cfg"
printf '%s\n' "timeout 0" "default linux.conf" >"$work/loader.conf"
printf '%s\n' "title linux" "linux /vmlinuz" "initrd /initrd.gz" "options $words" >"$work/linux.conf"
mcopy "$out/vmlinuz" b:/vmlinuz
mcopy "$work/initrd.gz" b:/initrd.gz
mcopy "$work/syslinux.cfg" b:/syslinux.cfg
mcopy "$work/loader.conf" b:/loader/loader.conf
mcopy "$work/linux.conf" b:/loader/entries/linux.conf
mcopy "$root/usr/lib/systemd/boot/efi/systemd-bootx64.efi" b:/EFI/BOOT/BOOTX64.EFI
syslinux --install --offset $((start_sector * 512)) "$image"
