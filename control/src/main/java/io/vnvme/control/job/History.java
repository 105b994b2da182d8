package io.vnvme.control.job;

import io.vnvme.control.event.EventLog;
import io.vnvme.control.model.EventKind;
import io.vnvme.control.store.JobFile;
import io.vnvme.control.store.JobRecord;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Jobs as they are kept over restarts. Where that is not possible an event says so, and jobs go on. */
final class History implements AutoCloseable {
    private static final Logger LOG = System.getLogger(History.class.getName());
    private static final String SUBJECT = "jobs";

    private final EventLog events;
    private final ReentrantLock lock = new ReentrantLock();
    private final @Nullable JobFile file;
    private final JobFile.Found found;
    /** What is in the file is not all: the next change writes it anew. */
    private boolean stale;
    /** That a change could not be written was said: not again with each mark of each job, until it goes well. */
    private boolean said;

    /** @param folder there and writable */
    History(Path folder, EventLog events) {
        this.events = events;
        JobFile opened = null;
        JobFile.Found read = new JobFile.Found(List.of(), 0, false);
        boolean lacking = true;
        try {
            opened = new JobFile(folder);
            read = opened.load();
            lacking = read.damage() > 0 || read.torn();
            if (read.damage() > 0) {
                trouble("%d lines of the list of jobs in %s make no sense and were left out"
                        .formatted(read.damage(), folder));
            }
        } catch (IOException e) {
            trouble("the list of jobs in %s cannot be read: %s".formatted(folder, e.getMessage()));
        }
        file = opened;
        found = read;
        stale = lacking;
    }

    /** What was there at the start. */
    JobFile.Found found() {
        return found;
    }

    private void trouble(String text) {
        events.add(EventKind.JOBS_NOT_KEPT, SUBJECT, text);
    }

    /**
     * Notes a change.
     *
     * @param sync waits until it is on the media
     * @param all every job as it is now, for a file that is written anew
     */
    void note(JobRecord record, boolean sync, Supplier<List<JobRecord>> all) {
        lock.lock();
        try {
            JobFile open = file;
            if (open == null) {
                return;
            }
            if (stale || open.worn()) {
                open.replace(all.get());
            } else {
                open.append(record, sync);
            }
            stale = false;
            said = false;
        } catch (IOException e) {
            stale = true;
            if (!said) {
                trouble("job %d, %s of %s, is not in the list on disk: %s"
                        .formatted(record.id(), record.kind(), record.subject(), e.getMessage()));
            }
            said = true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (file != null) {
                file.close();
            }
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "closing the list of jobs: {0}", e.getMessage());
        } finally {
            lock.unlock();
        }
    }
}
