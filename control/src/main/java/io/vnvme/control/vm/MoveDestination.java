package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemException;
import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;

/** The QEMU that a VM moves to, on whatever host. Used by one thread at a time. */
public interface MoveDestination {
    /**
     * Looks whether a VM can come here, and lets QEMU listen for it.
     *
     * @param wanted the VM's vfio-user devices by their ids, with vendor and device as their configuration spaces begin
     * @return where it listens, as the QEMU at the source is to be told
     * @throws ProblemException when it cannot, and why
     */
    String prepare(SortedMap<String, Integer> wanted);

    /** Waits until all of the VM is here. */
    void awaitArrival(Duration limit);

    /** Makes the devices what they were at the source, as far as QEMU keeps that. */
    void replay(Map<String, PciImage> images);

    /** The VM runs here. */
    void goOn();

    /**
     * Ends QEMU, if it has not done so by itself, as after a migration that fails. One that was found not to wait for
     * this VM is left alone: it may have another.
     *
     * @throws ProblemException when it has not ended
     */
    void quit();

    /** Whether, after {@link #quit}, nothing of the VM is here any more. */
    boolean ended();

    /**
     * Whether the VM may run here. One that has come stands still until {@link #goOn}, as QEMU was told before it was told
     * to listen; if it is silent now that is still so. One that was seen not to obey may run for as long as it has not ended.
     */
    boolean mayRun();
}
