package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.handover.Holder;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.Memfd;
import io.vnvme.os.UnixSocket;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IrqTableTest {
    private static final int EVENTFD_TRIGGER = 0x24;
    private static final int NONE_TRIGGER = 0x21;
    private static final int VECTORS = 20;

    private final MemorySegment data = Arena.ofAuto().allocate(8, 8);
    private final Reactor reactor = Reactor.stepped(Clock.system());
    private final ConnectionState state = new ConnectionState();
    private final ConnectionState other = new ConnectionState();
    private final PciConfig config = new PciConfig(false, VECTORS, state);
    private final IrqTable irqs = new IrqTable(new Home(reactor), config, state, Holder.NONE);
    private final List<EventFd> events =
            Stream.generate(EventFd::create).limit(VECTORS).toList();
    private final FdQueue fds = new FdQueue(16);
    private boolean level;

    @AfterEach
    void close() {
        irqs.close();
        fds.close();
        events.forEach(EventFd::close);
        reactor.close();
    }

    private void set(int flags, int index, int start, int count) {
        irqs.set(new Request.SetIrqs(flags, index, start, count, new BitSet()), fds);
    }

    /** Descriptors arrive through a socket and nowhere else. */
    private void arm(int index, int start, int first, int count) {
        send(events.subList(first, first + count).stream().map(EventFd::fd).toList());
        set(EVENTFD_TRIGGER, index, start, count);
    }

    private void send(List<Fd> sent) {
        UnixSocket[] pair = UnixSocket.pair();
        try (UnixSocket from = pair[0];
                UnixSocket to = pair[1]) {
            from.send(data, 0, 1, sent.stream().mapToInt(Fd::number).toArray());
            to.receive(data, 0, 1, fds);
        }
    }

    private long count(int event) {
        return events.get(event).drain();
    }

    private void config(int offset, int value) {
        data.set(Wire.INT, 0, value);
        config.write(offset, 2, data);
    }

    @Test
    void whatEachKindOffers() {
        assertThat(List.of(irqs.count(0), irqs.count(1), irqs.count(2), irqs.count(3), irqs.count(4)))
                .containsExactly(1, 32, VECTORS, 1, 1);
        assertThat(irqs.info(IrqTable.INTX)).isEqualTo(7);
        assertThat(irqs.info(IrqTable.MSIX)).isEqualTo(9);
        assertThat(irqs.vectorCount()).isEqualTo(VECTORS);
        try (IrqTable msiOnly =
                new IrqTable(new Home(reactor), new PciConfig(true, VECTORS, other), other, Holder.NONE)) {
            assertThat(msiOnly.count(IrqTable.MSIX)).isZero();
            assertThat(msiOnly.vectorCount()).isEqualTo(32);
        }
    }

    @Test
    void msixInBatches() {
        arm(IrqTable.MSIX, 0, 0, 16);
        arm(IrqTable.MSIX, 16, 16, 4);
        irqs.raise(0);
        irqs.raise(19);
        irqs.raise(19);
        irqs.raise(VECTORS);
        assertThat(count(0)).isEqualTo(1);
        assertThat(count(1)).isZero();
        assertThat(count(19)).isEqualTo(2);
        assertThat(irqs.messageSignalledExtended()).isTrue();
        set(NONE_TRIGGER, IrqTable.MSIX, 0, 0);
        assertThat(irqs.messageSignalledExtended()).isFalse();
    }

    @Test
    void whatIsRaisedWhileTheClientRearrangesVectorsIsNotLost() {
        config(PciConfig.MSIX_CONTROL, 0x8000);
        arm(IrqTable.MSIX, 0, 0, 2);
        set(NONE_TRIGGER, IrqTable.MSIX, 0, 0);
        irqs.raise(1);
        assertThat(irqs.msixPending(0)).isEqualTo(0b10);
        arm(IrqTable.MSIX, 0, 0, 3);
        assertThat(count(1)).isEqualTo(1);
        assertThat(count(0)).isZero();
        assertThat(irqs.msixPending(0)).isZero();
        // An eventfd taken away by a message without any.
        set(EVENTFD_TRIGGER, IrqTable.MSIX, 1, 1);
        irqs.raise(1);
        assertThat(count(1)).isZero();
        irqs.reset();
        assertThat(irqs.msixPending(0)).isZero();
    }

    @Test
    void fewerMessagesThanVectors() {
        config(PciConfig.MSI_CONTROL, 0x21);
        arm(IrqTable.MSI, 0, 0, 4);
        irqs.raise(5);
        assertThat(count(1)).isEqualTo(1);
    }

    @Test
    void intxIsALevel() {
        irqs.level(() -> level);
        arm(IrqTable.INTX, 0, 0, 1);
        level = true;
        irqs.raise(3);
        irqs.raise(0);
        assertThat(count(0)).isEqualTo(1);
        set(0x11, IrqTable.INTX, 0, 1);
        assertThat(count(0)).isEqualTo(1);
        level = false;
        set(0x11, IrqTable.INTX, 0, 1);
        assertThat(count(0)).isZero();
        set(0x09, IrqTable.INTX, 0, 1);
        level = true;
        irqs.raise(0);
        assertThat(count(0)).isZero();
        config(PciConfig.COMMAND, PciConfig.COMMAND_INTX_DISABLE);
        set(0x11, IrqTable.INTX, 0, 1);
        assertThat(count(0)).isZero();
        config(PciConfig.COMMAND, 0);
        irqs.reevaluateIntx();
        assertThat(count(0)).isEqualTo(1);
    }

    @Test
    void intxIsUnmaskedByAnEventFd() {
        irqs.level(() -> level);
        arm(IrqTable.INTX, 0, 0, 1);
        send(List.of(events.get(1).fd()));
        set(0x14, IrqTable.INTX, 0, 1);
        level = true;
        irqs.raise(0);
        assertThat(count(0)).isEqualTo(1);
        events.get(1).signal();
        while (count(0) == 0) {
            reactor.doWork();
        }
        set(0x14, IrqTable.INTX, 0, 1);
        events.get(1).signal();
        reactor.doWork();
        assertThat(count(0)).isZero();
    }

    @Test
    void clientTriggersByItself() {
        arm(IrqTable.MSIX, 0, 0, 3);
        set(NONE_TRIGGER, IrqTable.MSIX, 0, 2);
        assertThat(count(0) + count(1) * 10 + count(2) * 100).isEqualTo(11);
        irqs.set(new Request.SetIrqs(0x22, IrqTable.MSIX, 0, 3, BitSet.valueOf(new long[] {0b101})), fds);
        assertThat(count(0) + count(1) * 10 + count(2) * 100).isEqualTo(101);
    }

    @Test
    void requestAndErrorAreTaken() {
        assertThat(irqs.requestRelease()).isFalse();
        arm(IrqTable.ERROR, 0, 0, 1);
        arm(IrqTable.REQUEST, 0, 1, 1);
        assertThat(irqs.requestRelease()).isTrue();
        assertThat(count(1)).isEqualTo(1);
    }

    @Test
    void whatNoKindHas() {
        refused(EVENTFD_TRIGGER, 5, 0, 1);
        refused(EVENTFD_TRIGGER, -1, 0, 1);
        refused(EVENTFD_TRIGGER, IrqTable.MSIX, VECTORS, 1);
        refused(EVENTFD_TRIGGER, IrqTable.MSIX, Integer.MAX_VALUE, Integer.MAX_VALUE);
        refused(EVENTFD_TRIGGER, IrqTable.MSIX, 1, -1);
        refused(NONE_TRIGGER, IrqTable.MSIX, 1, 0);
        refused(0x09, IrqTable.MSIX, 0, 1);
        refused(0x11, IrqTable.MSI, 0, 1);
        refused(0x0c, IrqTable.INTX, 0, 1);
        send(List.of(events.get(0).fd()));
        refused(EVENTFD_TRIGGER, IrqTable.MSIX, 0, 2);
        fds.close();
        try (Fd memfd = Memfd.create("no-event", 4096)) {
            send(List.of(memfd));
            refused(EVENTFD_TRIGGER, IrqTable.MSIX, 0, 1);
        }
    }

    private void refused(int flags, int index, int start, int count) {
        assertThatThrownBy(() -> set(flags, index, start, count)).isInstanceOf(RequestException.class);
    }
}
