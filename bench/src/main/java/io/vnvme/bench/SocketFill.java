package io.vnvme.bench;

import io.vnvme.bench.load.Traffic;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;

/** Writes every block of a drive once. */
final class SocketFill {
    private static final Traffic TRAFFIC = new Traffic(0, true, 128 << 10, 16, 1);
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private SocketFill() {}

    static void run(Path socket) {
        try (SocketDrive drive = SocketDrive.open(socket, TRAFFIC);
                Buffer data = drive.allocate((long) TRAFFIC.depth() * TRAFFIC.blockBytes())) {
            for (long i = 0; i < data.sizeBytes() / Long.BYTES; i++) {
                data.segment().setAtIndex(ValueLayout.JAVA_LONG, i, i);
            }
            fill(drive, data);
        }
    }

    private static void fill(SocketDrive drive, Buffer data) {
        int perTransfer = TRAFFIC.blockBytes() / drive.blockBytes();
        int depth = TRAFFIC.depth();
        PolledIo io =
                new PolledIo(drive.queues(1, depth)[0], SocketDrive.NSID, data, depth, perTransfer, drive.blockBytes());
        long end = System.nanoTime() + LIMIT.toNanos();
        long next = 0;
        long transfers = drive.blockCount() / perTransfer;
        int inFlight = 0;
        while (inFlight < depth && next < transfers) {
            io.write(inFlight++, next++ * perTransfer);
        }
        io.ring();
        while (inFlight > 0) {
            int count = io.poll();
            for (int i = 0; i < count; i++) {
                if (next < transfers) {
                    io.write(io.slot(i), next++ * perTransfer);
                } else {
                    inFlight--;
                }
            }
            if (count > 0) {
                io.ring();
            } else if (System.nanoTime() - end > 0) {
                throw new IllegalStateException("the drive does not answer");
            }
        }
        SocketTraffic.finish(io);
    }
}
