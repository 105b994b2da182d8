package io.vnvme.control.vm;

import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** A VM's monitor, however it is reached. Used by one thread at a time. */
interface Monitor extends AutoCloseable {
    /** Of the QEMU that answers. */
    QemuVersion version();

    /**
     * Runs a command of the QEMU Machine Protocol and returns what it returns: maps, lists, texts, numbers, booleans.
     *
     * @throws QmpException when QEMU answers with an error
     * @throws io.vnvme.control.model.ProblemException when the VM went away or does not answer in time
     */
    Object execute(String command, Map<String, ?> arguments);

    /**
     * Waits until a device is unplugged.
     *
     * @param gone looks whether it is: for monitors that tell of no events
     * @return false when it is not in time
     */
    boolean awaitDeleted(String deviceId, Duration timeout, BooleanSupplier gone);

    /**
     * Ends a migration of the VM to elsewhere, which goes on here. Where there is none, nothing happens.
     *
     * @throws QmpException when QEMU answers with an error
     * @throws io.vnvme.control.model.ProblemException when it cannot be asked to
     */
    void cancelMigration();

    /** How to set up a VM that is managed like this one. */
    Advice advice();

    @Override
    void close();
}
