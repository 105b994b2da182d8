package io.vnvme.bench.campaign;

import io.vnvme.bench.report.Machine;
import io.vnvme.bench.report.Ratio;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** A campaign as a page: the machine, the ratios, a table for each drive, block size and workload. */
final class Markdown {
    private final CampaignReport report;
    private final StringBuilder text = new StringBuilder();

    private Markdown(CampaignReport report) {
        this.report = report;
    }

    /** @param charts names of pictures beside the page, by title */
    static String of(CampaignReport report, Map<String, String> charts) {
        Markdown page = new Markdown(report);
        page.head();
        charts.forEach((title, file) -> page.line("![%s](%s)\n", title, file));
        page.ratios();
        page.tables();
        return page.text.toString();
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void head() {
        Machine machine = report.machine();
        line("# Benchmark of %s\n", report.at().substring(0, 10));
        line(
                "Made by `./dev bench` in %.0f minutes. %s, %d processors, %d MiB, Linux %s, %s, Java %s.",
                report.seconds() / 60,
                machine.cpu(),
                machine.cpus(),
                machine.memoryMib(),
                machine.kernel(),
                machine.system(),
                report.java());
        line("Other programs used %.0f %% of the machine meanwhile.\n", 100 * report.otherLoad());
        line("""
                Whatever serves has one processor, its client another. Everything was measured by turns in one run; figures are
                medians of the rounds with the lowest and the highest. *vnvme* is a thin volume of 512 MiB in a pool of one drive,
                by vfio-user and a polled driver; *memcpy* plain copies of the same blocks by one processor; *qemu-storage-daemon*
                vhost-user-blk over a file in memory, by libblkio; *nbdkit* its memory plugin, by fio; *fio* io_uring on a file
                beside ours, without any server.
                """.stripTrailing());
        report.missing().forEach(what -> line("\nNot measured: %s.", what));
        if (report.footprint() != null) {
            line(
                    "\n%d vNVMes in one process, a guest at each: %.0f MiB resident; ready after %.2f ms, the first after %.0f.",
                    report.footprint().drives(),
                    report.footprint().residentMib(),
                    report.footprint().createMsMedian(),
                    report.footprint().createMsFirst());
        }
        line("");
    }

    private void ratios() {
        line("## vNVMe for one of another\n");
        line("| point | beside | times | lowest - highest |");
        line("| --- | --- | ---: | --- |");
        report.ratios()
                .forEach((key, ratio) -> line(
                        "| %s | %s | %.2f | %.2f - %.2f |",
                        key.substring(0, key.lastIndexOf('/')),
                        key.substring(key.lastIndexOf('/') + 1),
                        ratio.median(),
                        ratio.low(),
                        ratio.high()));
        line("");
    }

    private void tables() {
        Map<String, List<CampaignFigure>> groups = report.figures().stream()
                .collect(Collectors.groupingBy(
                        f -> "%s, %d KiB, random %s".formatted(f.drive(), f.blockBytes() >> 10, f.workload()),
                        LinkedHashMap::new,
                        Collectors.toList()));
        groups.forEach((title, figures) -> {
            line("## %s\n", title);
            line("| way | queues x depth | IOPS | lowest - highest | MB/s | p50 us | p99 us | CPU us/IO |");
            line("| --- | --- | ---: | --- | ---: | ---: | ---: | ---: |");
            for (String way :
                    new TreeSet<>(figures.stream().map(CampaignFigure::way).toList()).descendingSet()) {
                figures.stream()
                        .filter(f -> f.way().equals(way))
                        .forEach(f -> line(
                                "| %s | %d x %d | %,.0f | %,.0f - %,.0f | %,.0f | %.2f | %.2f | %.3f |",
                                way,
                                f.queues(),
                                f.depth(),
                                f.iops(),
                                f.iopsLow(),
                                f.iopsHigh(),
                                f.mbPerS(),
                                f.p50Us(),
                                f.p99Us(),
                                f.cpuUsPerIo()));
            }
            line("");
        });
    }

    /** For the terminal: what was measured, a line each, then the ratios. */
    static String summary(CampaignReport report) {
        StringBuilder text = new StringBuilder("%-5s %5s %-6s %6s  %-20s %12s %12s %12s %9s %9s %9s%n"
                .formatted(
                        "drive",
                        "block",
                        "work",
                        "q x d",
                        "way",
                        "IOPS",
                        "lowest",
                        "highest",
                        "p50 us",
                        "p99 us",
                        "CPU us/IO"));
        for (CampaignFigure f : report.figures()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-5s %4dK %-6s %2dx%-3d  %-20s %,12.0f %,12.0f %,12.0f %9.2f %9.2f %9.3f%n",
                    f.drive(),
                    f.blockBytes() >> 10,
                    f.workload(),
                    f.queues(),
                    f.depth(),
                    f.way(),
                    f.iops(),
                    f.iopsLow(),
                    f.iopsHigh(),
                    f.p50Us(),
                    f.p99Us(),
                    f.cpuUsPerIo()));
        }
        for (Map.Entry<String, Ratio> entry : report.ratios().entrySet()) {
            Ratio ratio = entry.getValue();
            text.append(String.format(
                    Locale.ROOT,
                    "%-45s %6.2f (%.2f - %.2f)%n",
                    entry.getKey(),
                    ratio.median(),
                    ratio.low(),
                    ratio.high()));
        }
        return text.append(String.format(
                        Locale.ROOT,
                        "other programs used %.0f %% of the machine; it took %.0f s%n",
                        100 * report.otherLoad(),
                        report.seconds()))
                .toString();
    }
}
