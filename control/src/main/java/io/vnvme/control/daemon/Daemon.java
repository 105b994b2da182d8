package io.vnvme.control.daemon;

import io.vnvme.control.api.ApiServer;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.service.Services;
import io.vnvme.control.store.StateFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Supplier;

/** A running daemon: folders, locks, data plane, services, API, taken in this order and given back in reverse. */
public final class Daemon implements AutoCloseable {
    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final Path apiSocket;
    private final Services services;

    /**
     * Starts; when it returns, the API answers and every vNVMe of the state is served.
     *
     * @param dataPlane made once the folders are this daemon's
     * @param startMillis epoch time at which the process began, for the time to serving
     * @throws DaemonException when it cannot; nothing runs then
     */
    public Daemon(Services.Setup setup, Supplier<DataPlane> dataPlane, long startMillis) {
        apiSocket = apiSocket(setup.runDir());
        try {
            makeFolder(setup.stateDir());
            makeFolder(setup.runDir());
            parts.push(FolderLock.take(setup.stateDir()));
            if (!setup.runDir().toRealPath().equals(setup.stateDir().toRealPath())) {
                parts.push(FolderLock.take(setup.runDir()));
            }
            services = services(setup, dataPlane.get());
            parts.push(services);
            parts.push(ApiServer.start(apiSocket, services, setup.version()));
            services.serving(System.currentTimeMillis() - startMillis);
        } catch (DaemonException e) {
            closeAfter(e);
            throw e;
        } catch (IOException | RuntimeException e) {
            closeAfter(e);
            throw new DaemonException("the daemon cannot start: " + e.getMessage(), e);
        }
    }

    /** The socket that a daemon with this run folder serves its API on. */
    public static Path apiSocket(Path runDir) {
        return runDir.resolve("api.sock");
    }

    private static Services services(Services.Setup setup, DataPlane dataPlane) {
        try {
            return new Services(setup, dataPlane);
        } catch (StateFileException e) {
            dataPlane.close();
            throw new DaemonException(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException e) {
            dataPlane.close();
            throw e;
        }
    }

    private static void makeFolder(Path folder) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new DaemonException(
                    "folder %s cannot be made (%s): name others with --state and --run, or start as root"
                            .formatted(folder, e.getMessage()),
                    e);
        }
        if (!Files.isWritable(folder)) {
            throw new DaemonException("folder %s is not writable: name others with --state and --run, or start as root"
                    .formatted(folder));
        }
    }

    public Path apiSocket() {
        return apiSocket;
    }

    public Services services() {
        return services;
    }

    private void closeAfter(Exception reason) {
        try {
            close();
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    /** Ends what runs; vNVMes stay in the state, and guests lose them until they are plugged in again. */
    @Override
    public void close() {
        RuntimeException failure = null;
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                RuntimeException wrapped = new DaemonException("closing failed: " + e.getMessage(), e);
                if (failure == null) {
                    failure = wrapped;
                } else {
                    failure.addSuppressed(wrapped);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
