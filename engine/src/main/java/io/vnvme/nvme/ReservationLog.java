package io.vnvme.nvme;

import io.vnvme.nvme.wire.AsyncEvent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;

/** The Reservation Notification log page (NVM Express Base 2.0, 5.16.1.24): one notice for each reading, oldest first. */
final class ReservationLog {
    static final int REGISTRATION_PREEMPTED = 1;
    static final int RESERVATION_RELEASED = 2;
    static final int RESERVATION_PREEMPTED = 3;

    /** Notices kept; the oldest give way. */
    private static final int NOTICES_MAX = 255;

    private record Notice(long number, int type, int nsid) {}

    private final Controller controller;
    private final ArrayDeque<Notice> notices = new ArrayDeque<>();
    private long number;

    ReservationLog(Controller controller) {
        this.controller = controller;
    }

    void add(int type, int nsid) {
        // The count of notices skips 0, which means that there is none.
        number = number == -1 ? 1 : number + 1;
        if (notices.size() == NOTICES_MAX) {
            notices.poll();
        }
        notices.add(new Notice(number, type, nsid));
        controller.events().notify(AsyncEvent.RESERVATION_LOG);
    }

    long fill(MemorySegment out) {
        Notice oldest = notices.peek();
        if (oldest != null) {
            out.set(ValueLayout.JAVA_LONG, 0, oldest.number());
            out.set(ValueLayout.JAVA_BYTE, 8, (byte) oldest.type());
            out.set(ValueLayout.JAVA_BYTE, 9, (byte) (notices.size() - 1));
            out.set(ValueLayout.JAVA_INT, 12, oldest.nsid());
        }
        return 64;
    }

    /** Notices that the host has not taken. */
    int count() {
        return notices.size();
    }

    void taken() {
        notices.poll();
    }

    /** Tells the host of the notices that are left after it has taken one. */
    void more() {
        if (!notices.isEmpty()) {
            controller.events().notify(AsyncEvent.RESERVATION_LOG);
        }
    }
}
