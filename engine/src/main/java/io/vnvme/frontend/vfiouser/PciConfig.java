package io.vnvme.frontend.vfiouser;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.nvme.Controller;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The configuration space of the function: 4 KiB of bytes, each with the bits that a write changes, and what a write
 * then sets in motion (PCI Local Bus 3.0, 6.1; PCI Express Base 4.0, 7.5).
 */
final class PciConfig {
    static final int SIZE = 4096;

    /** In no list of assigned vendors (pci.ids): the letters "VN". */
    static final int VENDOR = Controller.PCI_VENDOR_ID;
    /** The letters "ME". */
    static final int DEVICE = 0x4d45;

    /** Mass storage, NVM, NVM Express I/O controller. */
    private static final int CLASS = 0x010802;

    private static final int MSI_VECTORS_MAX = 32;

    static final int COMMAND = 0x04;
    private static final int STATUS = 0x06;
    private static final int REVISION = 0x08;
    static final int BAR_0 = 0x10;
    private static final int SUBSYSTEM_VENDOR = 0x2c;
    private static final int SUBSYSTEM = 0x2e;
    private static final int CAPABILITIES = 0x34;
    private static final int INTERRUPT_LINE = 0x3c;
    private static final int INTERRUPT_PIN = 0x3d;

    static final int COMMAND_BUS_MASTER = 1 << 2;
    static final int COMMAND_INTX_DISABLE = 1 << 10;
    /** Memory space, bus master, parity errors, SERR#, INTx disable; there is no I/O space to enable. */
    private static final int COMMAND_WRITABLE =
            (1 << 1) | COMMAND_BUS_MASTER | (1 << 6) | (1 << 8) | COMMAND_INTX_DISABLE;

    private static final int STATUS_INTX = 1 << 3;
    private static final int STATUS_CAPABILITIES = 1 << 4;

    /** A 64-bit memory BAR, not prefetchable. */
    private static final int BAR_64_BIT = 0x4;

    static final int PM = 0x40;
    static final int PM_CONTROL = PM + 4;
    private static final int PM_STATE = 0x3;
    private static final int PM_D3HOT = 3;
    private static final int PM_NO_SOFT_RESET = 1 << 3;

    static final int MSI = 0x48;
    static final int MSI_CONTROL = MSI + 2;
    private static final int MSI_64_BIT = 1 << 7;
    private static final int MSI_ALLOCATED = 0x70;

    static final int MSIX = 0x58;
    static final int MSIX_CONTROL = MSIX + 2;
    private static final int MSIX_ENABLE = 1 << 15;
    private static final int MSIX_FUNCTION_MASK = 1 << 14;

    static final int EXPRESS = 0x68;
    static final int EXPRESS_DEVICE_CONTROL = EXPRESS + 8;
    private static final int EXPRESS_RESET = 1 << 15;

    private final MemorySegment bytes;
    private final byte[] writable = new byte[SIZE];
    private final boolean msiOnly;
    private final int vectors;
    private Effects effects = Effects.NONE;

    /** What writes do beyond changing bytes. */
    interface Effects {
        /** Nothing happens. */
        Effects NONE = new Effects() {
            @Override
            public void busMaster(boolean enabled) {}

            @Override
            public void intxEnabled() {}

            @Override
            public void functionReset() {}

            @Override
            public boolean intxAsserted() {
                return false;
            }
        };

        /** The function may, or may no longer, touch guest memory. */
        void busMaster(boolean enabled);

        /** INTx is no longer disabled. */
        void intxEnabled();

        /** The function is to be as after power-on, this space included. */
        void functionReset();

        /** For Interrupt Status of the status register. */
        boolean intxAsserted();
    }

    /**
     * As after power-on.
     *
     * @param msiOnly whether there is no MSI-X capability
     * @param vectors of MSI-X
     */
    PciConfig(boolean msiOnly, int vectors, ConnectionState state) {
        this(msiOnly, vectors, state.config());
        reset();
    }

    private PciConfig(boolean msiOnly, int vectors, MemorySegment bytes) {
        this.msiOnly = msiOnly;
        this.vectors = vectors;
        this.bytes = bytes;
    }

