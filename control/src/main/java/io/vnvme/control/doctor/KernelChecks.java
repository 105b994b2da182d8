package io.vnvme.control.doctor;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.HostCheck;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.os.Cpu;
import io.vnvme.os.Memfd;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel has to give: interfaces, limits, memory, processors, time. */
final class KernelChecks {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);
    private static final long MIB = 1 << 20;
    private static final long KIB = 1 << 10;
    /** A daemon takes about 200 MiB; guests' memory is theirs. */
    private static final long MEMORY_MIN = 256 * MIB;

    private static final long MEMORY_GOOD = 1024 * MIB;
    /** A vNVMe takes about a dozen, some more for each of its interrupt vectors. */
    private static final long FILES_GOOD = 16_384;

    private static final Set<String> QUICK_CLOCKS =
            Set.of("tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter");

    private final Host host;

    KernelChecks(Host host) {
        this.host = host;
    }

    List<HostCheck> all() {
        return List.of(
                kernel(), ring(), memfd(), lockedMemory(), openFiles(), memory(), hugePages(), processors(), clock());
    }

    HostCheck kernel() {
        String release = host.file("proc/sys/kernel/osrelease").orElse("unknown");
        Matcher matcher = RELEASE.matcher(release);
        if (!matcher.matches()) {
            return HostCheck.warn("kernel", release, "vNVMe is meant for Linux 6.1 and later");
        }
        int major = Integer.parseInt(matcher.group(1));
        int minor = Integer.parseInt(matcher.group(2));
        if (major > 6 || major == 6 && minor >= 1) {
            return HostCheck.ok("kernel", "Linux " + release);
        }
        return major == 5 && minor >= 15 || major == 6
                ? HostCheck.warn(
                        "kernel", "Linux " + release, "from 6.1 on rings of a reactor cost less: update when you can")
                : HostCheck.fail("kernel", "Linux " + release, "update the kernel to 6.1 or later");
    }

    private HostCheck ring() {
        try {
            DriveRing.open().close();
            return HostCheck.ok("io_uring", "works");
        } catch (RuntimeException e) {
            String disabled = host.file("proc/sys/kernel/io_uring_disabled").orElse("0");
            return HostCheck.fail(
                    "io_uring",
                    String.valueOf(e.getMessage()),
                    disabled.equals("0")
                            ? "files and block devices need it: see whether a container or seccomp forbids it"
                            : "set kernel.io_uring_disabled to 0 (it is %s)".formatted(disabled));
        }
    }

    private static HostCheck memfd() {
        try {
            Memfd.create("doctor", 4096).close();
            return HostCheck.ok("memfd", "works");
        } catch (RuntimeException e) {
            return HostCheck.fail(
                    "memfd", String.valueOf(e.getMessage()), "controllers keep their state there: see what forbids it");
        }
    }

    private HostCheck limit(String name, String line, long good, String unit, String advice) {
        Matcher limit = Pattern.compile("(?m)^" + line + "\\s+(\\S+)")
                .matcher(host.file("proc/self/limits").orElse(""));
        if (!limit.find()) {
            return HostCheck.warn(name, "unknown", "/proc/self/limits does not say: " + advice);
        }
        String value = limit.group(1);
        return value.equals("unlimited") || Long.parseLong(value) >= good
                ? HostCheck.ok(name, value + (value.equals("unlimited") ? "" : unit))
                : HostCheck.warn(name, value + unit, advice);
    }

    private HostCheck lockedMemory() {
        return limit(
                "locked memory",
                "Max locked memory",
                64 * MIB,
                " bytes",
                "give the daemon LimitMEMLOCK=infinity (or 'ulimit -l unlimited'): rings register memory with the kernel");
    }

    private HostCheck openFiles() {
        return limit(
                "open files",
                "Max open files",
                FILES_GOOD,
                "",
                "give the daemon LimitNOFILE=1048576 (or 'ulimit -n'): many vNVMes need many");
    }

    HostCheck memory() {
        long available = host.number("proc/meminfo", "MemAvailable:").orElse(0L) * KIB;
        String found = ByteSize.format(available) + " available";
        if (available >= MEMORY_GOOD) {
            return HostCheck.ok("memory", found);
        }
        return available >= MEMORY_MIN
                ? HostCheck.warn("memory", found, "the daemon takes about 200 MiB: see that VMs leave it that")
                : HostCheck.fail("memory", found, "the daemon takes about 200 MiB: free some");
    }

    HostCheck hugePages() {
        long free = host.number("proc/meminfo", "HugePages_Free:").orElse(0L);
        long size = host.number("proc/meminfo", "Hugepagesize:").orElse(0L) * KIB;
        return HostCheck.ok(
                "huge pages",
                free == 0
                        ? "none free: only drives in RAM would be quicker with some"
                        : "%d of %s free".formatted(free, ByteSize.format(size)));
    }

    private static HostCheck processors() {
        int count = Cpu.allowed().cardinality();
        return count > 1
                ? HostCheck.ok("processors", count + " may be used")
                : HostCheck.warn(
                        "processors", "one may be used", "reactors share it with all else: allow the daemon more");
    }

    HostCheck clock() {
        String source = host.file("sys/devices/system/clocksource/clocksource0/current_clocksource")
                .orElse("unknown");
        if (Instant.now().isBefore(Instant.parse("2026-01-01T00:00:00Z"))) {
            return HostCheck.fail(
                    "clock",
                    "it is %s here".formatted(Instant.now()),
                    "set the time: events, tokens and certificates need it");
        }
        return QUICK_CLOCKS.contains(source)
                ? HostCheck.ok("clock", source)
                : HostCheck.warn(
                        "clock",
                        source,
                        "reactors read the clock once a pass, which is slow with this one: see why the kernel does not use tsc");
    }
}
