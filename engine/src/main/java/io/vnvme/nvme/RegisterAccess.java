package io.vnvme.nvme;

import io.vnvme.nvme.wire.Registers;

/** The controller properties in BAR0 (NVM Express Base 2.0, 3.1.3) as reads and writes of the host meet them. */
final class RegisterAccess {
    /** Bits of CC that a host can set. */
    static final int CC_MASK = 0x00ff_fff1;

    private static final int READY_TIMEOUT_HALF_SECONDS = 20;

    private final Controller controller;
    private final ControllerState state;

    RegisterAccess(Controller controller, ControllerState state) {
        this.controller = controller;
        this.state = state;
    }

    /**
     * Reads BAR0 below the doorbells; what is reserved reads zero.
     *
     * @param sizeBytes 1, 2, 4 or 8; the access does not cross a multiple of 8
     */
    long read(long offset, int sizeBytes) {
        long word = offset < 0x100 ? registerWord((int) offset & ~7) : 0;
        long shifted = word >>> ((offset & 7) * 8);
        return sizeBytes >= 8 ? shifted : shifted & (1L << sizeBytes * 8) - 1;
    }

    private long registerWord(int offset) {
        return switch (offset) {
            case Registers.CAP -> controller.kind().capabilities();
            case Registers.VS -> pair(Registers.VERSION_2_0, state.getInt(ControllerState.INTERRUPT_MASK));
            case Registers.INTMC ->
                pair(state.getInt(ControllerState.INTERRUPT_MASK), state.getInt(ControllerState.CC));
            case 0x18 -> pair(0, state.getInt(ControllerState.CSTS));
            case Registers.NSSR -> pair(0, state.getInt(ControllerState.AQA));
            case Registers.ASQ -> state.getLong(ControllerState.ASQ);
            case Registers.ACQ -> state.getLong(ControllerState.ACQ);
            case Registers.CRTO -> pair(READY_TIMEOUT_HALF_SECONDS, 0);
            default -> 0;
        };
    }

    private static long pair(int low, int high) {
        return low & 0xffff_ffffL | (long) high << 32;
    }

    /**
     * Writes BAR0, doorbells included. Accesses that are not whole aligned dwords, and read-only or reserved
     * registers, are ignored.
     */
    void write(long offset, int sizeBytes, long value) {
        if ((offset & 3) != 0 || (sizeBytes != 4 && sizeBytes != 8)) {
            return;
        }
        for (int half = 0; half * 4 < sizeBytes; half++) {
            int dword = (int) (value >>> half * 32);
            int at = (int) offset + half * 4;
            if (at >= Registers.DOORBELLS) {
                controller.ringDoorbell(at - Registers.DOORBELLS, dword);
            } else {
                writeDword(at, dword);
            }
        }
    }

    private void writeDword(int offset, int value) {
        switch (offset) {
            case Registers.INTMS -> controller.mask(state.getInt(ControllerState.INTERRUPT_MASK) | value);
            case Registers.INTMC -> controller.mask(state.getInt(ControllerState.INTERRUPT_MASK) & ~value);
            case Registers.CC -> controller.life().configure(value & CC_MASK);
            case Registers.AQA -> setWhileDisabled(ControllerState.AQA, value & 0x0fff_0fff);
            case Registers.ASQ -> setWhileDisabled(ControllerState.ASQ, value & ~0xfff);
            case Registers.ASQ + 4 -> setWhileDisabled(ControllerState.ASQ + 4, value);
            case Registers.ACQ -> setWhileDisabled(ControllerState.ACQ, value & ~0xfff);
            case Registers.ACQ + 4 -> setWhileDisabled(ControllerState.ACQ + 4, value);
            default -> {
                // Read-only or reserved: a write changes nothing.
            }
        }
    }

    private void setWhileDisabled(long register, int value) {
        if (!Registers.enabled(state.getInt(ControllerState.CC))) {
            state.setInt(register, value);
        }
    }
}
