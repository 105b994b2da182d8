package io.vnvme.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;

/** Lets Java draw text on a machine without a display, without fontconfig and without a typeface installed. */
final class Fonts {
    private static final String[] FAMILIES = {"serif", "sansserif", "monospaced", "dialog", "dialoginput"};

    private Fonts() {}

    /**
     * Makes two typeface files the ones for all text. Works once a process, before anything is drawn.
     *
     * @param folder has DejaVuSans.ttf and DejaVuSans-Bold.ttf
     * @throws IOException when they are missing
     */
    static void use(Path folder) throws IOException {
        StringJoiner lines = new StringJoiner("\n", "", "\n");
        lines.add("version=1");
        for (String family : FAMILIES) {
            lines.add(family + ".plain.latin-1=DejaVu Sans");
            lines.add(family + ".italic.latin-1=DejaVu Sans");
            lines.add(family + ".bold.latin-1=DejaVu Sans Bold");
            lines.add(family + ".bolditalic.latin-1=DejaVu Sans Bold");
        }
        lines.add("sequence.allfonts=latin-1");
        lines.add("filename.DejaVu_Sans=" + folder.resolve("DejaVuSans.ttf").toRealPath());
        lines.add("filename.DejaVu_Sans_Bold="
                + folder.resolve("DejaVuSans-Bold.ttf").toRealPath());
        Path file = Files.createTempFile("vnvme-fonts", ".properties");
        file.toFile().deleteOnExit();
        Files.writeString(file, lines.toString());
        System.setProperty("java.awt.headless", "true");
        System.setProperty("sun.awt.fontconfig", file.toString());
    }
}
