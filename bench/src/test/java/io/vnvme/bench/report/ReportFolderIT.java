package io.vnvme.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Lab;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Draws with the lab's typefaces, as the demo does. */
@Tag("guest")
class ReportFolderIT {
    @Test
    void leavesThreeFiles(@TempDir Path folder) throws Exception {
        ReportFolder.write(
                Sample.results("tcg", true),
                folder.resolve("report"),
                Lab.prepare().fonts());
        assertThat(folder.resolve("report/results.json")).isNotEmptyFile();
        assertThat(folder.resolve("report/report.html")).isNotEmptyFile();
        BufferedImage chart = ImageIO.read(folder.resolve("report/chart.png").toFile());
        assertThat(chart.getWidth()).isEqualTo(1200);
    }
}
