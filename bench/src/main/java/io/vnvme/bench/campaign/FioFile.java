package io.vnvme.bench.campaign;

import io.vnvme.bench.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The device's own limit: fio with io_uring, registered files and buffers, on a file beside ours, without any server. */
final class FioFile implements Contender {
    static final String NAME = "fio";

    private final Path fio;
    private final Path file;

    private FioFile(Path fio, Path file) {
        this.fio = fio;
        this.file = file;
    }

    /** Writes the file: a hole would be allocated by the first to come. */
    static FioFile create(Path fio, Path folder, int cpu, long sizeBytes) throws IOException {
        FioFile created = new FioFile(fio, Files.createTempFile(folder, "vnvme-bench", ".fio"));
        List<String> command = created.command(cpu);
        command.addAll(List.of("--rw=write", "--bs=1m", "--iodepth=8", "--size=" + sizeBytes));
        FioRun.run(command);
        return created;
    }

    private List<String> command(int cpu) {
        return FioRun.command(
                fio, cpu, "--filename=" + file, "--direct=1", "--ioengine=io_uring", "--registerfiles", "--fixedbufs");
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean takes(Point point) {
        return point.drive() == DriveKind.FILE && point.traffic().queues() == 1;
    }

    @Override
    public Sample measure(Point point, Span span) throws IOException {
        List<String> command = new ArrayList<>(command(span.serverCpu()));
        command.addAll(FioRun.job(point.traffic(), span.warmUp(), span.length()));
        return FioRun.sample(FioRun.run(command), point.traffic(), 0);
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