    /** With what another process has left there. */
    static PciConfig adopt(boolean msiOnly, int vectors, ConnectionState state) {
        MemorySegment kept = state.config();
        PciConfig config = new PciConfig(msiOnly, vectors, Arena.ofAuto().allocate(SIZE));
        config.reset();
        PciConfig adopted = new PciConfig(msiOnly, vectors, kept);
        System.arraycopy(config.writable, 0, adopted.writable, 0, SIZE);
        return adopted;
    }

    private byte at(int offset) {
        return bytes.get(ValueLayout.JAVA_BYTE, offset);
    }

    private void at(int offset, int value) {
        bytes.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }

    void effects(Effects wanted) {
        effects = wanted;
    }

    int msiCount() {
        return MSI_VECTORS_MAX;
    }

    int msixCount() {
        return msiOnly ? 0 : vectors;
    }

    /** Vectors that a completion queue can name, whatever is enabled. */
    int vectorCount() {
        return msiOnly ? MSI_VECTORS_MAX : vectors;
    }

    boolean msiEnabled() {
        return (at(MSI_CONTROL) & 1) != 0;
    }

    /** Messages that the host allocated: a power of two. */
    int msiAllocated() {
        int log = (at(MSI_CONTROL) & MSI_ALLOCATED) >> 4;
        return Math.min(MSI_VECTORS_MAX, 1 << log);
    }

    boolean msixEnabled() {
        return !msiOnly && (shortAt(MSIX_CONTROL) & MSIX_ENABLE) != 0;
    }

    boolean intxDisabled() {
        return (shortAt(COMMAND) & COMMAND_INTX_DISABLE) != 0;
    }

    /** True when the host lets the function touch memory: bus master, and not asleep. */
    boolean busMaster() {
        return (at(COMMAND) & COMMAND_BUS_MASTER) != 0 && powerState() == 0;
    }

    MemorySegment bytes() {
        return bytes;
    }

    /**
     * Whether this can become the configuration space of another function.
     *
     * @param other {@link #SIZE} bytes
     * @throws DeviceStateException when a host would see another function, or it is in no state that there is
     */
    void check(MemorySegment other) {
        for (int offset = 0; offset < SIZE; offset++) {
            int wanted = other.get(ValueLayout.JAVA_BYTE, offset);
            if (((wanted ^ at(offset)) & ~writable[offset]) != 0) {
                throw new DeviceStateException("configuration space: 0x%02x at 0x%x, and here it is 0x%02x"
                        .formatted(wanted & 0xff, offset, at(offset) & 0xff));
            }
        }
        int power = other.get(ValueLayout.JAVA_BYTE, PM_CONTROL) & PM_STATE;
        int control = other.get(ValueLayout.JAVA_BYTE, EXPRESS_DEVICE_CONTROL + 1) << 8;
        if (power != 0 && power != PM_D3HOT || (control & EXPRESS_RESET) != 0) {
            throw new DeviceStateException("configuration space: power state D%d, or being reset".formatted(power));
        }
    }

    /** Becomes what was {@link #check checked}; nothing is set in motion. */
    void load(MemorySegment other) {
        bytes.copyFrom(other);
    }

    /** Reads {@code count} bytes at {@code offset}, both within the space. */
    void read(int offset, int count, MemorySegment target) {
        MemorySegment.copy(bytes, offset, target, 0, count);
        if (offset <= STATUS && offset + count > STATUS && !messages() && effects.intxAsserted()) {
            int at = STATUS - offset;
            target.set(ValueLayout.JAVA_BYTE, at, (byte) (target.get(ValueLayout.JAVA_BYTE, at) | STATUS_INTX));
        }
    }

    /** Writes {@code count} bytes at {@code offset}, both within the space; read-only bits stay. */
    void write(int offset, int count, MemorySegment source) {
        boolean wasMaster = busMaster();
        boolean wasDisabled = intxDisabled();
        int wasPower = powerState();
        for (int i = 0; i < count; i++) {
            int mask = writable[offset + i];
            int value = source.get(ValueLayout.JAVA_BYTE, i);
            at(offset + i, (at(offset + i) & ~mask) | (value & mask));
        }
        if (powerState() != 0 && powerState() != PM_D3HOT) {
            // D1 and D2 do not exist here: the write completes and changes nothing (PCI Power Management 1.2, 3.2.4).
            at(PM_CONTROL, (at(PM_CONTROL) & ~PM_STATE) | wasPower);
        }
        if ((shortAt(EXPRESS_DEVICE_CONTROL) & EXPRESS_RESET) != 0) {
            reset();
            effects.functionReset();
        }
        if (busMaster() != wasMaster) {
            effects.busMaster(busMaster());
        }
        if (wasDisabled && !intxDisabled()) {
            effects.intxEnabled();
        }
    }

