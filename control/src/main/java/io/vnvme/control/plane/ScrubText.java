package io.vnvme.control.plane;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.pool.Scrub;
import io.vnvme.pool.format.Geometry;

/** What a scrub came to, for people. */
final class ScrubText {
    private ScrubText() {}

    /**
     * @return one line, when no data is lost
     * @throws ProblemException otherwise: what was found, and what to do
     */
    static String of(Scrub.Report report) {
        String read = "%s of data and %d pages of metadata were read"
                .formatted(ByteSize.format(report.clustersRead() << Geometry.CLUSTER_SHIFT), report.pagesRead());
        String repaired = report.repaired() == 0
                ? ""
                : "; %d blocks that a drive of a mirror had wrong were repaired from another, see 'vnvme events'"
                        .formatted(report.repaired());
        if (report.errors() == 0) {
            return read + (repaired.isEmpty() ? ": nothing is wrong" : repaired);
        }
        throw new ProblemException(
                ProblemCode.POOL_UNAVAILABLE,
                "%s%s; %d errors: %s. Such a block stays an error until it is written again: restore it from a backup, and replace a drive that goes on like that"
                        .formatted(read, repaired, report.errors(), String.join("; ", report.findings())));
    }
}
