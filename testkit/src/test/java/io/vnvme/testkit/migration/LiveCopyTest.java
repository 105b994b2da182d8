package io.vnvme.testkit.migration;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.migration.LiveCopy;
import io.vnvme.volume.Volume;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a copy does at moments that chance seldom meets. */
final class LiveCopyTest {
    private static final int BYTES = 4 << 20;
    private static final long SECOND_NS = 1_000_000_000;

    /** Takes all work and ends none before it is told to. */
    private static final class Slow implements Volume {
        final ArrayDeque<Io> underWay = new ArrayDeque<>();
        boolean slow = true;

        @Override
        public long sizeBytes() {
            return BYTES;
        }

        @Override
        public int blockSizeBytes() {
            return 512;
        }

        @Override
        public boolean volatileWriteCache() {
            return true;
        }

        @Override
        public int submit(Io io) {
            if (!slow) {
                return IoStatus.OK;
            }
            underWay.add(io);
            return IoStatus.PENDING;
        }

        void end() {
            for (Io io = underWay.poll(); io != null; io = underWay.poll()) {
                io.complete(IoStatus.OK);
            }
        }
    }

    private final Slow source = new Slow();
    private final Slow target = new Slow();
    private final List<Integer> ended = new ArrayList<>();
    private int pending;
    private long nowNs = SECOND_NS;

    private Io write(Volume volume, long offset) {
        Io io = new Io((_, status) -> {
            pending--;
            ended.add(status);
        });
        io.prepare(Io.WRITE, offset, 4096, false);
        io.data().add(MemorySegment.ofArray(new byte[4096]), 0, 4096);
        pending++;
        if (volume.submit(io) != IoStatus.PENDING) {
            pending--;
        }
        return io;
    }

    private void poll(LiveCopy copy, int times) {
        for (int i = 0; i < times; i++) {
            nowNs += 1_000_000;
            copy.poll(nowNs);
        }
    }

    /** A write that nobody has noted, and that is in no map yet, must have ended before the maps are looked at. */
    @Test
    void whatWasUnderWayEndsBeforeTheSourceIsLookedAt() {
        write(source, 0);
        LiveCopy copy = new LiveCopy(source, target::submit, () -> pending);
        boolean[] looked = {false};
        copy.whenSettled(() -> looked[0] = true);
        write(copy.volume(), 8192);
        poll(copy, 10);
        assertThat(looked[0]).isFalse();
        source.underWay.remove().complete(IoStatus.OK);
        poll(copy, 1);
        assertThat(looked[0]).as("the other one is seen by the copy").isTrue();
    }

    @Test
    void aTargetThatHangsHoldsNobodyUp() {
        source.slow = false;
        LiveCopy copy = new LiveCopy(source, target::submit, () -> pending);
        copy.data(0, BYTES);
        copy.begin();
        // Zeros, which the target need not be told of; then it has to be made durable.
        boolean[] told = {false, false};
        copy.freeze(50_000_000, frozen -> {
            told[0] = true;
            told[1] = frozen;
        });
        poll(copy, 100);
        assertThat(target.underWay).as("a flush before guests are held up").hasSize(1);
        write(copy.volume(), 0);
        assertThat(pending).isZero();
        target.end();
        poll(copy, 5);
        assertThat(target.underWay).as("the last flush").hasSize(1);
        write(copy.volume(), 0);
        assertThat(pending).as("guests wait").isEqualTo(1);
        poll(copy, 100);
        assertThat(told).as("it took too long").containsExactly(true, false);
        assertThat(pending).as("they go on").isZero();
        assertThat(ended).containsExactly(IoStatus.OK);
        assertThat(copy.failure()).isEmpty();
    }

    /** A flush that began before the last writes says nothing of them. */
    @Test
    void anOldFlushDoesNotCountForALaterFreeze() {
        source.slow = false;
        LiveCopy copy = new LiveCopy(source, target::submit, () -> pending);
        copy.begin();
        copy.freeze(50_000_000, _ -> {});
        poll(copy, 10);
        target.end();
        poll(copy, 100);
        Io old = target.underWay.remove();
        boolean[] told = {false};
        copy.freeze(50_000_000, frozen -> told[0] = frozen);
        poll(copy, 10);
        old.complete(IoStatus.OK);
        assertThat(target.underWay).as("another one").hasSize(1);
        target.end();
        poll(copy, 10);
        target.end();
        assertThat(told[0]).isTrue();
    }

    @Test
    void whatWaitsGoesOnWithTheSourceWhenItIsCancelled() {
        source.slow = false;
        target.slow = false;
        LiveCopy copy = new LiveCopy(source, target::submit, () -> pending);
        copy.begin();
        boolean[] told = {false};
        copy.freeze(SECOND_NS, frozen -> told[0] = frozen);
        poll(copy, 20);
        assertThat(told[0]).isTrue();
        write(copy.volume(), 0);
        write(copy.volume(), 65536);
        assertThat(pending).isEqualTo(2);
        copy.cancel();
        assertThat(pending).isZero();
        assertThat(ended).containsExactly(IoStatus.OK, IoStatus.OK);
    }

    /** The target has what a snapshot brought: where that was not to be copied, too. */
    @Test
    void whatIsClearedMeanwhileIsClearedInATargetThatHadIt() {
        source.slow = false;
        LiveCopy copy = new LiveCopy(source, target::submit, () -> pending, false);
        copy.begin();
        poll(copy, 5);
        Io clear = new Io((_, _) -> {});
        clear.prepare(Io.WRITE_ZEROES, 65536, 65536, false);
        assertThat(copy.volume().submit(clear)).isEqualTo(IoStatus.OK);
        poll(copy, 5);
        assertThat(target.underWay).hasSize(1);
        assertThat(target.underWay.element().operation()).isEqualTo(Io.DEALLOCATE);
        assertThat(target.underWay.element().offsetBytes()).isEqualTo(65536);
    }

    /** What takes long to be durable holds nobody up who asks now and then. */
    @Test
    void itIsNotReadyWhileALongFlushGoesOn() {
        source.slow = false;
        LiveCopy copy = new LiveCopy(source, target::submit, () -> pending);
        copy.begin();
        poll(copy, 5);
        assertThat(copy.ready()).isTrue();
        copy.freeze(50_000_000, _ -> {});
        poll(copy, 5);
        assertThat(target.underWay).as("a flush").hasSize(1);
        copy.withdraw();
        poll(copy, 5);
        assertThat(copy.ready()).isFalse();
        target.end();
        poll(copy, 5);
        assertThat(copy.ready()).isTrue();
    }
}
