package io.vnvme.testkit.server;

import io.vnvme.drive.Drive;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.PeerCredentials;
import io.vnvme.reactor.BusyMeter;
import io.vnvme.reactor.IdlePolicy;
import io.vnvme.reactor.Reactor;
import io.vnvme.volume.LinearVolume;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A RAM drive as the only namespace of a subsystem, with a reactor of its own and any number of clients. */
public final class ServedDrive implements AutoCloseable {
    private static final int BLOCK_BYTES = 512;

    private final Reactor reactor;
    private final Drive drive;
    private final Namespace namespace;
    private final Subsystem subsystem;
    private final VfioUserEndpoint endpoint;
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final List<String> endings = new CopyOnWriteArrayList<>();
    private volatile int clientsMax = Integer.MAX_VALUE;

    private ServedDrive(Path socket, long sizeBytes, VfioUserEndpoint.Options options, IdlePolicy idle) {
        drive = RamDrive.create("served", sizeBytes);
        subsystem = new Subsystem("nqn.2026-01.io.vnvme:served", "VN0000000001", "vNVMe test", "1.0");
        NamespaceIdentity identity = NamespaceIdentity.of(new UUID(1, 2));
        namespace = new Namespace(1, identity, new LinearVolume(drive, 0, sizeBytes), BLOCK_BYTES, false);
        reactor = Reactor.start("served", -1, idle, failures::add);
        endpoint = VfioUserEndpoint.open(reactor, socket, new Controllers(), options);
    }

    /** Serves a drive of {@code sizeBytes} at {@code socket} until closed. */
    public static ServedDrive open(Path socket, long sizeBytes, VfioUserEndpoint.Options options) {
        return open(socket, sizeBytes, options, Idle.policy());
    }

    /** The same with a reactor that is idle in its own way. */
    public static ServedDrive open(Path socket, long sizeBytes, VfioUserEndpoint.Options options, IdlePolicy idle) {
        return new ServedDrive(socket, sizeBytes, options, idle);
    }

    /** What the reactor does with its time. */
    public BusyMeter meter() {
        return reactor.meter();
    }

    /** How many clients at once are admitted. */
    public void clientsMax(int count) {
        clientsMax = count;
    }

    public VfioUserEndpoint endpoint() {
        return endpoint;
    }

    /** What no client should be able to cause: defects that the front end reported. */
    public List<Throwable> failures() {
        return failures;
    }

    /** Why each client that is gone went. */
    public List<String> endings() {
        return endings;
    }

    /** Runs on the thread that owns all controllers, and waits for it. */
    public void onReactor(Runnable action) {
        reactor.call(() -> {
            action.run();
            return true;
        });
    }

    @Override
    public void close() {
        endpoint.close();
        reactor.close();
        drive.close();
    }

    private final class Controllers implements ControllerFactory {
        @Override
        public @Nullable Device open(Host host) {
            if (host.others() >= clientsMax) {
                return null;
            }
            Controller controller = new Controller(
                    subsystem, subsystem.nextControllerId(), host.memory(), host.interrupts(), host.doorbells());
            controller.namespaces().attach(namespace);
            return Device.of(controller);
        }

        @Override
        public void ended(PeerCredentials peer, String reason) {
            endings.add(reason);
        }

        @Override
        public void failed(Throwable failure) {
            failures.add(failure);
        }
    }
}
