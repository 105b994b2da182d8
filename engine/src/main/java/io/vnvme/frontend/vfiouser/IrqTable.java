package io.vnvme.frontend.vfiouser;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.nvme.Interrupts;
import io.vnvme.os.Epoll;
import io.vnvme.os.Errno;
import io.vnvme.os.EventFd;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.NativeException;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Watch;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The interrupts of a function as linux/vfio.h numbers them, and which of them a completion raises: MSI-X when the host
 * enabled it or gave eventfds for it, else MSI, else INTx.
 */
final class IrqTable implements Interrupts, AutoCloseable {
    static final int INTX = 0;
    static final int MSI = 1;
    static final int MSIX = 2;
    static final int ERROR = 3;
    static final int REQUEST = 4;
    static final int KINDS = 5;
    private static final String UNMASK = "irq.unmask";

    /** VFIO_IRQ_INFO_*: eventfds are taken; MASK and UNMASK work; masks itself; takes no more without a disable. */
    private static final int INFO_EVENTFD = 1;

    private static final int INFO_MASKABLE = 2;
    private static final int INFO_AUTOMASKED = 4;
    private static final int INFO_NORESIZE = 8;

    private final Home home;
    private final PciConfig config;
    private final Holder holder;
    private final IrqVectors[] kinds = new IrqVectors[KINDS];
    private Level level = () -> false;
    private @Nullable EventFd intxUnmask;
    private @Nullable Watch intxUnmaskWatch;

    /** What drives INTx. */
    @FunctionalInterface
    interface Level {
        boolean asserted();
    }

    /** @param holder keeps the client's eventfds for another process: {@code irq.KIND.VECTOR.}, and {@code irq.unmask} */
    IrqTable(Home home, PciConfig config, ConnectionState state, Holder holder) {
        this.home = home;
        this.config = config;
        this.holder = holder;
        int[] counts = {1, config.msiCount(), config.msixCount(), 1, 1};
        for (int kind = 0; kind < KINDS; kind++) {
            kinds[kind] = new IrqVectors(state.interrupts(kind, counts[kind]));
        }
    }

    /** Takes the eventfds that another process had from the client. */
    void adopt(Held held) {
        for (int kind = 0; kind < KINDS; kind++) {
            for (int vector = 0; vector < kinds[kind].count(); vector++) {
                IrqVectors vectors = kinds[kind];
                int number = vector;
                held.take(name(kind, vector)).ifPresent(fd -> vectors.arm(number, EventFd.adopt(fd)));
            }
        }
        held.take(UNMASK).ifPresent(fd -> watchUnmask(EventFd.adopt(fd)));
    }

    private static String name(int kind, int vector) {
        return "irq.%d.%d.".formatted(kind, vector);
    }

    /** Connects INTx to its source. */
    void level(Level source) {
        level = source;
    }

    int count(int kind) {
        return kinds[kind].count();
    }

    /** VFIO_IRQ_INFO flags of a kind. */
    int info(int kind) {
        return switch (kind) {
            case INTX -> INFO_EVENTFD | INFO_MASKABLE | INFO_AUTOMASKED;
            case MSI, MSIX -> INFO_EVENTFD | INFO_NORESIZE;
            default -> INFO_EVENTFD;
        };
    }

    int msixCount() {
        return kinds[MSIX].count();
    }

    int msixPending(int first) {
        return kinds[MSIX].pendingBits(first);
    }

    @Override
    public void raise(int vector) {
        IrqVectors msix = kinds[MSIX];
        if (config.msixEnabled() || msix.armed()) {
            if (vector < msix.count()) {
                msix.fire(vector);
            }
            return;
        }
        if (config.msiEnabled() || kinds[MSI].armed()) {
            // Fewer messages than vectors: they share (PCI Local Bus 3.0, 6.8.1.3); the count is a power of two.
            int allocated = config.msiEnabled() ? config.msiAllocated() : config.msiCount();
            kinds[MSI].fire(vector & (allocated - 1));
            return;
        }
        raiseIntx();
    }

    @Override
    public int vectorCount() {
        return config.vectorCount();
    }

    @Override
    public boolean messageSignalledExtended() {
        return config.msixEnabled() || kinds[MSIX].armed();
    }

    /** Looks at the level of INTx again: after an unmask, or when the command register no longer disables it. */
    void reevaluateIntx() {
        if (!config.msixEnabled() && !config.msiEnabled() && level.asserted()) {
            raiseIntx();
        }
    }

    /** Which vectors of a kind are owed: a byte for each, 1 when it is. */
    MemorySegment owed(int kind) {
        return kinds[kind].owed();
    }

    /** Those are owed too. */
    void owe(int kind, MemorySegment owed) {
        kinds[kind].owe(owed);
    }

    /** Raises each message once that the client listens to, and INTx when there is a reason to. */
    void raiseAll() {
        for (int kind = MSI; kind <= MSIX; kind++) {
            for (int vector = 0; vector < kinds[kind].count(); vector++) {
                kinds[kind].signal(vector);
            }
        }
        reevaluateIntx();
    }

