package io.vnvme.drive.claim;

/**
 * Something that lies on a device or file, and that a claim would destroy.
 *
 * @param kind short and stable, such as {@code ext4}, {@code gpt} or {@code lvm2}
 * @param description for people, such as {@code ext4 filesystem 'root'}
 */
public record Content(String kind, String description) {
    /** What has no signature that is known. */
    public static final Content UNKNOWN = new Content("unknown", "data of a kind that is not known");
}
