package io.vnvme.fabrics.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.fabrics.auth.ControllerExchange.State;
import io.vnvme.fabrics.auth.HostExchange.Credentials;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Host and controller against each other. */
class ExchangeTest {
    private static final String HOST = "nqn.2014-08.org.nvmexpress:uuid:6f1f5f5e-0000-4000-8000-000000000001";
    private static final String SUBSYSTEM = "nqn.2026-01.io.vnvme:test";

    private final SecureRandom random = new SecureRandom();
    private final ChapKey hostKey = ChapKey.generate(Optional.of(DhHash.SHA_384), random);
    private final ChapKey controllerKey = ChapKey.generate(Optional.empty(), random);

    private static ControllerExchange controller(ChapTerms terms) {
        return new ControllerExchange(HOST, SUBSYSTEM, () -> Optional.of(terms));
    }

    private ChapTerms terms() {
        return new ChapTerms(hostKey, Optional.of(controllerKey), Optional.empty(), Optional.empty());
    }

    private static HostExchange host(Credentials credentials) {
        return new HostExchange(HOST, SUBSYSTEM, credentials, 0x12345);
    }

    private static void authenticate(HostExchange host, ControllerExchange controller) {
        controller.accept(host.negotiate());
        controller.accept(host.reply(controller.receive().orElseThrow()));
        try {
            host.finish(controller.receive().orElseThrow()).ifPresent(controller::accept);
        } catch (AuthException e) {
            host.refusal(e).ifPresent(controller::accept);
            throw e;
        }
    }

    private static Credentials only(ChapKey key, Optional<ChapKey> controllerKey, DhHash hash, DhGroup group) {
        return new Credentials(key, controllerKey, List.of(hash), List.of(group));
    }

    @ParameterizedTest
    @EnumSource
    void bothWaysWithEveryHashAndGroup(DhGroup group) {
        for (DhHash hash : DhHash.values()) {
            ControllerExchange controller = controller(terms());
            authenticate(host(only(hostKey, Optional.of(controllerKey), hash, group)), controller);
            assertThat(controller.state()).isEqualTo(State.AUTHENTICATED);
            assertThat(controller.agreed()).isEqualTo(hash + ", " + group);
        }
    }

    @Test
    void oneWayAndAgain() {
        ControllerExchange controller = controller(new ChapTerms(hostKey));
        for (int i = 0; i < 3; i++) {
            authenticate(host(new Credentials(hostKey, Optional.empty())), controller);
            assertThat(controller.state()).isEqualTo(State.AUTHENTICATED);
            assertThat(controller.agreed()).isEqualTo("sha256, ffdhe2048");
        }
    }

    @Test
    void aHostWithAnotherKeyIsRefused() {
        ControllerExchange controller = controller(terms());
        ChapKey other = ChapKey.generate(Optional.of(DhHash.SHA_384), random);
        assertThatThrownBy(() -> authenticate(host(new Credentials(other, Optional.empty())), controller))
                .hasMessageContaining("authentication failed");
        assertThat(controller.state()).isEqualTo(State.FAILED);
        assertThat(controller.failure()).contains("does not have the host's key");
        controller.accept(host(new Credentials(hostKey, Optional.empty())).negotiate());
        assertThat(controller.state()).isEqualTo(State.FAILED);
    }

    /** The key is the right one, but it is transformed by another name. */
    @Test
    void aHostWithAnothersNameIsRefused() {
        HostExchange host = new HostExchange(HOST + "x", SUBSYSTEM, new Credentials(hostKey, Optional.empty()), 1);
        assertThatThrownBy(() -> authenticate(host, controller(terms()))).isInstanceOf(AuthException.class);
    }

    @Test
    void aControllerWithAnotherKeyIsRefused() {
        ControllerExchange controller = controller(terms());
        Credentials credentials = new Credentials(hostKey, Optional.of(hostKey));
        assertThatThrownBy(() -> authenticate(host(credentials), controller))
                .hasMessageContaining("controller does not have its key");
        assertThat(controller.state()).isEqualTo(State.FAILED);
        assertThat(controller.failure()).contains("host refuses the controller");
        assertThat(controller.receive()).isEmpty();
    }

