package io.vnvme.frontend.vfiouser;

/**
 * Where the data of DMA_READ replies and DMA_WRITE commands begins in the body. Both kinds of client count the same
 * 16 bytes before the data into the size.
 */
enum DmaLayout {
    /** Address (8), count (8), data: the specification. */
    SPECIFICATION(16),
    /** Address (8), count (4), data, then 4 bytes that mean nothing: QEMU 10.1 to 11.1. */
    QEMU(12);

    /** What the message size counts before the data. */
    static final int FIXED = 16;

    private final int dataOffset;

    DmaLayout(int dataOffset) {
        this.dataOffset = dataOffset;
    }

    int dataOffset() {
        return dataOffset;
    }
}
