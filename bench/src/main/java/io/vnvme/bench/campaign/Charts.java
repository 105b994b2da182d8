package io.vnvme.bench.campaign;

import io.vnvme.bench.report.LineChart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The pictures of a campaign: for each drive and workload, 4 KiB in one queue, over the depth. */
final class Charts {
    private static final int BLOCK_BYTES = 4 << 10;
    private static final double THOUSAND = 1e3;

    private Charts() {}

    /** Writes them into a folder. @return file names by title */
    static Map<String, String> write(CampaignReport report, Path folder) throws IOException {
        Map<String, String> written = new LinkedHashMap<>();
        for (String drive : List.of("ram", "null", "file")) {
            for (String workload : List.of("read", "write")) {
                List<LineChart.Line> lines = lines(report, drive, workload);
                if (!lines.isEmpty()) {
                    String title = "4 KiB random %s, %s drive, one queue".formatted(workload, drive);
                    String file = "%s-%s.png".formatted(drive, workload);
                    LineChart.write(title, "thousand transfers a second", lines, folder.resolve(file));
                    written.put(title, file);
                }
            }
        }
        return written;
    }

    private static List<LineChart.Line> lines(CampaignReport report, String drive, String workload) {
        Map<String, List<CampaignFigure>> ways = new LinkedHashMap<>();
        for (CampaignFigure figure : report.figures()) {
            if (figure.drive().equals(drive)
                    && figure.workload().equals(workload)
                    && figure.blockBytes() == BLOCK_BYTES
                    && figure.queues() == 1) {
                ways.computeIfAbsent(figure.way(), _ -> new ArrayList<>()).add(figure);
            }
        }
        return ways.entrySet().stream()
                .map(way -> new LineChart.Line(
                        way.getKey(),
                        way.getValue().stream().map(CampaignFigure::depth).toList(),
                        way.getValue().stream().map(f -> f.iops() / THOUSAND).toList(),
                        way.getValue().stream()
                                .map(f -> (f.iopsHigh() - f.iopsLow()) / 2 / THOUSAND)
                                .toList()))
                .toList();
    }
}
