package io.vnvme.nvme;

/** Of controllers whose front end takes completions itself. */
final class NoInterrupts implements Interrupts {
    @Override
    public void raise(int vector) {
        // Whoever polls the controller looks at its completion queues next.
    }

    @Override
    public int vectorCount() {
        return 1;
    }

    @Override
    public boolean messageSignalledExtended() {
        return true;
    }
}