    @Test
    void aControllerWithoutKeySaysSo() {
        ControllerExchange controller = controller(new ChapTerms(hostKey));
        assertThatThrownBy(() -> authenticate(host(new Credentials(hostKey, Optional.of(controllerKey))), controller))
                .isInstanceOf(AuthException.class);
        assertThat(controller.failure()).contains("who we are");
    }

    @Test
    void whatTheTermsDemandHasToBeOffered() {
        ChapTerms strict =
                new ChapTerms(hostKey, Optional.empty(), Optional.of(DhHash.SHA_512), Optional.of(DhGroup.FFDHE3072));
        ControllerExchange controller = controller(strict);
        authenticate(host(new Credentials(hostKey, Optional.empty())), controller);
        assertThat(controller.agreed()).isEqualTo("sha512, ffdhe3072");
        assertRefused(strict, DhHash.SHA_256, DhGroup.FFDHE3072, FailureReason.HASH_UNUSABLE);
        assertRefused(strict, DhHash.SHA_512, DhGroup.FFDHE2048, FailureReason.GROUP_UNUSABLE);
        assertRefused(strict, DhHash.SHA_512, DhGroup.NULL, FailureReason.GROUP_UNUSABLE);
    }

    private void assertRefused(ChapTerms terms, DhHash hash, DhGroup group, FailureReason reason) {
        ControllerExchange controller = controller(terms);
        controller.accept(host(only(hostKey, Optional.empty(), hash, group)).negotiate());
        assertThat(controller.state()).isEqualTo(State.FAILED);
        assertThat(controller.receive().orElseThrow()).isEqualTo(failure1(reason));
    }

    private static byte[] failure1(FailureReason reason) {
        return new byte[] {0, (byte) 0xf1, 0, 0, 0x45, 0x23, 1, (byte) reason.code()};
    }

    @Test
    void aSecureChannelIsNotConcatenated() {
        ControllerExchange controller = controller(terms());
        byte[] negotiate = host(new Credentials(hostKey, Optional.empty())).negotiate();
        negotiate[6] = 1;
        controller.accept(negotiate);
        assertThat(controller.receive().orElseThrow()).isEqualTo(failure1(FailureReason.CONCATENATION_MISMATCH));
    }

    @Test
    void keysAreThoseOfNow() {
        ChapKey[] key = {hostKey};
        ControllerExchange controller =
                new ControllerExchange(HOST, SUBSYSTEM, () -> Optional.of(new ChapTerms(key[0])));
        authenticate(host(new Credentials(hostKey, Optional.empty())), controller);
        key[0] = controllerKey;
        authenticate(host(new Credentials(controllerKey, Optional.empty())), controller);
        assertThat(controller.state()).isEqualTo(State.AUTHENTICATED);
        assertThatThrownBy(() -> authenticate(host(new Credentials(hostKey, Optional.empty())), controller))
                .isInstanceOf(AuthException.class);
    }

    /** The controller's own challenge, sent back to it, must not have it answer in the host's place. */
    @Test
    void aChallengeIsNotAnsweredToWhoMadeIt() {
        ControllerExchange controller = controller(terms());
        HostExchange host = host(only(hostKey, Optional.of(controllerKey), DhHash.SHA_256, DhGroup.NULL));
        controller.accept(host.negotiate());
        byte[] challenge = controller.receive().orElseThrow();
        byte[] reply = host.reply(challenge);
        System.arraycopy(challenge, 16, reply, 16 + 32, 32);
        controller.accept(reply);
        assertThat(controller.state()).isEqualTo(State.FAILED);
    }

    @Test
    void messagesOutOfTurnEndIt() {
        HostExchange host = host(only(hostKey, Optional.empty(), DhHash.SHA_256, DhGroup.NULL));
        ControllerExchange unread = controller(terms());
        unread.accept(host.negotiate());
        unread.accept(host.negotiate());
        assertThat(unread.state()).isEqualTo(State.FAILED);
        ControllerExchange twice = controller(terms());
        twice.accept(host.negotiate());
        byte[] reply = host.reply(twice.receive().orElseThrow());
        ControllerExchange early = controller(terms());
        early.accept(reply);
        assertThat(early.state()).isEqualTo(State.FAILED);
        reply[4]++;
        twice.accept(reply);
        assertThat(twice.failure()).contains("another transaction");
    }
}
