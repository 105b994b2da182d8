package io.vnvme.control.service;

import io.vnvme.control.vm.VmAddress;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;

/** VMs that drives were attached to by their QMP sockets since the daemon's start, for as long as the socket's file is there. */
final class KnownSockets {
    private static final Logger LOG = System.getLogger(KnownSockets.class.getName());
    private static final int KEPT_MAX = 256;

    private final Map<VmAddress.Socket, String> names = new LinkedHashMap<>();

    /** A VM answered there. */
    synchronized void seen(VmAddress.Socket socket, String name) {
        names.remove(socket);
        names.put(socket, name);
        if (names.size() > KEPT_MAX) {
            names.remove(names.keySet().iterator().next());
        }
    }

    /** Each with its VM's name, in the order in which they were seen. */
    synchronized Map<VmAddress.Socket, String> now() {
        names.keySet().removeIf(socket -> Files.notExists(socket.path()));
        return new LinkedHashMap<>(names);
    }

    /** Whether somebody listens there. It says nothing to whoever holds the monitor. */
    static boolean listens(VmAddress.Socket socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket.path()));
            return true;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "nobody listens at " + socket, e);
            return false;
        }
    }
}
