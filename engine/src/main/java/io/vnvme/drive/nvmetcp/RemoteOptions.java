package io.vnvme.drive.nvmetcp;

import java.time.Duration;

/**
 * How a remote namespace is used.
 *
 * @param keepAlive after so long without a word the controller gives us up, and we it: KATO
 * @param lossTime how long requests are held while no path works; then they fail
 * @param roundRobin whether paths of the same rank take turns; else the first that works is used
 * @param tls whether targets are reached by TLS, and not at all otherwise
 * @param commandTimeout after so long without an answer to a command its path is given up; found out half a Keep Alive Timeout later
 *     at most
 */
public record RemoteOptions(
        boolean headerDigests,
        boolean dataDigests,
        Duration keepAlive,
        Duration lossTime,
        boolean roundRobin,
        boolean tls,
        Duration commandTimeout) {
    /** Half of it passes between two Keep Alive commands: enough to stand a host that is busy for a second. */
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(3);
    /** What guests stand without complaint: Linux gives a command 30 s before it resets the controller. */
    private static final Duration LOSS_TIME = Duration.ofSeconds(25);
    /** As Linux gives a command. */
    private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(30);

    public static RemoteOptions usual() {
        return new RemoteOptions(false, false, KEEP_ALIVE, LOSS_TIME, true, false, COMMAND_TIMEOUT);
    }

    public RemoteOptions digests(boolean ofHeaders, boolean ofData) {
        return new RemoteOptions(ofHeaders, ofData, keepAlive, lossTime, roundRobin, tls, commandTimeout);
    }

    public RemoteOptions keepAlive(Duration time) {
        return new RemoteOptions(headerDigests, dataDigests, time, lossTime, roundRobin, tls, commandTimeout);
    }

    public RemoteOptions lossTime(Duration time) {
        return new RemoteOptions(headerDigests, dataDigests, keepAlive, time, roundRobin, tls, commandTimeout);
    }

    public RemoteOptions roundRobin(boolean turns) {
        return new RemoteOptions(headerDigests, dataDigests, keepAlive, lossTime, turns, tls, commandTimeout);
    }

    public RemoteOptions tls(boolean wanted) {
        return new RemoteOptions(headerDigests, dataDigests, keepAlive, lossTime, roundRobin, wanted, commandTimeout);
    }

    public RemoteOptions commandTimeout(Duration time) {
        return new RemoteOptions(headerDigests, dataDigests, keepAlive, lossTime, roundRobin, tls, time);
    }
}
