package io.vnvme.control.plane;

/**
 * What came over NVMe/TCP.
 *
 * @param hosts controllers that hosts have now
 * @param refusals Connect commands that were not let in, since the start
 * @param drops connections that broke the protocol or said nothing, since the start
 */
public record TcpCounters(int hosts, long refusals, long drops) {
    /** Of a daemon that accepts no hosts. */
    public static final TcpCounters NONE = new TcpCounters(0, 0, 0);
}
