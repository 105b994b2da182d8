package io.vnvme.testkit.client;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Numbers of the vfio-user protocol 0.1 as its specification has them, kept apart from the server's own so that an error
 * there is not repeated here.
 */
public final class Wire {
    public static final int HEADER_BYTES = 16;

    public static final int VERSION = 1;
    public static final int DMA_MAP = 2;
    public static final int DMA_UNMAP = 3;
    public static final int DEVICE_GET_INFO = 4;
    public static final int DEVICE_GET_REGION_INFO = 5;
    public static final int DEVICE_GET_REGION_IO_FDS = 6;
    public static final int DEVICE_GET_IRQ_INFO = 7;
    public static final int DEVICE_SET_IRQS = 8;
    public static final int REGION_READ = 9;
    public static final int REGION_WRITE = 10;
    public static final int DMA_READ = 11;
    public static final int DMA_WRITE = 12;
    public static final int DEVICE_RESET = 13;
    public static final int REGION_WRITE_MULTI = 15;
    public static final int DEVICE_FEATURE = 16;
    public static final int MIG_DATA_READ = 17;
    public static final int MIG_DATA_WRITE = 18;

    public static final int TYPE_MASK = 0xF;
    public static final int TYPE_COMMAND = 0;
    public static final int TYPE_REPLY = 1;
    public static final int NO_REPLY = 0x10;
    public static final int ERROR = 0x20;

    public static final int DMA_READABLE = 1;
    public static final int DMA_WRITABLE = 2;
    public static final int UNMAP_ALL = 2;

    public static final int REGION_BAR0 = 0;
    public static final int REGION_CONFIG = 7;
    public static final int REGION_CAN_READ = 1;
    public static final int REGION_CAN_WRITE = 2;
    public static final int REGION_CAN_MMAP = 4;
    public static final int REGION_HAS_CAPS = 8;
    public static final int CAP_SPARSE_MMAP = 1;

    public static final int IRQ_INTX = 0;
    public static final int IRQ_MSI = 1;
    public static final int IRQ_MSIX = 2;
    public static final int IRQ_DATA_NONE = 1;
    public static final int IRQ_DATA_BOOL = 2;
    public static final int IRQ_DATA_EVENTFD = 4;
    public static final int IRQ_MASK = 8;
    public static final int IRQ_UNMASK = 16;
    public static final int IRQ_TRIGGER = 32;

    private Wire() {}

    /** A little-endian buffer for a message body. */
    public static ByteBuffer body(int sizeBytes) {
        return ByteBuffer.allocate(sizeBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer view(byte[] body) {
        return ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN);
    }
}
