package io.vnvme.frontend.vfiouser;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Numbers of the vfio-user protocol 0.1 (QEMU docs/interop/vfio-user.rst) and of linux/vfio.h that it carries. */
final class Wire {
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final int VERSION = 1;
    static final int DMA_MAP = 2;
    static final int DMA_UNMAP = 3;
    static final int DEVICE_GET_INFO = 4;
    static final int DEVICE_GET_REGION_INFO = 5;
    static final int DEVICE_GET_REGION_IO_FDS = 6;
    static final int DEVICE_GET_IRQ_INFO = 7;
    static final int DEVICE_SET_IRQS = 8;
    static final int REGION_READ = 9;
    static final int REGION_WRITE = 10;
    static final int DMA_READ = 11;
    static final int DMA_WRITE = 12;
    static final int DEVICE_RESET = 13;
    static final int DIRTY_PAGES = 14;
    static final int REGION_WRITE_MULTI = 15;
    static final int DEVICE_FEATURE = 16;
    static final int MIG_DATA_READ = 17;
    static final int MIG_DATA_WRITE = 18;

    /** The largest {@code count} of one data transfer, in bytes: the protocol's default. */
    static final int DATA_TRANSFER_MAX = 1 << 20;

    /** DMA regions that one client can have: the protocol's default. */
    static final int DMA_MAPS_MAX = 65535;

    /** Descriptors that we ask clients to send at most in one message; QEMU allows no larger number here. */
    static final int MESSAGE_FDS_MAX = 16;

    /** Regions of a PCI device: six BARs, ROM, configuration space, VGA. */
    static final int REGIONS = 9;

    static final int REGION_BAR0 = 0;
    static final int REGION_CONFIG = 7;

    private Wire() {}
}
