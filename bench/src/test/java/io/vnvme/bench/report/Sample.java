package io.vnvme.bench.report;

import io.vnvme.bench.load.Workload;
import java.util.List;

/** Results as a run leaves them. */
final class Sample {
    private Sample() {}

    static Results results(String accel, boolean verified) {
        return new Results(
                "2026-11-22T16:00:00Z",
                151.3,
                verified,
                accel,
                new Machine("AMD EPYC", 2, 24_048, "6.18.44", "Debian GNU/Linux 12 (bookworm)"),
                new Versions("0.1.0", "25.0.3", "11.1.3", "11.1.3", "3.39"),
                List.of(
                        new Step("start the daemon", 1.2, true, "four RAM drives of 512 MiB"),
                        new Step("write, move, read back", 6.1, verified, "256 MiB <the same> & more")),
                new Control(1180, 0.8, 2.4, 214, 520),
                new GuestView(
                        "6.12.57",
                        "01:00.0 Non-Volatile memory controller: vNVMe virtual NVMe drive",
                        "NAME    SIZE TYPE MODEL\nnvme0n1 512M disk vNVMe",
                        "Node          Generic     SN     Model\n/dev/nvme0n1  /dev/ng0n1  V0001  vNVMe"),
                "on the host: all threads of the serving process; in the guest: QEMU's and the daemon's",
                "aio=native, O_DIRECT",
                verified ? 0.01 : 0.38,
                List.of(
                        figure(Where.HOST, Way.LEGACY, Workload.RANDREAD, 387_000, 158, 220, 2.5),
                        figure(Where.HOST, Way.LEGACY, Workload.RANDWRITE, 374_000, 163, 231, 2.6),
                        figure(Where.HOST, Way.VNVME, Workload.RANDREAD, 1_210_000, 52.1, 61, 0.82),
                        figure(Where.HOST, Way.VNVME, Workload.RANDWRITE, 1_730_000, 36.4, 44, 0.57),
                        figure(Where.HOST, Way.BARE, Workload.RANDREAD, 1_250_000, 0.61, 1.2, 0.8),
                        figure(Where.HOST, Way.BARE, Workload.RANDWRITE, 1_810_000, 0.48, 0.9, 0.55),
                        figure(Where.GUEST, Way.LEGACY, Workload.RANDREAD, 27_100, 2310, 4021, 61),
                        figure(Where.GUEST, Way.LEGACY, Workload.RANDWRITE, 26_800, 2350, 4102, 62),
                        figure(Where.GUEST, Way.QEMU_NVME, Workload.RANDREAD, 24_900, 2512, 4300, 66),
                        figure(Where.GUEST, Way.QEMU_NVME, Workload.RANDWRITE, 25_200, 2498, 4290, 65),
                        figure(Where.GUEST, Way.VNVME, Workload.RANDREAD, 29_800, 2110, 3890, 63),
                        figure(Where.GUEST, Way.VNVME, Workload.RANDWRITE, 30_100, 2098, 3850, 62),
                        figure(Where.GUEST, Way.CEILING, Workload.RANDREAD, 41_300, 1510, 2900, 24),
                        figure(Where.GUEST, Way.CEILING, Workload.RANDWRITE, 41_900, 1498, 2890, 24)),
                new Ratios(
                        new Ratios.Pair(new Ratio(0.968, 0.951, 0.982), new Ratio(0.956, 0.94, 0.97)),
                        new Ratios.Pair(new Ratio(3.127, 2.98, 3.31), new Ratio(4.63, 4.4, 4.81))),
                new Verify(
                        verified, 256 << 20, "9f86d081884c7d65", verified ? "9f86d081884c7d65" : "60303ae22b998861"));
    }

    private static Figure figure(
            Where where, Way way, Workload workload, double iops, double p50Us, double p99Us, double cpuUs) {
        int repeats = where == Where.HOST ? 5 : 1;
        double spread = repeats == 1 ? 0 : 0.04;
        return new Figure(
                where, way, workload, repeats, iops, iops * (1 - spread), iops * (1 + spread), p50Us, p99Us, cpuUs);
    }
}
