package io.vnvme.control.service;

import io.vnvme.control.model.ArrivalInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.ResumeArrival;
import io.vnvme.control.peer.PeerClient;
import io.vnvme.control.plane.VolumeMirror;
import io.vnvme.control.vm.MovingDrives;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.memory.DmaLog;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/** The drives of a VM that goes to another daemon: their devices and the mirrors of their volumes. */
final class MigratingDrives implements MovingDrives {
    private static final Logger LOG = System.getLogger(MigratingDrives.class.getName());
    /** For commands that have begun. */
    private static final Duration DEVICE_FREEZE = Duration.ofSeconds(5);
    /** For what guests have written last, and to make it durable there. */
    private static final Duration MIRROR_FREEZE = Duration.ofSeconds(2);

    /** Of a drive: they are held in memory, and go over while the VM stands still. */
    private static final long PAGES_MAX = 1 << 15;

    private static final Duration ASK_AGAIN = Duration.ofSeconds(1);
    private static final Duration SAY_SOMETHING = Duration.ofSeconds(2);
    /** Of one request. */
    private static final int STATE_PART_MAX = 1 << 20;
    /** Refusals of who could take the drives and does not, before it is asked to give them up. */
    private static final int REFUSALS_MAX = 3;

    /** One of them. */
    record Drive(String name, String uuid, String deviceId, MovingDevice device, VolumeMirror mirror) {}

    /** What is to go over of one that has stopped. */
    @SuppressWarnings("ArrayRecordComponent") // Never compared.
    private record Frozen(Drive drive, List<MovingDevice.Pages> pages, byte[] state, byte[] reservations) {}

    private final PeerClient peer;
    private final String path;
    private final List<Drive> drives;
    private final Gift gift;
    private final List<Frozen> frozen = new ArrayList<>();
    /** The VM's memory has, or it will not. */
    private final CountDownLatch arrived = new CountDownLatch(1);

    private Future<?> sent = CompletableFuture.completedFuture(null);
    private long saidNs = System.nanoTime();
    private volatile boolean given;

    /** What is known here of whose they are. */
    interface Gift extends Doubt {
        /** Notes, so that it outlives this process, that they may be the other daemon's. */
        void note();

        /** They are not. */
        void takeBack();
    }

    /** Somebody who asks the other daemon whether it has taken them. */
    interface Doubt {
        /** Whether somebody who knows better says that the other daemon has not taken them, and never will. */
        boolean calledOff();

        /** Says that it is not known whether it has. */
        void unknown(String why);

        /** Whether the VM ran before this began. */
        boolean running();
    }

    /** @param arrival what the other daemon calls this VM */
    MigratingDrives(PeerClient peer, String arrival, List<Drive> drives, Gift gift) {
        this.peer = peer;
        this.path = "/api/v1/arrivals/" + arrival;
        this.drives = List.copyOf(drives);
        this.gift = gift;
    }

    /** Whether they are the other daemon's. */
    boolean given() {
        return given;
    }

    @Override
    public void begin(List<String> deviceIds) {
        List<String> own = drives.stream().map(Drive::deviceId).toList();
        if (!new HashSet<>(own).equals(new HashSet<>(deviceIds))) {
            throw ArrivalChecks.refused(
                    "the VM has the vfio-user devices %s, and ours are %s".formatted(deviceIds, own));
        }
        drives.forEach(drive -> drive.device().startLog());
    }

    @Override
    public void round() {
        drives.forEach(MigratingDrives::check);
        if (System.nanoTime() - saidNs > SAY_SOMETHING.toNanos()) {
            saySomething();
        }
    }

    /** Else the other daemon gives the VM up. */
    void saySomething() {
        peer.get(path, ArrivalInfo.class);
        saidNs = System.nanoTime();
    }

    static void check(Drive drive) {
        drive.mirror().failure().ifPresent(why -> {
            throw ArrivalChecks.refused("%s cannot be copied any more: %s".formatted(drive.name(), why));
        });
    }

    @Override
    public void freeze() {
        // All stop before anything is noted: they may have written to the same page.
        for (Drive drive : drives) {
            if (!drive.device().freeze(DEVICE_FREEZE)) {
                throw ArrivalChecks.refused(
                        "commands of %s have not ended within %d s".formatted(drive.name(), DEVICE_FREEZE.toSeconds()));
            }
        }
        for (Drive drive : drives) {
            if (!drive.mirror().freeze(MIRROR_FREEZE)) {
                check(drive);
                throw ArrivalChecks.refused(
                        "the rest of %s was not copied within %d ms: try again when there is less to do"
                                .formatted(drive.name(), MIRROR_FREEZE.toMillis()));
            }
        }
        for (Drive drive : drives) {
            frozen.add(new Frozen(
                    drive, pages(drive), drive.device().state(), drive.mirror().reservations()));
        }
        // While QEMU sends the rest of memory; it is stored there when all of that has come.
        FutureTask<Boolean> sending = new FutureTask<>(this::send, true);
        sent = sending;
        Thread.ofVirtual().name("drives of a VM").start(sending);
    }

