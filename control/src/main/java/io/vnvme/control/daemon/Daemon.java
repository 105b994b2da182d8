package io.vnvme.control.daemon;

import io.vnvme.control.api.ApiServer;
import io.vnvme.control.audit.AuditLog;
import io.vnvme.control.auth.Certificate;
import io.vnvme.control.auth.Doorkeeper;
import io.vnvme.control.auth.Sessions;
import io.vnvme.control.auth.Tokens;
import io.vnvme.control.plane.DataPlane;
import io.vnvme.control.service.ServiceSetup;
import io.vnvme.control.service.Services;
import io.vnvme.control.store.StateFileException;
import io.vnvme.control.store.TokenFile;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A running daemon: folders, locks, data plane, services, API, taken in this order and given back in reverse. */
public final class Daemon implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Daemon.class.getName());

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final Path apiSocket;
    private final Services services;
    private final ApiServer api;

    /**
     * Starts; when it returns, the API answers and every vNVMe of the state is served.
     *
     * @param dataPlane made once the folders are this daemon's
     * @param startMillis epoch time at which the process began, for the time to serving
     * @throws DaemonException when it cannot; nothing runs then
     */
    public Daemon(ServiceSetup setup, Supplier<DataPlane> dataPlane, long startMillis) {
        this(setup, Optional.empty(), dataPlane, startMillis);
    }

    /** @param listen where to serve the API over TLS as well */
    public Daemon(
            ServiceSetup setup, Optional<InetSocketAddress> listen, Supplier<DataPlane> dataPlane, long startMillis) {
        apiSocket = apiSocket(setup.runDir());
        try {
            makeFolder(setup.stateDir());
            makeFolder(setup.runDir());
            parts.push(FolderLock.take(setup.stateDir()));
            if (!setup.runDir().toRealPath().equals(setup.stateDir().toRealPath())) {
                parts.push(FolderLock.take(setup.runDir()));
            }
            AuditLog audit = new AuditLog(setup.stateDir());
            parts.push(audit);
            parts.push(setup.traces());
            InstantSource clock = InstantSource.system();
            Tokens tokens = new Tokens(new TokenFile(setup.stateDir()), clock);
            Doorkeeper doorkeeper = new Doorkeeper(tokens, new Sessions(tokens, clock), clock, audit::refused);
            Optional<ApiServer.Listen> secured = listen.map(address -> listen(address, setup.stateDir()));
            services = services(setup, dataPlane.get());
            parts.push(services);
            api = ApiServer.start(apiSocket, secured, services, doorkeeper, audit, setup.version());
            parts.push(api);
            secured.ifPresent(l -> services.listening(
                    "%s:%d".formatted(host(l.address()), api.port()),
                    l.certificate().fingerprint()));
            services.serving(System.currentTimeMillis() - startMillis);
        } catch (DaemonException e) {
            closeAfter(e);
            throw e;
        } catch (IOException | RuntimeException e) {
            closeAfter(e);
            throw new DaemonException("the daemon cannot start: " + e.getMessage(), e);
        }
    }

    /** As it stands in a URL. */
    private static String host(InetSocketAddress address) {
        String host = address.getHostString();
        return host.contains(":") ? "[" + host + "]" : host;
    }

    private static ApiServer.Listen listen(InetSocketAddress address, Path stateDir) {
        List<String> hosts = new ArrayList<>();
        if (!address.getAddress().isAnyLocalAddress()) {
            hosts.add(address.getAddress().getHostAddress());
        }
        try {
            hosts.add(InetAddress.getLocalHost().getHostName());
        } catch (UnknownHostException e) {
            LOG.log(Level.DEBUG, "this host does not know its name", e);
        }
        return new ApiServer.Listen(address, Certificate.in(stateDir, hosts));
    }

    /** The socket that a daemon with this run folder serves its API on. */
    public static Path apiSocket(Path runDir) {
        return runDir.resolve("api.sock");
    }

    private static Services services(ServiceSetup setup, DataPlane dataPlane) {
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

    /** The TCP port that the API is served on; 0: none. */
    public int port() {
        return api.port();
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
