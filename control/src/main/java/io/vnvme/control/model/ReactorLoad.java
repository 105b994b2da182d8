package io.vnvme.control.model;

import io.avaje.jsonb.Json;

/**
 * What a thread that serves I/O did with an interval; the three are 100 together.
 *
 * @param name its name
 * @param cpu the processor it is pinned to; -1: none
 * @param busyPercent passes that found work
 * @param idlePercent passes that looked for work in vain
 * @param asleepPercent sleep, in which the processor is free for others
 */
@Json
public record ReactorLoad(String name, int cpu, double busyPercent, double idlePercent, double asleepPercent) {}
