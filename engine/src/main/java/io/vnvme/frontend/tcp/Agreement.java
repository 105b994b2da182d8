package io.vnvme.frontend.tcp;

/**
 * What ICReq and ICResp agreed on for a connection.
 *
 * @param dataAlignment of the host, in bytes
 */
record Agreement(boolean headerDigests, boolean dataDigests, int dataAlignment) {}
