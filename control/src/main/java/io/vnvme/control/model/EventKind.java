package io.vnvme.control.model;

import java.util.Locale;
import java.util.Optional;

/**
 * What can happen, by a name that programs may rely on: what it is, what it means for the data, and what to do.
 * docs/events.md lists them.
 */
public enum EventKind {
    DRIVE_GONE(
            Severity.ERROR,
            "A claimed drive is not there any more, or reported errors when it was read or written.",
            "In a mirror the other drives go on alone. Elsewhere the pool that it is in stops taking writes as soon as one"
                    + " fails; what guests have flushed before is on the drives.",
            "See 'vnvme drive show' for what it reported, and the kernel's log. Connect it again: it is taken as soon as"
                    + " it is back. In a mirror 'vnvme pool replace' puts another in its place."),
    DRIVE_BACK(
            Severity.INFO,
            "A drive that did not work is there again and answers.",
            "What it missed it gets from the other drives of its mirror; a pool that stopped is opened again once nobody"
                    + " uses it.",
            "Nothing. If it comes and goes, look at its cable, slot and health."),
    DRIVE_MOVED(
            Severity.INFO,
            "A claimed drive was found under another path than last time.",
            "None: drives are known by the identity on them, not by their path.",
            "Nothing."),
    DRIVE_PATH_LOST(
            Severity.WARNING,
            "A path to a drive of another machine was lost, or could not be had.",
            "None while another path works. When none does, requests wait for the drive's loss time, then fail.",
            "See 'vnvme drive show' for the others, and the network and the target there. It is tried again by itself."),
    DRIVE_PATH_BACK(
            Severity.INFO,
            "A path to a drive of another machine works again.",
            "What was on its way when it was lost was done again, or ended with an error.",
            "Nothing."),
    MIRROR_DEGRADED(
            Severity.WARNING,
            "A mirror goes on without one of its drives.",
            "All data is there and guests notice nothing, but there is one copy less: if the last drive that has"
                    + " everything fails, data is lost.",
            "Connect the drive again, or put another in its place: 'vnvme pool replace POOL OLD NEW'."),
    MIRROR_WHOLE(
            Severity.INFO,
            "A drive of a mirror has everything again.",
            "There are as many copies as there should be.",
            "Nothing."),
    MIRROR_REPAIRED(
            Severity.WARNING,
            "A part of a drive could not be read, or was not what its checksum says, and was written anew from another"
                    + " drive of the mirror.",
            "None is lost: guests got the right data.",
            "Once is no reason to worry. If one drive needs this again and again, replace it."),
    MIRROR_STOPPED(
            Severity.ERROR,
            "A mirror could not note on any drive which of them are behind, so it has stopped.",
            "What was flushed is on the drives. Writes fail from now on, so that no stale copy is taken for the newest.",
            "See which drives fail ('vnvme pool show'), mend that, then export and import the pool."),
    REBUILD_FAILED(
            Severity.ERROR,
            "A drive that is to be filled in a mirror cannot be: no other drive can read a part of it.",
            "That part is lost, unless a drive that is missing comes back. Everything else is there.",
            "Connect missing drives again if there are any. Else restore the volumes that lie there: 'vnvme pool scrub'"
                    + " names them."),
    POOL_FILLING(
            Severity.WARNING,
            "A pool has reached a mark on its way to being full: 70 or 85 %.",
            "None yet. When it is full, writes that need new space wait.",
            "Grow it ('vnvme pool grow'), remove what is not needed, or have guests discard ('fstrim')."),
    POOL_FULL(
            Severity.ERROR,
            "A pool is 95 % full.",
            "None yet, but little is left: writes that need new space will wait, and fail after the pool's hold time.",
            "Grow it now ('vnvme pool grow'), or remove snapshots and volumes that are not needed."),
    POOL_ROOM(Severity.INFO, "A pool has fallen below one of its marks again.", "None.", "Nothing."),
    WRITES_HELD(
            Severity.ERROR,
            "A pool has no space for writes that need some; they wait.",
            "None is lost while they wait. Guests that wait see slow writes; after the pool's hold time they get an error.",
            "Grow the pool ('vnvme pool grow') or remove something: what waits goes on by itself. 'vnvme pool set POOL"
                    + " --hold-writes TIME' says how long it waits."),
    WRITES_RESUMED(
            Severity.INFO,
            "A pool has space again, and the writes that waited went on.",
            "None.",
            "Nothing; see that there is enough space for what is to come."),
    POOL_STOPPED(
            Severity.ERROR,
            "A pool takes no more writes, because it could not write what keeps it consistent, or found that it is not.",
            "What guests have flushed before is on the drives, as is everything that was not in doubt. Reads go on.",
            "See the reason in the text and the state of the drives. When they work, export and import the pool;"
                    + " 'vnvme pool check' says whether it is sound."),
    POOL_WAITS(
            Severity.WARNING,
            "The drives of a pool that stopped are back, but the pool cannot be opened anew while it is used.",
            "As since it stopped: reads go on, writes fail.",
            "Detach or stop the VMs that use it; it is opened as soon as nobody does."),
    POOL_UNAVAILABLE(
            Severity.ERROR,
            "A pool of this daemon could not be opened.",
            "Its vNVMes are not served. Nothing on its drives was changed.",
            "The text says why: most often a drive is missing. Connect it; the pool is opened by itself."),
    HOST_REFUSED(
            Severity.WARNING,
            "A host wanted to connect over TCP to a vNVMe that does not allow it or is not there, or did not show who it is.",
            "None: it got nothing.",
            "If it is to have it: 'vnvme host allow NAME HOSTNQN', with the NQN that the text says; if its key was wrong,"
                    + " 'vnvme host key'. If not, see who it is."),
    HOST_AT_FAULT(
            Severity.WARNING,
            "What came over TCP was not NVMe/TCP as it should be, or nothing came in time; the connection was ended.",
            "None: nothing of what was wrong was carried out.",
            "The subject is where it came from. If a host of yours is there, see its log; if not, see who can reach the port."),
    PORT_FAILED(
            Severity.ERROR,
            "A port over TCP that a vNVMe was given could not be had when the daemon started.",
            "Hosts do not reach the vNVMe there; VMs, and other ports, are not concerned.",
            "The text says why: most often another process has the port, or the address is not this host's any more. Mend that and restart the daemon."),
    VNVME_MOVED(
            Severity.INFO,
            "A vNVMe lies in another pool from now on; who used it went on using it.",
            "None: all is there as it was, on its media.",
            "Nothing."),
    JOB_DONE(Severity.INFO, "Long work has ended well.", "As its result says.", "Nothing."),
    JOB_CANCELLED(
            Severity.INFO,
            "Long work was cancelled.",
            "None: nothing is left of what it had begun, and where it moved data, all of that is in one of both places.",
            "Nothing; start it again to have it done."),
    JOB_FAILED(
            Severity.ERROR,
            "Long work has failed.",
            "What there was before is there still; the text says what could not be done.",
            "Mend what the text says, and start it again."),
    JOB_RESUMED(
            Severity.INFO,
            "Long work goes on that the end of the daemon had interrupted.",
            "None: it goes on where all before is durable.",
            "Nothing."),
    JOBS_NOT_KEPT(
            Severity.WARNING,
            "The list of jobs could not be written to the disk of the daemon's state, or a part of it could not be read."
                    + " It is said once until the list is written again.",
            "None: jobs go on. After a restart some may be missing in the list, and an import or export among them is not"
                    + " taken up again: what it left is removed.",
            "Make room on that disk, or see what is wrong with it. The list is written again with the next change of a"
                    + " job."),
    UPGRADED(
            Severity.INFO,
            "Another daemon has taken the place of the one before; who used a vNVMe went on using it.",
            "None.",
            "Nothing."),
    UPGRADE_FAILED(
            Severity.ERROR,
            "A new daemon did not come to serve, so one of the version from before does.",
            "None: guests waited meanwhile.",
            "See the daemon's log for what hindered the new one. The programs on the disk are the new ones still: put the"
                    + " ones from before back before this host is restarted, or mend what the log says."),
    VM_MIGRATED(
            Severity.INFO,
            "A VM has gone to another host, with the vNVMes that it uses.",
            "All of it is there, and nothing of it here any more.",
            "Nothing."),
    VM_ARRIVED(
            Severity.INFO,
            "A VM has come from another host, with the vNVMes that it uses.",
            "All of it is here.",
            "Nothing."),
    MIGRATION_CANCELLED(
            Severity.WARNING,
            "Somebody had begun to migrate a VM that has a vNVMe, which would have been dead where the VM arrives; the daemon"
                    + " has cancelled that, and the VM goes on here.",
            "None.",
            "Detach the vNVMe, migrate the VM, and attach it where the VM is then, or leave the VM here."),
    MIGRATION_UNSTOPPED(
            Severity.ERROR,
            "A VM that has a vNVMe was migrated, or is about to be, and could not be kept from it; the text says why. Where it"
                    + " arrives the drive is dead.",
            "What the guest has flushed is in the vNVMe; what it writes after the migration fails.",
            "Stop the VM where it has arrived, and start it again, or continue it, here.");

    private final Severity severity;
    private final String happened;
    private final String data;
    private final String action;

    /** How much it matters. */
    public enum Severity {
        INFO,
        WARNING,
        ERROR;

        /** As the API says it. */
        public String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    EventKind(Severity severity, String happened, String data, String action) {
        this.severity = severity;
        this.happened = happened;
        this.data = data;
        this.action = action;
    }

    /** Its name: {@code pool-full}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    public Severity severity() {
        return severity;
    }

    /** The one of that name. */
    public static Optional<EventKind> of(String text) {
        for (EventKind kind : values()) {
            if (kind.text().equals(text)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }

    /** All of it, as the API shows it. */
    public EventKindInfo info() {
        return new EventKindInfo(text(), severity.text(), happened, data, action);
    }
}
