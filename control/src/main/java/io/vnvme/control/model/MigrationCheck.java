package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * Whether a VM can migrate.
 *
 * @param ready whether all is as it has to be
 * @param findings all that was looked at
 */
@Json
public record MigrationCheck(boolean ready, List<MigrationFinding> findings) {
    public MigrationCheck {
        findings = List.copyOf(findings);
    }

    /** What is said of them. */
    public static MigrationCheck of(List<MigrationFinding> findings) {
        return new MigrationCheck(findings.stream().allMatch(MigrationFinding::ok), findings);
    }
}
