package io.vnvme.drive.nvmetcp;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * Where a subsystem is reached.
 *
 * @param host as it was written: a name or an address
 */
public record Portal(String host, InetSocketAddress address) {
    /** Where NVMe/TCP is by default, and where discovery is. */
    public static final int PORT = 4420;

    public static final int DISCOVERY_PORT = 8009;

    /**
     * Asks the resolver for a name: blocks.
     *
     * @throws RemoteException when nobody has that name
     */
    public static Portal resolve(String host, int port) {
        try {
            return new Portal(host, new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (UnknownHostException e) {
            throw new RemoteException("no host is called %s".formatted(host));
        }
    }

    /** As it is written in the name of a drive. */
    public String text() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
    }
}
