package io.vnvme.testkit.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.fabrics.auth.ChapKey;
import io.vnvme.fabrics.auth.ChapTerms;
import io.vnvme.frontend.tcp.HostTerms;
import io.vnvme.nvme.wire.Fabrics;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.server.ServedTarget;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may connect changes while a host does: between its being admitted and its having a controller. */
class AdmissionTest {
    private final ServedTarget target = ServedTarget.open(1 << 20);

    @AfterEach
    void nothingFailed() {
        target.close();
        assertThat(target.failures()).isEmpty();
    }

    /** What is done meanwhile. */
    interface Change {
        void on(ServedTarget target);
    }

    private static Named<Change> change(String name, Change change) {
        return Named.of(name, change);
    }

    static Stream<Named<Change>> changes() {
        ChapTerms chap = new ChapTerms(ChapKey.generate(Optional.empty(), new SecureRandom()));
        return Stream.of(
                change("the host is denied", target -> target.deny(HostOptions.HOST_NQN)),
                change("the subsystem is withdrawn", ServedTarget::withdraw),
                change(
                        "it has to authenticate, without a key",
                        target -> target.terms(new HostTerms(true, Optional.empty()))),
                change(
                        "it has to use TLS",
                        target -> target.terms(new HostTerms(false, Optional.of(chap), true, Optional.empty()))));
    }

    /** A defect, or no memory left: the host's connection ends, and nobody else notices. */
    @Test
    void anErrorWhileAHostComesEndsItsConnection() {
        target.whileOpening(() -> {
            throw new InternalError("expected in this test");
        });
        try (HostQueue queue = HostQueue.greet(target.address(), HostOptions.usual())) {
            assertThatThrownBy(() -> queue.connect(ServedTarget.NQN, 0, 32, Fabrics.CNTLID_DYNAMIC))
                    .isInstanceOf(RuntimeException.class);
        }
        assertThat(target.failures()).singleElement().isInstanceOf(InternalError.class);
        target.failures().clear();
        target.whileOpening(() -> {});
        TcpHost.connect(target.address(), ServedTarget.NQN, HostOptions.usual()).close();
    }

    @ParameterizedTest
    @MethodSource("changes")
    void whoIsNotAdmittedAnyMoreIsNotLetIn(Change change) {
        target.whileOpening(() -> change.on(target));
        try (HostQueue queue = HostQueue.greet(target.address(), HostOptions.usual())) {
            int status = queue.connect(ServedTarget.NQN, 0, 32, Fabrics.CNTLID_DYNAMIC)
                    .typeAndCode();
            assertThat(status)
                    .isIn(
                            Status.typeAndCode(Status.CONNECT_INVALID_HOST),
                            Status.typeAndCode(Status.CONNECT_INVALID_PARAMETERS));
            assertThat(queue.channel().next()).isEmpty();
        }
        assertThat(target.endings()).hasSize(1);
        target.onReactor(() -> assertThat(target.namespace().controllers()).isEmpty());
    }
}
