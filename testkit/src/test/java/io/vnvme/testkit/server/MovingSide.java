package io.vnvme.testkit.server;

import io.vnvme.drive.Io;
import io.vnvme.drive.IoStatus;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.ControllerFactory;
import io.vnvme.frontend.vfiouser.Device;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.Controller;
import io.vnvme.nvme.Namespace;
import io.vnvme.nvme.NamespaceIdentity;
import io.vnvme.nvme.Subsystem;
import io.vnvme.qos.Limits;
import io.vnvme.qos.Scheduler;
import io.vnvme.qos.Share;
import io.vnvme.reactor.Poller;
import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.sim.ForwardingVolume;
import io.vnvme.volume.LinearVolume;
import io.vnvme.volume.Volume;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** A host that a guest's drive goes from or to: a reactor, an endpoint, and a drive that takes its time, behind which all have one. */
final class MovingSide implements AutoCloseable {
    private final Reactor reactor;
    private final VfioUserEndpoint endpoint;
    private final Namespace namespace;
    private final SlowVolume volume;
    private final Scheduler scheduler = new Scheduler();
    private final Share share = scheduler.share();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final Path socket;
    private volatile boolean held;

    MovingSide(Path socket, RamDrive drive, VfioUserEndpoint.Options options, UUID uuid) {
        this.socket = socket;
        Subsystem subsystem = new Subsystem("nqn.2026-01.io.vnvme:moving", "VN0000000002", "vNVMe test", "1.0");
        volume = new SlowVolume(new LinearVolume(drive, 0, drive.sizeBytes()));
        namespace = new Namespace(1, NamespaceIdentity.of(uuid), volume, 512, false, share);
        reactor = Reactor.start("side", -1, Idle.policy(), failures::add);
        reactor.call(() -> {
            reactor.add(volume);
            reactor.add(scheduler);
            return true;
        });
        endpoint = VfioUserEndpoint.open(
                reactor,
                socket,
                new ControllerFactory() {
                    @Override
                    public Device open(Host host) {
                        Controller controller = new Controller(
                                subsystem,
                                subsystem.nextControllerId(),
                                host.memory(),
                                host.interrupts(),
                                host.doorbells(),
                                scheduler.turn());
                        controller.namespaces().attach(namespace);
                        return Device.of(controller);
                    }

                    @Override
                    public void failed(Throwable failure) {
                        failures.add(failure);
                    }
                },
                options);
    }

    Path socket() {
        return socket;
    }

    List<Throwable> failures() {
        return failures;
    }

    MovingDevice device() {
        return endpoint.devices().getFirst();
    }

    /** Whether the drive does nothing of what it is given. */
    void hold(boolean wanted) {
        // By the reactor, which wakes for it.
        reactor.call(() -> held = wanted);
    }

    /** Waits until the drive has something to do. */
    void awaitWork() {
        while (reactor.call(() -> volume.waiting.isEmpty())) {
            Thread.onSpinWait();
        }
    }

    /** What the guest may do from now on. */
    void limit(Limits limits) {
        reactor.call(() -> {
            share.set(limits, Share.WEIGHT_DEFAULT, null);
            return true;
        });
    }

    /** Something about the namespace has changed: an event. */
    void change() {
        reactor.call(() -> {
            namespace
                    .controllers()
                    .forEach(controller -> controller.namespaces().changed(1));
            return true;
        });
    }

    @Override
    public void close() {
        held = false;
        endpoint.close();
        reactor.close();
    }

    /** Does its work later, and not in order. */
    private final class SlowVolume extends ForwardingVolume implements Poller {
        private final ArrayDeque<Io> waiting = new ArrayDeque<>();
        private final SplittableRandom random = new SplittableRandom(3);

        SlowVolume(Volume below) {
            super(below);
        }

        @Override
        public int submit(Io io) {
            waiting.add(io);
            return IoStatus.PENDING;
        }

        @Override
        public int poll(long nowNs) {
            int work = 0;
            for (int left = held ? 0 : waiting.size(); left > 0; left--) {
                Io io = waiting.remove();
                if (random.nextInt(3) == 0) {
                    waiting.add(io);
                } else {
                    io.complete(below().submit(io));
                    work++;
                }
            }
            return work;
        }

        @Override
        public long prepareSleep(long nowNs) {
            return waiting.isEmpty() || held ? UNLIMITED : 0;
        }
    }
}
