package io.vnvme.control.plane;

import io.vnvme.control.model.RemotePathInfo;
import java.util.List;

/**
 * How an open remote drive is reached.
 *
 * @param address as it is written
 * @param hostNqn who this host is to the target
 * @param paths how each is; empty while nobody uses the drive
 * @param resent commands that were sent again after their path was lost
 * @param timeouts commands that were not answered in time
 * @param held commands that wait for a path
 */
public record RemoteFacts(
        RemoteAddress address, String hostNqn, List<RemotePathInfo> paths, long resent, long timeouts, int held) {}
