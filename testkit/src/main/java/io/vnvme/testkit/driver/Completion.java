package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.Status;

/**
 * A completion queue entry.
 *
 * @param result dwords 0 and 1
 * @param sqHead submission queue head
 * @param status status field of 15 bits
 */
public record Completion(long result, int sqHead, int sqId, int cid, int status) {
    public boolean ok() {
        return status == Status.SUCCESS;
    }

    /** Status code type and code, without More and Do Not Retry: comparable to the constants of {@link Status} so reduced. */
    public int typeAndCode() {
        return Status.typeAndCode(status);
    }

    /** Dword 0. */
    public int dword0() {
        return (int) result;
    }

    /** Returns this, or throws when the command failed. */
    public Completion orThrow() {
        if (!ok()) {
            throw new DriverException("command failed: " + this);
        }
        return this;
    }

    @Override
    public String toString() {
        return "sq %d cid %d: SCT %d SC 0x%02x%s, result 0x%x"
                .formatted(
                        sqId,
                        cid,
                        Status.type(status),
                        Status.code(status),
                        (status & Status.DNR) != 0 ? " DNR" : "",
                        result);
    }
}
