package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * How much a vNVMe, or a group of them together, may do in a second; 0 is no limit.
 *
 * @param readIops commands that read, a second
 * @param writeIops commands that write, a second
 * @param iops both together, a second
 * @param readBytes bytes that are read, a second
 * @param writeBytes bytes that are written, a second
 * @param bytes both together, a second
 * @param burstSeconds how many seconds' worth of each limit is saved up while less is used, and may be spent at once
 */
@Json
public record QosLimits(
        long readIops, long writeIops, long iops, long readBytes, long writeBytes, long bytes, int burstSeconds) {
    public static final QosLimits NONE = new QosLimits(0, 0, 0, 0, 0, 0, 0);

    /** With what a change names; the rest stays. */
    public QosLimits with(@Nullable ChangeLimits change) {
        if (change == null) {
            return this;
        }
        QosLimits base = change.unlimited() ? NONE : this;
        Integer burst = change.burstSeconds();
        return new QosLimits(
                or(change.readIops(), base.readIops),
                or(change.writeIops(), base.writeIops),
                or(change.iops(), base.iops),
                or(change.readBytes(), base.readBytes),
                or(change.writeBytes(), base.writeBytes),
                or(change.bytes(), base.bytes),
                burst == null ? base.burstSeconds : burst);
    }

    private static long or(@Nullable Long changed, long unchanged) {
        return changed == null ? unchanged : changed;
    }
}
