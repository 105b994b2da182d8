package io.vnvme.handover;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.os.Fd;
import io.vnvme.os.Memfd;
import io.vnvme.os.Stat;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A holder and its daemons, which are all this process here: so each has to be gone before the next connects. */
@Timeout(60)
class HolderTest {
    private final CountDownLatch told = new CountDownLatch(1);

    private final class Told implements HolderServer.Listener {
        @Override
        public void serving(long pid) {
            told.countDown();
        }

        @Override
        public void pulse(long pid) {
            throw new AssertionError("nobody says so here");
        }

        @Override
        public void ready(long pid) {
            throw new AssertionError("nobody says so here");
        }

        @Override
        public void refused(long pid, String why) {
            throw new AssertionError("nobody says so here");
        }

        @Override
        public void waits(long pid, Duration limit) {
            throw new AssertionError("nobody says so here");
        }

        @Override
        public void leaves(long pid, HolderServer.Answer answer) {
            answer.refused("nobody would come");
        }

        @Override
        public void upgrade(long pid, HolderServer.Answer answer) {
            answer.refused("not now");
        }
    }

    private final HolderServer server = new HolderServer("@vnvme-test-" + UUID.randomUUID(), new Told());

    @BeforeEach
    void serve() {
        Thread.ofPlatform().daemon().start(server::run);
        server.elect(ProcessHandle.current().pid(), "");
    }

    @AfterEach
    void close() {
        server.close();
    }

    private HolderClient connect() {
        return HolderClient.connect(server.address());
    }

    @Test
    void whatADaemonKeptTheNextOneGetsAndNothingElse() throws InterruptedException {
        try (HolderClient first = connect();
                Held none = first.held();
                Fd a = Memfd.create("a", 4096);
                Fd b = Memfd.create("b", 8192)) {
            assertThat(none.isEmpty()).isTrue();
            Holder under = first.under("x/");
            under.keep("one", a.number());
            under.keep("one", b.number());
            under.keep("two", a.number());
            first.keep("y", a.number());
            under.drop("t");
            first.serving();
            assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
        }
        try (HolderClient second = connect();
                Held held = second.held()) {
            assertThat(held.names("")).containsExactly("x/one", "y");
            assertThat(held.groups('/')).containsExactly("x");
            try (Held own = held.takeAll("x/");
                    Fd one = own.take("one").orElseThrow()) {
                assertThat(Stat.sizeBytes(one)).isEqualTo(8192);
                assertThat(own.isEmpty()).isTrue();
            }
            second.drop("");
        }
        try (HolderClient third = connect();
                Held held = third.held()) {
            assertThat(held.isEmpty()).isTrue();
        }
    }

    @Test
    void nobodyGetsAnythingWhileTheOneBeforeIsThereOrBeforeItsTurn() throws Exception {
        try (HolderClient next = connect()) {
            CompletableFuture<Held> held;
            try (HolderClient first = connect();
                    Held _ = first.held();
                    Fd a = Memfd.create("a", 4096)) {
                held = CompletableFuture.supplyAsync(
                        next::held, task -> Thread.ofPlatform().daemon().start(task));
                assertThat(waits(held)).isTrue();
                server.elect(-1, "");
                first.keep("last", a.number());
            }
            assertThat(waits(held)).as("not its turn").isTrue();
            server.elect(ProcessHandle.current().pid(), "");
            try (Held now = held.get(20, TimeUnit.SECONDS)) {
                assertThat(now.names("")).containsExactly("last");
            }
        }
    }

    @Test
    void whoLooksTakesNothingAndNeedNotBeElected() {
        try (HolderClient first = connect();
                Held _ = first.held();
                Fd a = Memfd.create("a", 4096)) {
            first.keep("one", a.number());
            server.elect(-1, "");
            // Its answer says that all before it has been taken.
            assertThat(first.upgrade()).contains("not now");
            assertThat(first.leave()).isEqualTo("nobody would come");
            try (HolderClient other = connect();
                    Held seen = other.look()) {
                assertThat(seen.names("")).containsExactly("one");
                assertThat(seen.refusal(name -> name.equals("one"), _ -> Optional.of("no")))
                        .contains("no");
                assertThat(seen.refusal(name -> name.equals("two"), _ -> Optional.of("no")))
                        .isEmpty();
                assertThat(seen.names("")).containsExactly("one");
            }
        }
        server.elect(ProcessHandle.current().pid(), "as a test");
        try (HolderClient next = connect();
                Held held = next.held()) {
            assertThat(held.names("")).containsExactly("one");
            assertThat(next.why()).contains("as a test");
        }
    }

    private static boolean waits(CompletableFuture<Held> held) throws Exception {
        try {
            held.get(100, TimeUnit.MILLISECONDS).close();
            return false;
        } catch (TimeoutException e) {
            return true;
        }
    }
}
