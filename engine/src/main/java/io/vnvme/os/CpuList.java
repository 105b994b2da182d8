package io.vnvme.os;

import java.util.ArrayList;
import java.util.List;

/** Lists of processors as the kernel and its tools write them: {@code 0-3,8,10-11}. */
public final class CpuList {
    /** The most that Linux can be built for. */
    private static final int CPUS_MAX = 8192;

    private CpuList() {}

    /**
     * The processors in the order that they are written in; none for an empty text.
     *
     * @throws IllegalArgumentException when it is no such list, or has one twice
     */
    public static List<Integer> parse(String text) {
        List<Integer> cpus = new ArrayList<>();
        if (text.isBlank()) {
            return cpus;
        }
        for (String part : text.strip().split(",", -1)) {
            int dash = part.indexOf('-');
            int first = number(text, dash < 0 ? part : part.substring(0, dash));
            int last = dash < 0 ? first : number(text, part.substring(dash + 1));
            if (last < first) {
                throw bad(text);
            }
            for (int cpu = first; cpu <= last; cpu++) {
                if (cpus.contains(cpu)) {
                    throw new IllegalArgumentException("processor %d is twice in %s".formatted(cpu, text));
                }
                cpus.add(cpu);
            }
        }
        return cpus;
    }

    private static int number(String text, String part) {
        try {
            int number = Integer.parseInt(part);
            if (number >= 0 && number < CPUS_MAX) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(words(text), e);
        }
        throw bad(text);
    }

    private static IllegalArgumentException bad(String text) {
        return new IllegalArgumentException(words(text));
    }

    private static String words(String text) {
        return "processors '%s': write them like 2,3 or 4-7".formatted(text);
    }
}
