package io.vnvme.testkit.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.nvmetcp.RemoteException;
import io.vnvme.drive.nvmetcp.RemoteNamespace;
import io.vnvme.drive.nvmetcp.RemoteOptions;
import io.vnvme.drive.nvmetcp.RemoteTrust;
import io.vnvme.drive.nvmetcp.TargetKeys;
import io.vnvme.fabrics.tls.TlsKey;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.server.Holdings;
import io.vnvme.testkit.server.ServedTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Handshakes and records of TLS with bytes changed on their way, to the target or to the host, and some that never were any. A
 * connection ends, the next one works; nothing is read but what was written, and nothing is kept.
 */
class TlsFuzz {
    private static final int DRIVE_BYTES = 4 << 20;
    private static final int KIB = 1024;
    private static final int[] SIZES = {512, 4 * KIB, 24 * KIB, 128 * KIB};
    private static final int PLACE_BYTES = 256 * KIB;
    private static final int PLACES = 4;
    private static final int HANDSHAKE = 0x16;

    private final TlsKey key = TlsKey.generate(new SecureRandom());
    private final TargetKeys keys = new TargetKeys(Optional.empty(), Optional.of(key));

    @Test
    void everyByteEndsInAnAnswerOrTheEndOfItsConnection() {
        try (ServedTarget target = ServedTarget.open(DRIVE_BYTES)) {
            target.terms(new HostTerms(false, Optional.empty(), true, Optional.of(key)));
            // What the JVM and libssl make once is there after a first round.
            round(target, new SplittableRandom(1));
            Holdings before = Holdings.now();
            FuzzLoop.run("TLS", random -> round(target, random));
            before.awaitAgain();
            assertThat(target.failures()).isEmpty();
        }
    }

    private void round(ServedTarget target, SplittableRandom random) {
        if (random.nextInt(4) == 0) {
            noise(target, random);
        }
        int changes = 1 + random.nextInt(3);
        try (ByteProxy proxy = new ByteProxy(target.address(), random.nextBoolean(), changes, random.split());
                Remote remote = opened(proxy)) {
            Remote.Work[] works = new Remote.Work[PLACES];
            int[] bytes = new int[PLACES];
            for (int place = 0; place < PLACES; place++) {
                bytes[place] = SIZES[random.nextInt(SIZES.length)];
                works[place] =
                        remote.submit(Io.WRITE, (long) place * PLACE_BYTES, Remote.filled(bytes[place], place + 1));
            }
            for (int passes = 0; passes < 100; passes++) {
                remote.poll();
            }
            proxy.calm();
            for (int place = 0; place < PLACES; place++) {
                RemoteFuzz.settle(target, remote, works[place]);
                assertThat(works[place].status()).isEqualTo(IoStatus.OK);
                Remote.Work read = remote.submit(Io.READ, (long) place * PLACE_BYTES, Remote.filled(bytes[place], 0));
                RemoteFuzz.settle(target, remote, read);
                assertThat(read.status()).isEqualTo(IoStatus.OK);
                assertThat(read.memory().mismatch(Remote.filled(bytes[place], place + 1)))
                        .isEqualTo(-1);
            }
        }
    }

    /** What is changed in a handshake is refused; the proxy has a few changes only. */
    private Remote opened(ByteProxy proxy) {
        RemoteNamespace plain = Remote.namespace(RemoteOptions.usual().tls(true), ServedTarget.NQN, 1, proxy.port());
        RemoteNamespace namespace = new RemoteNamespace(
                plain.nqn(),
                plain.nsid(),
                plain.portals(),
                plain.host(),
                plain.options(),
                new RemoteTrust(() -> keys, _ -> false));
        try {
            return new Remote(namespace);
        } catch (RemoteException e) {
            proxy.calm();
            return new Remote(namespace);
        }
    }

    /** Records that never were any. */
    private static void noise(ServedTarget target, SplittableRandom random) {
        byte[] bytes = new byte[1 + random.nextInt(2000)];
        random.nextBytes(bytes);
        bytes[0] = HANDSHAKE;
        if (bytes.length > 5 && random.nextBoolean()) {
            // With a head that makes sense: TLS 1.0 as in every first record, and the length.
            bytes[1] = 3;
            bytes[2] = 1;
            bytes[3] = (byte) (bytes.length - 5 >> 8);
            bytes[4] = (byte) (bytes.length - 5);
        }
        try (Socket socket =
                new Socket(target.address().getAddress(), target.address().getPort())) {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
