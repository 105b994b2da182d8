package io.vnvme.pool.mirror;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;

/** Reads of a mirror: from one replica, and from others as long as that fails; what could not be read is repaired. */
final class MirrorReads {
    private final MirrorSet set;
    private final Members members;
    private final Replica[] replicas;
    private final Maintenance maintenance;
    private final ReadChoice choice;

    MirrorReads(MirrorSet set, Members members, Maintenance maintenance, ReadChoice choice) {
        this.set = set;
        this.members = members;
        this.replicas = members.replicas();
        this.maintenance = maintenance;
        this.choice = choice;
    }

    /** @return an {@link IoStatus} */
    int read(Io io) {
        int slot = choice.of(io, 0);
        if (slot < 0) {
            return IoStatus.GONE;
        }
        if (replicas[slot].drive().synchronous()) {
            int status = replicas[slot].submit(io);
            return status == IoStatus.OK ? status : after(set.take(io), slot, status);
        }
        return from(set.take(io), slot);
    }

    private int from(Request request, int slot) {
        int status = replicas[slot].submit(request.child(slot));
        return status == IoStatus.PENDING ? IoStatus.PENDING : after(request, slot, status);
    }

    private int after(Request request, int slot, int status) {
        Io io = request.parent;
        if (status == IoStatus.OK) {
            if (request.failed != 0) {
                maintenance.repair(io.offsetBytes(), io.lengthBytes(), request.failed);
            }
            set.giveBack(request);
            return IoStatus.OK;
        }
        request.count(slot, status);
        if (status == IoStatus.GONE) {
            members.drop(slot, status);
        }
        int next = choice.of(io, request.failed);
        if (next < 0) {
            set.giveBack(request);
            return status;
        }
        return from(request, next);
    }

    /** A read of one replica has ended. */
    void ended(Request request, int slot, int status) {
        Io io = request.parent;
        int result = after(request, slot, status);
        if (result != IoStatus.PENDING) {
            io.complete(result);
        }
    }
}
