package io.vnvme.handover;

import java.util.List;
import java.util.UUID;

/**
 * The holder as a process: it starts the daemon, keeps what must not close, and puts another in its place when it dies. It
 * knows nothing of drives or guests, so it need not be replaced itself.
 */
public final class Main {
    private Main() {}

    /** @param arguments {@code --standby} or not, then the daemon's command and its arguments */
    public static void main(String[] arguments) throws InterruptedException {
        boolean standby = arguments.length > 0 && arguments[0].equals("--standby");
        List<String> command = List.of(arguments).subList(standby ? 1 : 0, arguments.length);
        if (command.isEmpty()) {
            System.err.println("vnvme: the holder is told a daemon's command");
            System.exit(2);
        }
        Daemons daemons = new Daemons(command, standby);
        int status;
        try (HolderServer server = new HolderServer("@vnvme-holder-" + UUID.randomUUID(), daemons)) {
            Thread.ofPlatform().daemon().name("server").start(server::run);
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().name("end").unstarted(daemons::end));
            status = daemons.run(server);
        }
        System.exit(status);
    }
}
