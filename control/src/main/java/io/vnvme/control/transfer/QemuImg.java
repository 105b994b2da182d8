package io.vnvme.control.transfer;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.plane.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** QEMU's own tool for disk images, for the formats that are read by it. */
final class QemuImg {
    private static final Pattern PERCENT = Pattern.compile("\\((\\d+(?:\\.\\d+)?)/100%\\)");

    private final Path program;

    private QemuImg(Path program) {
        this.program = program;
    }

    /**
     * Looks for it: {@code VNVME_QEMU_IMG}, then {@code PATH}.
     *
     * @param why what it is needed for, as the beginning of a line
     * @throws ProblemException when it is not installed
     */
    static QemuImg find(String why) {
        String own = System.getenv("VNVME_QEMU_IMG");
        String path = System.getenv("PATH");
        return Stream.concat(
                        Stream.ofNullable(own),
                        Arrays.stream((path == null ? "" : path).split(":")).map(folder -> folder + "/qemu-img"))
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .map(QemuImg::new)
                .orElseThrow(() -> new ProblemException(
                        ProblemCode.TOOL_MISSING,
                        "%s needs qemu-img, which is not on this host: install it (Debian: qemu-utils), or convert to raw"
                                .formatted(why)));
    }

    /**
     * What an image is.
     *
     * @param external names another file that belongs to it; empty when it is whole
     */
    record Info(long sizeBytes, String format, String external) {}

    /** @throws ProblemException when the file is no image */
    Info info(Path file, @Nullable String format) {
        List<String> arguments = new ArrayList<>(List.of("info", "--output=json"));
        if (format != null) {
            arguments.addAll(List.of("-f", format));
        }
        arguments.add(file.toString());
        String answer = run(file, arguments, _ -> {});
        Object parsed = Jsonb.builder().build().type(Object.class).fromJson(answer);
        if (!(parsed instanceof Map<?, ?> map) || !(map.get("virtual-size") instanceof Number size)) {
            throw new ProblemException(ProblemCode.FILE_REFUSED, "%s: qemu-img says nothing of it".formatted(file));
        }
        Object backing = map.get("backing-filename");
        Object data = answer.contains("\"data-file\"") ? "a data file of its own" : null;
        String external = backing != null ? String.valueOf(backing) : data != null ? String.valueOf(data) : "";
        return new Info(size.longValue(), String.valueOf(map.get("format")), external);
    }

    /**
     * Writes the image as raw.
     *
     * @param percent told how far it is, 0 to 100
     */
    void toRaw(Path file, String format, Path raw, Progress progress, DoubleConsumer percent) {
        run(file, List.of("convert", "-p", "-f", format, "-O", "raw", file.toString(), raw.toString()), line -> {
            if (progress.cancelled()) {
                throw new CancellationException();
            }
            Matcher matcher = PERCENT.matcher(line);
            if (matcher.find()) {
                percent.accept(Double.parseDouble(matcher.group(1)));
            }
        });
    }

    private String run(Path file, List<String> arguments, Consumer<String> said) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(arguments);
        Process process = null;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = read(process.getInputStream(), said);
            int status = process.waitFor();
            if (status != 0) {
                String last = output.lines().filter(l -> !l.isBlank()).reduce("", (_, l) -> l);
                throw new ProblemException(
                        ProblemCode.FILE_REFUSED, "%s: %s".formatted(file, last.replace("qemu-img: ", "")));
            }
            return output;
        } catch (IOException e) {
            throw new ProblemException(ProblemCode.FILE_REFUSED, "qemu-img: %s".formatted(e.getMessage()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException();
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    /** Progress comes as lines that end with a carriage return. */
    private static String read(InputStream in, Consumer<String> said) throws IOException {
        StringBuilder all = new StringBuilder();
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c >= 0; c = in.read()) {
            if (c == '\r' || c == '\n') {
                said.accept(line.toString());
                line.setLength(0);
                all.append('\n');
            } else {
                line.append((char) c);
                all.append((char) c);
            }
        }
        return all.toString();
    }
}
