# shellcheck shell=bash
# The test runs of ./dev. To be sourced after build.sh.
# shellcheck disable=SC2154

reports=${home:?}/target/test-reports

# Runs Maven's tests and keeps their reports apart: the next run would write over them.
run_tests() { # NAME MAVEN-ARGUMENTS...
  local name=$1 log=$reports/$1.log file module; shift
  say "$name tests (log: $log)"
  find "${modules[@]/#/$home/}" -path '*/target/surefire-reports/*' -delete 2>/dev/null || true
  # A failing test does not end the run, so that all are counted; Maven itself fails on anything else.
  { maven test -Dmaven.test.failure.ignore=true "$@" 2>&1 || echo "[ERROR] Maven ended with status $?"; } | tee "$log" |
    grep --line-buffered -E '^\[(INFO|ERROR|WARNING)\] +(Tests run|Running|Building vn)|^\[ERROR\]' || true
  for module in "${modules[@]}"; do
    for file in "$home/$module"/target/surefire-reports/TEST-*.xml; do
      [ ! -e "$file" ] || cp "$file" "$reports/$name.$module.${file##*/}"
    done
  done
  ! grep -q '^\[ERROR\] Maven ended with status' "$log"
}

# What failed, a line each, and the first line of what it said: at the end, where it is looked for.
list_failures() {
  find "$reports" -name '*.xml' | sort | while read -r file; do
    awk -v RS='<testcase ' '
      function value(name) { return match($0, "(^| )" name "=\"[^\"]*\"") ? substr($0, RSTART, RLENGTH) : "" }
      function bare(text) { sub(/^[^"]*"/, "", text); sub(/"$/, "", text); return text }
      NR > 1 && /<(failure|error)[ >]/ {
        test = bare(value("classname")) " " bare(value("name"))
        sub(/^.*<(failure|error)/, "")
        said = bare(value("message"))
        if (said == "") { said = $0; sub(/^[^>]*>/, "", said) }
        gsub(/[ \n]+/, " ", said)
        print "failed: " test ": " substr(said, 1, 300)
      }' "$file"
  done
}

# Sums the reports: "N passed, N failed, N skipped". Fails when a test failed or when none ran.
count_tests() {
  find "$reports" -name '*.xml' -exec grep -h '<testsuite ' {} \; | awk '
    function value(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0 }
    { run += value("tests"); failed += value("failures") + value("errors"); skipped += value("skipped") }
    END {
      printf "%d passed, %d failed, %d skipped\n", run - failed - skipped, failed, skipped
      exit failed > 0 || run - skipped <= 0
    }'
}

test_all() {
  local status=0
  rm -rf "$reports"
  mkdir -p "$reports"
  # Fetched first: a test that waits for it would time out.
  local tools
  tools=$("$home/scripts/lab.sh" | sed -n 's/^tools=//p') || status=1
  # Its daemon is started by the tests themselves, in a folder of theirs.
  { command -v libvirtd && command -v virsh; } >/dev/null ||
    (install_packages libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu) ||
    say "VMs of libvirt are not tested: it cannot be installed here"
  # What reads images of other formats needs it; the lab has one for hosts that have none.
  command -v qemu-img >/dev/null || export VNVME_QEMU_IMG=$tools/bin/qemu-img
  # Some tests start ./vnvme, which must not build beneath a running Maven.
  (ensure_ui) || status=1
  ensure_built || status=1
  (test_ui "$reports") || { say "the web UI failed: see $reports/ui*.log"; status=1; }
  say "checking the format"
  maven -q spotless:check || { say "format: ./dev format mends it"; status=1; }
  run_tests unit || { say "Maven failed: see $reports/unit.log"; status=1; }
  run_tests guest -Dtest.groups=guest -Dtest.excludedGroups= || { say "Maven failed: see $reports/guest.log"; status=1; }
  list_failures
  count_tests || status=1
  exit "$status"
}

fuzz() { # TARGET --seconds N
  local target=${1:-} seconds=60 file found=()
  if [ "${2:-}" = --seconds ] && [[ ${3:-} =~ ^[0-9]+$ ]]; then seconds=$3; elif [ $# -gt 1 ]; then
    die "usage: ./dev fuzz TARGET --seconds N"
  fi
  while read -r file; do
    file=${file##*/}
    file=${file%.java}
    [ "${file,,}" != "${target,,}" ] && [ "${file,,}" != "${target,,}fuzz" ] || found=("$file")
    [ -n "$target" ] || printf '%s\n' "${file%Fuzz}"
  done < <(find "${modules[@]/#/$home/}" -path '*/src/test/*' -name '*Fuzz.java' | sort)
  [ -n "$target" ] || return 0
  [ ${#found[@]} = 1 ] || die "no fuzzer is called $target: ./dev fuzz lists them"
  say "${found[0]} for $seconds s"
  maven -q test -Dtest="${found[0]}" -Dsurefire.failIfNoSpecifiedTests=false -Dvnvme.fuzz.seconds="$seconds"
}

stress() { # ARGUMENTS of jcstress
  [ $# -gt 0 ] || set -- -m quick
  mkdir -p "$home/target/stress"
  cd "$home/target/stress" || die "no folder for results"
  exec "$JAVA_HOME/bin/java" -cp "$(classpath bench)" org.openjdk.jcstress.Main "$@"
}
