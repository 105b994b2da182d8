package io.vnvme.control.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * To a daemon of this host, over its Unix socket.
 *
 * @param socket the daemon's
 */
record UnixTransport(Path socket) implements Transport {
    private record Channel(SocketChannel channel) implements Connection {
        @Override
        public OutputStream out() {
            return Channels.newOutputStream(channel);
        }

        @Override
        public InputStream in() {
            return Channels.newInputStream(channel);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    @Override
    public Connection connect() {
        try {
            SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return new Channel(channel);
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            if (Files.exists(socket) && !Files.isWritable(socket)) {
                throw new CliException(
                        "%s may not be used by you: be root, or a member of its group".formatted(socket), e);
            }
            throw new CliException(
                    "no daemon serves %s: start one with 'vnvme daemon', or point --run or VNVME_RUN at the run folder of one that runs"
                            .formatted(socket),
                    e);
        }
    }

    @Override
    public String host() {
        return "vnvme";
    }

    @Override
    public String credentials() {
        return "";
    }
}
