package io.vnvme.handover;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The processes that the holder starts: the daemon that serves, and one that stands by to take its place. All decisions are
 * taken by one thread, from one line of happenings.
 */
final class Daemons implements HolderServer.Listener {
    /** A daemon that lived for so long is replaced at once, one that did not later each time. */
    private static final long STEADY_NS = 2_000_000_000L;

    private static final long PAUSE_MS = 50;
    private static final long PAUSE_MAX_MS = 5000;
    private static final int DEATHS_COUNTED = 10;
    /** 128 and the number of SIGTERM: what Java says when that ended it. */
    private static final int TERMINATED = 143;

    private sealed interface Happening {
        record Ended(Process process) implements Happening {}

        record Serving() implements Happening {}
    }

    private final List<String> command;
    private final boolean standsBy;
    private final LinkedBlockingQueue<Happening> line = new LinkedBlockingQueue<>();
    // Written by the one thread alone.
    private volatile @Nullable Process serving;
    private volatile @Nullable Process standby;
    private volatile boolean ending;
    private long servingSinceNs;
    private boolean served;
    private int deaths;

    Daemons(List<String> command, boolean standsBy) {
        this.command = command;
        this.standsBy = standsBy;
    }

    @Override
    public void serving() {
        line.add(new Happening.Serving());
    }

    /** @return the exit status of the daemon that was the last */
    int run(HolderServer holder) throws InterruptedException {
        try {
            elect(holder, start(holder, false));
            while (true) {
                switch (line.take()) {
                    case Happening.Serving _ -> {
                        served = true;
                        if (standsBy && standby == null) {
                            standby = start(holder, true);
                        }
                    }
                    case Happening.Ended(Process process) -> {
                        if (process == serving) {
                            int status = process.exitValue();
                            if (ends(holder, status)) {
                                return status;
                            }
                            next(holder, status);
                        } else if (process == standby) {
                            standby = null;
                            System.err.println(
                                    "vnvme: the daemon that stood by ended; there is another after the next start");
                        }
                    }
                }
            }
        } catch (IOException e) {
            System.err.println("vnvme: the daemon cannot be started: " + e.getMessage());
            return 1;
        } finally {
            kill(standby);
        }
    }

    /** Whether the end of the daemon is the end of all. */
    private boolean ends(HolderServer holder, int status) {
        // One that never served, and whom nobody depends on: who started it hears of that.
        return ending || status == 0 || status == TERMINATED || !served && holder.size() == 0;
    }

    private void next(HolderServer holder, int status) throws IOException, InterruptedException {
        deaths = System.nanoTime() - servingSinceNs > STEADY_NS ? 0 : deaths;
        long pauseMs = deaths == 0 ? 0 : Math.min(PAUSE_MAX_MS, PAUSE_MS << deaths);
        deaths = Math.min(deaths + 1, DEATHS_COUNTED);
        System.err.printf(
                "vnvme: the daemon ended with status %d; another takes its place%s%n",
                status, pauseMs == 0 ? "" : " in %d ms".formatted(pauseMs));
        Thread.sleep(pauseMs);
        Process waiting = standby;
        standby = null;
        elect(holder, waiting != null && waiting.isAlive() ? waiting : start(holder, false));
    }

    private void elect(HolderServer holder, Process process) {
        serving = process;
        servingSinceNs = System.nanoTime();
        holder.elect(process.pid());
    }

    private Process start(HolderServer holder, boolean asStandby) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put(HolderClient.ADDRESS, holder.address());
        if (asStandby) {
            builder.environment().put(HolderClient.STANDBY, "1");
        }
        Process started = builder.start();
        Thread.ofPlatform().daemon().name("end of " + started.pid()).start(() -> await(started));
        return started;
    }

    private void await(Process started) {
        try {
            started.waitFor();
            line.add(new Happening.Ended(started));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void kill(@Nullable Process process) {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    /** This process is told to end: the daemon ends first, with all that it has to write. */
    void end() {
        ending = true;
        kill(standby);
        Process running = serving;
        if (running != null) {
            running.destroy();
            try {
                running.waitFor();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
