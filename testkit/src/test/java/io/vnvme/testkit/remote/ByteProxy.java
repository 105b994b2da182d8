package io.vnvme.testkit.remote;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Carries bytes between hosts and a target, and changes some of them on their way in one direction. */
final class ByteProxy implements AutoCloseable {
    private static final int PIECE_BYTES = 4096;
    /** A handshake has some 700 bytes each way. */
    private static final int FIRST_WITHIN = 3000;

    private static final int STALL_MILLIS = 100;

    private final Relay relay;
    private final boolean toTarget;
    private final SplittableRandom random;
    private final AtomicInteger changesLeft;

    /** @param changes how often bytes are changed, in all connections together */
    ByteProxy(InetSocketAddress target, boolean toTarget, int changes, SplittableRandom random) {
        this.toTarget = toTarget;
        this.random = random;
        this.changesLeft = new AtomicInteger(changes);
        relay = new Relay(target, () -> false, this::arrived);
    }

    int port() {
        return relay.port();
    }

    /** From now on all arrives as it was sent. */
    void calm() {
        changesLeft.set(0);
    }

    private void arrived(Relay by, Socket host, Socket far) {
        SplittableRandom changes = random.split();
        by.start(() -> carry(host, far, toTarget ? changes : null));
        by.start(() -> carry(far, host, toTarget ? null : changes));
    }

    private void carry(Socket from, Socket to, @Nullable SplittableRandom changes) {
        byte[] piece = new byte[PIECE_BYTES];
        long at = 0;
        long next = changes == null ? Long.MAX_VALUE : changes.nextInt(FIRST_WITHIN);
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int count = in.read(piece); count > 0; count = in.read(piece)) {
                byte[] bytes = Arrays.copyOf(piece, count);
                at += count;
                if (changes != null && at > next && changesLeft.getAndDecrement() > 0) {
                    bytes = changed(bytes, changes);
                    next = at + changes.nextInt(FIRST_WITHIN);
                    // Who waits for the rest of what was cut short does so no longer than this.
                    from.setSoTimeout(STALL_MILLIS);
                    to.setSoTimeout(STALL_MILLIS);
                }
                out.write(bytes);
            }
        } catch (IOException e) {
            // One end is gone, and with it the other.
        }
        Relay.close(from);
        Relay.close(to);
    }

    private static byte[] changed(byte[] bytes, SplittableRandom random) {
        int at = random.nextInt(bytes.length);
        return switch (random.nextInt(6)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> {
                byte[] twice = Arrays.copyOf(bytes, 2 * bytes.length);
                System.arraycopy(bytes, 0, twice, bytes.length, bytes.length);
                yield twice;
            }
            case 2 -> {
                byte[] noise = new byte[1 + random.nextInt(300)];
                random.nextBytes(noise);
                yield noise;
            }
            case 3 -> {
                // The head of the first record: type, version, length.
                byte[] head = bytes.clone();
                head[random.nextInt(Math.min(5, head.length))] = (byte) random.nextInt();
                yield head;
            }
            default -> {
                byte[] flipped = bytes.clone();
                flipped[at] ^= (byte) (1 << random.nextInt(8));
                yield flipped;
            }
        };
    }

    @Override
    public void close() {
        relay.close();
    }
}
