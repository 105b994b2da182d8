package io.vnvme.control.cli;

import io.vnvme.control.model.ByteSize;
import io.vnvme.control.model.DriveNames;
import io.vnvme.control.model.PoolInfo;
import io.vnvme.control.model.ReplaceDrive;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
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
        void run(ApiClient client) {
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

    @Command(name = "scrub", description = "Read everything and check what can be checked, while the pool is in use.")
    static final class Scrub extends JobCommand {
        @Parameters(paramLabel = "POOL", description = "the pool")
        private String name = "";

        @Override
        String start(ApiClient client) {
            return client.post("/api/v1/pools/%s/scrub".formatted(encoded(name)));
        }
    }
}
