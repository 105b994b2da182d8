package io.vnvme.bench.campaign;

import io.vnvme.drive.Drive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.drive.uring.DriveFile;
import io.vnvme.drive.uring.DriveHealth;
import io.vnvme.drive.uring.DriveRing;
import io.vnvme.drive.uring.UringDrive;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.Cpu;
import io.vnvme.qos.Scheduler;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.server.Idle;
import io.vnvme.volume.LinearVolume;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The engine alone in a process: one reactor on one processor, a RAM drive or a file, vNVMes on it.
 *
 * <p>Arguments: folder for sockets, processor of the reactor, size of each drive in bytes, number of drives, and the file
 * they are on if it is not RAM. For each
 * drive it prints the nanoseconds that its vNVMe took to be ready, then {@code ready}; it ends with its input.
 */
final class EngineServer {
    private static final int BLOCK_BYTES = 512;

    private EngineServer() {}

    static Path socket(Path folder, int index) {
        return folder.resolve("vnvme" + index);
    }

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        int cpu = Integer.parseInt(arguments[1]);
        long sizeBytes = Long.parseLong(arguments[2]);
        int count = Integer.parseInt(arguments[3]);
        List<VfioUserEndpoint> opened = new ArrayList<>();
        try (Reactor reactor = Reactor.start("reactor", cpu, Idle.policy(), Throwable::printStackTrace)) {
            Cpu.pin(cpu == 0 ? 1 : 0);
            Scheduler scheduler = new Scheduler();
            reactor.call(() -> {
                reactor.add(scheduler);
                return true;
            });
            Drive drive = arguments.length > 4
                    ? onFile(reactor, Path.of(arguments[4]))
                    : RamDrive.create("ram0", sizeBytes * count);
            try {
                for (int i = 0; i < count; i++) {
                    long begun = System.nanoTime();
                    LinearVolume volume = new LinearVolume(drive, i * sizeBytes, sizeBytes);
                    opened.add(serve(reactor, scheduler, volume, socket(folder, i), i));
                    System.out.println(System.nanoTime() - begun);
                }
                System.out.println("ready");
                int end = System.in.read();
                if (end >= 0) {
                    throw new IOException("unexpected input");
                }
            } finally {
                opened.forEach(VfioUserEndpoint::close);
                reactor.call(() -> {
                    drive.close();
                    return true;
                });
            }
        }
    }

    private static UringDrive onFile(Reactor reactor, Path file) {
        DriveFile opened = DriveFile.open(file);
        return reactor.call(() -> {
            DriveRing ring = DriveRing.open();
            ring.attach(reactor);
            return new UringDrive("file", opened, ring, new DriveHealth());
        });
    }

    private static VfioUserEndpoint serve(
            Reactor reactor, Scheduler scheduler, LinearVolume volume, Path socket, int index) {
        Subsystem subsystem =
                new Subsystem("nqn.2026-01.io.vnvme:bench-" + index, "%020d".formatted(index), "vNVMe bench", "1.0");
        Namespace namespace = new Namespace(
                1, NamespaceIdentity.of(new UUID(1, index)), volume, BLOCK_BYTES, false, scheduler.share());
        return VfioUserEndpoint.open(
                reactor,
                socket,
                host -> {
                    Controller controller = new Controller(
                            subsystem,
                            subsystem.nextControllerId(),
                            host.memory(),
                            host.interrupts(),
                            host.doorbells(),
                            scheduler.turn());
                    controller.namespaces().attach(namespace);
                    return Device.of(controller);
                },
                new VfioUserEndpoint.Options(false));
    }
}