    /** Everything as after power-on. */
    void reset() {
        bytes.fill((byte) 0);
        shortAt(0, VENDOR);
        shortAt(2, DEVICE);
        field(COMMAND, 2, 0, COMMAND_WRITABLE);
        shortAt(STATUS, STATUS_CAPABILITIES);
        field(REVISION, 4, CLASS << 8, 0);
        field(BAR_0, 4, BAR_64_BIT, -Bar0.SIZE);
        field(BAR_0 + 4, 4, 0, -1);
        shortAt(SUBSYSTEM_VENDOR, VENDOR);
        shortAt(SUBSYSTEM, DEVICE);
        at(CAPABILITIES, PM);
        field(INTERRUPT_LINE, 1, 0, 0xff);
        at(INTERRUPT_PIN, 1);
        powerManagement();
        messageInterrupts();
        express();
    }

    private void powerManagement() {
        int versionOf12 = 3;
        capability(PM, 0x01, MSI);
        shortAt(PM + 2, versionOf12);
        field(PM_CONTROL, 2, PM_NO_SOFT_RESET, PM_STATE);
    }

    private void messageInterrupts() {
        int logOfVectors = Integer.numberOfTrailingZeros(MSI_VECTORS_MAX);
        capability(MSI, 0x05, msiOnly ? EXPRESS : MSIX);
        field(MSI_CONTROL, 2, MSI_64_BIT | (logOfVectors << 1), 1 | MSI_ALLOCATED);
        field(MSI + 4, 4, 0, ~3);
        field(MSI + 8, 4, 0, -1);
        field(MSI + 12, 2, 0, 0xffff);
        if (!msiOnly) {
            capability(MSIX, 0x11, EXPRESS);
            field(MSIX_CONTROL, 2, vectors - 1, MSIX_ENABLE | MSIX_FUNCTION_MASK);
            field(MSIX + 4, 4, Bar0.MSIX_TABLE, 0);
            field(MSIX + 8, 4, Bar0.MSIX_PENDING, 0);
        }
    }

    /** An endpoint of capability version 2; the link is told to be what a guest expects of a drive: 8 GT/s, x4. */
    private void express() {
        int gt8 = 3;
        int x4 = 4 << 4;
        capability(EXPRESS, 0x10, 0);
        shortAt(EXPRESS + 2, 0x0002);
        // Role-based error reporting, function level reset, payloads to 256 bytes.
        field(EXPRESS + 4, 4, (1 << 28) | (1 << 15) | 1, 0);
        // Relaxed ordering, no snoop, read requests to 512 bytes.
        field(EXPRESS_DEVICE_CONTROL, 2, 0x2810, 0xffff);
        field(EXPRESS + 12, 4, (1 << 22) | x4 | gt8, 0);
        field(EXPRESS + 16, 2, 0, 0x00cb);
        shortAt(EXPRESS + 18, (1 << 12) | x4 | gt8);
        // Completion timeouts can be disabled.
        field(EXPRESS + 36, 4, 1 << 4, 0);
        field(EXPRESS + 40, 2, 0, 0x001f);
        field(EXPRESS + 44, 4, 0b1110, 0);
        field(EXPRESS + 48, 2, gt8, 0x000f);
    }

    private void capability(int offset, int id, int next) {
        at(offset, id);
        at(offset + 1, next);
    }

    private void field(int offset, int sizeBytes, int value, int writableBits) {
        for (int i = 0; i < sizeBytes; i++) {
            at(offset + i, value >>> (i * 8));
            writable[offset + i] = (byte) (writableBits >>> (i * 8));
        }
    }

    private void shortAt(int offset, int value) {
        field(offset, 2, value, 0);
    }

    private int shortAt(int offset) {
        return Byte.toUnsignedInt(at(offset)) | (Byte.toUnsignedInt(at(offset + 1)) << 8);
    }

    private int powerState() {
        return at(PM_CONTROL) & PM_STATE;
    }

    private boolean messages() {
        return msiEnabled() || msixEnabled();
    }
}
