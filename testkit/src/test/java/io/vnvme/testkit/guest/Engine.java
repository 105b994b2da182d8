package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.reactor.Reactor;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Vm;
import io.vnvme.testkit.lab.VmConfig;
import io.vnvme.testkit.server.Idle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The data plane in this process: one reactor with everything exported by it. Closing it fails when a defect was reported. */
final class Engine implements AutoCloseable {
    private final Lab lab = Lab.prepare();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final Reactor reactor = Reactor.start("engine", -1, Idle.policy(), failures::add);
    private final List<Export> exports = new ArrayList<>();
    private final Path folder;
    private final Path logs;

    /** @param name of the test, for its logs in {@code target/lab} */
    Engine(String name) {
        logs = Path.of("target", "lab", name);
        try {
            folder = Files.createTempDirectory("vnvme-engine");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Lab lab() {
        return lab;
    }

    Export export(String serial, int sizeMiB) {
        return export(serial, sizeMiB, false);
    }

    /** @param msi MSI and no MSI-X, so that QEMU can unplug it */
    Export export(String serial, int sizeMiB, boolean msi) {
        Export export = new Export(reactor, folder, serial, (long) sizeMiB << 20, msi, failures);
        exports.add(export);
        return export;
    }

    /** A VM whose guest lets {@code nvme show-regs} map the registers beside the driver. */
    VmConfig vm(String name) {
        return Vm.builder(lab).name(name).keepLogsIn(logs.resolve(name)).kernelWords("iomem=relaxed");
    }

    @Override
    public void close() {
        exports.forEach(Export::close);
        reactor.close();
        assertThat(failures).as("defects that the engine reported").isEmpty();
        try {
            try (var left = Files.list(folder)) {
                // A socket leaves its lock file behind on purpose.
                for (Path file : left.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
