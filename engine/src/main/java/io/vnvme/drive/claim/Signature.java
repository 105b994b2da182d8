package io.vnvme.drive.claim;

import java.util.HexFormat;
import java.util.Optional;

/** Recognizes one kind of content by what its specification says lies where. */
@FunctionalInterface
interface Signature {
    Optional<Content> find(Media media);

    /** Something that has fixed bytes at a fixed place. */
    static Signature at(long offset, String magic, String kind, String description) {
        return media -> media.has(offset, magic) ? Optional.of(new Content(kind, description)) : Optional.empty();
    }

    /** The same with the bytes in hexadecimal. */
    static Signature bytes(long offset, String hexadecimal, String kind, String description) {
        byte[] magic = HexFormat.of().parseHex(hexadecimal);
        return media -> media.has(offset, magic) ? Optional.of(new Content(kind, description)) : Optional.empty();
    }

    /** The description with the label, if it has one. */
    static Optional<Content> labelled(String kind, String description, String label) {
        return Optional.of(new Content(kind, label.isEmpty() ? description : description + " '" + label + "'"));
    }
}
