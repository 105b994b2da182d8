package io.vnvme.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class PrpWalkTest {
    private final GuestPages guest = new GuestPages(64);
    private final Segments out = new Segments();

    @Test
    void onePage() {
        assertThat(walk(GuestPages.page(3) + 0x200, 0, 512)).isEqualTo(DataWalk.OK);
        assertThat(out.count()).isEqualTo(1);
        assertThat(out.offset(0)).isEqualTo(3 * 4096 + 0x200);
        assertThat(out.length(0)).isEqualTo(512);
    }

    @Test
    void twoPagesThatLieApart() {
        assertThat(walk(GuestPages.page(1) + 0x800, GuestPages.page(7), 4096)).isEqualTo(DataWalk.OK);
        assertThat(out.count()).isEqualTo(2);
        assertThat(out.length(0)).isEqualTo(0x800);
        assertThat(out.offset(1)).isEqualTo(7 * 4096);
        assertThat(out.length(1)).isEqualTo(0x800);
    }

    @Test
    void pagesInARowBecomeOnePiece() {
        assertThat(walk(GuestPages.page(1), GuestPages.page(2), 8192)).isEqualTo(DataWalk.OK);
        assertThat(out.count()).isEqualTo(1);
        assertThat(out.totalBytes()).isEqualTo(8192);
    }

    @Test
    void aListWithAnOffset() {
        long list = GuestPages.page(0) + 0xfe8;
        for (int i = 0; i < 3; i++) {
            guest.put(list + i * 8L, GuestPages.page(20 - 2 * i));
        }
        assertThat(walk(GuestPages.page(1), list, 4 * 4096)).isEqualTo(DataWalk.OK);
        assertThat(out.count()).isEqualTo(4);
        assertThat(out.offset(3)).isEqualTo(16 * 4096);
        assertThat(out.totalBytes()).isEqualTo(4 * 4096);
    }

    @Test
    void theLastEntryOfAPageLeadsToTheNextListOnlyWhenMoreIsLeft() {
        long list = GuestPages.page(0) + 0xff0;
        guest.put(list, GuestPages.page(10));
        guest.put(list + 8, GuestPages.page(2));
        guest.put(GuestPages.page(2), GuestPages.page(12));
        guest.put(GuestPages.page(2) + 8, GuestPages.page(14));
        assertThat(walk(GuestPages.page(1), list, 4 * 4096)).isEqualTo(DataWalk.OK);
        assertThat(out.offset(3)).isEqualTo(14 * 4096);

        assertThat(walk(GuestPages.page(1), list, 3 * 4096)).isEqualTo(DataWalk.OK);
        assertThat(out.offset(2)).isEqualTo(2 * 4096);
    }

    @Test
    void aListInALoopEnds() {
        long list = GuestPages.page(0) + 0xff8;
        guest.put(list, list);
        assertThat(walk(GuestPages.page(1), list, 1 << 20)).isEqualTo(DataWalk.PRP_OFFSET);

        // A whole page that leads to itself gives 511 pages of data a round, so the length ends it.
        for (int i = 0; i < 512; i++) {
            guest.put(GuestPages.page(0) + i * 8L, GuestPages.page(0));
        }
        assertThat(walk(GuestPages.page(1), GuestPages.page(0), 1 << 23)).isEqualTo(DataWalk.OK);
        assertThat(out.totalBytes()).isEqualTo(1 << 23);
    }

    @Test
    void offsetsWhereNoneMayBe() {
        assertThat(walk(GuestPages.page(1) + 2, 0, 512)).isEqualTo(DataWalk.PRP_OFFSET);
        assertThat(walk(GuestPages.page(1), GuestPages.page(2) + 4, 8192)).isEqualTo(DataWalk.PRP_OFFSET);
        assertThat(walk(GuestPages.page(1), GuestPages.page(2) + 4, 3 * 4096)).isEqualTo(DataWalk.PRP_OFFSET);
        guest.put(GuestPages.page(0), GuestPages.page(2) + 8);
        assertThat(walk(GuestPages.page(1), GuestPages.page(0), 3 * 4096)).isEqualTo(DataWalk.PRP_OFFSET);
    }

    @Test
    void addressesWithoutMemory() {
        assertThat(walk(0x1000, 0, 512)).isEqualTo(DataWalk.UNMAPPED);
        assertThat(walk(GuestPages.page(1), 0x1000, 8192)).isEqualTo(DataWalk.UNMAPPED);
        assertThat(walk(GuestPages.page(1), 0x1000, 3 * 4096)).isEqualTo(DataWalk.UNMAPPED);
        assertThat(walk(GuestPages.page(63), GuestPages.page(64), 8192)).isEqualTo(DataWalk.UNMAPPED);
    }

    @Test
    void memoryThatMayNotBeWritten() {
        guest.memory.map(new Region(0x1000_0000, 4096, guest.segment.asSlice(0, 4096), true, false));
        out.clear();
        assertThat(PrpWalk.walk(guest.memory, 0x1000_0000, 0, 512, 4096, false, out, null))
                .isEqualTo(DataWalk.OK);
        out.clear();
        assertThat(PrpWalk.walk(guest.memory, 0x1000_0000, 0, 512, 4096, true, out, null))
                .isEqualTo(DataWalk.UNMAPPED);
    }

    @Test
    void dataAndListsThatOnlyMessagesReach() {
        GuestMemory far = new GuestMemory();
        far.map(new Region(0, 1 << 20, null, true, true));
        FetchedLists lists = new FetchedLists();
        out.clear();
        assertThat(PrpWalk.walk(far, 0x1000, 0x5008, 3 * 4096, 4096, true, out, lists))
                .isEqualTo(DataWalk.LIST_MISSING);
        assertThat(lists.missingIova()).isEqualTo(0x5000);
        var page = lists.admitMissing();
        page.set(ValueLayout.JAVA_LONG, 8, 0x9000);
        page.set(ValueLayout.JAVA_LONG, 16, 0xb000);
        out.clear();
        assertThat(PrpWalk.walk(far, 0x1000, 0x5008, 3 * 4096, 4096, true, out, lists))
                .isEqualTo(DataWalk.OK);
        assertThat(out.remote()).isTrue();
        assertThat(out.count()).isEqualTo(3);
        assertThat(out.offset(2)).isEqualTo(0xb000);
    }

    private int walk(long prp1, long prp2, long bytes) {
        out.clear();
        return PrpWalk.walk(guest.memory, prp1, prp2, bytes, 4096, true, out, null);
    }
}
