package io.vnvme.control.service;

import io.vnvme.control.vm.VmAddress;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.SocketException;
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

    /**
     * Whether somebody listens there. It says nothing to whoever holds the monitor, and does not wait where so many stand in
     * line already that there is no room for one more: that is a listener too.
     */
    static boolean listens(VmAddress.Socket socket) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.configureBlocking(false);
            channel.connect(UnixDomainSocketAddress.of(socket.path()));
            return true;
        } catch (ConnectException e) {
            return refused(socket, e);
        } catch (SocketException e) {
            // No room in the line is said in no type of its own; what else there is to say is that it is not there.
            return Files.exists(socket.path()) || refused(socket, e);
        } catch (IOException e) {
            return refused(socket, e);
        }
    }

    private static boolean refused(VmAddress.Socket socket, IOException why) {
        LOG.log(Level.DEBUG, "nobody listens at " + socket, why);
        return false;
    }
}
