package io.vnvme.control.plane;

import io.vnvme.control.model.CheckReport;
import io.vnvme.control.model.DiscoveryInfo;
import io.vnvme.control.model.Qos;
import io.vnvme.control.model.QosLimits;
import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.store.Access;
import io.vnvme.control.store.VnvmeRecord;
import io.vnvme.frontend.vfiouser.MovingDevice;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The engine as the services see it. Every call returns when its effect is there - on the media, where it is about a pool -
 * and throws a {@link RuntimeException} when it is not, with nothing of it left. Any thread may call.
 */
public interface DataPlane extends AutoCloseable {
    /**
     * Looks at what is there, and changes nothing.
     *
     * @throws ProblemException when it is not there or cannot be read
     */
    DriveLook look(DriveSource source);

    /**
     * Takes a drive: writes its superblock and keeps it open for this process alone. Makes the file if the source has a size
     * and there is none.
     *
     * @param force destroys what is on it
     * @throws ProblemException when it is in use, or holds something and {@code force} is not set
     */
    DriveFacts claim(DriveSource source, UUID id, String name, boolean force);

    /**
     * Opens a drive that was claimed before.
     *
     * @throws ProblemException when it is not there, in use by others, or another drive lies there now
     */
    DriveFacts openDrive(DriveSource source, UUID id);

    /** Lets go of an open drive that no open pool has; it stays claimed. */
    void closeDrive(UUID id);

    /** Takes the superblock off an open drive that no open pool has, and lets go of it. */
    void releaseDrive(UUID id);

    /** Makes an open drive that no open pool has a member of none; it stays claimed and open. */
    void freeDrive(UUID id, String name);

    /** Why an open drive does not work now: it reports errors, or is gone; nothing when it works. */
    Optional<String> driveFailure(UUID id);

    /** How often a drive failed; none of one that is not open. */
    DriveErrors driveErrors(UUID id);

    /** How an open drive that is remote is reached; nothing of another one. */
    Optional<RemoteFacts> remote(UUID id);

    /**
     * Asks a discovery controller what we may connect to.
     *
     * @param address {@code HOST} or {@code HOST:PORT}
     * @throws ProblemException when nobody answers there
     */
    DiscoveryInfo discover(String address);

    /** Takes an open drive that is gone again when it is back. @return where it is then */
    Optional<DriveFacts> driveReturned(UUID id);

    /**
     * Drives with a superblock that are to be found: on the host's block devices, and in {@code places}.
     *
     * @param places files, or folders whose files are looked at
     */
    List<DriveLook> find(List<Path> places);

    /** Makes a pool of open drives that are in none. */
    OpenPool createPool(PoolPlan plan, PoolListener listener);

    /**
     * Opens a pool whose drives are open.
     *
     * @param degraded also with replicas missing
     * @throws ProblemException when a drive is missing, or what is on them is damaged
     */
    OpenPool importPool(UUID pool, boolean degraded, PoolListener listener);

    /**
     * Reads all metadata of a pool that is not open, changing nothing.
     *
     * @param drives its drives
     */
    CheckReport check(String name, List<DriveSource> drives);

    /**
     * Serves a volume on a socket, and the clients that an earlier process served there. Its folder exists; a socket file that
     * a crash left there is replaced.
     */
    default Export export(VnvmeRecord vnvme, OpenPool pool, Path socket) {
        return export(vnvme, vnvme.name(), pool, socket);
    }

    /**
     * The same of a volume that has another name as long as it is not whole.
     *
     * @param volume its name in the pool at the moment
     */
    Export export(VnvmeRecord vnvme, String volume, OpenPool pool, Path socket);

    /** Whether an earlier process served clients that are still to be taken up. */
    default boolean hasClients() {
        return false;
    }

    /**
     * All is served that can be: whoever an earlier process served and is not taken up by now waits, where that is known, or is let go.
     *
     * @param known of the UUID of a vNVMe, pool or drive, or the name of a vNVMe: whether there is such a one, now and later
     */
    default void settled(Predicate<String> known) {
        // Nobody was there.
    }

    /** What an earlier process served and cannot be served since, by UUID or a vNVMe's name; whoever uses it waits. */
    default List<String> waiting() {
        return List.of();
    }

    /** Whether somebody is connected to a vNVMe, or was shown it, and waits until it is served. */
    default boolean awaited(VnvmeRecord vnvme) {
        return false;
    }

    /** What an earlier process had in memory for a vNVMe, a pool or a drive, by its UUID, is needed no more. */
    default void forget(UUID id) {
        // Nothing was there.
    }

    /** What a next process would find. */
    default KeptKeys keptKeys() {
        return KeptKeys.NONE;
    }

    /** Whether what was on an open drive in memory is what an earlier process left there. */
    default boolean kept(UUID drive) {
        return false;
    }

    /**
     * Uses a served vNVMe that nobody else uses, as a guest would, so that what serves guests is compiled.
     *
     * @param length how long
     */
    void rehearse(String vnvme, Duration length);

    /**
     * Accepts NVMe/TCP hosts at an address, for all vNVMes that allow them.
     *
     * @return the port, with a number if any was asked for
     * @throws ProblemException when that is not possible
     */
    TcpPort listen(TcpPort port, HostRefusals refusals);

