package io.vnvme.frontend.vfiouser;

import io.vnvme.memory.GuestMemory;
import io.vnvme.nvme.Interrupts;
import io.vnvme.os.Fd;
import io.vnvme.os.PeerCredentials;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Makes the controller for a client that has said what protocol it speaks. */
@FunctionalInterface
public interface ControllerFactory {
    /**
     * What a controller is made of.
     *
     * @param home of the connection: where the controller is and may be moved from
     * @param doorbells 4 KiB that the client maps, zeroed
     * @param others clients that this endpoint serves at this moment, this one not counted
     * @param note what whoever made the controller wants to find again in another process
     */
    record Host(
            Home home,
            GuestMemory memory,
            Interrupts interrupts,
            MemorySegment doorbells,
            PeerCredentials peer,
            int others,
            Note note) {}

    /** Text that goes with a connection to whatever process serves it. On the connection's reactor. */
    interface Note {
        String get();

        /** @throws IllegalArgumentException when it is longer than 2,044 bytes */
        void set(String text);

        /** Of who ends with this process: what is set is forgotten. */
        static Note none() {
            return new Note() {
                @Override
                public String get() {
                    return "";
                }

                @Override
                public void set(String text) {
                    // Nobody will ask.
                }
            };
        }
    }

    /** On the endpoint's reactor: a controller, or null to turn the client away with EBUSY. */
    @Nullable
    Device open(Host host);

    /**
     * On the endpoint's reactor: the controller that another process made for a client which is still there.
     *
     * @param state of that controller; its owner from now on
     * @param resume to be called on the connection's reactor, once, when the controller has its namespaces
     * @return null when it cannot be served: the client loses its device
     */
    default @Nullable Device adopt(Host host, Fd state, Runnable resume) {
        state.close();
        return null;
    }

    /** On the connection's reactor: a client is gone, or was sent away. */
    default void ended(PeerCredentials peer, String reason) {}

    /** On the connection's reactor or the endpoint's: a defect, or a lack of descriptors; it cost a client its connection at most. */
    default void failed(Throwable failure) {
        System.getLogger(ControllerFactory.class.getName())
                .log(System.Logger.Level.ERROR, "vfio-user connection failed", failure);
    }
}
