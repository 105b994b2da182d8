package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The few commands of QEMU's monitor for people that no command of QMP stands for. Their words are no interface and may
 * change with each release: what is not understood ends the matter, and they are used with {@link
 * QemuVersion#movesVnvmes releases} that were tried.
 */
final class HumanMonitor {
    private static final Pattern PORT = Pattern.compile("port[bwl]\\[0x[0-9a-f]+\\] = 0x([0-9a-f]{1,8})\\s*");
    private static final Pattern MEMORY_LINE = Pattern.compile("[0-9a-f]+:((?: 0x[0-9a-f]{8})+)");

    private final Monitor monitor;

    HumanMonitor(Monitor monitor) {
        this.monitor = monitor;
    }

    /** A port is read or written with 1, 2 or 4 bytes. */
    private static char format(int sizeBytes) {
        return switch (sizeBytes) {
            case 1 -> 'b';
            case 2 -> 'h';
            case 4 -> 'w';
            default -> throw new IllegalArgumentException("a port has no " + sizeBytes + " bytes");
        };
    }

    /** Reads an I/O port. */
    int in(int port, int sizeBytes) {
        String command = "i /%c 0x%x".formatted(format(sizeBytes), port);
        String said = run(command);
        Matcher matcher = PORT.matcher(said);
        if (!matcher.matches()) {
            throw notUnderstood(command, said);
        }
        return Integer.parseUnsignedInt(matcher.group(1), 16);
    }

    /** Writes an I/O port. */
    void out(int port, int sizeBytes, int value) {
        silent("o /%c 0x%x 0x%x".formatted(format(sizeBytes), port, value));
    }

    /** Reads {@code count} words of 4 bytes, as a guest's processor would. */
    int[] memory(long address, int count) {
        String command = "xp /%dwx 0x%x".formatted(count, address);
        String said = run(command);
        int[] words = new int[count];
        int found = 0;
        for (String line : said.split("\r?\n", -1)) {
            Matcher matcher = MEMORY_LINE.matcher(line);
            if (!matcher.matches()) {
                continue;
            }
            for (String word : matcher.group(1).strip().split(" ", -1)) {
                if (found < count) {
                    words[found] = Integer.parseUnsignedInt(word.substring(2), 16);
                }
                found++;
            }
        }
        if (found != count) {
            throw notUnderstood(command, said);
        }
        return words;
    }

    /** Runs a command that says nothing when all is well. */
    private void silent(String command) {
        String said = run(command);
        if (!said.isBlank()) {
            throw notUnderstood(command, said);
        }
    }

    /** Runs a command and returns what it says. */
    String run(String command) {
        return String.valueOf(monitor.execute("human-monitor-command", Map.of("command-line", command)));
    }

    static ProblemException notUnderstood(String command, String said) {
        return new ProblemException(
                ProblemCode.VM_REFUSED, "QEMU's monitor said to '%s': %s".formatted(command, said.strip()));
    }
}
