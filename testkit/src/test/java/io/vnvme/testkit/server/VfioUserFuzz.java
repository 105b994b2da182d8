package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.Memfd;
import io.vnvme.os.UnixSocket;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.seed.FuzzLoop;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random, mutated and truncated messages at a live endpoint, while another guest does its work there. */
@SuppressWarnings("try") // descriptors are closed as they come
class VfioUserFuzz {
    private static final int[] SIZES = {0, 1, 8, 15, 16, 20, 24, 32, 48, 64, 100, 5000};
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        4,
        7,
        8,
        16,
        32,
        0xfe0,
        4096,
        8192,
        0x1000_0000,
        0x7fff_ffffL,
        0xffff_ffffL,
        1L << 32,
        1L << 47,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -4096,
        -1
    };

    private final MemorySegment outgoing = Arena.ofAuto().allocate(1 << 17, 8);
    private final MemorySegment incoming = Arena.ofAuto().allocate(1 << 16, 8);

    @TempDir
    private Path folder;

    @Test
    void everyMessageEndsInAReplyOrTheEndOfItsConnection() {
        Path socket = folder.resolve("cntrl");
        try (ServedDrive drive = ServedDrive.open(socket, 16 << 20, new VfioUserEndpoint.Options(false));
                SteadyGuest guest = SteadyGuest.start(socket);
                Fd file = Memfd.create("fuzz", 64 << 10);
                EventFd event = EventFd.create()) {
            Holdings before = Holdings.now();
            int[] fds = {file.number(), event.fd().number()};
            FuzzLoop.run("vfio-user messages", random -> {
                round(socket, random, fds);
                if (random.nextInt(50) == 0) {
                    guest.awaitProgress();
                }
                assertThat(drive.failures()).isEmpty();
            });
            before.awaitAgain();
            guest.awaitProgress();
            assertThat(drive.failures()).isEmpty();
            assertThat(drive.endpoint().connections()).hasSize(1);
        }
    }

    private void round(Path path, SplittableRandom random, int[] fds) {
        try (UnixSocket socket = UnixSocket.connect(path);
                FdQueue received = new FdQueue(16)) {
            socket.blocking(false);
            if (random.nextInt(8) != 0 && !negotiate(socket, received)) {
                throw new AssertionError("refused");
            }
            int messages = random.nextInt(60);
            boolean reads = random.nextInt(4) != 0;
            for (int i = 0; i < messages; i++) {
                int size = message(random);
                if (!send(socket, size, attached(random, fds))) {
                    return;
                }
                if (reads) {
                    socket.receive(incoming, 0, (int) incoming.byteSize(), received);
                    received.close();
                }
            }
        }
    }

    private boolean negotiate(UnixSocket socket, FdQueue received) {
        header(1, Wire.VERSION, 20, 0);
        outgoing.set(ValueLayout.JAVA_INT, 16, 1 << 16);
        socket.blocking(true);
        socket.send(outgoing, 0, 20);
        int count = socket.receive(incoming, 0, (int) incoming.byteSize(), received);
        socket.blocking(false);
        return count > 20;
    }

    private static int[] attached(SplittableRandom random, int[] fds) {
        int count = random.nextInt(3) == 0 ? random.nextInt(1, 20) : 0;
        return random.ints(count, 0, fds.length).map(i -> fds[i]).toArray();
    }

    /** False when the server has ended the connection, or takes nothing more. */
    private boolean send(UnixSocket socket, int size, int[] fds) {
        int done = 0;
        while (done < size) {
            int count = socket.send(outgoing, done, size - done, done == 0 ? fds : new int[0]);
            if (count <= 0) {
                return false;
            }
            done += count;
        }
        return true;
    }

    private int message(SplittableRandom random) {
        int command = random.nextInt(10) == 0 ? random.nextInt(1 << 16) : random.nextInt(20);
        int body = random.nextBoolean() ? SIZES[random.nextInt(SIZES.length)] : 32;
        for (int i = 0; i < body; i++) {
            outgoing.set(ValueLayout.JAVA_BYTE, 16 + i, (byte) 0);
        }
        if (random.nextInt(3) == 0) {
            byte[] noise = new byte[body];
            random.nextBytes(noise);
            MemorySegment.copy(noise, 0, outgoing, ValueLayout.JAVA_BYTE, 16, body);
        } else {
            shaped(random, command, body);
        }
        int size = 16 + body;
        int flags = random.nextInt(8) == 0 ? Wire.NO_REPLY : 0;
        if (random.nextInt(100) == 0) {
            flags = random.nextInt();
        }
        header(random.nextInt(1 << 16), command, random.nextInt(100) == 0 ? random.nextInt() : size, flags);
        // Now and then a message is cut off, or longer than it says.
        return random.nextInt(60) == 0 ? random.nextInt(1, size + 20) : size;
    }

    /** A body with numbers that come near to what the command wants. */
    private void shaped(SplittableRandom random, int command, int body) {
        ByteBuffer out = outgoing.asSlice(16, 8192).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        switch (command) {
            case Wire.DMA_MAP ->
                out.putInt(32)
                        .putInt(random.nextInt(4))
                        .putLong(small(random))
                        .putLong(page(random))
                        .putLong(page(random));
            case Wire.DMA_UNMAP ->
                out.putInt(24)
                        .putInt(random.nextInt(6) == 0 ? 2 : 0)
                        .putLong(page(random))
                        .putLong(page(random));
            case Wire.DEVICE_SET_IRQS ->
                out.putInt(20)
                        .putInt((1 << random.nextInt(3)) | (8 << random.nextInt(3)))
                        .putInt(random.nextInt(6))
                        .putInt(random.nextInt(70))
                        .putInt(random.nextInt(20));
            case Wire.REGION_READ, Wire.REGION_WRITE ->
                out.putLong(random.nextInt(0x5000))
                        .putInt(random.nextBoolean() ? 0 : 7)
                        .putInt(random.nextInt(17))
                        .putLong(random.nextLong());
            case Wire.DEVICE_FEATURE -> feature(random, out);
            case Wire.MIG_DATA_READ ->
                out.putInt(8 + random.nextInt(5000)).putInt(random.nextInt(10) == 0 ? (int) number(random) : 5000);
            case Wire.MIG_DATA_WRITE -> out.putInt(8).putInt(random.nextInt(40)).putLong(0x5453_4465_4d56_4e76L);
            default -> {
                for (int i = 0; i + 8 <= body; i += 8) {
                    out.putLong(number(random));
                }
            }
        }
    }

    /** Migration: states, and a log of what is written. */
    private static void feature(SplittableRandom random, ByteBuffer out) {
        int[] features = {1, 2, 2, 2, 6, 7, 8, random.nextInt(12)};
        int feature = features[random.nextInt(features.length)];
        int argsz = random.nextInt(4) == 0 ? (int) number(random) : 1 << 20;
        out.putInt(argsz).putInt(feature | random.nextInt(8) << 16);
        switch (feature) {
            case 2 -> out.putInt(random.nextInt(9)).putInt(-1);
            case 6 ->
                out.putLong(4096)
                        .putInt(random.nextInt(3))
                        .putInt(0)
                        .putLong(page(random))
                        .putLong(page(random));
            default -> out.putLong(page(random)).putLong(page(random)).putLong(1L << random.nextInt(64));
        }
    }

    private static long small(SplittableRandom random) {
        return random.nextInt(5) == 0 ? number(random) : random.nextInt(16) * 4096L;
    }

    private static long page(SplittableRandom random) {
        return random.nextInt(5) == 0 ? number(random) : random.nextInt(64) * 4096L;
    }

    private static long number(SplittableRandom random) {
        return NUMBERS[random.nextInt(NUMBERS.length)];
    }

    private void header(int id, int command, int size, int flags) {
        outgoing.set(ValueLayout.JAVA_SHORT, 0, (short) id);
        outgoing.set(ValueLayout.JAVA_SHORT, 2, (short) command);
        outgoing.set(ValueLayout.JAVA_INT, 4, size);
        outgoing.set(ValueLayout.JAVA_INT, 8, flags);
        outgoing.set(ValueLayout.JAVA_INT, 12, 0);
    }
}
