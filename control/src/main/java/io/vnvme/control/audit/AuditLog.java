package io.vnvme.control.audit;

import io.avaje.jsonb.JsonType;
import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.AuditInfo;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Requests that were meant to change something, as lines of JSON: one before it is done, and one with the same number
 * when it was answered.
 *
 * <p>So nothing is done that is not written down: when the first line cannot be written, since the disk is full, the
 * request is refused and nothing has happened. When the second cannot, what was done stays done, and its entry has no
 * status; the daemon's log says so.
 */
public final class AuditLog implements AutoCloseable {
    private static final Logger LOG = System.getLogger(AuditLog.class.getName());
    /** Entries that the API shows; those before are in the files. */
    static final int SHOWN_MAX = 2000;

    private static final String NOBODY = "-";
    private static final String SIGN_IN = "sign in";
    private static final int CREATED = 201;
    private static final int WHAT_LENGTH_MAX = 600;

    private final AuditFiles files;
    private final JsonType<AuditInfo> json = Jsonb.builder().build().type(AuditInfo.class);
    private final NavigableMap<Long, AuditInfo> shown = new TreeMap<>();
    private long lastNumber;

    /**
     * Goes on where it ended.
     *
     * @param folder there and writable
     * @throws IOException when it cannot be written: a daemon without it does not start
     */
    public AuditLog(Path folder) throws IOException {
        this(new AuditFiles(folder, AuditFiles.SIZE_MAX));
    }

    AuditLog(AuditFiles files) throws IOException {
        this.files = files;
        for (String line : files.newest()) {
            try {
                keep(json.fromJson(line));
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "a line of the audit log is damaged, and left out: {0}", e.getMessage());
            }
        }
    }

    private void keep(AuditInfo entry) {
        shown.put(entry.number(), entry);
        lastNumber = Math.max(lastNumber, entry.number());
        if (shown.size() > SHOWN_MAX) {
            shown.pollFirstEntry();
        }
    }

    /**
     * Writes down that a request is about to be done; on the media when this returns.
     *
     * @throws ProblemException when it cannot: then it must not be done
     */
    public synchronized AuditInfo begin(String who, String via, String from, String what) {
        AuditInfo entry = next(who, via, from, what);
        try {
            write(entry, true);
            return entry;
        } catch (IOException e) {
            throw new ProblemException(
                    ProblemCode.AUDIT_UNWRITABLE,
                    "the audit log cannot be written (%s), so nothing is changed: make room in the state folder"
                            .formatted(e.getMessage()),
                    e);
        }
    }

    /** Writes down how a request was answered. */
    public synchronized void end(AuditInfo begun, int status, long micros) {
        writeOrSay(begun.answered(status, micros));
    }

    /** Writes down that somebody could not sign in. */
    public synchronized void refused(String from) {
        writeOrSay(next(NOBODY, NOBODY, from, SIGN_IN).answered(ProblemCode.UNAUTHENTICATED.httpStatus(), 0));
    }

    /** Writes down that a session has begun, which changes nothing by itself. */
    public synchronized void signedIn(String who, String from) {
        writeOrSay(next(who, "session", from, SIGN_IN).answered(CREATED, 0));
    }

    private AuditInfo next(String who, String via, String from, String what) {
        String cut = what.length() <= WHAT_LENGTH_MAX ? what : what.substring(0, WHAT_LENGTH_MAX) + "...";
        String now = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
        return new AuditInfo(lastNumber + 1, now, who, via, from, cut, null, null);
    }

    private void writeOrSay(AuditInfo entry) {
        try {
            write(entry, false);
        } catch (IOException e) {
            LOG.log(Level.ERROR, "audit entry could not be written ({0}): {1}", e.getMessage(), entry);
        }
    }

    private void write(AuditInfo entry, boolean sync) throws IOException {
        files.append((json.toJson(entry) + "\n").getBytes(StandardCharsets.UTF_8), sync);
        keep(entry);
    }

    /**
     * Entries after a number, oldest first.
     *
     * @param limit no more than that
     */
    public synchronized List<AuditInfo> after(long number, int limit) {
        return shown.tailMap(number, false).values().stream().limit(limit).toList();
    }

    @Override
    public synchronized void close() {
        files.close();
    }
}
