package io.vnvme.bench.campaign;

/** What lies under a vNVMe that is measured. */
enum DriveKind {
    RAM,
    NULL,
    FILE
}
