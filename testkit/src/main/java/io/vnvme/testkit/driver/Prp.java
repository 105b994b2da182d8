package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.Sqe;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.GuestRam;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Physical Region Pages (NVM Express Base 2.0, 4.1.1). */
public final class Prp {
    private static final int ENTRY_BYTES = 8;

    private Prp() {}

    /** Describes a whole buffer with 4 KiB pages. */
    public static DataPointer of(Buffer data) {
        return of(data, 0, data.sizeBytes(), 4096, 0);
    }

    /**
     * Describes part of a buffer.
     *
     * @param position first byte; a multiple of 4
     * @param pageBytes memory page size that the controller was enabled with
     * @param listOffset where in its page the first list begins, a multiple of 8: with fewer entries left than needed,
     *     the last one points to the next page of the list
     */
    public static DataPointer of(Buffer data, long position, long lengthBytes, int pageBytes, int listOffset) {
        List<Long> entries = new ArrayList<>();
        long at = position;
        long end = position + lengthBytes;
        while (at < end) {
            long address = data.iova(at);
            entries.add(address);
            at += pageBytes - (address & (pageBytes - 1));
        }
        long first = entries.getFirst();
        if (entries.size() <= 2) {
            return new DataPointer(first, entries.size() == 2 ? entries.get(1) : 0, Sqe.PSDT_PRP, List.of());
        }
        List<Buffer> lists = new ArrayList<>();
        long list = list(data.ram(), entries.subList(1, entries.size()), pageBytes, listOffset, lists);
        return new DataPointer(first, list, Sqe.PSDT_PRP, lists);
    }

    private static long list(GuestRam ram, List<Long> entries, int pageBytes, int listOffset, List<Buffer> lists) {
        Buffer page = page(ram, pageBytes, lists);
        long head = page.iova(listOffset);
        int at = listOffset;
        for (int i = 0; i < entries.size(); i++) {
            if (at == pageBytes - ENTRY_BYTES && i < entries.size() - 1) {
                Buffer next = page(ram, pageBytes, lists);
                page.segment().set(ValueLayout.JAVA_LONG, at, next.iova());
                page = next;
                at = 0;
            }
            page.segment().set(ValueLayout.JAVA_LONG, at, entries.get(i));
            at += ENTRY_BYTES;
        }
        return head;
    }

    private static Buffer page(GuestRam ram, int pageBytes, List<Buffer> lists) {
        Buffer page = ram.allocateContiguous(pageBytes, pageBytes);
        lists.add(page);
        return page;
    }
}
