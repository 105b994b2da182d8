package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.DataPointer;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.driver.Sgl;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.sim.Faults;
import io.vnvme.testkit.sim.Sharing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Random reads and writes of every shape, many in flight and out of order, against a plain array of bytes. */
final class DataFuzz {
    private static final int OPERATIONS = 300;
    private static final int IN_FLIGHT_MAX = 24;
    private static final int BLOCKS_MAX = 300;
    private static final int BLOCK = Guest.BLOCK;
    private static final int BLOCKS = (int) (Guest.NAMESPACE_BYTES / BLOCK);

    @Test
    void contentIsThatOfTheModel() {
        FuzzLoop.run("data", random -> new DataFuzz().round(random));
    }

    /** One command on its way; {@code expected} is what a read has to find. */
    private record Flight(
            QueuePair pair,
            int cid,
            int lba,
            int blocks,
            Buffer data,
            long position,
            DataPointer pointer,
            @Nullable MemorySegment expected) {}

    private final byte[] model = new byte[(int) Guest.NAMESPACE_BYTES];
    private final BitSet busy = new BitSet();
    private final List<Flight> flights = new ArrayList<>();

    private void round(SplittableRandom random) {
        RamLayout layout = switch (random.nextInt(3)) {
            case 0 -> RamLayout.single(16 << 20);
            case 1 -> RamLayout.adjacent(16 << 20, 4096L << random.nextInt(6));
            default -> RamLayout.scattered(16 << 20, 256 << 10);
        };
        Sharing sharing = Sharing.any(random);
        try (Guest guest = Guest.start(layout, sharing, random.split())) {
            guest.drive().faults(Faults.delays(random.nextInt(100_000)));
            NvmeDriver driver = guest.driver();
            List<QueuePair> pairs = List.of(
                    driver.createPair(1, 2 + random.nextInt(64), 1), driver.createPair(2, 2 + random.nextInt(64), 2));
            for (int i = 0; i < OPERATIONS; i++) {
                begin(guest, pairs.get(random.nextInt(pairs.size())), random);
                if (random.nextInt(4) == 0) {
                    guest.host().step();
                }
                while (flights.size() > random.nextInt(IN_FLIGHT_MAX)) {
                    land(flights.remove(random.nextInt(flights.size())));
                }
            }
            while (!flights.isEmpty()) {
                land(flights.removeLast());
            }
            assertThat(guest.drive().memory().asSlice(0, model.length).mismatch(MemorySegment.ofArray(model)))
                    .isEqualTo(-1);
        }
    }

    private void begin(Guest guest, QueuePair pair, SplittableRandom random) {
        int blocks = 1 + (random.nextBoolean() ? random.nextInt(8) : random.nextInt(BLOCKS_MAX));
        int lba = random.nextInt(BLOCKS - blocks);
        int next = busy.nextSetBit(lba);
        if (pair.submissions().full() || (next >= 0 && next < lba + blocks)) {
            return;
        }
        busy.set(lba, lba + blocks);
        int length = blocks * BLOCK;
        long position = random.nextInt(1024) * 4L;
        Buffer data = guest.ram().allocate(position + length);
        boolean sgl = random.nextBoolean();
        DataPointer pointer = sgl ? sgl(data, position, length, random) : prp(data, position, length, random);
        byte[] bytes = new byte[length];
        int kind = random.nextInt(8);
        Command command;
        MemorySegment expected = null;
        if (kind < 4) {
            random.nextBytes(bytes);
            MemorySegment.copy(bytes, 0, data.segment(), ValueLayout.JAVA_BYTE, position, length);
            System.arraycopy(bytes, 0, model, lba * BLOCK, length);
            command = Command.write(1, lba, blocks).data(pointer);
        } else if (kind < 7) {
            System.arraycopy(model, lba * BLOCK, bytes, 0, length);
            expected = MemorySegment.ofArray(bytes);
            command = Command.read(1, lba, blocks).data(pointer);
        } else {
            System.arraycopy(bytes, 0, model, lba * BLOCK, length);
            command =
                    Command.of(IoOpcode.WRITE_ZEROES).nsid(1).range(lba, blocks).data(0, 0, Sqe.PSDT_PRP);
        }
        int cid = pair.start(command);
        flights.add(new Flight(pair, cid, lba, blocks, data, position, pointer, expected));
    }

    private static DataPointer prp(Buffer data, long position, int length, SplittableRandom random) {
        return Prp.of(data, position, length, 4096, random.nextInt(512) * 8);
    }

    /** Pieces of random sizes that end where regions do. */
    private static DataPointer sgl(Buffer data, long position, int length, SplittableRandom random) {
        Sgl sgl = new Sgl();
        long region = data.ram().layout().regionBytes();
        int pieceMax = 1 + random.nextInt(Math.max(length / 8, 512));
        int at = 0;
        while (at < length) {
            long inRegion = region - (data.offset() + position + at) % region;
            int piece = (int) Math.min(Math.min(length - at, inRegion), 1 + random.nextInt(pieceMax) + length / 500);
            sgl.data(data.iova(position + at), piece);
            at += piece;
        }
        return sgl.build(data.ram(), random.nextBoolean() ? 0 : 16 + random.nextInt(240));
    }

    private void land(Flight flight) {
        Completion completion = flight.pair().await(flight.cid());
        assertThat(completion.ok()).as("%s", completion).isTrue();
        MemorySegment expected = flight.expected();
        if (expected != null) {
            MemorySegment read = flight.data().segment().asSlice(flight.position(), expected.byteSize());
            assertThat(read.mismatch(expected))
                    .as("blocks %d of LBA %d", flight.blocks(), flight.lba())
                    .isEqualTo(-1);
        }
        busy.clear(flight.lba(), flight.lba() + flight.blocks());
        flight.pointer().close();
        flight.data().close();
    }
}
