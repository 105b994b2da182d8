package io.vnvme.control.service;

import io.vnvme.control.model.ReactorInfo;
import io.vnvme.control.store.ClaimedDrive;
import io.vnvme.control.store.VnvmeRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The engine as the services see it. Every call returns when its effect is there, and throws a {@link RuntimeException}
 * when it is not, with nothing of it left. Any thread may call.
 */
public interface DataPlane extends AutoCloseable {
    /** Makes a drive ready to carry volumes. */
    void openDrive(ClaimedDrive drive);

    /** Gives a drive back; no export may be left on it. */
    void closeDrive(String drive);

    /** Makes a range of an open drive read as zeros, so that no guest reads what another one wrote. */
    void wipe(String drive, long offsetBytes, long sizeBytes);

    /** Serves a vNVMe on a socket. Its folder exists; a socket file that a crash left there is replaced. */
    Export export(VnvmeRecord vnvme, Path socket);

    List<ReactorInfo> reactors();

    @Override
    void close();

    /** A vNVMe that is being served. */
    interface Export {
        /** Who is connected now, whatever it shows them. */
        List<Connection> connections();

        /** Takes no further client; connections stay. The socket file is gone. */
        void stopListening();

        /** Ends all: connections too. */
        void close();
    }

    /** A client of a vNVMe's socket and the controller that it was given. */
    interface Connection {
        /** Process id of the client. */
        long pid();

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

        /** Whether the guest has taken note of the last change to its namespaces, and nothing of theirs is in flight. */
        boolean settled();
    }
}
