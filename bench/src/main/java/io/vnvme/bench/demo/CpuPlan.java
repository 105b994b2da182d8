package io.vnvme.bench.demo;

import io.vnvme.os.Cpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * Which processor does what in the measurements on the host: whatever serves a drive runs on one, its client on the
 * other.
 */
record CpuPlan(int server, int client) {
    /**
     * The last processor that this process may use serves; the client gets the highest one that shares no core with it,
     * if there is such a one.
     *
     * @throws DemoException when there is only one processor
     */
    static CpuPlan ofThisMachine() throws IOException {
        BitSet allowed = Cpu.allowed();
        int server = allowed.length() - 1;
        int other = allowed.previousSetBit(server - 1);
        if (other < 0) {
            throw new DemoException(
                    "the demo needs two processors: a drive's client and its server run at the same time");
        }
        Path siblings = Path.of("/sys/devices/system/cpu/cpu" + server + "/topology/core_cpus_list");
        String sharing = Files.exists(siblings) ? Files.readString(siblings).strip() : "";
        for (int cpu = other; cpu >= 0; cpu = allowed.previousSetBit(cpu - 1)) {
            if (!inList(cpu, sharing)) {
                return new CpuPlan(server, cpu);
            }
        }
        return new CpuPlan(server, other);
    }

    /** Whether a list as the kernel writes it, such as {@code 0-3,8}, holds the number. */
    static boolean inList(int number, String list) {
        for (String part : list.split(",", -1)) {
            String[] ends = part.split("-", -1);
            if (!part.isEmpty()
                    && number >= Integer.parseInt(ends[0])
                    && number <= Integer.parseInt(ends[ends.length - 1])) {
                return true;
            }
        }
        return false;
    }
}
