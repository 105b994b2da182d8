package io.vnvme.bench.campaign;

import java.time.Duration;

/**
 * When and where something is measured.
 *
 * @param warmUp before the counting begins
 * @param length that is counted
 * @param serverCpu processor of whatever serves; of what has one thread alone, too
 * @param clientCpu processor of the client
 */
record Span(Duration warmUp, Duration length, int serverCpu, int clientCpu) {}
