package io.vnvme.frontend.vfiouser;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * BAR0: controller registers at 0x0000, doorbells at 0x1000, MSI-X table at 0x2000, MSI-X pending bits at 0x3000.
 *
 * <p>Accesses of any size and alignment are taken apart into aligned dwords. A write that covers a dword only in part
 * is dropped: NVM Express Base 2.0, 3.1 leaves it undefined.
 */
final class Bar0 {
    static final int SIZE = 0x4000;
    static final int DOORBELLS = 0x1000;
    static final int DOORBELLS_SIZE = 0x1000;
    static final int MSIX_TABLE = 0x2000;
    static final int MSIX_PENDING = 0x3000;

    private static final int MSIX_ENTRY = 16;
    private static final int VECTOR_CONTROL = 12;
    private static final int VECTOR_MASKED = 1;

    private final Device device;
    private final IrqTable irqs;
    private final MemorySegment doorbells;
    /** What the host stores in the MSI-X table; nothing here acts on it: the client makes messages of eventfds. */
    private final MemorySegment msixTable;

    /** With the MSI-X table that is found in the state. */
    Bar0(Device device, IrqTable irqs, MemorySegment doorbells, ConnectionState state) {
        this.device = device;
        this.irqs = irqs;
        this.doorbells = doorbells;
        this.msixTable = state.msixTable().asSlice(0, (long) irqs.msixCount() * MSIX_ENTRY);
    }

    /** Masks all vectors, as after a reset (PCI Local Bus 3.0, 6.8.2.9). */
    void reset() {
        msixTable.fill((byte) 0);
        for (long entry = 0; entry < msixTable.byteSize(); entry += MSIX_ENTRY) {
            msixTable.set(Wire.INT, entry + VECTOR_CONTROL, VECTOR_MASKED);
        }
    }

    /** What the host has stored in the MSI-X table. */
    MemorySegment msixTable() {
        return msixTable;
    }

    /** The same, of as many bytes. */
    void msixTable(MemorySegment stored) {
        msixTable.copyFrom(stored);
    }

    /** Reads {@code count} bytes at {@code offset}, both within the region. */
    void read(int offset, int count, MemorySegment target) {
        int done = 0;
        while (done < count) {
            int at = offset + done;
            int within = at & 3;
            int part = Math.min(count - done, 4 - within);
            int value = readDword(at - within) >>> (within * 8);
            for (int i = 0; i < part; i++) {
                target.set(ValueLayout.JAVA_BYTE, done + i, (byte) (value >>> (i * 8)));
            }
            done += part;
        }
    }

    /** Writes {@code count} bytes at {@code offset}, both within the region. */
    void write(int offset, int count, MemorySegment source) {
        int skip = -offset & 3;
        for (int done = skip; done + 4 <= count; done += 4) {
            writeDword(offset + done, source.get(Wire.INT, done));
        }
    }

    private int readDword(int offset) {
        if (offset < DOORBELLS) {
            return device.readRegister(offset);
        }
        if (offset < MSIX_TABLE) {
            return doorbells.get(ValueLayout.JAVA_INT, offset - DOORBELLS);
        }
        if (offset < MSIX_PENDING) {
            int at = offset - MSIX_TABLE;
            return at < msixTable.byteSize() ? msixTable.get(Wire.INT, at) : 0;
        }
        return irqs.msixPending((offset - MSIX_PENDING) * 8);
    }

    private void writeDword(int offset, int value) {
        if (offset < MSIX_TABLE) {
            device.writeRegister(offset, value);
        } else if (offset < MSIX_PENDING) {
            int at = offset - MSIX_TABLE;
            if (at < msixTable.byteSize()) {
                msixTable.set(Wire.INT, at, value);
            }
        }
    }
}
