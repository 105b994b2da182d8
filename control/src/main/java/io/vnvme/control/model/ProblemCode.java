package io.vnvme.control.model;

import java.util.Locale;

/** What can go wrong, by a name that programs may rely on; the HTTP status is the nearest there is. */
public enum ProblemCode {
    BAD_REQUEST(400),
    BAD_NAME(400),
    BAD_SIZE(400),
    BAD_LIMIT(400),
    UNAUTHENTICATED(401),
    NOT_ALLOWED(403),
    CSRF(403),
    UNKNOWN_RESOURCE(404),
    UI_MISSING(404),
    UNKNOWN_DRIVE(404),
    UNKNOWN_POOL(404),
    UNKNOWN_VNVME(404),
    UNKNOWN_SNAPSHOT(404),
    UNKNOWN_JOB(404),
    UNKNOWN_GROUP(404),
    UNKNOWN_REACTOR(404),
    UNKNOWN_TOKEN(404),
    NAME_TAKEN(409),
    DRIVE_NOT_CLAIMED(409),
    DRIVE_ALREADY_CLAIMED(409),
    DRIVE_HOLDS_DATA(409),
    DRIVE_IN_USE(409),
    DRIVE_MISSING(409),
    NO_DRIVE(409),
    NO_SPACE(409),
    POOL_IN_USE(409),
    POOL_NOT_EMPTY(409),
    POOL_UNAVAILABLE(409),
    POOL_REFUSED(409),
    SNAPSHOT_IN_USE(409),
    TAIL_HOLDS_DATA(409),
    WRONG_KEY(409),
    FILE_REFUSED(409),
    TOOL_MISSING(409),
    JOB_ENDED(409),
    GROUP_IN_USE(409),
    VNVME_IN_USE(409),
    VNVME_UNAVAILABLE(409),
    ALREADY_ATTACHED(409),
    NOT_ATTACHED(409),
    VM_UNREACHABLE(409),
    VM_MONITOR_BUSY(409),
    VM_NOT_QMP(409),
    VM_TOO_OLD(409),
    VM_NOT_RUNNING(409),
    VM_MIGRATING(409),
    VM_MEMORY_NOT_SHARED(409),
    VM_NO_FREE_PORT(409),
    VM_REFUSED(409),
    GUEST_HOLDS(409),
    TOO_MANY_FAILURES(429),
    TOO_MANY_STREAMS(503),
    HOST_REFUSED(507),
    STATE_UNWRITABLE(507),
    AUDIT_UNWRITABLE(507),
    INTERNAL(500);

    private final int httpStatus;

    ProblemCode(int httpStatus) {
        this.httpStatus = httpStatus;
    }

    /** HTTP status code, 400 to 599. */
    public int httpStatus() {
        return httpStatus;
    }

    /** The name on the wire: {@code vm-no-free-port}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
