package io.vnvme.control.store;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * A pool that was given away, and where it was then.
 *
 * @param name its name
 * @param uuid its identity
 * @param layout {@code concat}, {@code stripe} or {@code mirror}
 * @param paths of its drives
 */
@Json
public record ExportedPool(String name, String uuid, String layout, List<String> paths) {}
