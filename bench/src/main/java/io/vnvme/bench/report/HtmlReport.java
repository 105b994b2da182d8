package io.vnvme.bench.report;

import io.vnvme.bench.load.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The results as one page that needs nothing else: no script, no font, no picture from elsewhere. */
final class HtmlReport {
    private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");
    private static final double MIB = 1 << 20;
    private static final double MIB_PER_GIB = 1024;

    private final Results results;
    private final Map<String, String> places = new HashMap<>();

    private HtmlReport(Results results) {
        this.results = results;
    }

    static String of(Results results) {
        return new HtmlReport(results).build();
    }

    private String build() {
        head();
        host();
        guest();
        proof();
        method();
        return fill(template());
    }

    private void head() {
        text("startedAt", results.startedAt().replace('T', ' ').replace("Z", " UTC"));
        text("duration", "took " + Units.duration(results.seconds()));
        text("okClass", results.ok() ? "ok" : "failed");
        text("okWords", results.ok() ? "every step succeeded" : "a step failed");
        text("verdict", Words.verdict(results));
        text("bareRatio", Units.ratio(results.ratios().vnvmeToBare().randread().median()));
        text(
                "legacyRatio",
                Units.ratio(results.ratios().vnvmeToLegacy().randread().median()));
        text("createTime", Units.milliseconds(results.control().createMs()));
        text("hotPlugTime", Units.milliseconds(results.control().hotPlugMs()));
    }

    private void host() {
        text("hostRepeats", repeats(Where.HOST));
        String disturbance = Words.disturbance(results);
        html(
                "disturbance",
                disturbance.isEmpty() ? "" : "<div class=\"note\"><p>" + escape(disturbance) + "</p></div>");
        html("hostIopsRead", HtmlBars.rates(results, Where.HOST, Workload.RANDREAD));
        html("hostIopsWrite", HtmlBars.rates(results, Where.HOST, Workload.RANDWRITE));
        html("hostCpuRead", HtmlBars.processorTime(results, Workload.RANDREAD));
        html("hostCpuWrite", HtmlBars.processorTime(results, Workload.RANDWRITE));
        html("hostTable", figures(Where.HOST));
        html("ratioTable", ratios());
    }

    private void guest() {
        text("guestRepeats", repeats(Where.GUEST));
        text("guestExplanation", Words.guestExplanation(results));
        html("guestIopsRead", HtmlBars.rates(results, Where.GUEST, Workload.RANDREAD));
        html("guestIopsWrite", HtmlBars.rates(results, Where.GUEST, Workload.RANDWRITE));
        html("guestTable", figures(Where.GUEST));
        text("lspci", results.guest().lspci());
        text("lsblk", results.guest().lsblk());
        text("nvmeList", results.guest().nvmeList());
    }

    private void proof() {
        Verify verify = results.verify();
        String outcome = verify.ok()
                ? "read back there: byte for byte the same."
                : "read back there: it was NOT the same. This is a defect.";
        text(
                "verify",
                Math.round(verify.bytes() / MIB)
                        + " MiB of random data were written in the first VM, the drive was detached, "
                        + "attached to a second VM in "
                        + Units.milliseconds(results.control().moveMs()) + ", and "
                        + outcome);
        text("written", verify.written());
        text("read", verify.read());
        StringBuilder steps = new StringBuilder();
        for (Step step : results.steps()) {
            steps.append("<tr><td>").append(escape(step.name())).append("</td><td class=\"text\">");
            steps.append(step.ok() ? "" : "<b class=\"failed\">failed: </b>").append(escape(step.detail()));
            steps.append("</td><td>").append(Units.duration(step.seconds())).append("</td></tr>\n");
        }
        html("steps", steps.toString());
    }

