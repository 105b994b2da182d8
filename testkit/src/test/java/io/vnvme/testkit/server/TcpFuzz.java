package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.DriverException;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.tcp.HostOptions;
import io.vnvme.testkit.tcp.HostPdu;
import io.vnvme.testkit.tcp.HostQueue;
import io.vnvme.testkit.tcp.PduChannel;
import io.vnvme.testkit.tcp.TcpHost;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random, mutated and truncated PDUs in any order at a live target, while another host does its work there. */
@SuppressWarnings("ByteBufferBackingArray") // all are made by allocate or wrap
class TcpFuzz {
    private static final int BLOCK = 512;
    private static final byte[] NO_DATA = {};
    private static final int[] LENGTHS = {0, 1, 4, 511, 512, 513, 4096, 16384, 16385, 131072, 1 << 20, (1 << 20) + 1, -1
    };

    @Test
    void everyPduEndsInAnAnswerOrTheEndOfItsConnection() {
        try (ServedTarget target = ServedTarget.open(16 << 20)) {
            HostOptions steady = HostOptions.usual().sending(4096, 4096);
            try (TcpHost host = TcpHost.connect(target.address(), ServedTarget.NQN, steady);
                    HostQueue queue = host.ioQueue(32)) {
                Holdings before = Holdings.now();
                long[] rounds = {0};
                FuzzLoop.run("NVMe/TCP PDUs", random -> {
                    round(target, random);
                    if (rounds[0]++ % 20 == 0) {
                        works(queue, (int) rounds[0]);
                    }
                    assertThat(target.failures()).isEmpty();
                });
                works(queue, -1);
                before.awaitAgain();
            }
            assertThat(target.failures()).isEmpty();
        }
    }

    private static void works(HostQueue queue, int value) {
        byte[] data = new byte[16 * BLOCK];
        Arrays.fill(data, (byte) value);
        queue.execute(Command.write(1, 30_000, 16), data).orThrow();
        assertThat(queue.read(Command.read(1, 30_000, 16), data.length)
                        .orThrow()
                        .data())
                .isEqualTo(data);
    }

    private static void round(ServedTarget target, SplittableRandom random) {
        HostOptions options = HostOptions.usual()
                .digests(random.nextInt(4) == 0, random.nextInt(4) == 0)
                .aligned(random.nextInt(4) == 0 ? random.nextInt(32) : 0);
        List<HostQueue> open = new ArrayList<>();
        try {
            PduChannel channel = opened(target, random, options, open);
            HostQueue maker = open.isEmpty() ? null : open.getFirst();
            for (int pdus = random.nextInt(30); pdus > 0; pdus--) {
                byte[] bytes = maker == null ? noise(random) : pdu(maker, random);
                mutate(bytes, random);
                int length = random.nextInt(20) == 0 ? random.nextInt(bytes.length + 1) : bytes.length;
                channel.send(bytes, 0, length);
            }
            if (random.nextBoolean()) {
                channel.endOutput();
                // Whatever it says, it closes its end.
                int answers = 0;
                while (channel.next().isPresent() && answers < 10_000) {
                    answers++;
                }
            }
        } catch (UncheckedIOException | DriverException e) {
            // It ended the connection, as it may at any time for what it got.
        } finally {
            open.forEach(HostQueue::close);
        }
    }

    /** A connection in some state: just made, greeted, of a discovery controller, of an admin queue, of an I/O queue. */
    private static PduChannel opened(
            ServedTarget target, SplittableRandom random, HostOptions options, List<HostQueue> open) {
        int state = random.nextInt(5);
        HostQueue queue = HostQueue.greet(target.address(), options);
        open.add(queue);
        if (state >= 1) {
            String nqn = state == 1 ? Fabrics.DISCOVERY_NQN : ServedTarget.NQN;
            int id = queue.connect(nqn, 0, 2 + random.nextInt(60), Fabrics.CNTLID_DYNAMIC)
                    .orThrow()
                    .dword0();
            if (state >= 3) {
                queue.propertySet(0x14, 0x0046_0001).orThrow();
                while (queue.propertyGet(0x1c, false) == 0) {
                    Thread.onSpinWait();
                }
                HostQueue io = HostQueue.greet(target.address(), options);
                open.addFirst(io);
                io.connect(ServedTarget.NQN, 1 + random.nextInt(64), 2 + random.nextInt(255), id & 0xffff)
                        .orThrow();
            }
        }
        return open.getFirst().channel();
    }

    private static byte[] noise(SplittableRandom random) {
        byte[] bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] pdu(HostQueue maker, SplittableRandom random) {
        return switch (random.nextInt(8)) {
            case 0 -> noise(random);
            case 1 -> HostPdu.icReq(HostOptions.usual()).array();
            case 2 -> {
                byte[] data = new byte[random.nextInt(20_000)];
                boolean last = random.nextBoolean();
                yield maker.h2cData(random.nextInt(8), random.nextInt(8), random.nextInt(4) * data.length, data, last)
                        .array();
            }
            default -> capsule(maker, random);
        };
    }

    private static byte[] capsule(HostQueue maker, SplittableRandom random) {
        int opcode =
                random.nextInt(3) == 0 ? random.nextInt(256) : new int[] {1, 2, 6, 0x7f, 0x0c, 5}[random.nextInt(6)];
        Command command = Command.of(opcode).nsid(random.nextInt(3)).cid(random.nextInt(8));
        for (int dword = 10; dword < 16; dword++) {
            command.dword(dword, random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(64));
        }
        if (random.nextInt(4) == 0) {
            command.dword(0, command.dword(0) | random.nextInt(4) << 8);
        }
        byte[] data = random.nextInt(3) == 0 ? new byte[random.nextInt(8192)] : NO_DATA;
        int length = random.nextBoolean() && data.length > 0 ? data.length : LENGTHS[random.nextInt(LENGTHS.length)];
        long type = new long[] {0x01, 0x5a, 0x00, 0x40}[random.nextInt(10) < 8 ? random.nextInt(2) : random.nextInt(4)];
        command.data(
                random.nextInt(8) == 0 ? 64 : 0, length & 0xffff_ffffL | type << 56, random.nextInt(8) == 0 ? 0 : 1);
        ByteBuffer capsule = maker.capsule(command, data);
        return capsule.array();
    }

    private static void mutate(byte[] bytes, SplittableRandom random) {
        if (bytes.length == 0 || random.nextInt(3) != 0) {
            return;
        }
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            // Mostly within a header, where it hurts.
            int at = random.nextInt(random.nextBoolean() ? Math.min(bytes.length, 76) : bytes.length);
            bytes[at] = (byte) random.nextInt(256);
        }
    }
}
