package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.server.Holdings;
import io.vnvme.testkit.server.ServedTarget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * A target that says anything: what ours says, with lengths, identifiers and offsets changed, twice, or something else
 * instead. The path ends, the next one works, and with digests nothing is read but what was written.
 */
class RemoteFuzz {
    private static final int DRIVE_BYTES = 4 << 20;
    private static final int KIB = 1024;
    private static final int[] SIZES = {512, 4 * KIB, 24 * KIB, 128 * KIB, 200 * KIB};
    private static final int PLACE_BYTES = 256 * KIB;
    private static final int PLACES = 4;
    private static final int[] INTERESTING = {0, 1, -1, 3, 4, 8, 24, 28, 0x7fff_ffff, 0x8000_0000, 128 * KIB + 1, 4096};

    @Test
    void everyPduEndsInAnAnswerOrTheEndOfItsPath() {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES)) {
            // What the JVM makes once for sockets of its own is there after a first round.
            round(target, new SplittableRandom(1));
            Holdings before = Holdings.now();
            FuzzLoop.run("NVMe/TCP target", random -> round(target, random));
            before.awaitAgain();
            assertThat(target.failures()).isEmpty();
        }
    }

    private static void round(ServedTarget target, SplittableRandom random) {
        boolean guarded = random.nextBoolean();
        RemoteOptions options = RemoteOptions.usual().digests(guarded, guarded);
        try (Network network = new Network(target.address());
                Remote remote = new Remote(options, network.port())) {
            SplittableRandom changes = random.split();
            network.change(pdu -> changed(pdu, changes));
            Remote.Work[] works = new Remote.Work[PLACES];
            int[] bytes = new int[PLACES];
            for (int place = 0; place < PLACES; place++) {
                bytes[place] = SIZES[random.nextInt(SIZES.length)];
                works[place] =
                        remote.submit(Io.WRITE, (long) place * PLACE_BYTES, Remote.filled(bytes[place], place + 1));
                remote.submit(Io.READ, (long) random.nextInt(PLACES) * PLACE_BYTES, Remote.filled(4 * KIB, 0));
            }
            for (int passes = 0; passes < 400; passes++) {
                remote.poll();
            }
            // What nobody has answered is lost with its path, and done again.
            network.change(pdu -> pdu);
            network.cutNow();
            for (int place = 0; place < PLACES; place++) {
                settle(target, remote, works[place]);
            }
            verify(target, remote, works, bytes, guarded);
        }
    }

    private static void verify(ServedTarget target, Remote remote, Remote.Work[] works, int[] bytes, boolean guarded) {
        for (int place = 0; place < PLACES; place++) {
            Remote.Work read = remote.submit(Io.READ, (long) place * PLACE_BYTES, Remote.filled(bytes[place], 0));
            settle(target, remote, read);
            assertThat(read.status()).isEqualTo(IoStatus.OK);
            if (guarded) {
                assertThat(works[place].status()).isEqualTo(IoStatus.OK);
                assertThat(read.memory().mismatch(Remote.filled(bytes[place], place + 1)))
                        .isEqualTo(-1);
            }
        }
    }

    static void settle(ServedTarget target, Remote remote, Remote.Work work) {
        remote.until("work ends", () -> {
            boolean one = target.target().connected().size() <= 1;
            if (!work.ended() && one) {
                remote.putForward(Duration.ofMillis(5));
            }
            return work.ended();
        });
    }

    private static byte[] changed(byte[] pdu, SplittableRandom random) {
        return switch (random.nextInt(16)) {
            case 0 -> {
                byte[] noise = new byte[random.nextInt(200)];
                random.nextBytes(noise);
                yield noise;
            }
            case 1 -> ByteBuffer.allocate(2 * pdu.length).put(pdu).put(pdu).array();
            case 2 -> new byte[0];
            case 3, 4 -> {
                ByteBuffer changed = ByteBuffer.wrap(pdu.clone()).order(ByteOrder.LITTLE_ENDIAN);
                int at = 4 * random.nextInt(Math.min(6, pdu.length / 4));
                changed.putInt(at, INTERESTING[random.nextInt(INTERESTING.length)]);
                yield changed.array();
            }
            case 5 -> {
                byte[] changed = pdu.clone();
                changed[random.nextInt(pdu.length)] ^= (byte) (1 << random.nextInt(8));
                yield changed;
            }
            default -> pdu;
        };
    }
}
