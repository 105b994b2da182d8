package io.vnvme.control.vm;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Which VM a process is, by its command line: for VMs that have a drive from their start, which nobody attached. A process
 * can write there what it likes, so that this is for people to read, and decides nothing.
 *
 * @param name what {@code -name} says
 * @param uuid what {@code -uuid} says, in lower case; empty when it says nothing
 */
public record QemuProcess(String name, String uuid) {
    private static final Logger LOG = System.getLogger(QemuProcess.class.getName());
    /** Names longer than that are not shown. */
    private static final int NAME_LENGTH_MAX = 200;

    /** Nothing when the process is gone, or has no {@code -name}. */
    public static Optional<QemuProcess> of(long pid) {
        Path file = Path.of("/proc", Long.toString(pid), "cmdline");
        try {
            return of(
                    List.of(Files.readString(file, StandardCharsets.ISO_8859_1).split("\0", -1)));
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "no command line of process " + pid, e);
            return Optional.empty();
        }
    }

    static Optional<QemuProcess> of(List<String> arguments) {
        Optional<String> name = Optional.empty();
        String uuid = "";
        for (Iterator<String> all = arguments.iterator(); all.hasNext(); ) {
            String argument = all.next();
            if (argument.equals("-name") && all.hasNext()) {
                name = name(all.next());
            } else if (argument.equals("-uuid") && all.hasNext()) {
                uuid = all.next().toLowerCase(java.util.Locale.ROOT);
            }
        }
        String found = uuid;
        return name.map(n -> new QemuProcess(n, found));
    }

    /** {@code NAME,process=...} or {@code guest=NAME,debug-threads=on}; a comma of the name is written twice. */
    private static Optional<String> name(String option) {
        return Arrays.stream(option.split("(?<!,),(?!,)", -1))
                .filter(part -> part.startsWith("guest=") || !part.contains("="))
                .findFirst()
                .map(part -> part.replaceFirst("^guest=", "").replace(",,", ","))
                .map(text -> new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                .map(text -> text.replaceAll("\\p{Cntrl}", "?"))
                .filter(text -> !text.isBlank() && text.length() <= NAME_LENGTH_MAX);
    }
}
