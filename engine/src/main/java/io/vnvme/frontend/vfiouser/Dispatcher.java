package io.vnvme.frontend.vfiouser;

import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.FdQueue;
import io.vnvme.os.NativeException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/** Answers the commands of a client that has negotiated a version. */
final class Dispatcher {
    static final int NONE = -1;
    private static final int PROGRESS_BITS = 16;
    private static final int DEVICE_FLAGS_RESET = 1;
    private static final int DEVICE_FLAGS_PCI = 2;

    private static final int REGION_READABLE = 1;
    private static final int REGION_WRITABLE = 2;
    private static final int REGION_MAPPABLE = 4;
    private static final int REGION_CAPABILITIES = 8;

    /** After the region's own 32 bytes: id (2), version (2), next (4), areas (4), reserved (4), offset (8), size (8). */
    private static final int SPARSE_BYTES = 32;

    private static final short SPARSE_ID = 1;
    private static final short SPARSE_VERSION = 1;

    private final Outbox outbox;
    private final PciFunction function;
    private final DmaTable dma;
    private final ConnectionState state;
    private final OwedReplies owed;
    private final MigrationCommands migration;
    private int id;
    private int command;
    private boolean noReply;
    /** Of the reply that a reset under way owes, {@link #NONE}. */
    private int resetReply = NONE;

    private int message;
    private boolean again;

    Dispatcher(Outbox outbox, PciFunction function, DmaTable dma, ConnectionState state, MigrationCommands migration) {
        this.outbox = outbox;
        this.function = function;
        this.dma = dma;
        this.state = state;
        this.owed = new OwedReplies(state, outbox);
        this.migration = migration;
        outbox.attach(function.mappable().number());
    }

    /**
     * Answers what another process still owed: what it waited for has ended with it, unless that is a stop.
     *
     * @param without identifier of the command that is about to be dispatched again, or {@link #NONE}
     */
    void adopt(int without) {
        owed.forgetAnswerTo(without);
        owed.payAll(index -> !migration.stopAgain(owed.reply(index), new Later(index)));
    }

    /**
     * @param fds came with the command; what it does not take stays there
     * @param number of the message, as {@link Inbox#message} counts
     * @param begun another process may have carried the command out, in part or in whole
     */
    void dispatch(MemorySegment header, MemorySegment body, FdQueue fds, int number, boolean begun) {
        message = number;
        again = begun;
        id = Header.id(header);
        command = Header.command(header);
        noReply = Header.noReply(header);
        try {
            execute(Request.decode(command, body), fds);
        } catch (RequestException e) {
            fail(e.errno());
        } catch (NativeException e) {
            fail(e.errno());
        }
    }

    private void execute(Request request, FdQueue fds) {
        switch (request) {
            case Request.Version _ -> throw new RequestException(Errno.EINVAL, "VERSION a second time");
            case Request.DmaMap map -> {
                map(map, fds);
                done();
            }
            case Request.DmaUnmap unmap -> unmap(unmap);
            case Request.DeviceInfo _ -> deviceInfo();
            case Request.RegionInfo info -> regionInfo(info);
            case Request.IrqInfo info -> irqInfo(info);
            case Request.SetIrqs set -> {
                function.irqs().set(set, fds);
                done();
            }
            case Request.RegionRead read -> read(read);
            case Request.RegionWrite write -> write(write);
            case Request.RegionWriteMulti writes -> write(writes);
            case Request.DeviceReset _ -> reset();
            case Request.DeviceFeature feature -> migration.feature(feature, new Answers());
            case Request.MigrationData data when data.write() -> migration.write(data, new Answers());
            case Request.MigrationData data -> migration.read(data, new Answers());
            case Request.Unsupported unsupported ->
                throw new RequestException(
                        known(unsupported.command()) ? Errno.ENOTSUP : Errno.ENOSYS,
                        "command " + unsupported.command());
        }
    }

    /** Commands of the protocol that this server does without. */
    private static boolean known(int command) {
        return switch (command) {
            case Wire.DEVICE_GET_REGION_IO_FDS, Wire.DIRTY_PAGES -> true;
            default -> false;
        };
    }

    private void map(Request.DmaMap request, FdQueue fds) {
        if (again && dma.has(request)) {
            return;
        }
        int number = fds.take();
        if (number < 0) {
            dma.map(request, null);
            return;
        }
        // The mapping keeps the file; the descriptor is not needed any longer.
        try (Fd fd = Fd.adopt(number)) {
            dma.map(request, fd);
        }
    }

