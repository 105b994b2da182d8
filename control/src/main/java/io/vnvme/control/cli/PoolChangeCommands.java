package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.HoldWrites;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ReplaceDrive;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Commands that change which drives a pool has, and what watches over them. */
final class PoolChangeCommands {
    private PoolChangeCommands() {}

    @Command(name = "grow", description = "Add claimed drives to a pool in use.")
    static final class Grow extends ClientCommand {
        @Parameters(index = "0", paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Parameters(
                index = "1..*",
                arity = "1..*",
                paramLabel = "DRIVE",
                description = "claimed drives in no pool; for a mirror, as many as each of its mirrors has")
        private List<String> drives = new ArrayList<>();

        @Override
        protected void run(ApiClient client) {
            String reply = client.post("/api/v1/pools/%s/grow".formatted(encoded(name)), new DriveNames(drives));
            if (json()) {
                print(reply);
                return;
            }
            PoolInfo pool = client.read(reply, PoolInfo.class);
            print("pool %s has %s, %s of it free"
                    .formatted(pool.name(), ByteSize.format(pool.sizeBytes()), ByteSize.format(pool.freeBytes())));
        }
    }

    @Command(name = "shrink", description = "Move everything off a drive while the pool is in use, and take it out.")
    static final class Shrink extends JobCommand {
        @Parameters(index = "0", paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Parameters(index = "1", paramLabel = "DRIVE", description = "the drive to take out; with it go its mirrors")
        private String drive = "";

        @Override
        String start(ApiClient client) {
            return client.post("/api/v1/pools/%s/shrink".formatted(encoded(name)), new DriveNames(List.of(drive)));
        }
    }

    @Command(name = "replace", description = "Fill a drive in the place of another of a mirror, while it is in use.")
    static final class Replace extends JobCommand {
        @Parameters(index = "0", paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Parameters(index = "1", paramLabel = "OLD", description = "the drive to leave, which may be missing")
        private String old = "";

        @Parameters(index = "2", paramLabel = "NEW", description = "a claimed drive in no pool")
        private String replacement = "";

        @Override
        String start(ApiClient client) {
            return client.post("/api/v1/pools/%s/replace".formatted(encoded(name)), new ReplaceDrive(old, replacement));
        }
    }

    @Command(name = "set", description = "Change how a pool behaves.")
    static final class Change extends ClientCommand {
        @Parameters(paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Option(
                names = "--hold-writes",
                paramLabel = "TIME",
                required = true,
                converter = WaitConverter.class,
                description = "how long writes wait for space when it is full before they fail: 30s, 10m, 2h, 0 or"
                        + " forever (at first 30m)")
        private long holdSeconds;

        @Override
        protected void run(ApiClient client) {
            Long seconds = holdSeconds == WaitConverter.WITHOUT_END ? null : holdSeconds;
            String reply = client.post("/api/v1/pools/%s/hold".formatted(encoded(name)), new HoldWrites(seconds));
            print(json() ? reply : "when pool %s is full, writes %s".formatted(name, held(seconds)));
        }
    }

    static String held(@Nullable Long seconds) {
        return seconds == null
                ? "wait until there is space"
                : seconds == 0 ? "that need space fail" : "wait %s for space".formatted(WaitConverter.format(seconds));
    }

    @Command(
            name = "scrub",
            description = "Check everything on each drive and repair what a mirror can, while the pool is in use.")
    static final class Scrub extends JobCommand {
        @Parameters(paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Override
        String start(ApiClient client) {
            return client.post("/api/v1/pools/%s/scrub".formatted(encoded(name)));
        }
    }
}
