package io.vnvme.control.daemon;

import io.vnvme.control.config.DaemonSettings;
import io.vnvme.control.log.Logs;
import io.vnvme.control.plane.EngineDataPlane;
import io.vnvme.control.plane.KeptFormats;
import io.vnvme.control.service.ServiceSetup;
import io.vnvme.control.service.Succession;
import io.vnvme.control.store.HostIdFile;
import io.vnvme.control.store.StateFile;
import io.vnvme.control.store.StateFileException;
import io.vnvme.control.trace.Traces;
import io.vnvme.control.vm.Libvirt;
import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.handover.HolderClient;
import io.vnvme.os.NativeException;
import io.vnvme.os.PinnedThreads;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** A daemon as a process in the foreground: it says when it serves, and ends cleanly on SIGTERM. */
public final class DaemonProcess {
    private DaemonProcess() {}

    /**
     * Serves until the process is told to end.
     *
     * @return exit status
     */
    public static int run(String version, DaemonSettings settings) {
        long startMillis = ProcessHandle.current()
                .info()
                .startInstant()
                .map(Instant::toEpochMilli)
                .orElseGet(System::currentTimeMillis);
        CountDownLatch ended = new CountDownLatch(1);
        Optional<HolderClient> holder = HolderClient.ofEnvironment();
        if (holder.isPresent() && HolderClient.standsBy() && !standsBy(version, settings, holder.get())) {
            return 1;
        }
        Held held = holder.map(HolderClient::held).orElseGet(Held::new);
        Optional<String> unreadable = KeptFormats.refusal(held);
        if (unreadable.isPresent()) {
            // Who can read it may be installed again: nothing of it is let go.
            held.close();
            System.err.println("vnvme: the daemon cannot go on with what guests have in use: " + unreadable.get());
            return 1;
        }
        Daemon daemon;
        try {
            daemon = new Daemon(
                    new ServiceSetup(version, settings.stateDir(), settings.runDir(), settings.offers())
                            .withRehearsal(settings.rehearsal())
                            .withLibvirt(settings.libvirt().map(Libvirt::at))
                            .withTcp(settings.tcp(), settings.referrals())
                            .withSuccession(
                                    holder.<Succession>map(HeldSuccession::new).orElse(Succession.NONE))
                            .withTraces(settings.otlp()
                                    .map(collector -> Traces.to(collector, version))
                                    .orElseGet(Traces::none)),
                    settings.listen(),
                    () -> EngineDataPlane.start(
                            settings.reactors(),
                            HostIdFile.of(settings.stateDir()),
                            holder.<Holder>map(h -> h).orElse(Holder.NONE),
                            held),
                    startMillis);
        } catch (DaemonException e) {
            System.err.println("vnvme: " + e.getMessage());
            return 1;
        }
        boolean upgraded = holder.flatMap(HolderClient::why)
                .filter(HolderClient.UPGRADED::equals)
                .isPresent();
        if (upgraded && !daemon.services().waiting().isEmpty()) {
            System.err.println("vnvme: the new daemon cannot serve "
                    + String.join(", ", daemon.services().waiting()));
            // As if it were killed: guests that it serves by now are taken up again too.
            Runtime.getRuntime().halt(1);
        }
        holder.ifPresent(HolderClient::serving);
        leaveReactorsAlone();
        if (upgraded) {
            daemon.services().upgraded();
        } else {
            holder.flatMap(HolderClient::why).ifPresent(daemon.services()::upgradeFailed);
        }
        ServiceNotices notices = holder.map(h -> ServiceNotices.of(System.getenv(), h))
                .orElseGet(() -> ServiceNotices.of(System.getenv()));
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> {
                    notices.close();
                    daemon.close();
                    System.out.println("vnvme daemon ended");
                    System.out.flush();
                    ended.countDown();
                }));
        var system = daemon.services().system();
        System.out.printf(
                "vnvme daemon %s serves on %s after %.2f s: %d drives, %d vNVMes%n",
                version, daemon.apiSocket(), system.startMillis() / 1e3, system.driveCount(), system.vnvmeCount());
        if (system.listen() != null) {
            System.out.printf(
                    "the API and the web UI on https://%s, certificate SHA-256 %s%n",
                    system.listen(), system.fingerprint());
        }
        notices.serving(
                "%d drives, %d vNVMes at the start".formatted(system.driveCount(), system.vnvmeCount()),
                daemon.services()::pulse);
        system.warnings().forEach(warning -> System.out.println("warning: " + warning));
        System.out.flush();
        awaitQuietly(ended);
        return 0;
    }

    /** @return false when this program cannot take up what the one has in use that serves now */
    private static boolean standsBy(String version, DaemonSettings settings, HolderClient holder) {
        Logs.quietly(() -> DressRehearsal.run(version, settings));
        Optional<String> refusal;
        try (Held held = holder.look()) {
            new StateFile(settings.stateDir()).load();
            refusal = KeptFormats.refusal(held);
        } catch (StateFileException e) {
            refusal = Optional.of(String.valueOf(e.getMessage()));
        }
        if (refusal.isPresent()) {
            System.err.println("vnvme: the daemon cannot stand by: " + refusal.get());
            holder.refuse(refusal.get());
            return false;
        }
        holder.ready();
        return true;
    }

    /** The control plane, the collector and the compiler run where no reactor does, if there is such a processor. */
    private static void leaveReactorsAlone() {
        try {
            PinnedThreads.haveTheirProcessors();
        } catch (IOException | NativeException e) {
            System.out.println("warning: other threads may run on the reactors' processors: " + e.getMessage());
        }
    }

    private static void awaitQuietly(CountDownLatch ended) {
        try {
            ended.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
