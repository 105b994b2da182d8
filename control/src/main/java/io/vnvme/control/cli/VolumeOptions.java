package io.vnvme.control.cli;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.KeySource;
import io.vnvme.control.model.TcpAccess;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new vNVMe shall be like. */
final class VolumeOptions {
    @Option(
            names = "--pool",
            paramLabel = "POOL",
            description =
                    "the pool it lies in (default: the one with the most free space, in RAM only where there is no other; if there is none, one of all claimed drives is made)")
    private @Nullable String pool;

    @Option(names = "--thick", description = "take all its space from the pool now; otherwise as it is written")
    private boolean thick;

    @Option(
            names = "--msi",
            description =
                    "MSI instead of MSI-X: every QEMU can unplug it, but a Linux guest without vIOMMU uses one queue")
    private boolean msi;

    @Option(names = "--block-size", paramLabel = "BYTES", description = "logical block size: 512 (default) or 4096")
    private @Nullable Integer blockSizeBytes;

    @Option(names = "--checksum", description = "keep a checksum of every 4 KiB and check it at each read")
    private boolean checksum;

    @Option(
            names = "--doorbells",
            paramLabel = "HOW",
            description =
                    "mapped: stores to memory, for polled clients and guests without shadow doorbells; trapped: messages that wake a sleeping reactor, for Linux guests; auto (default): as the client suggests")
    private @Nullable String doorbells;

    @Option(
            names = "--tcp",
            paramLabel = "ADDRESS:PORT",
            arity = "0..1",
            fallbackValue = "",
            description =
                    "let hosts reach it over NVMe/TCP: there, where the daemon accepts hosts from now on; without an address: wherever it does already. May be said again for more ports")
    private @Nullable List<String> tcp;

    @Option(
            names = "--host",
            paramLabel = "HOSTNQN",
            description = "a host that may connect over TCP; may be said again. As 'vnvme host allow' later")
    private @Nullable List<String> hosts;

    @Option(
            names = "--shared",
            description =
                    "a VM and hosts over TCP may have it at the same time, each seeing the others as paths: for cluster file systems, reservations, or one guest with both")
    private boolean shared;

    @Mixin
    private QosOptions qos = new QosOptions();

    CreateVnvme request(String name, long sizeBytes, @Nullable KeySource key) {
        return new CreateVnvme(
                name,
                sizeBytes,
                pool,
                thick,
                msi,
                blockSizeBytes,
                checksum,
                doorbells,
                key,
                qos.change(false),
                shared,
                tcp == null && hosts == null ? null : new TcpAccess(ports(), hosts));
    }

    private @Nullable List<String> ports() {
        return tcp == null ? null : tcp.stream().filter(port -> !port.isEmpty()).toList();
    }
}
