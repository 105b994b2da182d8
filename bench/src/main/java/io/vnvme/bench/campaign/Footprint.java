package io.vnvme.bench.campaign;

import io.avaje.jsonb.Json;
import io.vnvme.bench.report.Median;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.RamLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a hundred vNVMes in one process cost, each with a guest that uses it.
 *
 * @param drives vNVMes, all on one reactor
 * @param createMsFirst time from nothing to a listening socket, for the first in a new JVM, which loads its classes
 * @param createMsMedian the same for those that follow
 * @param createMsWorst the slowest of those that follow
 * @param residentMib resident set of the process while all guests are connected
 */
@Json(naming = Json.Naming.LowerUnderscore)
public record Footprint(
        int drives, double createMsFirst, double createMsMedian, double createMsWorst, double residentMib) {
    private static final long DRIVE_BYTES = 4 << 20;
    private static final long RAM_BYTES = 1 << 20;
    private static final double NS_A_MS = 1e6;

    static Footprint measure(int drives, int cpu, List<String> jvmOptions) throws IOException {
        List<SocketDevice> guests = new ArrayList<>();
        try (EngineProcess engine = EngineProcess.start(cpu, DRIVE_BYTES, drives, jvmOptions)) {
            for (int i = 0; i < drives; i++) {
                SocketDevice device = SocketDevice.open(engine.socket(i), RamLayout.single(RAM_BYTES), 2);
                guests.add(device);
                NvmeDriver driver = NvmeDriver.start(device);
                driver.createPair(1, 64, 1).execute(Command.flush(1)).orThrow();
            }
            double resident = residentMib(engine.pid());
            guests.forEach(SocketDevice::close);
            double[] following = engine.creationNs().stream()
                    .skip(1)
                    .mapToDouble(Long::doubleValue)
                    .sorted()
                    .toArray();
            return new Footprint(
                    drives,
                    engine.creationNs().getFirst() / NS_A_MS,
                    Median.of(following) / NS_A_MS,
                    following[following.length - 1] / NS_A_MS,
                    resident);
        }
    }

    private static double residentMib(long pid) throws IOException {
        long residentKib = 0;
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            if (line.startsWith("VmRSS:")) {
                residentKib = Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        return residentKib / 1024.0;
    }
}
