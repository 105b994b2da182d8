package io.vnvme.testkit.server;

import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.PolledIo;
import io.vnvme.testkit.driver.SocketDevice;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.RamLayout;
import java.nio.file.Path;

/** A client process that keeps a queue full until it is killed; it says when it has begun. */
final class KilledClient {
    private static final int SLOTS = 64;
    private static final int BLOCKS = 8;
    private static final int BEGUN = 1000;

    private KilledClient() {}

    public static void main(String[] arguments) {
        SocketDevice device = SocketDevice.open(Path.of(arguments[0]), RamLayout.adjacent(4 << 20, 64 << 10), 8);
        NvmeDriver driver = NvmeDriver.start(device);
        Buffer data = device.ram().allocate(SLOTS * 4096L);
        PolledIo io = new PolledIo(driver.createPair(1, 256, 1), 1, data, SLOTS, BLOCKS, 512);
        for (int slot = 0; slot < SLOTS; slot++) {
            io.write(slot, 16_000 + (long) slot * BLOCKS);
        }
        io.ring();
        for (long completed = 0; ; ) {
            int count = io.poll();
            for (int i = 0; i < count; i++) {
                io.write(io.slot(i), 16_000 + (long) io.slot(i) * BLOCKS);
            }
            if (count > 0) {
                io.ring();
            }
            if (completed < BEGUN && completed + count >= BEGUN) {
                System.out.println("begun");
            }
            completed += count;
        }
    }
}