    private void unmap(Request.DmaUnmap request) {
        int size = Header.SIZE + Request.DmaUnmap.SIZE;
        int slot = noReply
                ? NONE
                : owed.owe(size, out -> {
                    Header.write(out, id, Wire.DMA_UNMAP, size, Header.TYPE_REPLY, 0);
                    request.encode(out.asSlice(Header.SIZE));
                });
        try {
            dma.unmap(request, () -> {
                if (slot != NONE) {
                    owed.pay(slot);
                }
            });
        } catch (RequestException e) {
            owed.forget(slot);
            throw e;
        }
    }

    /** Done when no command from before is in flight any more: until then guest memory may be written. */
    private void reset() {
        if (resetReply != NONE) {
            throw new RequestException(Errno.EBUSY, "a reset is under way");
        }
        migration.checkReset();
        function.reset();
        migration.reset();
        if (function.device().quiescent()) {
            done();
        } else if (!noReply) {
            resetReply = owed.owe(
                    Header.SIZE, out -> Header.write(out, id, Wire.DEVICE_RESET, Header.SIZE, Header.TYPE_REPLY, 0));
        }
    }

    /** True when {@link #poll} has something to do. */
    boolean due() {
        return resetReply != NONE && function.device().quiescent();
    }

    /** Completes a reset whose commands have ended. @return how much was done */
    int poll() {
        if (!due()) {
            return 0;
        }
        owed.pay(resetReply);
        resetReply = NONE;
        return 1;
    }

    /** Answers of the command being dispatched. */
    private final class Answers implements MigrationCommands.Answer {
        private final int answeredId = id;
        private final int answered = command;

        @Override
        public void with(int bodyBytes, Consumer<MemorySegment> body) {
            if (!noReply) {
                body.accept(reply(answeredId, answered, bodyBytes));
                outbox.commit(Header.SIZE + bodyBytes);
            }
        }

        @Override
        public MigrationCommands.Later later(int bodyBytes, Consumer<MemorySegment> body) {
            int size = Header.SIZE + bodyBytes;
            int slot = noReply
                    ? NONE
                    : owed.owe(size, out -> {
                        Header.write(out, answeredId, answered, size, Header.TYPE_REPLY, 0);
                        body.accept(out.asSlice(Header.SIZE));
                    });
            return new Later(slot);
        }
    }

    /** A reply that is owed. */
    private final class Later implements MigrationCommands.Later {
        private final int slot;

        /** @param slot {@link #NONE} when the client wants no reply */
        Later(int slot) {
            this.slot = slot;
        }

        @Override
        public void done() {
            if (slot != NONE) {
                owed.pay(slot);
            }
        }

        @Override
        public void failed(int errno) {
            if (slot != NONE) {
                owed.payError(slot, errno);
            }
        }
    }

    private void deviceInfo() {
        if (noReply) {
            return;
        }
        MemorySegment reply = reply(id, command, Request.DeviceInfo.SIZE);
        reply.set(Wire.INT, 0, Request.DeviceInfo.SIZE);
        reply.set(Wire.INT, 4, DEVICE_FLAGS_RESET | DEVICE_FLAGS_PCI);
        reply.set(Wire.INT, 8, Wire.REGIONS);
        reply.set(Wire.INT, 12, IrqTable.KINDS);
        outbox.commit(Header.SIZE + Request.DeviceInfo.SIZE);
    }

    /** A client without room for the capability gets the size it needs, and asks again. */
    private void regionInfo(Request.RegionInfo request) {
        int index = request.index();
        if (index < 0 || index >= Wire.REGIONS) {
            throw new RequestException(Errno.EINVAL, "region " + index);
        }
        if (noReply) {
            return;
        }
        boolean sparse = index == Wire.REGION_BAR0 && function.mapsDoorbells();
        int needed = Request.RegionInfo.SIZE + (sparse ? SPARSE_BYTES : 0);
        boolean room = Integer.compareUnsigned(request.argumentBytes(), needed) >= 0;
        int size = room ? needed : Request.RegionInfo.SIZE;
        int bytes = PciFunction.regionBytes(index);
        int flags = bytes == 0 ? 0 : REGION_READABLE | REGION_WRITABLE;
        boolean full = sparse && room;
        MemorySegment reply = reply(id, command, size);
        reply.set(Wire.INT, 0, needed);
        reply.set(Wire.INT, 4, full ? flags | REGION_MAPPABLE | REGION_CAPABILITIES : flags);
        reply.set(Wire.INT, 8, index);
        reply.set(Wire.INT, 12, full ? Request.RegionInfo.SIZE : 0);
        reply.set(Wire.LONG, 16, bytes);
        reply.set(Wire.LONG, 24, 0);
        if (full) {
            sparse(reply.asSlice(Request.RegionInfo.SIZE));
            outbox.commitWithFd(Header.SIZE + size);
        } else {
            outbox.commit(Header.SIZE + size);
        }
    }

