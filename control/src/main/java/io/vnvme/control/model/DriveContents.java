package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is on a drive that somebody wants to claim.
 *
 * @param spec as it was asked for
 * @param sizeBytes capacity in bytes
 * @param contents what claiming it by force would destroy, one line each
 * @param refusal why it cannot be claimed at all, not even by force
 */
@Json
public record DriveContents(
        String spec,
        long sizeBytes,
        List<String> contents,
        @Nullable String refusal) {}
