package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.memory.DmaLog;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.Memfd;
import io.vnvme.os.UnixSocket;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What the daemon does with a device whose VM moves, where a whole guest would not show it. */
class MovingDeviceTest extends EndingProcesses {
    private static final long FAR = 1L << 40;
    private static final long MEMORY_BYTES = 1 << 20;

    private DmaLog log() {
        return moving().connection.memory().log();
    }

    private List<Long> noted(long first, long sizeBytes) {
        LongStream.Builder pages = LongStream.builder();
        log().take(first, first + sizeBytes - 1, pages);
        return pages.build().boxed().toList();
    }

    @Test
    void pagesThatOnlyMessagesReachAreLookedAtAFewAtATime() {
        connectToAController();
        map(FAR, MEMORY_BYTES);
        assertOneAnswer(Wire.DMA_MAP);
        moving().startLog();
        log().add(FAR, MEMORY_BYTES);
        MovingDevice.Taking taking = moving().new Taking(3);
        assertThat(taking.wantsMore()).isTrue();
        taking.take();
        assertThat(taking.wantsMore()).isTrue();
        assertThat(noted(FAR, MEMORY_BYTES)).hasSize((int) (MEMORY_BYTES / DmaLog.PAGE_BYTES) - 3);
        log().add(FAR, MEMORY_BYTES);
        MovingDevice.Pages pages = moving().takeWritten(3);
        assertThat(pages.addresses()).isEmpty();
        assertThat(pages.absent()).isZero();
        assertThat(noted(FAR, MEMORY_BYTES)).isEmpty();
    }

    @Test
    void allPagesCountAsWrittenWhenThereWereTooMany() {
        connectToAController();
        logForTheClient();
        for (long chunk = 0; !log().overflowed(); chunk++) {
            log().add(chunk << 27, 1);
        }
        int pages = 21;
        body().set(Wire.INT, 0, 40);
        body().set(Wire.INT, 4, Request.DeviceFeature.GET | Request.DeviceFeature.DMA_LOGGING_REPORT);
        body().set(Wire.LONG, 8, 1L << 60);
        body().set(Wire.LONG, 16, pages * 4096L);
        body().set(Wire.LONG, 24, 4096);
        send(Wire.DEVICE_FEATURE, 0, 32);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        assertThat(body().get(Wire.LONG, 32)).isEqualTo((1L << pages) - 1);
    }

    @Test
    void whatIsNotedForTheClientIsNotTheDaemonsAndTheOtherWayRound() {
        connectToAController();
        logForTheClient();
        assertThatThrownBy(moving()::startLog).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> moving().takeWritten(1)).isInstanceOf(IllegalStateException.class);
        moving().stopLog();
        assertThat(log().on()).isTrue();
        logging(Request.DeviceFeature.DMA_LOGGING_STOP, 8);
        assertOneAnswer(Wire.DEVICE_FEATURE);
        moving().startLog();
        log().add(FAR, 1);
        logging(Request.DeviceFeature.DMA_LOGGING_STOP, 8);
        assertThat(receive()).isPositive();
        assertThat(Header.failed(message)).isTrue();
        assertThat(log().on()).isTrue();
        for (long chunk = 0; !log().overflowed(); chunk++) {
            log().add(chunk << 27, 1);
        }
        assertThatThrownBy(() -> moving().takeWritten(1)).hasMessageContaining("more was written");
        moving().stopLog();
        assertThat(log().on()).isFalse();
    }

    private void logForTheClient() {
        body().set(Wire.LONG, 8, DmaLog.PAGE_BYTES);
        body().set(Wire.LONG, 16, 0);
        logging(Request.DeviceFeature.DMA_LOGGING_START, 24);
        assertOneAnswer(Wire.DEVICE_FEATURE);
    }

    private void logging(int feature, int sizeBytes) {
        body().set(Wire.INT, 0, sizeBytes);
        body().set(Wire.INT, 4, Request.DeviceFeature.SET | feature);
        send(Wire.DEVICE_FEATURE, 0, sizeBytes);
    }

    @Test
    void pagesThatCannotBeCopiedStayNotedAndEndTheConnection() {
        connectToAController();
        try (Fd memory = Memfd.create("guest", MEMORY_BYTES)) {
            map(0x1000, MEMORY_BYTES, memory.number());
            assertOneAnswer(Wire.DMA_MAP);
            MovingDevice moving = moving();
            DmaLog log = log();
            moving.startLog();
            log.add(0x1000, 3 * 4096);
            log.add(0x1000 + MEMORY_BYTES - 4096, 4096);
            Memfd.resize(memory, 2 * 4096);
            assertThatThrownBy(() -> moving.takeWritten(10))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("taken away");
            LongStream.Builder pages = LongStream.builder();
            log.take(0, -1, pages);
            assertThat(pages.build()).containsExactlyInAnyOrder(0x1000L, 0x2000L, 0x3000L, MEMORY_BYTES);
            assertThat(Objects.requireNonNull(endpoint).devices()).isEmpty();
        }
    }

    @Test
    void aFreezeDoesNotOutlastItsReactor() {
        connectToAController();
        Reactor own = Reactor.start("own", -1, IdlePolicy.ADAPTIVE, this::failed);
        Path path = folder.resolve("own");
        VfioUserEndpoint there = VfioUserEndpoint.open(own, path, this, new VfioUserEndpoint.Options(false));
        try (UnixSocket monitor = UnixSocket.connect(path);
                FdQueue none = new FdQueue(1)) {
            Header.write(message, 1, Wire.VERSION, Header.SIZE + 4, 0, 0);
            monitor.send(message, 0, Header.SIZE + 4);
            assertThat(monitor.receive(message, 0, Header.SIZE, none)).isEqualTo(Header.SIZE);
            MovingDevice moving = there.devices().getFirst();
            MemorySegment target = Arena.ofAuto().allocate(8);
            // The monitor never answers this.
            moving.connection
                    .home()
                    .execute(() -> Objects.requireNonNull(
                                    moving.connection.memory().messages())
                            .read(0, target, _ -> {}));
            CompletableFuture<Boolean> frozen = CompletableFuture.supplyAsync(() -> moving.freeze(Duration.ofHours(1)));
            while (!moving.connection
                    .home()
                    .call(() -> moving.connection.migration().stopping(DeviceMigration.Owner.DAEMON))) {
                Thread.onSpinWait();
            }
            own.close();
            assertThatThrownBy(frozen::join).hasCauseInstanceOf(IllegalStateException.class);
        }
    }
}
