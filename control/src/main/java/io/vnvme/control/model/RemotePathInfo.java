package io.vnvme.control.model;

import io.avaje.jsonb.Json;
import org.jspecify.annotations.Nullable;

/**
 * A path to a remote drive.
 *
 * @param address where it leads: host and port
 * @param state {@code live}, {@code lost} or {@code connecting}
 * @param ana the target's word for how well it reaches the drive by this path; absent unless it is live
 * @param controllerId of the controller there, CNTLID; absent unless it is live
 * @param losses how often it was lost
 * @param trouble why it does not work; absent when it does
 */
@Json
public record RemotePathInfo(
        String address,
        String state,
        @Nullable String ana,
        @Nullable Integer controllerId,
        long losses,
        @Nullable String trouble) {}
