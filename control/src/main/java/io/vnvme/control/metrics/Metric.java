package io.vnvme.control.metrics;

import java.util.List;

/** The families of metrics of the daemon's own; those of the Java machine come from its library. docs/metrics.md lists them. */
enum Metric {
    BUILD(Type.GAUGE, "vnvme_build", "1, with the version of the daemon", "version"),
    VNVMES(Type.GAUGE, "vnvme_vnvmes", "vNVMes that there are"),
    SIZE(Type.GAUGE, "vnvme_size_bytes", "Capacity of a vNVMe", Metric.NAME),
    CONNECTED(Type.GAUGE, "vnvme_connections", "Clients of a vNVMe's socket", Metric.NAME),
    IN_FLIGHT(
            Type.GAUGE, "vnvme_in_flight_commands", "I/O commands that the daemon has and has not ended", Metric.NAME),
    LATENCY(
            Type.HISTOGRAM,
            "vnvme_latency_seconds",
            "How long I/O commands were in the daemon, rounded up by at most a sixteenth",
            Metric.NAME,
            Metric.OPERATION),
    BYTES(Type.COUNTER, "vnvme_bytes", "Bytes that guests read and wrote", Metric.NAME, Metric.OPERATION),
    ERRORS(Type.COUNTER, "vnvme_errors", "I/O commands that ended with an error", Metric.NAME),
    MEDIA_ERRORS(
            Type.COUNTER,
            "vnvme_media_errors",
            "Of those, the ones that the drives or checksums are to blame for",
            Metric.NAME),
    WAITS(
            Type.COUNTER,
            "vnvme_waits",
            "I/O commands that had to wait, by what for; stalls for a slow drive",
            Metric.NAME,
            "cause"),
    WAIT_SECONDS(
            Type.COUNTER,
            "vnvme_wait_seconds",
            "Time in which I/O commands had to wait, by what for",
            Metric.NAME,
            "cause"),
    TCP_HOSTS(Type.GAUGE, "vnvme_tcp_controllers", "Controllers that hosts have over NVMe/TCP"),
    TCP_REFUSALS(Type.COUNTER, "vnvme_tcp_refusals", "Connect commands over NVMe/TCP of hosts that were not let in"),
    TCP_DROPS(
            Type.COUNTER,
            "vnvme_tcp_faults",
            "Connections over NVMe/TCP that broke the protocol or said nothing, and were ended for that"),
    REACTOR_SECONDS(
            Type.COUNTER,
            "vnvme_reactor_seconds",
            "What a reactor did with its time: busy, idle (looked in vain), asleep",
            "reactor",
            "state"),
    REACTOR_OPERATIONS(
            Type.COUNTER, "vnvme_reactor_operations", "I/O commands that a reactor ended", "reactor", Metric.OPERATION),
    REACTOR_BYTES(
            Type.COUNTER,
            "vnvme_reactor_bytes",
            "Bytes of the I/O commands that a reactor ended",
            "reactor",
            Metric.OPERATION),
    REACTOR_ERRORS(
            Type.COUNTER, "vnvme_reactor_errors", "Of those commands, the ones that ended with an error", "reactor"),
    POOL_SIZE(Type.GAUGE, "vnvme_pool_size_bytes", "Physical capacity of a pool for volumes and metadata", Metric.POOL),
    POOL_USED(Type.GAUGE, "vnvme_pool_used_bytes", "Of that, what is allocated", Metric.POOL),
    POOL_FREE(Type.GAUGE, "vnvme_pool_free_bytes", "Of that, what is free", Metric.POOL),
    POOL_METADATA(
            Type.GAUGE,
            "vnvme_pool_metadata_bytes",
            "Of what is allocated, what the pool needs for itself",
            Metric.POOL),
    POOL_PROVISIONED(Type.GAUGE, "vnvme_pool_provisioned_bytes", "The sizes of a pool's volumes together", Metric.POOL),
    POOL_LAYERS(Type.GAUGE, "vnvme_pool_layers", "Volumes and snapshots of a pool", Metric.POOL, "kind"),
    POOL_HELD(Type.GAUGE, "vnvme_pool_held_writes", "Writes that wait for space in a pool", Metric.POOL),
    POOL_STATE(
            Type.GAUGE,
            "vnvme_pool_state",
            "1 for the state that a pool is in, 0 for the others",
            Metric.POOL,
            "state"),
    DRIVE_UP(Type.GAUGE, "vnvme_drive_up", "1 when a claimed drive works, else 0", "drive"),
    DRIVE_SIZE(Type.GAUGE, "vnvme_drive_size_bytes", "Capacity of a claimed drive", "drive"),
    DRIVE_ERRORS(
            Type.COUNTER,
            "vnvme_drive_errors",
            "Reads and writes that a drive failed, since it was opened",
            "drive",
            Metric.OPERATION),
    DRIVE_PATH_UP(
            Type.GAUGE, "vnvme_drive_path_up", "1 when a path to a remote drive works, else 0", "drive", Metric.PATH),
    DRIVE_PATH_LOSSES(
            Type.COUNTER,
            "vnvme_drive_path_losses",
            "How often a path to a remote drive was lost since its pool was opened",
            "drive",
            Metric.PATH),
    DRIVE_RESENT(
            Type.COUNTER,
            "vnvme_drive_resent",
            "Commands to a remote drive that were sent again after their path was lost",
            "drive"),
    DRIVE_TIMEOUTS(
            Type.COUNTER,
            "vnvme_drive_timeouts",
            "Commands to a remote drive that were not answered in time, and whose path was given up for that",
            "drive"),
    DRIVE_HELD(Type.GAUGE, "vnvme_drive_held_commands", "Commands to a remote drive that wait for a path", "drive"),
    JOBS(Type.GAUGE, "vnvme_jobs", "Jobs under way", "kind"),
    JOB_PROGRESS(
            Type.GAUGE,
            "vnvme_job_progress_ratio",
            "How far a rebuild, scrub or other job under way is, 0 to 1",
            "kind",
            "subject"),
    JOBS_ENDED(Type.COUNTER, "vnvme_jobs_ended", "Jobs that ended since the daemon began", "kind", "state"),
    MOVE_DIRTY(
            Type.GAUGE,
            "vnvme_move_dirty_bytes",
            "What is still to be copied of a vNVMe on its way to another pool",
            Metric.NAME),
    MOVE_SLOWED(
            Type.GAUGE,
            "vnvme_move_slowed",
            "Whether guests' writes wait for the copy of a vNVMe on its way to another pool: 1 or 0",
            Metric.NAME),
    EVENTS(
            Type.COUNTER,
            "vnvme_events",
            "Events since the daemon began, those too that were folded",
            "kind",
            "severity"),
    API_REQUESTS(Type.COUNTER, "vnvme_api_requests", "Requests that the API has answered", "method", "route", "status"),
    API_SECONDS(
            Type.HISTOGRAM,
            "vnvme_api_request_seconds",
            "How long the answers of the API took, but for streams and waits that were asked for");

    /** The label of what is by vNVMe. */
    static final String NAME = "vnvme";

    static final String POOL = "pool";
    static final String OPERATION = "operation";
    static final String PATH = "path";

    enum Type {
        COUNTER,
        GAUGE,
        HISTOGRAM
    }

    private final Type type;
    private final String family;
    private final String help;
    private final String labels;

    Metric(Type type, String family, String help, String... labels) {
        this.type = type;
        this.family = family;
        this.help = help;
        this.labels = String.join(" ", labels);
    }

    Type type() {
        return type;
    }

    /** Its name; a counter's has {@code _total} behind it where it is shown. */
    String family() {
        return family;
    }

    /** What it says. */
    String help() {
        return help;
    }

    List<String> labels() {
        return labels.isEmpty() ? List.of() : List.of(labels.split(" ", -1));
    }
}
