# shellcheck shell=bash
# Debian packages of a newer release in a folder of their own, run by their own loader: nothing of the host is touched.
# To be sourced after common.sh.

# The mirror that this machine already uses. What apt expands is in single quotes.
# shellcheck disable=SC2016
debian_mirror() {
  local uri
  [ -z "${DEBIAN_MIRROR:-}" ] || { echo "$DEBIAN_MIRROR"; return; }
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' | sed -n 1p)
  # A fresh image has no package lists and with them no labels: then what an update would fetch first from a "debian" folder.
  [ -n "$uri" ] || uri=$(apt-get --print-uris update | sed -n "s,^'\([^']*/debian/\)dists/.*,\1,p" | sed -n 1p)
  [ -n "$uri" ] || die "no Debian mirror in this machine's apt sources: set DEBIAN_MIRROR to one"
  echo "$uri"
}

# Makes a private apt in a folder and reads the lists of trixie and its backports. QEMU comes from the backports.
private_apt() { # FOLDER [ARCHITECTURE]
  local dir=$1 architecture=${2:-amd64} suite key mirror
  for key in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do [ ! -e "$key" ] || break; done
  [ -e "$key" ] || die "please install: debian-archive-keyring"
  mirror=$(debian_mirror)
  mkdir -p "$dir"/{etc/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d},state/lists/partial,debs/partial,log}
  : >"$dir/status"
  for suite in trixie trixie-backports; do
    echo "deb [signed-by=$key arch=$architecture] $mirror $suite main"
  done >"$dir/etc/sources.list"
  printf '%s\n' 'Package: qemu-* seabios' 'Pin: release n=trixie-backports' 'Pin-Priority: 600' \
    >"$dir/etc/preferences.d/qemu"
  # Old Release files are accepted: a mirror may be a frozen snapshot. Signatures are checked all the same.
  cat >"$dir/apt.conf" <<CONF
Dir "$dir/";
Dir::Etc "$dir/etc";
Dir::Etc::Parts "$dir/etc/apt.conf.d";
Dir::Etc::PreferencesParts "$dir/etc/preferences.d";
Dir::Etc::SourceParts "$dir/etc/sources.list.d";
Dir::Etc::TrustedParts "$dir/etc/trusted.gpg.d";
Dir::State "$dir/state";
Dir::State::status "$dir/status";
Dir::Cache "$dir";
Dir::Cache::archives "$dir/debs";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Log "$dir/log";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::PDiffs "false";
Acquire::Retries "3";
Acquire::Check-Valid-Until "false";
Debug::NoLocking "true";
CONF
  local proxy
  proxy=$(apt-config shell proxy Acquire::http::Proxy | sed -n "s/^proxy='\(.*\)'$/\1/p")
  [ -z "$proxy" ] || echo "Acquire::http::Proxy \"$proxy\";" >>"$dir/apt.conf"
  in_private_apt "$dir" apt-get -q update ||
    die "$mirror has no usable trixie and trixie-backports: set DEBIAN_MIRROR to a mirror that has"
}

# Runs an apt command of the private apt; its words are shown only when it fails.
in_private_apt() { # FOLDER COMMAND...
  local dir=$1; shift
  APT_CONFIG=$dir/apt.conf "$@" >"$dir/log/last" 2>&1 </dev/null || { tail -n 8 "$dir/log/last" >&2; return 1; }
}

# Downloads packages with all they need into FOLDER/debs.
private_download() { # FOLDER PACKAGE...
  local dir=$1; shift
  in_private_apt "$dir" apt-get -q -y --download-only --no-install-recommends install "$@" ||
    die "these packages could not be downloaded: $*"
}

# Downloads trixie's cloud kernel alone: what it depends on is for installing it.
private_download_kernel() { # FOLDER
  local dir=$1 kernel
  kernel=$(APT_CONFIG=$dir/apt.conf apt-cache depends linux-image-cloud-amd64/trixie |
    sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | sed -n 1p)
  [ -n "$kernel" ] || die "trixie's cloud kernel was not found"
  (cd "$dir/debs" && in_private_apt "$dir" apt-get -q download "$kernel") || die "$kernel could not be downloaded"
}

# Unpacks the downloaded packages into a root. /bin, /sbin, /lib, /lib64 are links first, as in a merged-/usr system.
# Left out is what only an installed system would use.
private_unpack() { # FOLDER ROOT
  local dir=$1 root=$2 name
  for name in bin sbin lib lib64; do
    mkdir -p "$root/usr/$name"
    ln -s "usr/$name" "$root/$name"
  done
  # What follows "sh -c" is text for the shells that xargs starts.
  # shellcheck disable=SC2016
  find "$dir/debs" -maxdepth 1 -name '*.deb' ! -name '*python3*' ! -name 'systemd_*' ! -name 'dpkg_*' \
    ! -name 'passwd_*' ! -name 'tzdata_*' ! -name 'ipxe-*' ! -name 'debconf_*' -print0 | xargs -0 -P "$(nproc)" -n 8 sh -c 'for deb; do
      dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$0" --keep-directory-symlink --no-same-owner \
        --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale || exit 255
    done' "$root"
}
