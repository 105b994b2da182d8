package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.os.PeerCredentials;
import io.vnvme.reactor.Reactor;
import io.vnvme.volume.LinearVolume;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/** One vNVMe over a RAM drive of its own: a socket for guests, and what the daemon would do with it. */
final class Export implements AutoCloseable {
    private static final int NSID = 1;

    private final Reactor reactor;
    private final String serial;
    private final Path socket;
    private final RamDrive drive;
    private final Namespace namespace;
    private final Subsystem subsystem;
    private final VfioUserEndpoint endpoint;
    /** Of guests that are there, the oldest first. */
    private final List<Controller> controllers = new CopyOnWriteArrayList<>();
    /** A permit for every guest that went away. */
    private final Semaphore departures = new Semaphore(0);

    Export(Reactor reactor, Path folder, String serial, long sizeBytes, boolean msi, List<Throwable> failures) {
        this.reactor = reactor;
        this.serial = serial;
        this.socket = folder.resolve(serial);
        this.drive = RamDrive.create(serial, sizeBytes);
        this.subsystem = new Subsystem("nqn.2026-01.io.vnvme:" + serial, serial, "vNVMe", "test");
        NamespaceIdentity identity =
                NamespaceIdentity.of(UUID.nameUUIDFromBytes(serial.getBytes(StandardCharsets.US_ASCII)));
        this.namespace = new Namespace(NSID, identity, new LinearVolume(drive, 0, sizeBytes), 512, false);
        namespace.named(serial);
        this.endpoint =
                VfioUserEndpoint.open(reactor, socket, new Controllers(failures), new VfioUserEndpoint.Options(msi));
    }

    Path socket() {
        return socket;
    }

    String serial() {
        return serial;
    }

    /** Puts the content of a file at the start of the drive, as its content before any guest. */
    void load(Path file) throws IOException {
        try (Arena arena = Arena.ofShared();
                FileChannel channel = FileChannel.open(file)) {
            MemorySegment content = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            Io io = new Io((_, _) -> {});
            io.data().add(content, 0, content.byteSize());
            io.prepare(Io.WRITE, 0, content.byteSize(), false);
            onReactor(() -> assertThat(drive.submit(io)).isEqualTo(IoStatus.OK));
        }
    }

    /** Takes the namespace away from the only guest; the controller stays plugged in, empty. */
    void detachNamespace() {
        onReactor(() -> onlyController().namespaces().detach(NSID));
    }

    /** Gives it back. */
    void attachNamespace() {
        onReactor(() -> onlyController().namespaces().attach(namespace));
    }

    /** Waits until one more guest has gone away: by unplugging, by its end, or by force. */
    void awaitDeparture() throws InterruptedException {
        departures.acquire();
    }

    @Override
    public void close() {
        endpoint.close();
        reactor.call(() -> {
            drive.close();
            return true;
        });
    }

    private Controller onlyController() {
        if (controllers.size() != 1) {
            throw new IllegalStateException(controllers.size() + " guests have " + serial);
        }
        return controllers.getFirst();
    }

    private void onReactor(Runnable action) {
        reactor.call(() -> {
            action.run();
            return true;
        });
    }

    private final class Controllers implements ControllerFactory {
        private final List<Throwable> failures;

        Controllers(List<Throwable> failures) {
            this.failures = failures;
        }

        @Override
        public Device open(Host host) {
            Controller controller = new Controller(
                    subsystem, subsystem.nextControllerId(), host.memory(), host.interrupts(), host.doorbells());
            controller.namespaces().attach(namespace);
            controllers.add(controller);
            return Device.of(controller);
        }

        @Override
        public void ended(PeerCredentials peer, String reason) {
            // A guest that never got a controller ends, too; in these tests there is none.
            if (!controllers.isEmpty()) {
                controllers.removeFirst();
            }
            departures.release();
        }

        @Override
        public void failed(Throwable failure) {
            failures.add(failure);
        }
    }
}
