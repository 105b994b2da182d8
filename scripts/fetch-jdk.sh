#!/bin/bash
# Gets a JDK 25: Debian's own package where the release has it (13 and later, as root); elsewhere trixie's in the cache.
# That one needs a newer C library than Debian 12's: its programs are told to use the loader and libraries beside them.
# shellcheck source=scripts/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source=scripts/private-apt.sh
source "$home/scripts/private-apt.sh"

package=openjdk-25-jdk-headless
jdk=$cache/jdk-$(recipe_hash "$package" "$home/scripts/private-apt.sh" "$home/scripts/fetch-jdk.sh")

offered() { [[ $(apt-cache policy "$package" 2>/dev/null) == *"Candidate: "[0-9]* ]]; }

# VNVME_JDK_DIRS is set by who wants none of the machine's own.
install_native() {
  [ "$(id -u)" = 0 ] && [ -z "${VNVME_JDK_DIRS+set}" ] || return 1
  if ! offered; then
    # Debian 13 and later have it, and a fresh image only lacks the package lists.
    grep -q '^VERSION_ID="1[3-9]"' /etc/os-release && apt-get -q update >/dev/null 2>&1 && offered || return 1
  fi
  install_packages "$package"
}

# Settings of the JDK are links into /etc; in a root of its own they have to be files.
resolve_links() { # ROOT JVM
  local link target
  find "$2/" -type l -lname '/*' | while read -r link; do
    target=$1$(readlink "$link")
    rm "$link"
    if [ -e "$target" ]; then cp -rL "$target" "$link"; fi
  done
}

# Every program and library looks for libraries in the private root first. The tag is the old one (RPATH), which also
# holds for what a library loads in turn.
use_private_libraries() { # ROOT JVM FINAL-ROOT
  local file lib=$3/usr/lib/x86_64-linux-gnu
  local loader=$1/usr/lib64/ld-linux-x86-64.so.2
  local patchelf=("$loader" --library-path "$1/usr/lib/x86_64-linux-gnu" "$1/usr/bin/patchelf")
  find -L "$2/bin" "$2/lib" -type f | while read -r file; do
    [ "$(head -c 4 "$file" | tail -c 3 | tr -d '\0')" = ELF ] || continue
    file=$(readlink -f "$file")
    # shellcheck disable=SC2016
    "${patchelf[@]}" --force-rpath --set-rpath '$ORIGIN:$ORIGIN/../lib:$ORIGIN/server:'"$lib" "$file"
    case $file in
      *.so) ;;
      *) "${patchelf[@]}" --set-interpreter "$3/usr/lib64/ld-linux-x86-64.so.2" "$file" ;;
    esac
  done
}

# The certificates that the machine trusts, as Java reads them. Debian makes that file at installation.
make_trust_store() { # JVM
  need update-ca-certificates:ca-certificates
  local store=$1/lib/security/cacerts
  rm -f "$store"
  "$1/bin/java" "$home/scripts/TrustStore.java" /etc/ssl/certs/ca-certificates.crt "$store" ||
    die "the trust store of the JDK could not be made"
}

# The folder is in its final place before it is whole, because its programs name their loader by its full path:
# the link "jvm", made last, says that it is.
build_private() {
  [ ! -e "$jdk/jvm" ] || return 0
  local work=$cache/jdkwork jvm
  rm -rf "$work" "$jdk"
  mkdir -p "$work"
  # Expanded now: the local is gone when the trap runs.
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  say "fetching a JDK 25 into $cache (150 MB, once)"
  private_apt "$work/apt"
  private_download "$work/apt" "$package" patchelf
  private_unpack "$work/apt" "$work/jdk/root"
  jvm=$(echo "$work"/jdk/root/usr/lib/jvm/java-25-openjdk-*)
  resolve_links "$work/jdk/root" "$jvm"
  use_private_libraries "$work/jdk/root" "$jvm" "$jdk/root"
  place "$work/jdk" "$jdk"
  jvm=$jdk${jvm#"$work/jdk"}
  make_trust_store "$jvm"
  "$jvm/bin/javac" -version >/dev/null 2>&1 || die "the JDK fetched into $jdk does not run on this machine"
  ln -s "${jvm#"$jdk/"}" "$jdk/jvm"
}

install_native || locked "$cache/jdk.lock" build_private
