package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Configuration spaces of a VM that is stopped: of one that runs the guest may be between its own two writes to the
 * ports that select a register (PCI Local Bus 3.0, 3.2.2.3.2). {@link #close} puts back what the guest has selected.
 *
 * <p>A space is read as memory where the machine has it there (q35), which is one command for what is else 128.
 */
final class StoppedPci implements AutoCloseable {
    /** What of a space is looked at: what conventional PCI has. */
    static final int SIZE = 256;

    private static final int CONFIG_ADDRESS = 0xcf8;
    private static final int CONFIG_DATA = 0xcfc;

    /** What a bus reads as where nobody answers: no vendor has this number (PCI Local Bus 3.0, 6.1). */
    private static final int NOBODY = 0xffff_ffff;

    private static final PciAddress HOST_BRIDGE = new PciAddress(0, 0, 0);
    /** Vendor and device of q35's memory controller hub. */
    private static final int Q35 = 0x29c0_8086;
    /** Its register that says where configuration spaces are (Intel 3 Series Express Chipset, 5.1.19). */
    private static final int PCIEXBAR = 0x60;

    private static final int ENABLE = 1;
    private static final int LENGTH_SHIFT = 1;
    private static final int LENGTH_MASK = 3;
    /** Of 256 buses; each longer encoding halves it. */
    private static final int LENGTH_BITS = 28;

    private static final int BUS_SHIFT = 20;
    private static final int DEVICE_SHIFT = 12;

    private final HumanMonitor human;
    private final Object buses;
    private final int left;
    private int selected;
    /** Whether {@link #left} may not be selected any more. */
    private boolean touched;

    private long spaces;
    /** 0: spaces are not to be found as memory. */
    private int busCount;

    private StoppedPci(Monitor monitor) {
        human = new HumanMonitor(monitor);
        buses = monitor.execute("query-pci", Map.of());
        left = human.in(CONFIG_ADDRESS, 4);
        selected = left;
    }

    /** @throws ProblemException when QEMU does not say what is needed in the words that are known: nothing has changed then */
    static StoppedPci open(Monitor monitor) {
        StoppedPci pci = new StoppedPci(monitor);
        try {
            pci.findSpaces();
            return pci;
        } catch (RuntimeException | Error e) {
            try {
                pci.close();
            } catch (RuntimeException alsoFailed) {
                e.addSuppressed(alsoFailed);
            }
            throw e;
        }
    }

    private void findSpaces() {
        if (port(HOST_BRIDGE, 0) == Q35) {
            int low = port(HOST_BRIDGE, PCIEXBAR);
            int length = (low >>> LENGTH_SHIFT) & LENGTH_MASK;
            if ((low & ENABLE) != 0 && length != LENGTH_MASK) {
                long value = Integer.toUnsignedLong(low) | ((long) port(HOST_BRIDGE, PCIEXBAR + 4) << 32);
                spaces = value & -(1L << (LENGTH_BITS - length));
                busCount = 256 >> length;
            }
        }
    }

    HumanMonitor human() {
        return human;
    }

    /** Where a device is. @throws ProblemException when it is on no bus */
    PciAddress address(String deviceId) {
        return PciAddress.of(buses, deviceId);
    }

    /**
     * The first {@link #SIZE} bytes of a device, as words.
     *
     * @throws ProblemException when nobody answers for it, as when its server is gone: all would read as ones, at each end
     */
    int[] read(String deviceId) {
        int[] words = words(address(deviceId));
        if (words[0] == NOBODY) {
            throw new ProblemException(
                    ProblemCode.VM_REFUSED, "nobody answers for %s: its server is gone".formatted(deviceId));
        }
        return words;
    }

    private int[] words(PciAddress address) {
        OptionalLong memory = memory(address);
        if (memory.isPresent()) {
            return human.memory(memory.getAsLong(), SIZE / 4);
        }
        int[] words = new int[SIZE / 4];
        for (int i = 0; i < words.length; i++) {
            words[i] = port(address, 4 * i);
        }
        return words;
    }

    private OptionalLong memory(PciAddress address) {
        return address.bus() < busCount
                ? OptionalLong.of(spaces
                        + ((long) address.bus() << BUS_SHIFT)
                        + ((long) (address.slot() << 3 | address.function()) << DEVICE_SHIFT))
                : OptionalLong.empty();
    }

    private int port(PciAddress address, int offset) {
        select(address, offset);
        return human.in(CONFIG_DATA, 4);
    }

    /** Writes a field of 1, 2 or 4 bytes at a multiple of its size. */
    void write(PciAddress address, int offset, int sizeBytes, int value) {
        select(address, offset);
        human.out(CONFIG_DATA + (offset & 3), sizeBytes, value);
    }

    private void select(PciAddress address, int offset) {
        int wanted = address.configAddress(offset);
        if (selected != wanted) {
            // One that is not answered may have been done.
            touched = true;
            human.out(CONFIG_ADDRESS, 4, wanted);
            selected = wanted;
        }
    }

    @Override
    public void close() {
        if (touched) {
            human.out(CONFIG_ADDRESS, 4, left);
        }
    }
}
