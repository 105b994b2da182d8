# shellcheck shell=bash
# Makes the Debian package: programs, the Java runtime that they need, the service. To be sourced after build.sh.
# The same commit and the same JDK give the same bytes.
# shellcheck disable=SC2154

# What the programs' classes need ("jdeps --print-module-deps" asks for less: some names are only known when they run).
runtime_modules=java.base,java.management,java.naming,java.net.http,java.sql,jdk.net,jdk.management,jdk.unsupported
cyclonedx=2.9.1
# For the demo and the campaign, which are run from the sources.
left_out='/(jcstress-core|jopt-simple|jna|jna-platform|xchart)-[0-9][^/]*\.jar$'

package() { # [--version V] [--output FOLDER] [--architecture A]
  local version output=$home/target work architecture own jdk=$JAVA_HOME
  need dpkg-deb:dpkg gzip:gzip
  own=$(dpkg --print-architecture)
  architecture=$own
  version=$(sed -n 's:^  <version>\(.*\)</version>:\1:p' "$home/pom.xml" | sed 's/-SNAPSHOT$//')
  while [ $# -gt 0 ]; do
    case $1 in
      --version) version=${2:?--version needs a version} ;;
      --output) output=${2:?--output needs a folder} ;;
      --architecture) architecture=${2:?--architecture needs amd64 or arm64} ;;
      *) die "usage: ./dev package [--version V] [--output FOLDER] [--architecture A]" ;;
    esac
    shift 2
  done
  [[ $version =~ ^[0-9][0-9A-Za-z.+~]*$ ]] || die "'$version' is no version of a package: write it like 1.2.3"
  if [ "$architecture" != "$own" ]; then
    [[ $architecture =~ ^(amd64|arm64)$ ]] || die "there is no package for '$architecture': amd64 and arm64 are known"
    jdk=$("$home/scripts/foreign-jdk.sh" "$architecture" | sed -n 's/^jdk=//p') && [ -n "$jdk" ] || exit 1
  fi
  work=$(mktemp -d "$home/target/package.XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  umask 022
  SOURCE_DATE_EPOCH=$(git -C "$home" log -1 --format=%ct 2>/dev/null) || SOURCE_DATE_EPOCH=1767225600
  export SOURCE_DATE_EPOCH
  package_programs "$work/root" "$version"
  package_runtime "$work/root/usr/lib/vnvme/runtime" "$jdk"
  package_documents "$work/root" "$version"
  package_bill "$work" "$version"
  package_control "$work/root" "$version" "$architecture"
  mkdir -p "$output"
  find "$work/root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  local file
  file=$output/vnvme_${version}_$architecture.deb
  dpkg-deb --root-owner-group -Zxz -z3 --build "$work/root" "$file.new" >/dev/null
  mv "$file.new" "$file"
  echo "$file"
}

