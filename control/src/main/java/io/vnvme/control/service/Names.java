package io.vnvme.control.service;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.frontend.vfiouser.DoorbellAccess;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What may be called what, and how large things may be. */
final class Names {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,39}");
    private static final int SIZE_MULTIPLE = 4096;
    private static final int BLOCK_SIZE_DEFAULT = 512;
    /** What the pool's map can address. */
    private static final long SIZE_MAX = 1L << 48;

    private Names() {}

    /** @throws ProblemException when it is no name for a drive, a pool, a vNVMe or a snapshot */
    static String checked(@Nullable String name) {
        if (name == null || !NAME.matcher(name).matches()) {
            throw new ProblemException(
                    ProblemCode.BAD_NAME,
                    "'%s' is no name: use 1 to 40 of a-z, 0-9, '.', '_' and '-', the first a letter or digit"
                            .formatted(name == null ? "" : name));
        }
        return name;
    }

    static boolean valid(String name) {
        return NAME.matcher(name).matches();
    }

    /** The nearest name to a text: what is not allowed becomes '-'. */
    static String from(String text) {
        String name = text.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9._-]", "-");
        name = name.replaceAll("^[^a-z0-9]+", "");
        return name.isEmpty() ? "drive" : name.substring(0, Math.min(name.length(), 40));
    }

    /** The first of {@code base}, {@code base-2}, {@code base-3} ... that is not taken. */
    static String free(String base, Predicate<String> taken) {
        String name = base;
        for (int i = 2; taken.test(name); i++) {
            String suffix = "-" + i;
            name = base.substring(0, Math.min(base.length(), 40 - suffix.length())) + suffix;
        }
        return name;
    }

    /** @throws ProblemException when it is not mapped, trapped, auto or nothing */
    static DoorbellAccess checkedDoorbells(@Nullable String word) {
        try {
            return word == null ? DoorbellAccess.AUTO : DoorbellAccess.of(word);
        } catch (IllegalArgumentException e) {
            throw new ProblemException(ProblemCode.BAD_REQUEST, String.valueOf(e.getMessage()));
        }
    }

    /** @throws ProblemException when no vNVMe can have that size */
    static long checkedSize(long sizeBytes) {
        if (sizeBytes <= 0) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE, "a size of %d bytes: a vNVMe has at least 4 KiB".formatted(sizeBytes));
        }
        if (sizeBytes > SIZE_MAX) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "%s: a vNVMe has at most %s".formatted(ByteSize.format(sizeBytes), ByteSize.format(SIZE_MAX)));
        }
        if (sizeBytes % SIZE_MULTIPLE != 0) {
            long below = sizeBytes - sizeBytes % SIZE_MULTIPLE;
            throw new ProblemException(
                    ProblemCode.BAD_SIZE,
                    "%d bytes are no multiple of 4 KiB: ask for %d, or a size like 512M"
                            .formatted(sizeBytes, below + SIZE_MULTIPLE));
        }
        return sizeBytes;
    }

    static int checkedBlockSize(@Nullable Integer blockSizeBytes) {
        int size = blockSizeBytes == null ? BLOCK_SIZE_DEFAULT : blockSizeBytes;
        if (size != 512 && size != 4096) {
            throw new ProblemException(
                    ProblemCode.BAD_SIZE, "a block size of %d bytes: it is 512 or 4096".formatted(size));
        }
        return size;
    }

    /** A snapshot's full name: {@code VOLUME@SNAPSHOT}. */
    record Snapshot(String volume, String snapshot) {
        /** @throws ProblemException when it is not written like that */
        static Snapshot parse(@Nullable String text) {
            int at = text == null ? -1 : text.indexOf('@');
            if (text == null || at < 0) {
                throw new ProblemException(
                        ProblemCode.BAD_NAME,
                        "'%s' is no snapshot: write VOLUME@SNAPSHOT".formatted(text == null ? "" : text));
            }
            return new Snapshot(checked(text.substring(0, at)), checked(text.substring(at + 1)));
        }

        String name() {
            return volume + "@" + snapshot;
        }
    }
}
