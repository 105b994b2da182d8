package io.vnvme.testkit.tcp;

import java.util.UUID;

/**
 * How a host speaks.
 *
 * @param dataAlignment that it asks for, HPDA: in units of 4 bytes, 0's based
 * @param inCapsuleBytesMax data that it sends in capsules, at most; the controller may allow less
 * @param dataPduBytesMax data that it sends in one H2CData, at most; the controller may allow less
 * @param keepAliveMs Keep Alive Timeout, 0: none
 */
public record HostOptions(
        String hostNqn,
        UUID hostId,
        boolean headerDigests,
        boolean dataDigests,
        boolean flowControl,
        int dataAlignment,
        int inCapsuleBytesMax,
        int dataPduBytesMax,
        int keepAliveMs) {
    public static final String HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:6f1f5f5e-0000-4000-8000-000000000001";

    /** A host as Linux is by default. */
    public static HostOptions usual() {
        return new HostOptions(HOST_NQN, new UUID(7, 1), false, false, true, 0, 8192, 1 << 20, 0);
    }

    public HostOptions digests(boolean ofHeaders, boolean ofData) {
        return new HostOptions(
                hostNqn,
                hostId,
                ofHeaders,
                ofData,
                flowControl,
                dataAlignment,
                inCapsuleBytesMax,
                dataPduBytesMax,
                keepAliveMs);
    }

    public HostOptions withoutFlowControl() {
        return new HostOptions(
                hostNqn,
                hostId,
                headerDigests,
                dataDigests,
                false,
                dataAlignment,
                inCapsuleBytesMax,
                dataPduBytesMax,
                keepAliveMs);
    }

    public HostOptions aligned(int alignment) {
        return new HostOptions(
                hostNqn,
                hostId,
                headerDigests,
                dataDigests,
                flowControl,
                alignment,
                inCapsuleBytesMax,
                dataPduBytesMax,
                keepAliveMs);
    }

    public HostOptions sending(int inCapsuleMax, int dataPduMax) {
        return new HostOptions(
                hostNqn,
                hostId,
                headerDigests,
                dataDigests,
                flowControl,
                dataAlignment,
                inCapsuleMax,
                dataPduMax,
                keepAliveMs);
    }

    public HostOptions keepAlive(int timeoutMs) {
        return new HostOptions(
                hostNqn,
                hostId,
                headerDigests,
                dataDigests,
                flowControl,
                dataAlignment,
                inCapsuleBytesMax,
                dataPduBytesMax,
                timeoutMs);
    }

    public HostOptions named(String nqn, UUID id) {
        return new HostOptions(
                nqn,
                id,
                headerDigests,
                dataDigests,
                flowControl,
                dataAlignment,
                inCapsuleBytesMax,
                dataPduBytesMax,
                keepAliveMs);
    }
}
