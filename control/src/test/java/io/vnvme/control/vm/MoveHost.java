package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.server.Idle;
import io.vnvme.volume.LinearVolume;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** A host that VMs move from and to: a reactor, and sockets for drives that all hosts have. */
final class MoveHost implements AutoCloseable {
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final Reactor reactor = Reactor.start("host", -1, Idle.policy(), failures::add);
    private final List<VfioUserEndpoint> endpoints = new ArrayList<>();
    private final List<Path> sockets = new ArrayList<>();

    /** @param drives the first is shown with MSI-X, the second with MSI, and so on */
    MoveHost(Path folder, List<RamDrive> drives) {
        for (int i = 0; i < drives.size(); i++) {
            Path socket = folder.resolve("drive" + i);
            sockets.add(socket);
            endpoints.add(export(socket, drives.get(i), i));
        }
    }

    private VfioUserEndpoint export(Path socket, RamDrive drive, int number) {
        Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:moves" + number, "MOVES" + number, "vNVMe", "test");
        Namespace namespace = new Namespace(
                1,
                NamespaceIdentity.of(new UUID(7, number)),
                new LinearVolume(drive, 0, drive.sizeBytes()),
                512,
                false);
        ControllerFactory factory = new ControllerFactory() {
            @Override
            public Device open(Host host) {
                Controller controller = new Controller(
                        subsystem, subsystem.nextControllerId(), host.memory(), host.interrupts(), host.doorbells());
                controller.namespaces().attach(namespace);
                return Device.of(controller);
            }

            @Override
            public void failed(Throwable failure) {
                failures.add(failure);
            }
        };
        return VfioUserEndpoint.open(reactor, socket, factory, new VfioUserEndpoint.Options(number % 2 == 1));
    }

    List<Path> sockets() {
        return sockets;
    }

    /** Of the only VM here, in the order of the drives. */
    List<MovingDevice> devices() {
        return endpoints.stream().map(each -> each.devices().getFirst()).toList();
    }

    @Override
    public void close() {
        endpoints.forEach(VfioUserEndpoint::close);
        reactor.close();
        assertThat(failures).as("defects that the engine reported").isEmpty();
    }
}
