package io.vnvme.frontend.vfiouser;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.devicestate.DeviceStateReader;
import io.vnvme.devicestate.DeviceStateWriter;
import io.vnvme.devicestate.Section;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What a PCI function is at a moment, besides its controller: configuration space, MSI-X table, interrupts that are owed.
 *
 * <p>Not that INTx has masked itself: the client on the other side has not seen the interrupt that did, and would not unmask it.
 *
 * @param owed of each kind, a byte for each vector: 1 when it is owed
 */
record FunctionImage(MemorySegment config, MemorySegment msixTable, List<MemorySegment> owed) {
    /** INTx, MSI and MSI-X: errors and the request to let go of the device are for the client that is told of them. */
    private static final int KINDS = IrqTable.MSIX + 1;

    private static final int FUNCTION = 5;
    private static final int INTERRUPTS = 6;
    private static final int TABLE_MAX = 4096;
    private static final int VECTORS_MAX = 256;

    static FunctionImage of(PciFunction function) {
        List<MemorySegment> owed = new ArrayList<>();
        for (int kind = 0; kind < KINDS; kind++) {
            owed.add(function.irqs().owed(kind));
        }
        return new FunctionImage(function.config().bytes(), function.bar0().msixTable(), owed);
    }

    void write(DeviceStateWriter out) {
        out.section(FUNCTION);
        out.putBytes(config);
        out.putInt((int) msixTable.byteSize());
        out.putBytes(msixTable);
        out.section(INTERRUPTS);
        for (MemorySegment kind : owed) {
            out.putInt((int) kind.byteSize());
            out.putBytes(kind);
        }
    }

    /** @throws DeviceStateException when it is of no function */
    static FunctionImage read(DeviceStateReader in) {
        Section function = in.only(FUNCTION);
        MemorySegment config = bytes(function, PciConfig.SIZE);
        MemorySegment table = bytes(function, function.getCount("bytes of the MSI-X table", TABLE_MAX));
        function.end();
        Section interrupts = in.only(INTERRUPTS);
        List<MemorySegment> owed = new ArrayList<>();
        for (int kind = 0; kind < KINDS; kind++) {
            owed.add(bytes(interrupts, interrupts.getCount("interrupts of kind %d".formatted(kind), VECTORS_MAX)));
        }
        interrupts.end();
        return new FunctionImage(config, table, owed);
    }

    private static MemorySegment bytes(Section in, int count) {
        return MemorySegment.ofArray(in.getBytes(count));
    }

    /** @throws DeviceStateException when the function here looks otherwise to a host */
    void check(PciFunction here) {
        here.config().check(config);
        if (msixTable.byteSize() != here.bar0().msixTable().byteSize()) {
            throw new DeviceStateException("an MSI-X table of %d bytes, and here it has %d"
                    .formatted(msixTable.byteSize(), here.bar0().msixTable().byteSize()));
        }
        for (int kind = 0; kind < KINDS; kind++) {
            if (owed.get(kind).byteSize() != here.irqs().count(kind)) {
                throw new DeviceStateException("%d interrupts of kind %d, and here there are %d"
                        .formatted(owed.get(kind).byteSize(), kind, here.irqs().count(kind)));
            }
        }
    }
}
