package io.vnvme.control.service;

import io.vnvme.control.model.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An embedded RAM drive that the daemon offers.
 *
 * @param sizeBytes capacity, a multiple of 1 MiB
 */
public record RamOffer(String name, long sizeBytes) {
    private static final long ALIGNMENT_BYTES = 1 << 20;
    private static final Pattern NAMED = Pattern.compile("([a-z][a-z0-9_-]{0,31})=(.+)");
    private static final Pattern COUNTED = Pattern.compile("(\\d{1,3})x(.+)");

    /**
     * Reads {@code ram0=512M}, or {@code 4x512M} for ram0 to ram3.
     *
     * @throws IllegalArgumentException with a line for the person who wrote it
     */
    public static List<RamOffer> parse(String text) {
        Matcher named = NAMED.matcher(text);
        if (named.matches()) {
            return List.of(new RamOffer(named.group(1), size(named.group(2))));
        }
        Matcher counted = COUNTED.matcher(text);
        if (!counted.matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no RAM drive: write NAME=SIZE like ram0=512M, or COUNTxSIZE like 4x512M".formatted(text));
        }
        List<RamOffer> offers = new ArrayList<>();
        long sizeBytes = size(counted.group(2));
        for (int i = 0; i < Integer.parseInt(counted.group(1)); i++) {
            offers.add(new RamOffer("ram" + i, sizeBytes));
        }
        return offers;
    }

    private static long size(String text) {
        long sizeBytes = ByteSize.parse(text);
        if (sizeBytes % ALIGNMENT_BYTES != 0) {
            throw new IllegalArgumentException("'%s': a RAM drive has whole mebibytes, like 512M".formatted(text));
        }
        return sizeBytes;
    }
}
