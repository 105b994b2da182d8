package io.vnvme.control.model;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What can go wrong, by a name that programs may rely on; the HTTP status is the nearest there is. */
public enum ProblemCode {
    BAD_REQUEST(400, "a field, parameter or header is missing or makes no sense"),
    BAD_NAME(400, "a name is missing or has characters that names do not have"),
    BAD_SIZE(400, "a size is no multiple of 4 KiB, too small, too large, or what it is already"),
    BAD_LIMIT(400, "a limit, weight or burst is out of range"),
    UNAUTHENTICATED(401, "over TCP: no token or session, or none that is good any more"),
    NOT_ALLOWED(403, "the role of who asks is not enough"),
    CSRF(403, "a session changes something without its X-CSRF-Token"),
    UNKNOWN_RESOURCE(404, "there is no such path, or not with that method"),
    UI_MISSING(404, "this daemon was built without its web UI"),
    UNKNOWN_DRIVE(404, "there is no such drive"),
    UNKNOWN_POOL(404, "there is no such pool"),
    UNKNOWN_VNVME(404, "there is no such vNVMe"),
    UNKNOWN_SNAPSHOT(404, "there is no such volume or snapshot"),
    UNKNOWN_JOB(404, "there is no such job, or it ended long ago"),
    UNKNOWN_GROUP(404, "there is no such group"),
    UNKNOWN_HOST(404, "the vNVMe does not allow that host"),
    UNKNOWN_PATH(404, "the vNVMe has no such path, or no vNVMe is in that ANA group"),
    UNKNOWN_REACTOR(404, "there is no such reactor"),
    UNKNOWN_TOKEN(404, "there is no such token"),
    UNKNOWN_PEER(404, "there is no such peer"),
    UNKNOWN_VM(404, "there is no such VM, or none that is known by that name"),
    UNKNOWN_ARRIVAL(404, "no such VM is on its way here, or it was given up"),
    UNKNOWN_EVENT_KIND(404, "there is no such kind of event"),
    NAME_TAKEN(409, "something has that name already"),
    REQUEST_UNDER_WAY(409, "the first request with this Idempotency-Key has no answer yet"),
    DRIVE_NOT_CLAIMED(409, "the drive has to be claimed first"),
    DRIVE_ALREADY_CLAIMED(409, "the drive is claimed already"),
    DRIVE_HOLDS_DATA(409, "there is data on the drive, which only force would destroy"),
    DRIVE_IN_USE(409, "a pool, another daemon or the host uses the drive"),
    DRIVE_MISSING(409, "the drive is not there now"),
    TARGET_REFUSED(409, "a target does not answer, does not allow this host, or has no such namespace"),
    NO_DRIVE(409, "there is no drive that could be taken for this"),
    NO_SPACE(409, "there is not enough room"),
    POOL_IN_USE(409, "the pool is used, or a job works on it"),
    POOL_NOT_EMPTY(409, "there are volumes in the pool"),
    POOL_UNAVAILABLE(409, "the pool is not in use: a drive is missing, or it was exported"),
    POOL_REFUSED(409, "the pool cannot be made, changed or imported like that"),
    SNAPSHOT_IN_USE(409, "something grows from the snapshot"),
    TAIL_HOLDS_DATA(409, "there is data beyond the new end"),
    WRONG_KEY(409, "the key or passphrase does not open it, or none was given"),
    FILE_REFUSED(409, "the file cannot be read, written, or used for this"),
    TOOL_MISSING(409, "a program that this needs is not on the host"),
    JOB_ENDED(409, "the job has ended"),
    GROUP_IN_USE(409, "there are vNVMes in the group"),
    MIGRATION_REFUSED(409, "the VM cannot migrate like that"),
    MOVE_REFUSED(409, "the vNVMe cannot be moved like that"),
    UPGRADE_REFUSED(409, "nobody can take the place of this daemon"),
    VNVME_IN_USE(409, "somebody uses the vNVMe"),
    VNVME_UNAVAILABLE(409, "the vNVMe is not served: it is locked, or its pool is not in use"),
    ALREADY_ATTACHED(409, "it is attached already"),
    NOT_ATTACHED(409, "it is not attached"),
    LIBVIRT_UNREACHABLE(409, "libvirt does not answer, or is not asked"),
    VM_UNREACHABLE(409, "nobody answers at the QMP socket"),
    VM_MONITOR_BUSY(409, "somebody else holds the QMP socket"),
    VM_NOT_QMP(409, "what answers there does not speak QMP"),
    VM_TOO_OLD(409, "this QEMU cannot do it"),
    VM_NOT_RUNNING(409, "the VM does not run"),
    VM_MIGRATING(409, "the VM is being migrated"),
    VM_MEMORY_NOT_SHARED(409, "the VM does not share its memory"),
    VM_NO_FREE_PORT(409, "the VM has no free PCIe root port"),
    VM_REFUSED(409, "QEMU refused it"),
    PEER_UNREACHABLE(409, "the peer does not answer, or not in time; whether it did what it was asked to is not known"),
    PEER_UNTRUSTED(409, "the peer shows another certificate than the one it was added with"),
    PEER_REFUSED(409, "the peer does not know the token, or the token's role is not enough there"),
    PEER_FAILED(409, "the peer failed, or what it answered makes no sense"),
    GUEST_HOLDS(409, "the guest has not let go in time"),
    CHANGED_MEANWHILE(412, "what If-Match says is not how it is now"),
    TOO_LARGE(413, "the body or the head of the request is too large"),
    KEY_REUSED(422, "the Idempotency-Key was used for another request"),
    TOO_MANY_FAILURES(429, "too many failed sign-ins; Retry-After says when to come again"),
    TOO_MANY_STREAMS(503, "too many clients follow changes"),
    HOST_REFUSED(507, "the host refused what the daemon needs for this"),
    STATE_UNWRITABLE(507, "the state file cannot be written, so nothing has changed"),
    AUDIT_UNWRITABLE(507, "the audit log cannot be written, so nothing has changed"),
    INTERNAL(500, "a fault of the daemon; its log says more");

    private final int httpStatus;
    private final String meaning;

    ProblemCode(int httpStatus, String meaning) {
        this.httpStatus = httpStatus;
        this.meaning = meaning;
    }

    /** The one with a name on the wire. */
    public static Optional<ProblemCode> of(String text) {
        return Stream.of(values()).filter(c -> c.text().equals(text)).findFirst();
    }

    /** What it says, for people who read of it. */
    public String meaning() {
        return meaning;
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
