package io.vnvme.control.cli;

import io.vnvme.control.model.CreateVnvme;
import io.vnvme.control.model.KeySource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new vNVMe shall be like. */
final class VolumeOptions {
    @Option(
            names = "--pool",
            paramLabel = "POOL",
            description =
                    "the pool it lies in (default: the one with the most free space; if there is none, one of all claimed drives is made)")
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

    @Mixin
    private QosOptions qos = new QosOptions();

    CreateVnvme request(String name, long sizeBytes, @Nullable KeySource key) {
        return new CreateVnvme(
                name, sizeBytes, pool, thick, msi, blockSizeBytes, checksum, doorbells, key, qos.change(false));
    }
}
