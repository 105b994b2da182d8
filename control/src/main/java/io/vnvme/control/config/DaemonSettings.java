package io.vnvme.control.config;

import io.vnvme.control.log.LogFormat;
import io.vnvme.control.plane.ReactorSettings;
import io.vnvme.control.plane.TcpPort;
import io.vnvme.control.service.RamOffer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * All that a daemon is told.
 *
 * @param stateDir folder of the state file
 * @param runDir folder of the sockets
 * @param offers embedded RAM drives to be claimed
 * @param reactors the threads that serve I/O
 * @param listen where to serve the API over TLS as well
 * @param tcp where NVMe/TCP hosts are accepted
 * @param referrals discovery controllers elsewhere that they are told of
 * @param rehearsal how long a guest of its own works before it serves
 * @param libvirt URI of the libvirt that is asked for VMs, if any
 * @param logFormat how the lines of the log look
 * @param otlp the collector that traces are told to, if any
 */
public record DaemonSettings(
        Path stateDir,
        Path runDir,
        List<RamOffer> offers,
        ReactorSettings reactors,
        Optional<InetSocketAddress> listen,
        List<TcpPort> tcp,
        List<InetSocketAddress> referrals,
        Duration rehearsal,
        Optional<String> libvirt,
        LogFormat logFormat,
        Optional<URI> otlp) {
    public DaemonSettings {
        offers = List.copyOf(offers);
        tcp = List.copyOf(tcp);
        referrals = List.copyOf(referrals);
    }
}
