package io.vnvme.bench.report;

import io.avaje.jsonb.Json;

/** The ways to a drive that are compared, in the order in which they are shown. */
public enum Way {
    LEGACY("legacy", "legacy virtual disk", "legacy"),
    QEMU_NVME("qemu-nvme", "QEMU's own NVMe device", "QEMU NVMe"),
    VNVME("vnvme", "vNVMe", "vNVMe"),
    BARE("bare", "bare drive", "bare drive"),
    CEILING("ceiling", "guest's ceiling (null_blk)", "ceiling");

    private final String word;
    private final String title;
    private final String shortTitle;

    Way(String word, String title, String shortTitle) {
        this.word = word;
        this.title = title;
        this.shortTitle = shortTitle;
    }

    /** The word in {@code results.json}. */
    @Json.Value
    public String word() {
        return word;
    }

    /** The name for people. */
    public String title() {
        return title;
    }

    /** The name where there is little room. */
    public String shortTitle() {
        return shortTitle;
    }
}
