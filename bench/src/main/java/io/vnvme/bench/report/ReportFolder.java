package io.vnvme.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Leaves the results in a folder: {@code results.json}, {@code report.html}, {@code chart.png}. */
public final class ReportFolder {
    private ReportFolder() {}

    /**
     * Writes the three files, replacing those of an earlier run.
     *
     * @param folder is made when it is not there
     * @param fonts folder of the typefaces for the picture, see {@link Fonts#use}
     */
    public static void write(Results results, Path folder, Path fonts) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("results.json"), ResultsJson.write(results));
        Files.writeString(folder.resolve("report.html"), HtmlReport.of(results));
        Fonts.use(fonts);
        Chart.write(results, folder.resolve("chart.png"));
    }
}
