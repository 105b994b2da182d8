package io.vnvme.testkit.client;

/** Where the data of DMA_READ replies and DMA_WRITE requests begins; hosts differ, message sizes do not. */
public enum DmaLayout {
    /** Address and count of 8 bytes each, then data: what the specification and libvfio-user have. */
    SPECIFICATION(16),
    /** A count of 4 bytes with the data right after it, and 4 unused bytes at the end: what QEMU 10.1 to 11.1 has. */
    QEMU(12);

    /** Size of what lies before the data in messages, whatever the layout. */
    static final int COUNTED_BYTES = 16;

    private final int dataOffset;

    DmaLayout(int dataOffset) {
        this.dataOffset = dataOffset;
    }

    int dataOffset() {
        return dataOffset;
    }
}
