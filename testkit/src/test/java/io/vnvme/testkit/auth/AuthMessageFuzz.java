package io.vnvme.testkit.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.fabrics.auth.AuthException;
import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.fabrics.auth.ControllerExchange;
import io.vnvme.fabrics.auth.ControllerExchange.State;
import io.vnvme.fabrics.auth.DhGroup;
import io.vnvme.fabrics.auth.DhHash;
import io.vnvme.fabrics.auth.HostExchange;
import io.vnvme.testkit.seed.FuzzLoop;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Messages of any length, in any order, whole, cut and changed, to both ends: nobody without the key is let in, and nothing but the refusals
 * that are meant comes out.
 */
class AuthMessageFuzz {
    private static final String HOST = "nqn.2014-08.org.nvmexpress:uuid:6f1f5f5e-0000-4000-8000-000000000001";
    private static final String SUBSYSTEM = "nqn.2026-01.io.vnvme:test";
    private static final int MESSAGES = 12;

    private final SecureRandom secret = new SecureRandom();
    private final ChapKey right = ChapKey.generate(Optional.empty(), secret);
    private final ChapKey wrong = ChapKey.generate(Optional.empty(), secret);
    private final ChapKey controllers = ChapKey.generate(Optional.empty(), secret);

    private HostExchange host(ChapKey key, SplittableRandom random) {
        List<DhGroup> groups = random.nextInt(8) == 0 ? List.of(DhGroup.FFDHE2048) : List.of(DhGroup.NULL);
        Optional<ChapKey> mutual = random.nextBoolean() ? Optional.of(controllers) : Optional.empty();
        return new HostExchange(
                HOST,
                SUBSYSTEM,
                new HostExchange.Credentials(key, mutual, List.of(DhHash.values()), groups),
                random.nextInt(4));
    }

    @Test
    void controllers() {
        ChapTerms terms = new ChapTerms(right, Optional.of(controllers), Optional.empty(), Optional.empty());
        long rounds = FuzzLoop.run("auth messages to a controller", random -> {
            ControllerExchange controller = new ControllerExchange(HOST, SUBSYSTEM, () -> Optional.of(terms));
            HostExchange host = host(wrong, random);
            List<byte[]> known = new ArrayList<>(List.of(host.negotiate()));
            for (int i = 0; i < MESSAGES; i++) {
                controller.accept(message(random, known));
                assertThat(controller.state()).isNotIn(State.AUTHENTICATED, State.SUCCESS2);
                if (random.nextInt(4) > 0) {
                    int length = controller.nextBytes();
                    controller.receive().ifPresent(answer -> {
                        assertThat(answer).hasSize(length).hasSizeLessThanOrEqualTo(HostExchange.RECEIVE_BYTES);
                        known.add(answer);
                        known.add(reply(host, answer));
                    });
                }
            }
        });
        assertThat(rounds).isPositive();
    }

    private static byte[] reply(HostExchange host, byte[] challenge) {
        try {
            return host.reply(challenge);
        } catch (AuthException e) {
            return host.refusal(e).orElse(challenge);
        }
    }

    @Test
    void hosts() {
        ChapTerms terms = new ChapTerms(right, Optional.of(wrong), Optional.empty(), Optional.empty());
        long rounds = FuzzLoop.run("auth messages to a host", random -> {
            ControllerExchange controller = new ControllerExchange(HOST, SUBSYSTEM, () -> Optional.of(terms));
            HostExchange host = host(right, random);
            controller.accept(host.negotiate());
            List<byte[]> known = new ArrayList<>();
            controller.receive().ifPresent(known::add);
            for (int i = 0; i < MESSAGES; i++) {
                byte[] message = message(random, known);
                try {
                    if (random.nextBoolean()) {
                        known.add(host.reply(message));
                    } else {
                        host.finish(message).ifPresent(known::add);
                    }
                } catch (AuthException e) {
                    host.refusal(e).ifPresent(known::add);
                }
            }
        });
        assertThat(rounds).isPositive();
    }

    private static byte[] message(SplittableRandom random, List<byte[]> known) {
        if (random.nextInt(8) == 0) {
            byte[] any = new byte[random.nextInt(random.nextBoolean() ? 32 : 5000)];
            random.nextBytes(any);
            return any;
        }
        byte[] message = known.get(random.nextInt(known.size())).clone();
        if (random.nextInt(8) == 0) {
            message = Arrays.copyOf(message, random.nextInt(2 * message.length + 1));
        }
        if (random.nextInt(4) == 0 && message.length > 0) {
            // Most of what has a meaning is in the first bytes.
            int most = random.nextBoolean() ? Math.min(20, message.length) : message.length;
            message[random.nextInt(most)] ^= (byte) (1 << random.nextInt(8));
        }
        return message;
    }
}
