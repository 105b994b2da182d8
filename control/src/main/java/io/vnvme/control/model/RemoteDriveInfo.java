package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import java.util.List;

/**
 * How a drive that is a namespace of another machine is reached.
 *
 * @param hostNqn who this daemon is to the target, which has to allow it
 * @param subsystemNqn the subsystem there
 * @param nsid the namespace
 * @param lossMillis how long requests are held while no path works
 * @param keepAliveMillis after so long without a word each side gives the other up
 * @param encrypted whether it is reached by TLS
 * @param keys which there are, by which this daemon and the target show each other who they are: dhchap, controller, tls
 * @param resentCount commands that were sent again after their path was lost
 * @param timeoutCount commands that were not answered in time, and whose path was given up for that
 * @param heldCount commands that wait now
 * @param paths each path; empty while nobody uses the drive
 */
@Json
public record RemoteDriveInfo(
        String hostNqn,
        String subsystemNqn,
        int nsid,
        long lossMillis,
        long keepAliveMillis,
        boolean encrypted,
        List<String> keys,
        long resentCount,
        long timeoutCount,
        int heldCount,
        List<RemotePathInfo> paths) {}