# Jars in an order that is always the same: caches of classes are made for it.
package_programs() { # ROOT VERSION
  local lib=$1/usr/lib/vnvme/lib module jar date path=()
  date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
  mkdir -p "$lib" "$1/usr/lib/vnvme/bin" "$1/usr/bin"
  for module in control engine testkit bench; do
    printf 'Implementation-Title: vnvme-%s\nImplementation-Version: %s\n' "$module" "$2" >"$1/manifest"
    jar_of "$home/$module/target/classes" "$1/manifest" "$lib/$module.jar" "$date"
    path+=("/usr/lib/vnvme/lib/$module.jar")
  done
  rm "$1/manifest"
  while read -r jar; do
    [[ $jar = *.jar && ! $jar =~ $left_out ]] || continue
    cp "$jar" "$lib/"
    path+=("/usr/lib/vnvme/lib/${jar##*/}")
  done < <(tr : '\n' <"$home/bench/target/classpath" | LC_ALL=C sort)
  (IFS=: && printf '%s\n' "${path[*]}") >"$lib/classpath"
  chmod 644 "$lib"/*
  install -m 755 "$home/packaging/vnvme" "$home/packaging/make-caches" "$1/usr/lib/vnvme/bin/"
  ln -s ../lib/vnvme/bin/vnvme "$1/usr/bin/vnvme"
}

# Entries in the order of their names, whatever order the folder has them in. The tests of races need what is left out.
jar_of() { # FOLDER MANIFEST JAR DATE
  (
    cd "$1"
    find . -type f ! -path './io/vnvme/bench/stress/*' ! -path './META-INF/TestList' ! -path './META-INF/MANIFEST.MF' |
      LC_ALL=C sort | sed 's,^\./,,' >"$3.files"
    "$JAVA_HOME/bin/jar" --create --file "$3" --manifest "$2" --date "$4" "@$3.files"
  )
  rm "$3.files"
}

package_runtime() { # FOLDER JDK-IT-IS-MADE-OF
  local from=()
  [ ! -d "$2/jmods" ] || from=(--module-path "$2/jmods")
  "$JAVA_HOME/bin/jlink" "${from[@]}" --add-modules "$runtime_modules" --strip-java-debug-attributes --no-man-pages \
    --no-header-files --compress zip-0 --vm server --output "$1" >"$home/target/package.log" 2>&1 ||
    { tail -n 5 "$home/target/package.log" >&2; die "jlink of $JAVA_HOME failed"; }
  rm -rf "$1/legal" "$1/bin/keytool" "$1/bin/rmiregistry"
  # Debian's JDK has them beside its libraries: half a gigabyte.
  find "$1" -name '*.debuginfo' -delete
  mkdir -p "$1/legal"
  cp -rL "$2/legal/java.base" "$1/legal/" 2>/dev/null || rm -rf "$1/legal"
}

package_documents() { # ROOT VERSION
  local doc=$1/usr/share/doc/vnvme
  mkdir -p "$doc" "$1/etc/vnvme" "$1/usr/lib/systemd/system" "$1/usr/share/bash-completion/completions"
  cp "$home/packaging/vnvme.service" "$1/usr/lib/systemd/system/"
  cp "$home/control/src/main/resources/io/vnvme/control/config/vnvme.toml" "$1/etc/vnvme/"
  mkdir -p "$1/usr/share/fish/vendor_completions.d" "$1/usr/share/man/man1"
  "$home/vnvme" completion >"$1/usr/share/bash-completion/completions/vnvme"
  "$home/vnvme" completion fish >"$1/usr/share/fish/vendor_completions.d/vnvme.fish"
  "$home/vnvme" man "$1/usr/share/man/man1" >/dev/null
  gzip -9n "$1"/usr/share/man/man1/*
  mkdir -p "$1/usr/share/vnvme"
  cp -r "$home/integrations" "$1/usr/share/vnvme/"
  cp "$home/packaging/copyright" "$doc/copyright"
  cp -r "$home/docs" "$doc/docs"
  printf 'vnvme (%s) stable; urgency=medium\n\n  * See docs/ for what it does.\n\n -- vNVMe <vnvme@localhost>  %s\n' \
    "$2" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
  find "$1/usr/share" "$1/etc" "$1/usr/lib/systemd" -type f -exec chmod 644 {} +
}

package_bill() { # WORK-FOLDER VERSION
  need mvn:maven
  (
    cd "$home"
    mvn -B -ntp -q "org.cyclonedx:cyclonedx-maven-plugin:$cyclonedx:makeAggregateBom" -DincludeTestScope=false \
      -DincludeBomSerialNumber=false -DoutputFormat=json -DoutputDirectory="$1" -DoutputName=maven
    cd "$ui"
    use_node
    npx --yes npm@11 sbom --sbom-format cyclonedx --omit dev --package-lock-only >"$1/npm.json"
    node "$home/scripts/sbom.mjs" "$1/maven.json" "$1/npm.json" "$1/root/usr/lib/vnvme/lib" \
      "$1/root/usr/lib/vnvme/runtime/release" "$2" >"$1/root/usr/share/doc/vnvme/sbom.cdx.json"
  ) >"$home/target/package.log" 2>&1 || { tail -n 5 "$home/target/package.log" >&2; die "the bill of materials failed"; }
}

package_control() { # ROOT VERSION ARCHITECTURE
  local script qemu=qemu-system-x86
  [ "$3" != arm64 ] || qemu=qemu-system-arm
  mkdir -p "$1/DEBIAN"
  sed -e "s/@qemu@/$qemu/" -e "s/@version@/$2/" -e "s/@architecture@/$3/" \
    -e "s/@size@/$(du -sk --apparent-size "$1" | cut -f1)/" -e "s/@libc@/$(needed_libc "$1/usr/lib/vnvme/runtime")/" \
    "$home/packaging/control.in" >"$1/DEBIAN/control"
  echo /etc/vnvme/vnvme.toml >"$1/DEBIAN/conffiles"
  (cd "$1" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$1/DEBIAN/md5sums"
  chmod 644 "$1/DEBIAN"/*
  for script in postinst prerm postrm; do install -m 755 "$home/packaging/$script" "$1/DEBIAN/"; done
}

# The newest version of the C library that a program or library of the runtime names.
needed_libc() { # FOLDER
  find "$1" -type f \( -name '*.so' -o -path '*/bin/*' -o -name jspawnhelper \) -exec grep -aohE 'GLIBC_[0-9]+(\.[0-9]+)+' {} + |
    sed 's/GLIBC_//' | sort -uV | tail -n 1
}