    /** Asks the client to let go of the device; false when it does not listen. */
    boolean requestRelease() {
        IrqVectors request = kinds[REQUEST];
        if (request.armed()) {
            request.fire(0);
        }
        return request.armed();
    }

    /**
     * SET_IRQS.
     *
     * @param fds eventfds that came with it; those that are used are taken
     * @throws RequestException EINVAL for a range or an action that the kind does not have
     */
    void set(Request.SetIrqs request, FdQueue fds) {
        int kind = request.index();
        if (kind < 0 || kind >= KINDS) {
            throw invalid(request);
        }
        IrqVectors vectors = kinds[kind];
        int start = request.start();
        int count = request.count();
        if (request.data() == Request.SetIrqs.DATA_NONE
                && request.action() == Request.SetIrqs.TRIGGER
                && count == 0
                && start == 0) {
            disarm(kind);
            return;
        }
        if (start < 0 || count <= 0 || start > vectors.count() - count) {
            throw invalid(request);
        }
        switch (request.action()) {
            case Request.SetIrqs.TRIGGER -> trigger(request, vectors, fds);
            case Request.SetIrqs.MASK -> mask(request, vectors);
            default -> unmask(request, vectors, fds);
        }
    }

    /** As after a function level reset: nothing is owed or masked; the client's eventfds stay. */
    void reset() {
        for (IrqVectors vectors : kinds) {
            vectors.reset();
        }
    }

    @Override
    public void close() {
        for (IrqVectors vectors : kinds) {
            vectors.close();
        }
        unmaskBy(null);
    }

    /** INTx masks itself when it fires, and fires again on unmask for as long as its level is asserted. */
    private void raiseIntx() {
        IrqVectors intx = kinds[INTX];
        if (intx.armed() && !intx.masked(0) && !config.intxDisabled()) {
            intx.mask(0);
            intx.signal(0);
        }
    }

    private void disarm(int kind) {
        kinds[kind].disarm();
        holder.drop("irq.%d.".formatted(kind));
        if (kind == INTX) {
            kinds[INTX].reset();
            unmaskBy(null);
        }
    }

    private void trigger(Request.SetIrqs request, IrqVectors vectors, FdQueue fds) {
        if (request.data() != Request.SetIrqs.DATA_EVENTFD) {
            for (int i = 0; i < request.count(); i++) {
                if (selected(request, i)) {
                    vectors.signal(request.start() + i);
                }
            }
            return;
        }
        if (fds.size() != 0 && fds.size() != request.count()) {
            throw invalid(request);
        }
        boolean disarms = fds.size() == 0;
        for (int i = 0; i < request.count(); i++) {
            int vector = request.start() + i;
            if (disarms) {
                vectors.arm(vector, null);
                holder.drop(name(request.index(), vector));
            } else {
                EventFd trigger = adopt(fds);
                holder.keep(name(request.index(), vector), trigger.fd().number());
                vectors.arm(vector, trigger);
            }
        }
        if (request.index() == INTX) {
            vectors.unmask(0);
            reevaluateIntx();
        }
    }

    private void mask(Request.SetIrqs request, IrqVectors vectors) {
        if (request.index() != INTX || request.data() == Request.SetIrqs.DATA_EVENTFD) {
            throw invalid(request);
        }
        if (selected(request, 0)) {
            vectors.mask(0);
        }
    }

    private void unmask(Request.SetIrqs request, IrqVectors vectors, FdQueue fds) {
        if (request.index() != INTX) {
            throw invalid(request);
        }
        if (request.data() == Request.SetIrqs.DATA_EVENTFD) {
            unmaskBy(fds.size() == 0 ? null : adopt(fds));
        } else if (selected(request, 0)) {
            vectors.unmask(0);
            reevaluateIntx();
        }
    }

    /** KVM signals an eventfd when the guest has served INTx; null ends that. */
    private void unmaskBy(@Nullable EventFd eventFd) {
        if (intxUnmaskWatch != null) {
            intxUnmaskWatch.close();
            intxUnmaskWatch = null;
        }
        if (intxUnmask != null) {
            intxUnmask.close();
        }
        intxUnmask = null;
        holder.drop(UNMASK);
        if (eventFd != null) {
            holder.keep(UNMASK, eventFd.fd().number());
            watchUnmask(eventFd);
        }
    }

    private void watchUnmask(EventFd eventFd) {
        intxUnmask = eventFd;
        intxUnmaskWatch = home.watch(eventFd.fd(), Epoll.IN, _ -> {
            eventFd.drain();
            kinds[INTX].unmask(0);
            reevaluateIntx();
        });
    }

    private static boolean selected(Request.SetIrqs request, int index) {
        return request.data() == Request.SetIrqs.DATA_NONE || request.selected().get(index);
    }

    private static EventFd adopt(FdQueue fds) {
        Fd fd = Fd.adopt(fds.take());
        try {
            return EventFd.adopt(fd);
        } catch (NativeException e) {
            fd.close();
            throw new RequestException(e);
        }
    }

    private static RequestException invalid(Request.SetIrqs request) {
        return new RequestException(
                Errno.EINVAL,
                "SET_IRQS index %d start %d count %d flags 0x%x"
                        .formatted(request.index(), request.start(), request.count(), request.flags()));
    }
}
