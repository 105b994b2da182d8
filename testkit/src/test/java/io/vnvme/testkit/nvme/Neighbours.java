package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.EnableOptions;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.Sharing;
import io.vnvme.testkit.sim.SimDrive;
import io.vnvme.testkit.sim.SimHost;
import io.vnvme.volume.LinearVolume;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/**
 * Two guests on one reactor and one drive: one is hostile and has namespace 1, the other is honest and has namespace 2;
 * the drive's last third belongs to nobody and must never change.
 */
final class Neighbours implements AutoCloseable {
    static final int NAMESPACE_BYTES = 1 << 20;
    private static final int BLOCK = 512;
    private static final int IO_BYTES = 4096;
    /** Where the hostile guest's queues are, from the start of its memory: its allocator is a first-fit one. */
    private static final long QUEUES_BYTES = 64 << 10;

    private static final byte CANARY = (byte) 0xC7;

    private final SimHost host = new SimHost();
    private final SplittableRandom random;
    private final SimDrive drive;
    private final InProcessDevice hostile;
    private final InProcessDevice honest;
    private final QueuePair honestPair;
    private final BitSet unmapped = new BitSet();
    private final MemorySegment model = MemorySegment.ofArray(new byte[NAMESPACE_BYTES]);

    Neighbours(SplittableRandom random) {
        this.random = random;
        drive = new SimDrive("sim0", 3 * NAMESPACE_BYTES, BLOCK, host.clock(), Faults.delays(20_000), random.split());
        drive.memory().asSlice(2 * NAMESPACE_BYTES).fill(CANARY);
        host.add(drive);
        Sharing sharing = Sharing.any(random);
        hostile = open(1, RamLayout.adjacent(2 << 20, 64 << 10), sharing);
        honest = open(2, RamLayout.single(1 << 20), Sharing.ALL);
        honestPair = NvmeDriver.start(honest).createPair(1, 16, 1);
    }

    private InProcessDevice open(int nsid, RamLayout layout, Sharing sharing) {
        Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:n" + nsid, "SERIAL" + nsid, "vNVMe test", "1.0");
        LinearVolume volume = new LinearVolume(drive, (nsid - 1L) * NAMESPACE_BYTES, NAMESPACE_BYTES);
        Namespace namespace = new Namespace(nsid, NamespaceIdentity.of(new UUID(7, nsid)), volume, BLOCK, false);
        return InProcessDevice.open(host, subsystem, List.of(namespace), layout, sharing);
    }

    InProcessDevice hostile() {
        return hostile;
    }

    SimHost host() {
        return host;
    }

    /** Fills the hostile guest's memory, but for its queues, with noise in which many words are addresses of it. */
    void scribble() {
        MemorySegment memory = hostile.ram().segment().asSlice(QUEUES_BYTES);
        for (long at = 0; at < memory.byteSize(); at += 8) {
            memory.set(ValueLayout.JAVA_LONG, at, word());
        }
    }

    /** A number such as a hostile guest would put anywhere. */
    long word() {
        return switch (random.nextInt(8)) {
            case 0, 1 -> address();
            case 2 -> address() & -4096;
            case 3 -> random.nextInt(64);
            case 4 -> 0;
            case 5 -> random.nextLong();
            case 6 -> (long) random.nextInt(6) << 60 | random.nextInt(1 << 13) & ~15;
            default -> random.nextInt();
        };
    }

    /** An address in the hostile guest's memory behind its queues, now and then just beyond its end. */
    long address() {
        RamLayout layout = hostile.ram().layout();
        return layout.baseIova() + random.nextLong(QUEUES_BYTES, layout.sizeBytes() + 4096);
    }

    /** Takes one of the hostile guest's regions away, or gives it back; never the one with its queues. */
    void toggleRegion() {
        int region = random.nextInt(1, hostile.ram().layout().regionCount());
        if (unmapped.get(region)) {
            hostile.mapRegion(region);
        } else {
            hostile.unmapRegion(region);
        }
        unmapped.flip(region);
    }

    void steps(int count) {
        for (int i = 0; i < count; i++) {
            host.step();
        }
    }

    /** The honest guest writes, reads, and finds what it wrote; nobody else's blocks have changed. */
    void check() {
        try (Buffer data = honest.ram().allocate(IO_BYTES)) {
            int lba = random.nextInt(NAMESPACE_BYTES / IO_BYTES) * (IO_BYTES / BLOCK);
            byte[] fresh = new byte[IO_BYTES];
            random.nextBytes(fresh);
            MemorySegment.copy(fresh, 0, data.segment(), ValueLayout.JAVA_BYTE, 0, IO_BYTES);
            MemorySegment.copy(fresh, 0, model, ValueLayout.JAVA_BYTE, (long) lba * BLOCK, IO_BYTES);
            honestPair
                    .execute(Command.write(2, lba, IO_BYTES / BLOCK), Prp.of(data))
                    .orThrow();
            int other = random.nextInt(NAMESPACE_BYTES / IO_BYTES) * (IO_BYTES / BLOCK);
            honestPair
                    .execute(Command.read(2, other, IO_BYTES / BLOCK), Prp.of(data))
                    .orThrow();
            assertThat(data.segment().mismatch(model.asSlice((long) other * BLOCK, IO_BYTES)))
                    .isEqualTo(-1);
        }
        assertThat(hostile.controller().failure() == null
                        || !hostile.controller().failure().startsWith("stopped by"))
                .as("a defect: %s", hostile.controller().failure())
                .isTrue();
    }

    /** The hostile guest is reset and then behaves: all works as ever. */
    void recover() {
        hostile.reset();
        unmapped.stream().forEach(hostile::mapRegion);
        unmapped.clear();
        NvmeDriver driver = new NvmeDriver(hostile);
        driver.until("reset", () -> !driver.ready());
        hostile.busMaster(true);
        driver.enable(EnableOptions.usual());
        QueuePair pair = driver.createPair(1, 16, 1);
        try (Buffer data = hostile.ram().allocate(IO_BYTES)) {
            pair.execute(Command.read(1, 0, 8), Prp.of(data)).orThrow();
        }
        driver.disable();
    }

    /** Everything on the drive that nobody may have touched is as it was. */
    void checkDrive() {
        MemorySegment nobodys = drive.memory().asSlice(2 * NAMESPACE_BYTES);
        for (long at = 0; at < nobodys.byteSize(); at++) {
            if (nobodys.get(ValueLayout.JAVA_BYTE, at) != CANARY) {
                throw new AssertionError("byte %d of nobody's blocks has changed".formatted(at));
            }
        }
        assertThat(drive.memory().asSlice(NAMESPACE_BYTES, NAMESPACE_BYTES).mismatch(model))
                .as("the honest guest's blocks")
                .isEqualTo(-1);
    }

    @Override
    public void close() {
        hostile.close();
        honest.close();
        drive.close();
    }
}
