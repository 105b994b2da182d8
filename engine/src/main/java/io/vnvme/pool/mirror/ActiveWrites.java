package io.vnvme.pool.mirror;

import java.util.Arrays;

/** The writes that drives are working on. */
final class ActiveWrites {
    private Request[] requests = new Request[64];
    private int count;

    void add(Request request) {
        if (count == requests.length) {
            requests = Arrays.copyOf(requests, 2 * count);
        }
        request.activeIndex = count;
        requests[count++] = request;
    }

    /** Removes a request; one that is no write is not there. */
    void remove(Request request) {
        if (request.activeIndex >= 0) {
            Request last = requests[--count];
            requests[request.activeIndex] = last;
            last.activeIndex = request.activeIndex;
            request.activeIndex = -1;
        }
    }

    boolean overlap(long offsetBytes, long endBytes) {
        for (int i = 0; i < count; i++) {
            if (requests[i].overlaps(offsetBytes, endBytes)) {
                return true;
            }
        }
        return false;
    }

    /** Marks that active writes need do not go. */
    void keepMarks(RegionMarks marks) {
        for (int i = 0; i < count; i++) {
            marks.keep(requests[i].parent.offsetBytes(), requests[i].parent.lengthBytes());
        }
    }
}
