package io.vnvme.testkit.driver;

import io.vnvme.testkit.ram.GuestRam;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A PCI NVMe device as its driver reaches it, in this process or through a socket. Used by one thread. */
public interface Device extends AutoCloseable {
    /** The memory that the device can reach. */
    GuestRam ram();

    /** Reads 1, 2, 4 or 8 bytes of BAR0. */
    long read(long offset, int sizeBytes);

    /** Writes 1, 2, 4 or 8 bytes of BAR0. */
    void write(long offset, int sizeBytes, long value);

    /** The doorbell page (BAR0 + 0x1000, 4 KiB), or null when doorbells are written by {@link #write} only. */
    @Nullable
    MemorySegment doorbells();

    /** Lets the device work: one step of it when it lives in this thread, a short pause when it has its own. */
    void turn();

    /** Interrupts that came on a vector since this was asked last. */
    long interrupts(int vector);

    /** Bus Master Enable of the PCI command register. */
    void busMaster(boolean enabled);

    /** Function level reset. */
    void reset();

    /** Gives the device one region of {@link #ram} that it does not have. */
    void mapRegion(int index);

    /** Takes one region of {@link #ram} away; when this returns, the device touches it no more. */
    void unmapRegion(int index);

    @Override
    void close();
}
