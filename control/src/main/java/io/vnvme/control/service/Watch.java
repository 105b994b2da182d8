package io.vnvme.control.service;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Looks every few seconds for drives that are gone or back. */
final class Watch implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Watch.class.getName());

    private final OpenDrives drives;
    private final Pools pools;
    private final Resumption resumption;
    private final Duration interval;
    private final Thread thread;

    Watch(OpenDrives drives, Pools pools, Resumption resumption, Duration interval) {
        this.drives = drives;
        this.pools = pools;
        this.resumption = resumption;
        this.interval = interval;
        // Looking at drives waits in the kernel, which would hold up virtual threads.
        this.thread = Thread.ofPlatform().daemon().name("drive watch").start(this::run);
    }

    private void run() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Thread.sleep(interval);
                look();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "looking at drives failed; it is done again", e);
            }
        }
    }

    private void look() {
        List<String> back = new ArrayList<>(drives.look());
        back.addAll(drives.openMissing());
        back.forEach(pools::driveBack);
        pools.openStopped();
        resumption.look();
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
