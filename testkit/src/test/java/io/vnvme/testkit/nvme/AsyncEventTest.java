package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.LogPageId;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.Completion;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.sim.Sharing;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Asynchronous events and Abort (NVM Express Base 2.0, 5.1 and 5.2). */
@ParameterizedClass
@EnumSource(Sharing.class)
final class AsyncEventTest {
    private static final int NAMESPACE_NOTICES = 0x100;

    private final Guest guest;
    private final NvmeDriver driver;

    AsyncEventTest(Sharing sharing) {
        guest = Guest.start(sharing);
        driver = guest.driver();
    }

    @AfterEach
    void close() {
        guest.close();
    }

    private int request() {
        return driver.admin().start(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST));
    }

    private void readLog(int page) {
        try (Buffer data = guest.ram().allocate(4096)) {
            driver.admin(Command.logPage(page, 4096), data).orThrow();
        }
    }

    @Test
    void tooManyRequests() {
        for (int i = 0; i < 8; i++) {
            request();
        }
        assertThat(outcome(driver.admin().await(request()))).isEqualTo(outcome(Status.ASYNC_EVENT_LIMIT));
        guest.settle();
        assertThat(driver.admin().completions().drain()).isZero();
    }

    @Test
    void namespaceChangesAreToldOnceUntilTheLogIsRead() {
        driver.admin(Command.setFeature(0x0B, NAMESPACE_NOTICES)).orThrow();
        int first = request();
        int second = request();
        Namespace namespace = guest.namespaces().getLast();
        guest.device().controller().namespaces().detach(namespace.nsid());
        Completion event = driver.admin().await(first);
        assertThat(event.dword0()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
        guest.device().controller().namespaces().attach(namespace);
        guest.settle();
        driver.admin().completions().drain();
        assertThat(driver.admin().completions().claim(0, second))
                .as("masked until the log is read")
                .isNull();
        try (Buffer data = guest.ram().allocate(4096)) {
            driver.admin(Command.logPage(LogPageId.CHANGED_NAMESPACES, 4096), data)
                    .orThrow();
            assertThat(data.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(namespace.nsid());
            assertThat(data.segment().get(ValueLayout.JAVA_INT, 4)).isZero();
        }
        guest.device().controller().namespaces().changed(1);
        assertThat(driver.admin().await(second).dword0()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
    }

    @Test
    void eventsWaitForRequests() {
        driver.admin(Command.setFeature(0x0B, NAMESPACE_NOTICES)).orThrow();
        guest.device().controller().namespaces().changed(2);
        guest.settle();
        assertThat(driver.admin().await(request()).dword0()).isEqualTo(AsyncEvent.NAMESPACE_CHANGED);
    }

    @Test
    void nobodyHearsWhatNobodyAskedFor() {
        int cid = request();
        guest.device().controller().namespaces().changed(2);
        guest.settle();
        driver.admin().completions().drain();
        assertThat(driver.admin().completions().claim(0, cid)).isNull();
    }

    @Test
    void doorbellsOfQueuesThatAreNotThere() {
        int cid = request();
        guest.device().write(0x1000 + 8 * 30, 4, 1);
        Completion event = driver.admin().await(cid);
        assertThat(event.dword0() & 0xFF07).isEqualTo(AsyncEvent.INVALID_DOORBELL_REGISTER & 0xFF07);
        readLog(LogPageId.ERROR_INFORMATION);
    }

    @Test
    void doorbellValuesOutsideTheQueue() {
        guest.ioPair();
        int cid = request();
        guest.device().doorbellPage().set(ValueLayout.JAVA_INT, 8, 64);
        Completion event = driver.admin().await(cid);
        assertThat(event.dword0() & 0xFF07).isEqualTo(AsyncEvent.INVALID_DOORBELL_VALUE & 0xFF07);
        assertThat(driver.fatal()).isFalse();
        for (int value : new int[] {-1, Integer.MIN_VALUE, 65, 0x10000}) {
            guest.device().doorbellPage().set(ValueLayout.JAVA_INT, 8, value);
            guest.device().doorbellPage().set(ValueLayout.JAVA_INT, 12, value);
            guest.settle();
        }
        assertThat(driver.admin(Command.getFeature(7)).ok()).isTrue();
    }

    @Test
    void abortEndsAnEventRequest() {
        int cid = request();
        guest.settle();
        Completion abort = driver.admin(Command.abort(0, cid)).orThrow();
        assertThat(abort.dword0() & 1).isZero();
        assertThat(outcome(driver.admin().await(cid))).isEqualTo(outcome(Status.ABORT_REQUESTED));
    }

    @Test
    void abortOfWhatIsNotThere() {
        assertThat(driver.admin(Command.abort(0, 0xBEEF)).orThrow().dword0() & 1)
                .isEqualTo(1);
        assertThat(driver.admin(Command.abort(7, 1)).ok()).isTrue();
    }

    @Test
    void abortOfACommandInFlightLosesNothing() {
        var pair = guest.ioPair();
        guest.drive().hold(true);
        int cid = pair.start(Command.flush(1));
        guest.settle();
        driver.admin(Command.abort(1, cid)).orThrow();
        guest.drive().hold(false);
        assertThat(pair.await(cid).status()).isIn(Status.SUCCESS, Status.ABORT_REQUESTED);
        guest.settle();
        assertThat(pair.completions().drain()).as("completed once").isZero();
    }

    @Test
    void resetForgetsRequests() {
        for (int i = 0; i < 8; i++) {
            request();
        }
        guest.settle();
        driver.disable();
        driver.enable(io.vnvme.testkit.driver.EnableOptions.usual());
        for (int i = 0; i < 8; i++) {
            request();
        }
        guest.settle();
        assertThat(driver.admin().completions().drain()).isZero();
    }
}
