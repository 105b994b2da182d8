package io.vnvme.control.daemon;

import io.vnvme.handover.HolderClient;
import io.vnvme.os.UnixSocket;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a service manager is told of this process (sd_notify(3)): that it serves, that it still works, that it ends. Nothing
 * where there is none.
 */
final class ServiceNotices implements AutoCloseable {
    private static final Logger LOG = System.getLogger(ServiceNotices.class.getName());

    private static final String WATCHDOG_PID = "WATCHDOG_PID";
    private static final String WORKS = "WATCHDOG=1";

    private final Consumer<String> manager;
    private final Optional<Duration> watchdog;
    private @Nullable Thread beat;
    private volatile boolean ending;

    /**
     * @param manager takes a notice
     * @param watchdog the longest silence that it bears
     */
    ServiceNotices(Consumer<String> manager, Optional<Duration> watchdog) {
        this.manager = manager;
        this.watchdog = watchdog;
    }

    /** Those to the service manager that started this process, if one did. */
    static ServiceNotices of(Map<String, String> environment) {
        @Nullable String socket = environment.get("NOTIFY_SOCKET");
        if (socket == null || socket.isEmpty()) {
            return new ServiceNotices(_ -> {}, Optional.empty());
        }
        return new ServiceNotices(notice -> send(socket, notice), watchdog(environment));
    }

    /** Meant for another process where it says so (sd_watchdog_enabled(3)). */
    private static Optional<Duration> watchdog(Map<String, String> environment) {
        String self = Long.toString(ProcessHandle.current().pid());
        @Nullable String micros = environment.get("WATCHDOG_USEC");
        if (micros == null || !environment.getOrDefault(WATCHDOG_PID, self).equals(self)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Duration.ofNanos(Math.multiplyExact(Long.parseLong(micros), 1000L)))
                    .filter(Duration::isPositive);
        } catch (ArithmeticException | NumberFormatException e) {
            LOG.log(Level.WARNING, "WATCHDOG_USEC={0} is no time: the service manager is told nothing", micros);
            return Optional.empty();
        }
    }

    /** The same of one that a holder started, which is told as well that this process works still. */
    static ServiceNotices of(Map<String, String> environment, HolderClient holder) {
        Map<String, String> own = new HashMap<>(environment);
        // The manager knows the holder only, and hears of the daemon's work by this process.
        own.remove(WATCHDOG_PID);
        ServiceNotices notices = of(own);
        Duration silence = HolderClient.silence();
        return new ServiceNotices(
                notice -> {
                    if (notice.equals(WORKS)) {
                        holder.pulse();
                    }
                    notices.manager.accept(notice);
                },
                Optional.of(notices.watchdog
                        .filter(limit -> limit.compareTo(silence) < 0)
                        .orElse(silence)));
    }

    private static void send(String socket, String notice) {
        try (UnixSocket manager = UnixSocket.connectForDatagrams(socket);
                Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(notice);
            manager.send(text, 0, (int) text.byteSize() - 1);
        } catch (RuntimeException e) {
            LOG.log(
                    Level.WARNING,
                    "the service manager at {0} cannot be told {1}: {2}",
                    socket,
                    notice,
                    e.getMessage());
        }
    }

    /**
     * It serves, and from now on still works for as long as {@code pulse} comes back.
     *
     * @param status a line for a person
     * @param pulse returns when all parts have shown to be at work; does not when one hangs
     */
    void serving(String status, Runnable pulse) {
        manager.accept("READY=1\nSTATUS=" + status);
        watchdog.ifPresent(limit ->
                beat = Thread.ofPlatform().daemon().name("watchdog").start(() -> beat(limit.dividedBy(3), pulse)));
    }

    private void beat(Duration interval, Runnable pulse) {
        try {
            while (true) {
                pulse.run();
                manager.accept(WORKS);
                Thread.sleep(interval);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (ending) {
                return;
            }
            LOG.log(Level.ERROR, "the daemon no longer works: who watches it will end it", e);
        }
    }

    /** It ends. */
    @Override
    public void close() {
        ending = true;
        if (beat != null) {
            beat.interrupt();
        }
        manager.accept("STOPPING=1");
    }
}
