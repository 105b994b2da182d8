package io.vnvme.control.service;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.memory.DmaLog;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the devices of a VM on its way were, and have written into its memory. It comes while QEMU brings the rest of that, which it
 * has to be stored over, so that it waits here until all has come. From any thread.
 */
final class HandedOver {
    private static final int STATE_BYTES_MAX = 8 << 20;
    /** What may wait: much more than a VM needs that is not reading all of its memory full. */
    private static final long WAITING_BYTES_MAX = 32 << 20;

    private record Waiting(MovingDevice device, MovingDevice.Pages pages) {}

    private final List<Waiting> waiting = new ArrayList<>();
    private final Map<MovingDevice, ByteArrayOutputStream> states = new HashMap<>();
    private long waitingBytes;
    private boolean arrived;

    /** @throws ProblemException of {@link ProblemCode#TOO_LARGE} when they have to come later, once all memory is here */
    synchronized void pages(MovingDevice device, MovingDevice.Pages pages) {
        if (arrived) {
            write(device, pages);
            return;
        }
        long bytes = (long) pages.addresses().size() * DmaLog.PAGE_BYTES;
        if (waitingBytes + bytes > WAITING_BYTES_MAX) {
            throw new ProblemException(
                    ProblemCode.TOO_LARGE,
                    "%d bytes of pages wait already for the VM's memory".formatted(waitingBytes));
        }
        waitingBytes += bytes;
        waiting.add(new Waiting(device, pages));
    }

    /** All memory is here. */
    synchronized void arrived() {
        arrived = true;
        waiting.forEach(each -> write(each.device(), each.pages()));
        waiting.clear();
    }

    private static void write(MovingDevice device, MovingDevice.Pages pages) {
        try {
            device.writePages(pages);
        } catch (IllegalStateException e) {
            throw new ProblemException(
                    ProblemCode.MIGRATION_REFUSED,
                    "pages that a drive has written cannot be stored in the VM's memory: %s".formatted(e.getMessage()),
                    e);
        }
    }

    synchronized void state(MovingDevice device, byte[] part) {
        ByteArrayOutputStream state = states.computeIfAbsent(device, _ -> new ByteArrayOutputStream());
        if (state.size() + part.length > STATE_BYTES_MAX) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "the state of a device is too large");
        }
        state.writeBytes(part);
    }

    /** @throws ProblemException when it has not come, or cannot be */
    synchronized void load(MovingDevice device) {
        ByteArrayOutputStream state = states.get(device);
        if (!arrived || state == null) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, "not all of the VM's devices have come");
        }
        try {
            device.load(state.toByteArray());
        } catch (DeviceStateException | IllegalStateException e) {
            throw new ProblemException(
                    ProblemCode.MIGRATION_REFUSED,
                    "the state of a device is none that this daemon can go on with: %s".formatted(e.getMessage()),
                    e);
        }
    }
}
