package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * What an operation on a vNVMe came to.
 *
 * @param vnvme how it is now
 * @param outcome one line for people
 * @param micros how long the operation took, in microseconds
 * @param steps its steps in order
 * @param warnings what to know about it
 */
@Json
public record VnvmeChange(VnvmeInfo vnvme, String outcome, long micros, List<StepInfo> steps, List<String> warnings) {}
