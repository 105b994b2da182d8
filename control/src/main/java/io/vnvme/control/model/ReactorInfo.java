package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * A thread that serves I/O, and what it did with its time since it began.
 *
 * @param name its name
 * @param cpu the processor it is pinned to; -1: none
 * @param idle what it does without work: {@code poll}, {@code adaptive} or {@code interrupt}
 * @param pools the pools that it serves
 * @param busyNs time in passes that found work, in nanoseconds
 * @param idleNs time that it looked for work in vain, in nanoseconds
 * @param asleepNs time asleep, in nanoseconds
 */
@Json
public record ReactorInfo(
        String name, int cpu, String idle, List<String> pools, long busyNs, long idleNs, long asleepNs) {}
