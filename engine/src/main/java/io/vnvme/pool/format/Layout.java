package io.vnvme.pool.format;

import java.util.Locale;

/** How the clusters of a pool are laid over its sets. */
public enum Layout {
    /** One set after the other. */
    CONCAT(1),
    /** Clusters go round all sets. */
    STRIPE(2),
    /** Each set is several drives with the same content; sets are filled one after the other. */
    MIRROR(3);

    private final int code;

    Layout(int code) {
        this.code = code;
    }

    /** The number in a superblock. */
    int code() {
        return code;
    }

    static Layout of(int code) {
        for (Layout layout : values()) {
            if (layout.code == code) {
                return layout;
            }
        }
        throw new FormatException("layout %d is not known".formatted(code));
    }

    /** The name in commands: {@code stripe}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
