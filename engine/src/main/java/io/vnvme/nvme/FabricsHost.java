package io.vnvme.nvme;

/**
 * Who Connect says is there.
 *
 * @param nqn of the host
 * @param idLow Host Identifier, its first 8 bytes as a little endian number
 * @param idHigh its last 8 bytes, likewise
 * @param keepAliveMs Keep Alive Timeout in milliseconds; 0: none
 */
public record FabricsHost(String nqn, long idLow, long idHigh, int keepAliveMs) {}
