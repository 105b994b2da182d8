package io.vnvme.handover;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The processes that the holder starts: the daemon that serves, one that stands by to take its place, and at times a new one
 * that is to replace both. All decisions are taken by one thread, from one line of happenings.
 */
final class Daemons implements HolderServer.Listener {
    /** A daemon that lived for so long is replaced at once, one that did not later each time. */
    private static final long STEADY_NS = 2_000_000_000L;

    private static final long PAUSE_MS = 50;
    private static final long PAUSE_MAX_MS = 5000;
    private static final int DEATHS_COUNTED = 10;
    /** How long a new version may take until it is ready, and then until it serves. */
    private static final long READY_MAX_NS = 60_000_000_000L;

    private static final long SERVING_MAX_NS = 5_000_000_000L;
    /** 128 and the number of SIGTERM: what Java says when that ended it. */
    private static final int TERMINATED = 143;

    private sealed interface Happening {
        record Ended(Process process) implements Happening {}

        record Ready(long pid) implements Happening {}

        record Serving(long pid) implements Happening {}

        record Replace() implements Happening {}
    }

    private final List<String> command;
    private final boolean standsBy;
    private final LinkedBlockingQueue<Happening> line = new LinkedBlockingQueue<>();
    private volatile @Nullable Process serving;
    private volatile boolean ending;

    // Written by the one thread alone, as all below.
    private volatile @Nullable Process standby;
    /** Of the version that is installed now; it is asked for by {@link Happening.Replace}. */
    private volatile @Nullable Process candidate;

    private @Nullable HolderServer server;

    private boolean candidateServes;
    private long candidateSinceNs;
    private long servingSinceNs;
    private boolean served;
    private int deaths;

    Daemons(List<String> command, boolean standsBy) {
        this.command = command;
        this.standsBy = standsBy;
    }

    @Override
    public void ready(long pid) {
        line.add(new Happening.Ready(pid));
    }

    @Override
    public void serving(long pid) {
        line.add(new Happening.Serving(pid));
    }

    @Override
    public void replace() {
        line.add(new Happening.Replace());
    }

    /** @return the exit status of the daemon that was the last */
    int run(HolderServer holder) throws InterruptedException {
        server = holder;
        try {
            elect(start(false));
            while (true) {
                Happening happening = candidate == null ? line.take() : line.poll(1, TimeUnit.SECONDS);
                if (happening instanceof Happening.Ended(Process process) && process == serving) {
                    int status = process.exitValue();
                    if (ends(status)) {
                        return status;
                    }
                    next(status);
                } else if (happening != null) {
                    take(happening);
                }
                lookAtCandidate();
            }
        } catch (IOException e) {
            System.err.println("vnvme: the daemon cannot be started: " + e.getMessage());
            return 1;
        } finally {
            ending = true;
            kill(standby);
            kill(candidate);
        }
    }

    private void take(Happening happening) throws IOException {
        switch (happening) {
            case Happening.Ended(Process process) -> {
                if (process == standby) {
                    standby = null;
                    System.err.println("vnvme: the daemon that stood by ended; there is another when this one dies");
                } else if (process == candidate && !candidateServes) {
                    candidate = null;
                    System.err.println("vnvme: the new daemon ended before it was ready: the old one goes on");
                }
            }
            case Happening.Ready(long pid) -> {
                Process old = serving;
                Process fresh = candidate;
                if (fresh != null && fresh.pid() == pid && old != null) {
                    // It takes over where this one is at that moment: all that counts is held, or on the drives.
                    candidateServes = true;
                    candidateSinceNs = System.nanoTime();
                    old.destroyForcibly();
                }
            }
            case Happening.Serving(long pid) -> {
                served = true;
                Process fresh = candidate;
                if (fresh != null && fresh.pid() == pid) {
                    candidate = null;
                    candidateServes = false;
                    kill(standby);
                    standby = null;
                    System.err.println("vnvme: the new daemon serves");
                }
                if (standsBy && standby == null) {
                    standby = start(true);
                }
            }
            case Happening.Replace _ -> {
                if (candidate == null) {
                    candidate = start(true);
                    candidateServes = false;
                    candidateSinceNs = System.nanoTime();
                }
            }
        }
    }

    /** Whether the end of the daemon is the end of all. */
    private boolean ends(int status) {
        if (candidateServes) {
            return false;
        }
        HolderServer holder = server;
        // One that never served, and whom nobody depends on: who started it hears of that.
        return ending || status == 0 || status == TERMINATED || !served && holder != null && holder.size() == 0;
    }

    private void next(int status) throws IOException, InterruptedException {
        Process fresh = candidate;
        if (fresh != null && candidateServes && serving != fresh && fresh.isAlive()) {
            elect(fresh);
            return;
        }
        if (fresh != null && serving == fresh) {
            candidate = null;
            candidateServes = false;
            System.err.printf("vnvme: the new daemon ended with status %d: back to the old one%n", status);
        } else {
            deaths = System.nanoTime() - servingSinceNs > STEADY_NS ? 0 : deaths;
            long pauseMs = deaths == 0 ? 0 : Math.min(PAUSE_MAX_MS, PAUSE_MS << deaths);
            deaths = Math.min(deaths + 1, DEATHS_COUNTED);
            System.err.printf(
                    "vnvme: the daemon ended with status %d%s; another takes its place%s%n",
                    status, words(), pauseMs == 0 ? "" : " in %d ms".formatted(pauseMs));
            Thread.sleep(pauseMs);
        }
        Process waiting = standby;
        standby = null;
        elect(waiting != null && waiting.isAlive() ? waiting : start(false));
    }

    private void lookAtCandidate() {
        Process fresh = candidate;
        if (fresh == null) {
            return;
        }
        long sinceNs = System.nanoTime() - candidateSinceNs;
        if (!candidateServes && sinceNs > READY_MAX_NS) {
            System.err.println("vnvme: the new daemon is not ready after a minute: the old one goes on");
            candidate = null;
            kill(fresh);
        } else if (candidateServes && serving == fresh && sinceNs > SERVING_MAX_NS) {
            System.err.println("vnvme: the new daemon does not serve after 5 s");
            kill(fresh);
        }
    }

    private String words() {
        String about = server == null ? null : server.lastWords();
        return about == null ? "" : " while it was about to " + about;
    }

    private void elect(Process process) {
        serving = process;
        servingSinceNs = System.nanoTime();
        if (server != null) {
            server.elect(process.pid());
        }
    }

    private Process start(boolean asStandby) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        if (server != null) {
            builder.environment().put(HolderClient.ADDRESS, server.address());
        }
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
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        line.add(new Happening.Ended(started));
    }

    private static void kill(@Nullable Process process) {
        if (process != null) {
            process.destroyForcibly();
        }
    }

    /** This process is told to end: the daemon ends first, with all that it has to write. */
    void end() {
        if (ending) {
            return;
        }
        ending = true;
        kill(standby);
        kill(candidate);
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
