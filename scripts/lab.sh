#!/bin/bash
# Prepares the guest lab in the cache and says where it is, one KEY=VALUE a line:
#   tools=FOLDER  QEMU, firmware, fio, qemu-storage-daemon, libblkio, promtool, mandoc, tshark: bin/NAME starts one, root/ holds the files
#   guest=FOLDER  vmlinux (PVH), vmlinuz (bzImage, EFI stub), initrd.cpio, boot.img (a drive that BIOS and UEFI boot)
#   accel=kvm|tcg what runs a guest on this machine (VNVME_ACCEL overrides)
# Parts that are there already are used as they are. Needs no root.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/private-apt.sh
source "$home/scripts/private-apt.sh"

packages=(qemu-system-x86 qemu-system-common qemu-utils seabios ovmf libblkio1 fio zstd mtools syslinux syslinux-common
  systemd-boot-efi busybox-static dash pciutils util-linux e2fsprogs nvme-cli fonts-dejavu-core promtool
  mandoc tshark ktls-utils)
tools=$cache/tools-$(recipe_hash "${packages[@]}" "$home/scripts/private-apt.sh" "$home/scripts/lab-starters.sh")
guest=$cache/guest-$(recipe_hash "$tools" "$home/scripts/lab-guest.sh" "$home/scripts/lab-boot-image.sh" \
  "$home/scripts/guest-init")
# Whether KVM works can change with the machine's next start, and no earlier.
accel_file=$cache/accel-$(tr -d - </proc/sys/kernel/random/boot_id)

build_tools() { # WORK
  say "fetching QEMU, a kernel and tools for guests into $cache (170 MB, once)"
  private_apt "$1/apt"
  private_download_kernel "$1/apt"
  private_download "$1/apt" "${packages[@]}"
  say "unpacking QEMU"
  private_unpack "$1/apt" "$1/tools/root"
  "$home/scripts/lab-starters.sh" "$1/tools"
  [[ $("$1/tools/bin/qemu-system-x86_64" -device help) == *vfio-user-pci* ]] ||
    die "this QEMU has no vfio-user: $("$1/tools/bin/qemu-system-x86_64" --version | sed -n 1p)"
  place "$1/tools" "$tools"
}

build_guest() { # WORK
  say "building the guest"
  "$home/scripts/lab-guest.sh" "$tools" "$1/guest"
  "$home/scripts/lab-boot-image.sh" "$tools" "$1/guest"
  place "$1/guest" "$guest"
}

# A /dev/kvm that opens says little: some hosts offer one whose guests never get anywhere. So a guest is started.
# Whoever may not open it now may be allowed later: that is not kept.
find_accel() {
  if [ ! -r /dev/kvm ] || [ ! -w /dev/kvm ]; then accel=tcg; return; fi
  if [ ! -e "$accel_file" ]; then
    say "trying whether KVM runs a guest here"
    local answer=tcg said
    said=$(timeout -k 1 10 "$tools/bin/qemu-system-x86_64" -nodefaults -no-user-config -display none -no-reboot \
      -M q35 -cpu host -accel kvm -m 256M -kernel "$guest/vmlinux" -initrd "$guest/initrd.cpio" \
      -append "console=ttyS0 quiet panic=-1 lab.off" -serial stdio </dev/null 2>&1 |
      tr -d '\0') || true
    [[ $said != *INIT-UP* ]] || answer=kvm
    echo "$answer" >"$accel_file.new" && mv "$accel_file.new" "$accel_file"
  fi
  accel=$(<"$accel_file")
}

prepare() {
  rm -rf "$cache"/work.*
  local work
  work=$(mktemp -d "$cache/work.XXXXXX")
  # Expanded now: the local is gone when the trap runs.
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  [ -d "$tools" ] || build_tools "$work"
  [ -d "$guest" ] || build_guest "$work"
}

[ "$(uname -m)" = x86_64 ] || die "the guest lab runs on x86_64 hosts only"
if [ ! -d "$tools" ] || [ ! -d "$guest" ]; then locked "$cache/lab.lock" prepare; fi
touch "$tools" "$guest"
accel=${VNVME_ACCEL:-}
[ -n "$accel" ] || find_accel
printf '%s\n' "tools=$tools" "guest=$guest" "accel=$accel"
