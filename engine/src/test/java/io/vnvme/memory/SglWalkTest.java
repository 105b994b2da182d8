package io.vnvme.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SglWalkTest {
    private static final int DATA = 0x00;
    private static final int BUCKET = 0x10;
    private static final int SEGMENT = 0x20;
    private static final int LAST = 0x30;

    private final GuestPages guest = new GuestPages(64);
    private final Segments out = new Segments();
    private final SglWalk sgl = new SglWalk();

    @Test
    void oneDataBlockOfAnyAlignment() {
        assertThat(walk(GuestPages.page(1) + 3, 513, DATA, 513, true)).isEqualTo(DataWalk.OK);
        assertThat(out.offset(0)).isEqualTo(4096 + 3);
        assertThat(out.totalBytes()).isEqualTo(513);
    }

    @Test
    void aBlockMayBeLongerThanTheDataButNotShorter() {
        assertThat(walk(GuestPages.page(1), 8192, DATA, 512, true)).isEqualTo(DataWalk.OK);
        assertThat(out.totalBytes()).isEqualTo(512);
        assertThat(walk(GuestPages.page(1), 511, DATA, 512, true)).isEqualTo(DataWalk.SGL_LENGTH);
    }

    @Test
    void segmentsAndALastSegment() {
        put(0, 0, GuestPages.page(10), 1024, DATA);
        put(0, 1, GuestPages.page(2), 32, LAST);
        put(2, 0, GuestPages.page(12), 100, DATA);
        put(2, 1, GuestPages.page(14), 412, DATA);
        assertThat(walk(GuestPages.page(0), 32, SEGMENT, 1536, false)).isEqualTo(DataWalk.OK);
        assertThat(out.count()).isEqualTo(3);
        assertThat(out.length(2)).isEqualTo(412);
    }

    @Test
    void bitBucketsSwallowWhatIsReadAndMeanNothingWhenWriting() {
        put(0, 0, GuestPages.page(10), 512, DATA);
        put(0, 1, 0, 100_000, BUCKET);
        put(0, 2, GuestPages.page(11), 512, DATA);
        assertThat(walk(GuestPages.page(0), 48, LAST, 101_024, true)).isEqualTo(DataWalk.OK);
        assertThat(out.totalBytes()).isEqualTo(101_024);
        assertThat(walk(GuestPages.page(0), 48, LAST, 1024, false)).isEqualTo(DataWalk.OK);
        assertThat(out.count()).isEqualTo(2);
    }

    @Test
    void descriptorsThatMayNotBe() {
        assertThat(walk(GuestPages.page(1), 512, 0x40, 512, true)).isEqualTo(DataWalk.SGL_TYPE);
        assertThat(walk(GuestPages.page(1), 512, 0x01, 512, true)).isEqualTo(DataWalk.SGL_TYPE);
        assertThat(walk(GuestPages.page(1), 512, 0xf0, 512, true)).isEqualTo(DataWalk.SGL_TYPE);
        assertThat(walk(GuestPages.page(0), 0, LAST, 512, true)).isEqualTo(DataWalk.SGL_SEGMENT);
        assertThat(walk(GuestPages.page(0), 24, LAST, 512, true)).isEqualTo(DataWalk.SGL_SEGMENT);
        assertThat(walk(GuestPages.page(0) + 4, 16, LAST, 512, true)).isEqualTo(DataWalk.SGL_SEGMENT);
        // A segment descriptor within a last segment, and a segment that leads nowhere.
        put(0, 0, GuestPages.page(2), 16, SEGMENT);
        assertThat(walk(GuestPages.page(0), 16, LAST, 512, true)).isEqualTo(DataWalk.SGL_SEGMENT);
        put(0, 0, GuestPages.page(2), 16, DATA);
        assertThat(walk(GuestPages.page(0), 16, SEGMENT, 512, true)).isEqualTo(DataWalk.SGL_SEGMENT);
    }

    @Test
    void segmentsInALoopEnd() {
        put(0, 0, GuestPages.page(0), 16, SEGMENT);
        assertThat(walk(GuestPages.page(0), 16, SEGMENT, 512, true)).isEqualTo(DataWalk.SGL_COUNT);
        put(0, 0, GuestPages.page(10), 0, DATA);
        put(0, 1, GuestPages.page(0), 32, SEGMENT);
        assertThat(walk(GuestPages.page(0), 32, SEGMENT, 512, true)).isEqualTo(DataWalk.SGL_COUNT);
    }

    @Test
    void tooManyDescriptors() {
        // 4 GiB of descriptors, of which only what is mapped could be read: the count or the memory ends first.
        assertThat(walk(GuestPages.page(0), 0xffff_fff0L, LAST, 512, true)).isIn(DataWalk.SGL_COUNT, DataWalk.UNMAPPED);
    }

    @Test
    void addressesWithoutMemory() {
        assertThat(walk(0x1000, 512, DATA, 512, true)).isEqualTo(DataWalk.UNMAPPED);
        assertThat(walk(0x1000, 16, LAST, 512, true)).isEqualTo(DataWalk.UNMAPPED);
    }

    private void put(int page, int index, long address, long length, int type) {
        long at = GuestPages.page(page) + index * 16L;
        guest.put(at, address);
        guest.put(at + 8, length | (long) type << 56);
    }

    private int walk(long address, long length, int type, long bytes, boolean toGuest) {
        out.clear();
        return sgl.walk(guest.memory, address, length | (long) type << 56, bytes, toGuest, out, null);
    }
}
