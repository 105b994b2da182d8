package io.vnvme.drive.claim;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** How a layer above recognizes what this daemon, or another of its kind, has written on a drive. */
@FunctionalInterface
public interface OwnFormat {
    /** @param block the first or the last 4096 bytes of a drive, native memory */
    Optional<Content> recognize(MemorySegment block);
}