    private static void sparse(MemorySegment capability) {
        capability.set(Wire.SHORT, 0, SPARSE_ID);
        capability.set(Wire.SHORT, 2, SPARSE_VERSION);
        capability.set(Wire.INT, 4, 0);
        capability.set(Wire.INT, 8, 1);
        capability.set(Wire.INT, 12, 0);
        capability.set(Wire.LONG, 16, Bar0.DOORBELLS);
        capability.set(Wire.LONG, 24, Bar0.DOORBELLS_SIZE);
    }

    private void irqInfo(Request.IrqInfo request) {
        int index = request.index();
        if (index < 0 || index >= IrqTable.KINDS) {
            throw new RequestException(Errno.EINVAL, "interrupt type " + index);
        }
        if (noReply) {
            return;
        }
        MemorySegment reply = reply(id, command, Request.IrqInfo.SIZE);
        reply.set(Wire.INT, 0, Request.IrqInfo.SIZE);
        reply.set(Wire.INT, 4, function.irqs().info(index));
        reply.set(Wire.INT, 8, index);
        reply.set(Wire.INT, 12, function.irqs().count(index));
        outbox.commit(Header.SIZE + Request.IrqInfo.SIZE);
    }

    private void read(Request.RegionRead request) {
        PciFunction.check(request.region(), request.offset(), request.count());
        int size = Request.RegionRead.SIZE + request.count();
        MemorySegment reply = reply(id, command, size);
        access(reply, request.offset(), request.region(), request.count());
        function.read(request, reply.asSlice(Request.RegionRead.SIZE));
        if (!noReply) {
            outbox.commit(Header.SIZE + size);
        }
    }

    private void write(Request.RegionWrite request) {
        function.write(request);
        if (!noReply) {
            MemorySegment reply = reply(id, command, Request.RegionWrite.SIZE);
            access(reply, request.offset(), request.region(), request.count());
            outbox.commit(Header.SIZE + Request.RegionWrite.SIZE);
        }
    }

    private void write(Request.RegionWriteMulti request) {
        // Written again, an older doorbell value after a newer one would be a new value.
        for (int i = progress(); i < request.count(); i++) {
            function.write(request.write(i));
            state.publishInt(ConnectionState.PROGRESS, message + 1 << PROGRESS_BITS | i + 1);
        }
        if (!noReply) {
            MemorySegment reply = reply(id, command, Request.RegionWriteMulti.COUNT_SIZE);
            reply.set(Wire.LONG, 0, request.count());
            outbox.commit(Header.SIZE + Request.RegionWriteMulti.COUNT_SIZE);
        }
    }

    /** Of the writes in this message, how many another process has carried out. */
    private int progress() {
        int recorded = state.getInt(ConnectionState.PROGRESS);
        return again && recorded >>> PROGRESS_BITS == message + 1 ? recorded & (1 << PROGRESS_BITS) - 1 : 0;
    }

    private static void access(MemorySegment reply, long offset, int region, int count) {
        reply.set(Wire.LONG, 0, offset);
        reply.set(Wire.INT, 8, region);
        reply.set(Wire.INT, 12, count);
    }

    private void done() {
        if (!noReply) {
            reply(id, command, 0);
            outbox.commit(Header.SIZE);
        }
    }

    private void fail(int errno) {
        if (!noReply) {
            fail(outbox, id, command, errno);
        }
    }

    /** An error reply is a header alone. */
    static void fail(Outbox outbox, int id, int command, int errno) {
        MemorySegment message = outbox.reserve(Header.SIZE);
        Header.write(message, id, command, Header.SIZE, Header.TYPE_REPLY | Header.FLAG_ERROR, errno);
        outbox.commit(Header.SIZE);
    }

    /** VERSION is answered before there is a dispatcher. */
    static void version(Outbox outbox, int id, Request.Version request, byte[] json) {
        int size = Header.SIZE + 4 + json.length;
        MemorySegment message = outbox.reserve(size);
        Header.write(message, id, Wire.VERSION, size, Header.TYPE_REPLY, 0);
        message.set(Wire.SHORT, Header.SIZE, (short) request.major());
        message.set(Wire.SHORT, Header.SIZE + 2, (short) Math.min(request.minor(), Request.Version.MINOR_SPOKEN));
        MemorySegment.copy(json, 0, message, ValueLayout.JAVA_BYTE, Header.SIZE + 4, json.length);
        outbox.commit(size);
    }

    private MemorySegment reply(int requestId, int requestCommand, int bodyBytes) {
        MemorySegment message = outbox.reserve(Header.SIZE + bodyBytes);
        Header.write(message, requestId, requestCommand, Header.SIZE + bodyBytes, Header.TYPE_REPLY, 0);
        return message.asSlice(Header.SIZE);
    }
}
