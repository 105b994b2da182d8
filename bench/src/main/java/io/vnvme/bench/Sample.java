package io.vnvme.bench;

/**
 * What one measurement found.
 *
 * @param iops transfers a second
 * @param p50Us median latency in microseconds
 * @param p99Us 99th percentile of latency in microseconds
 * @param cpuUsPerIo processor time of the serving side for each transfer, in microseconds
 */
public record Sample(double iops, double p50Us, double p99Us, double cpuUsPerIo) {}
