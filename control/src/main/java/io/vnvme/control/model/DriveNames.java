package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Drives for, or of, a pool.
 *
 * @param drives their names
 */
@Json
public record DriveNames(@Nullable List<String> drives) {
    public DriveNames {
        TextList.check("drives", drives);
    }
}