    private void method() {
        Machine machine = results.machine();
        Versions versions = results.versions();
        text(
                "machine",
                machine.cpus() + " processors (" + machine.cpu() + "), "
                        + Math.round(machine.memoryMib() / MIB_PER_GIB) + " GiB memory, " + machine.system()
                        + ", Linux " + machine.kernel());
        text("accel", results.emulated() ? "QEMU's software emulation (TCG): /dev/kvm does not work here" : "KVM");
        text(
                "versions",
                "vNVMe " + versions.vnvme() + ", Java " + versions.java() + ", QEMU " + versions.qemu()
                        + ", qemu-storage-daemon " + versions.qemuStorageDaemon() + ", fio " + versions.fio()
                        + " in the guest, guest kernel " + results.guest().kernel());
        text("legacyEngine", results.legacyEngine());
        text("cpuCounted", results.cpuCounted());
    }

    private String repeats(Where where) {
        return Integer.toString(results.fio().stream()
                .filter(f -> f.where() == where)
                .mapToInt(Figure::repeats)
                .max()
                .orElse(0));
    }

    private String figures(Where where) {
        StringBuilder table = new StringBuilder("<table><thead><tr><th></th>");
        for (Workload workload : Workload.values()) {
            table.append("<th>").append(workload.words()).append(", IOPS</th>");
            table.append("<th>p50 &micro;s</th><th>p99 &micro;s</th><th>CPU &micro;s</th>");
        }
        table.append("</tr></thead><tbody>\n");
        for (Way way : Way.values()) {
            if (results.figure(where, way, Workload.RANDREAD).isPresent()) {
                table.append("<tr class=\"")
                        .append(way.word())
                        .append("\"><td>")
                        .append(escape(way.title()));
                table.append("</td>");
                for (Workload workload : Workload.values()) {
                    results.figure(where, way, workload).ifPresent(f -> cells(table, f));
                }
                table.append("</tr>\n");
            }
        }
        return table.append("</tbody></table>").toString();
    }

    private static void cells(StringBuilder table, Figure figure) {
        table.append(String.format(Locale.ROOT, "<td>%,.0f</td>", figure.iops()));
        table.append("<td>").append(Units.digits(figure.p50Us())).append("</td>");
        table.append("<td>").append(Units.digits(figure.p99Us())).append("</td>");
        table.append("<td>").append(figure.cpuUsPerIo() > 0 ? Units.digits(figure.cpuUsPerIo()) : "&ndash;");
        table.append("</td>");
    }

    private String ratios() {
        StringBuilder table = new StringBuilder("<table><thead><tr><th>Ratio of operations a second</th>");
        table.append("<th>random read</th><th>random write</th><th>goal</th></tr></thead><tbody>\n");
        ratioRow(table, "vNVMe / bare drive", results.ratios().vnvmeToBare(), "1, a draw");
        ratioRow(table, "vNVMe / legacy virtual disk", results.ratios().vnvmeToLegacy(), "far above 2");
        return table.append("</tbody></table>").toString();
    }

    private static void ratioRow(StringBuilder table, String name, Ratios.Pair pair, String goal) {
        table.append("<tr class=\"vnvme\"><td>").append(name).append("</td>");
        table.append("<td>").append(Words.withRange(pair.randread())).append("</td>");
        table.append("<td>").append(Words.withRange(pair.randwrite())).append("</td>");
        table.append("<td>").append(goal).append("</td></tr>\n");
    }

    private void text(String place, String value) {
        places.put(place, escape(value));
    }

    private void html(String place, String value) {
        places.put(place, value);
    }

    private String fill(String template) {
        return PLACE.matcher(template)
                .replaceAll(match -> Matcher.quoteReplacement(Objects.requireNonNull(
                        places.get(match.group(1)), () -> "nothing for {{" + match.group(1) + "}} of the page")));
    }

    private static String template() {
        try (InputStream stream =
                Objects.requireNonNull(HtmlReport.class.getResourceAsStream("report.html"), "report.html in the jar")) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String escape(String value) {
        return value.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