    private static List<MovingDevice.Pages> pages(Drive drive) {
        List<MovingDevice.Pages> all = new ArrayList<>();
        long count = 0;
        while (true) {
            MovingDevice.Pages some = drive.device().takeWritten(MovingDevice.PAGES_MAX);
            if (some.absent() > 0) {
                throw ArrivalChecks.refused(
                        "the guest has a virtual IOMMU, or has taken memory away that %s has written to: such a VM cannot migrate"
                                .formatted(drive.name()));
            }
            if (some.addresses().isEmpty()) {
                return all;
            }
            all.add(some);
            count += some.addresses().size();
            if (count > PAGES_MAX) {
                throw ArrivalChecks.refused(
                        "the guest has read more than %d MiB from %s while its memory was copied: try again when there is less to do"
                                .formatted(PAGES_MAX * DmaLog.PAGE_BYTES >> 20, drive.name()));
            }
        }
    }

    private void send() {
        for (Frozen each : frozen) {
            String device = path + "/devices/" + each.drive().deviceId();
            for (MovingDevice.Pages some : each.pages()) {
                sendPages(device + "/pages", bytes(some));
            }
            byte[] state = each.state();
            for (int from = 0; from < state.length; from += STATE_PART_MAX) {
                byte[] part = Arrays.copyOfRange(state, from, Math.min(state.length, from + STATE_PART_MAX));
                peer.put(device + "/state", MemorySegment.ofArray(part));
            }
            peer.put(
                    "%s/vnvmes/%s/reservations".formatted(path, each.drive().uuid()),
                    MemorySegment.ofArray(each.reservations()));
        }
    }

    @Override
    public void load() {
        arrived.countDown();
        try {
            sent.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ProblemException(ProblemCode.INTERNAL, "interrupted while a VM migrates", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ProblemException problem) {
                throw problem;
            }
            throw new IllegalStateException(e.getCause());
        }
        peer.post(path + "/load", null, ArrivalInfo.class);
    }

    private void sendPages(String where, MemorySegment pages) {
        try {
            peer.put(where, pages);
        } catch (ProblemException e) {
            if (e.code() != ProblemCode.TOO_LARGE) {
                throw e;
            }
            // So many that no more may wait there.
            try {
                arrived.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw e;
            }
            peer.put(where, pages);
        }
    }

    /** For each its address, then all their contents. */
    private static MemorySegment bytes(MovingDevice.Pages pages) {
        int count = pages.addresses().size();
        byte[] all = new byte[count * (Long.BYTES + DmaLog.PAGE_BYTES)];
        ByteBuffer head = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
        pages.addresses().forEach(head::putLong);
        MemorySegment.copy(
                pages.bytes(),
                0,
                MemorySegment.ofArray(all),
                (long) count * Long.BYTES,
                (long) count * DmaLog.PAGE_BYTES);
        return MemorySegment.ofArray(all);
    }

    @Override
    public void give() {
        gift.note();
        if (taken(peer, path, gift)) {
            given = true;
        } else {
            gift.takeBack();
            throw ArrivalChecks.refused("%s has not taken the VM".formatted(peer.name()));
        }
    }

    /**
     * Has the other daemon take drives, as often as it takes to know whether it has.
     *
     * @return whether they are its
     */
    static boolean taken(PeerClient peer, String path, Doubt doubt) {
        boolean interrupted = false;
        try {
            for (int refusals = 0; true; ) {
                Answer answer = ask(peer, path, doubt);
                refusals += answer == Answer.NOT_YET ? 1 : 0;
                if (answer == Answer.TAKEN) {
                    return true;
                }
                if (answer == Answer.NEVER || refusals >= REFUSALS_MAX && givenUp(peer, path) || doubt.calledOff()) {
                    return false;
                }
                // Nobody may go on with them before it is known, whoever wants this thread to end.
                interrupted |= interruptedWhileWaiting();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private enum Answer {
        TAKEN,
        NEVER,
        NOT_YET,
        NONE
    }

    private static Answer ask(PeerClient peer, String path, Doubt doubt) {
        try {
            peer.post(path + "/resume", new ResumeArrival(doubt.running()), ArrivalInfo.class);
            return Answer.TAKEN;
        } catch (ProblemException e) {
            return switch (e.code()) {
                case UNKNOWN_ARRIVAL -> Answer.NEVER;
                case PEER_UNREACHABLE, PEER_UNTRUSTED, PEER_REFUSED -> {
                    doubt.unknown(e.detail());
                    yield Answer.NONE;
                }
                default -> {
                    LOG.log(Level.WARNING, "drives are not taken: {0}", e.detail());
                    yield Answer.NOT_YET;
                }
            };
        }
    }

    private static boolean givenUp(PeerClient peer, String path) {
        try {
            peer.post(path + "/giveup", null);
            return true;
        } catch (ProblemException e) {
            LOG.log(Level.DEBUG, "it may have taken them after all: it is asked again", e);
            return false;
        }
    }

    private static boolean interruptedWhileWaiting() {
        try {
            Thread.sleep(ASK_AGAIN);
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }

    @Override
    public void resume() {
        // The other daemon lets them go on as soon as they are its.
    }

    @Override
    public void end() {
        drives.forEach(drive -> drive.mirror().close());
    }

    @Override
    public void giveUp() {
        arrived.countDown();
        for (Drive drive : drives) {
            drive.mirror().thaw();
        }
        for (Drive drive : drives) {
            if (drive.device().frozen()) {
                drive.device().thaw();
            }
            drive.device().stopLog();
        }
    }
}