    /** Accepts no host there any more; who has come stays. The address is as {@link TcpPort#where} says it. */
    void unlisten(String where);

    /** From now on hosts have to show who they are as {@code keyring} says. */
    void keyring(HostKeyring keyring);

    /** From now on this host and targets show each other who they are as {@code keyring} says. */
    void targets(TargetKeyring keyring);

    /** The NQN by which this host is known to targets. */
    String hostNqn();

    /** Where hosts are accepted. */
    List<TcpPort> tcpPorts();

    TcpCounters tcpCounters();

    /** Discovery controllers elsewhere that hosts are told of, where hosts are accepted. */
    void referrals(List<InetSocketAddress> elsewhere);

    /** Makes a group of vNVMes, or gives one that is there other limits. */
    void group(String name, QosLimits limits);

    /** Forgets a group that no vNVMe is in. */
    void removeGroup(String name);

    List<ReactorInfo> reactors();

    /** What each reactor has ended, by its name; a moment old. */
    Map<String, ReactorCounters> reactorCounters();

    /** Returns once every reactor has made a pass: not while one hangs. */
    void pulse();

    /**
     * Moves a pool, and all that is shown of it, to another reactor; guests wait for a moment.
     *
     * @param reactor its name
     */
    void movePool(OpenPool pool, String reactor);

    @Override
    void close();

    /** A vNVMe that is being served. */
    interface Export {
        /** Who is connected now, whatever it shows them. */
        List<Connection> connections();

        /** What its guests did, since it is served; a moment old. */
        ExportCounters counters();

        /** The volume has another size now: tells the guests that are shown it. */
        void resized();

        /** Other limits, weight or group from now on, for what waits too. */
        void qos(Qos qos);

        /** Other hosts may connect over TCP from now on; those that may not any more are gone when this returns. */
        void hosts(Set<String> allowed);

        /** It is reached in another way from now on; those that may not any more are gone when this returns. */
        void access(Access access);

        /** Hosts that are connected over TCP. */
        List<ConnectedHost> connectedHosts();

        /**
         * Begins to copy its volume into another pool, whoever uses it.
         *
         * @param volume name of a volume there, of the same size, that holds nothing, or what {@code since} holds
         * @param since a snapshot of the volume
         */
        VolumeMove move(OpenPool target, String volume, Optional<String> since);

        /**
         * Begins to copy its volume to a namespace of another machine, whoever uses it. Nothing is claimed there.
         *
         * @throws ProblemException when there is no way to it, it is not as it has to be, or the volume is being copied already
         */
        VolumeMirror mirror(MirrorTarget target);

        /**
         * A VM is on its way here, and the host that it comes from writes the volume over TCP until it has come: from now on both may
         * have it, or not any more, whatever {@link Access#shared} says. What the VM's controller says of other paths is up to that
         * alone.
         */
        void arriving(boolean arrives);

        /**
         * Who has reserved the namespace is from now on as it was at the host that the VM comes from, and what outlives a power loss
         * is kept with the volume when this returns. For when nobody writes it, neither that host nor the VM, and the VM's controller is
         * there: what a power loss ends, ends with the last controller.
         *
         * @param handed what {@link VolumeMirror#reservations} was there
         * @throws IllegalArgumentException when it cannot be read: nothing has changed
         */
        void reservations(byte[] handed);

        /** Devices of VMs that have it, to go with their VMs to where those go. */
        default List<MovingDevice> devices() {
            return List.of();
        }

        /** Takes no further client; connections stay. The socket file is gone. */
        void stopListening();

        /** Ends all: connections too. */
        void close();
    }

    /**
     * A host that is connected.
     *
     * @param address the host's
     * @param port where it came in, as {@link TcpPort#where} has it
     * @param queues I/O queues that it has
     */
    record ConnectedHost(String nqn, String address, String port, int controllerId, int queues) {}

    /** A client of a vNVMe's socket, or a host over TCP, and the controller that it was given. */
    interface Connection {
        /** Process id of the client; 0 of a host over TCP. */
        long pid();

        /** NQN of a host over TCP. */
        default Optional<String> host() {
            return Optional.empty();
        }

        /** NVMe controller identifier. */
        int controllerId();

        /** False once the client is gone. */
        boolean open();

        /** Whether the guest has enabled the controller and it is ready. */
        boolean ready();

        /** Why the controller stopped itself (CSTS.CFS), until its guest starts it again. */
        Optional<String> failure();

        /** Names of the vNVMes whose namespaces are attached to the controller. */
        List<String> shown();

        /** Attaches the namespace of an exported vNVMe to this controller, which may be another's. */
        void show(String vnvme);

        /** Detaches a namespace and tells the guest: its commands to it fail from now on. */
        void hide(String vnvme);

        /** What {@link #memo(String)} was told, by whatever process served this client. */
        default String memo() {
            return "";
        }

        /** Remembers a text for as long as the client is there, also when another process serves it. */
        default void memo(String text) {
            // Of a host over TCP nothing is remembered.
        }

        /** Whether the guest has taken note of the last change to its namespaces, and nothing of theirs is in flight. */
        boolean settled();
    }
}
