package io.vnvme.testkit.qos;

import io.vnvme.drive.Drive;
import io.vnvme.drive.Io;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Share;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.Sharing;
import io.vnvme.testkit.sim.SimDrive;
import io.vnvme.testkit.sim.SimHost;
import io.vnvme.volume.LinearVolume;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/** Guests on one reactor and one drive, each with a vNVMe of 8 MiB in blocks of 512 bytes and one queue pair. */
final class Guests implements AutoCloseable {
    static final int VOLUME_BYTES = 8 << 20;
    private static final int BLOCK = 512;
    private static final long RAM_BYTES = 24 << 20;

    final SimHost host = new SimHost();
    final Scheduler scheduler = new Scheduler();
    final Drive drive;
    private final Counted counted;
    final List<One> all = new ArrayList<>();

    /** A guest, its vNVMe and its queue pair. */
    record One(Namespace namespace, Share share, InProcessDevice device, NvmeDriver driver, QueuePair pair) {}

    private Guests(int count, boolean later, long delayNs) {
        host.add(scheduler);
        long size = (long) count * VOLUME_BYTES;
        drive = later
                ? new SimDrive("sim", size, BLOCK, host.clock(), Faults.delays(delayNs), new SplittableRandom(3))
                : RamDrive.create("ram", size);
        host.add(drive);
        counted = new Counted(drive);
        for (int i = 0; i < count; i++) {
            all.add(open(i));
        }
    }

    /** On a RAM drive, which does all work at once. */
    static Guests onRam(int count) {
        return new Guests(count, false, 0);
    }

    /** On a drive that answers within {@code delayNs}. */
    static Guests onSlowDrive(int count, long delayNs) {
        return new Guests(count, true, delayNs);
    }

    private One open(int index) {
        Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:q" + index, "SERIAL" + index, "vNVMe test", "1.0");
        LinearVolume volume = new LinearVolume(counted, (long) index * VOLUME_BYTES, VOLUME_BYTES);
        Share share = scheduler.share();
        Namespace namespace = new Namespace(1, NamespaceIdentity.of(new UUID(9, index)), volume, BLOCK, false, share);
        InProcessDevice device = InProcessDevice.open(
                host, subsystem, List.of(namespace), RamLayout.single(RAM_BYTES), Sharing.ALL, scheduler);
        NvmeDriver driver = NvmeDriver.start(device);
        driver.queueCount(2);
        return new One(namespace, share, device, driver, driver.createPair(1, 256, 1));
    }

    One guest(int index) {
        return all.get(index);
    }

    /** Bytes that all together have had moved so far. */
    long movedBytes() {
        return counted.bytes;
    }

    /** Counts what a drive is given to do. */
    private static final class Counted implements Drive {
        private final Drive drive;
        private long bytes;

        Counted(Drive drive) {
            this.drive = drive;
        }

        @Override
        public int submit(Io io) {
            bytes += io.lengthBytes();
            return drive.submit(io);
        }

        @Override
        public String name() {
            return drive.name();
        }

        @Override
        public long sizeBytes() {
            return drive.sizeBytes();
        }

        @Override
        public int blockSizeBytes() {
            return drive.blockSizeBytes();
        }

        @Override
        public boolean volatileWriteCache() {
            return drive.volatileWriteCache();
        }

        @Override
        public boolean synchronous() {
            return drive.synchronous();
        }

        @Override
        public void close() {
            drive.close();
        }
    }

    void limit(int index, Limits limits) {
        guest(index).share().set(limits, Share.WEIGHT_DEFAULT, null);
    }

    void steps(long count) {
        for (long i = 0; i < count; i++) {
            host.step();
        }
    }

    @Override
    public void close() {
        all.forEach(one -> one.device().close());
        drive.close();
    }
}
