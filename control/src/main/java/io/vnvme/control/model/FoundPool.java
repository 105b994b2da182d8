package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * A pool that lies on drives of this host and is not in use.
 *
 * @param name its name
 * @param uuid its identity
 * @param layout {@code concat}, {@code stripe} or {@code mirror}
 * @param paths of its drives that are there
 * @param missing names of its drives that are not
 */
@Json
public record FoundPool(String name, String uuid, String layout, List<String> paths, List<String> missing) {}
